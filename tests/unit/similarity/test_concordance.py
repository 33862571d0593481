from __future__ import annotations

import numpy as np
import pytest

from brainconv.similarity.concordance import concordance, count_inversions, count_ties, split_into_blocks
from brainconv.similarity.ranks import SortedRow


def brute_force(x, y):
    signs = np.sign(x[:, None] - x[None, :]) * np.sign(y[:, None] - y[None, :])
    return int(np.triu(signs, 1).sum())


@pytest.mark.parametrize("n", [1, 2, 10, 23, 24, 25, 190, 1000])
def test_inversions_by_brute_force(n):
    rng = np.random.default_rng(n)
    sequence = np.stack([rng.permutation(n), rng.integers(0, 7, n), np.arange(n), np.arange(n)[::-1]]).astype(np.int32)
    expected = [int(np.triu(row[:, None] > row[None, :], 1).sum()) for row in sequence]
    np.testing.assert_array_equal(count_inversions(sequence), expected)


@pytest.mark.parametrize("n", [10, 47, 300])
def test_concordance_by_brute_force_with_ties(n):
    rng = np.random.default_rng(0)
    rows = [rng.random(n), rng.integers(0, 4, n).astype(float), np.zeros(n)]
    for x in rows:
        counted = concordance(SortedRow.of(x), [SortedRow.of(y) for y in rows])
        np.testing.assert_array_equal(counted, [brute_force(x, y) for y in rows])


def test_ties_are_counted_in_pairs():
    assert count_ties(SortedRow.of(np.array([1.0, 1.0, 1.0, 2.0, 3.0, 3.0]))) == 4


def test_blocks_cover_with_little_padding():
    for n in (1, 24, 25, 4186, 124_750):
        leaf, n_levels = split_into_blocks(n)
        assert n <= leaf * 2**n_levels < n + 2**n_levels
        assert leaf <= 24
