from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import rankdata

from brainconv.similarity.ranks import SortedRow, rank_rows, restore_ties, share_of_ties


def test_midranks_equal_scipy_with_and_without_ties():
    rng = np.random.default_rng(0)
    values = np.stack([rng.random(50), rng.integers(0, 6, 50), np.zeros(50)])
    np.testing.assert_array_equal(rank_rows(values), [rankdata(row) for row in values])


def test_share_of_ties():
    assert share_of_ties(np.array([1.0, 2.0, 3.0, 4.0])) == 0.0
    assert share_of_ties(np.array([1.0, 2.0, 2.0, 4.0])) == 0.5


def test_weighted_ranks_equal_ranks_of_the_copied_row():
    rng = np.random.default_rng(1)
    weights = rng.integers(0, 4, size=(3, 40)).astype(np.int32)
    for values in (rng.random(40), rng.integers(0, 5, 40).astype(float)):
        total = weights.sum(axis=1, dtype=np.int64)
        ranks, groups = SortedRow.of(values).weighted_ranks(weights, total)
        for k, w in enumerate(weights):
            copied = rankdata(np.repeat(values, w))
            np.testing.assert_array_equal(np.repeat(ranks[k], w), 2 * (copied - copied.mean()))
            sizes = np.unique(np.repeat(values, w), return_counts=True)[1]
            np.testing.assert_array_equal(np.sort(groups[k][groups[k] > 0]), np.sort(sizes))


def test_values_that_rounding_keeps_apart_are_tied():
    rng = np.random.default_rng(2)
    exact = rng.integers(0, 5, 200) / 3.0
    rounded = exact * (1.0 + 1e-15 * rng.normal(size=200))
    assert len(np.unique(rounded)) > 5
    np.testing.assert_array_equal(rank_rows(rounded[None]), rank_rows(exact[None]))
    np.testing.assert_array_equal(rank_rows(1e9 * rounded[None]), rank_rows(exact[None]))
    assert SortedRow.of(np.array([0.0, 1e-11, 1.0])).starts.size == 3  # far more than rounding


def test_ties_are_restored_where_they_are_the_rule():
    rng = np.random.default_rng(3)
    exact = rng.integers(0, 5, 200) / 3.0
    rounded = exact + 1e-8 * rng.uniform(-1.0, 1.0, 200)
    rounded[7] = np.nan
    restored = restore_ties(rounded, 1e-8)
    assert len(np.unique(restored[np.isfinite(restored)])) == 5
    assert np.isnan(restored[7])
    np.testing.assert_allclose(restored, rounded, atol=2.1e-8)


@pytest.mark.parametrize("density", [0.03, 0.15, 0.25, 0.35, 0.5, 1.0, 3.0, 100.0])
def test_a_continuum_keeps_its_values_however_coarse_the_tolerance(density):
    values = np.random.default_rng(4).random(5000)
    assert restore_ties(values, density / 5000) is values
