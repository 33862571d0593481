from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from brainconv.similarity.ranks import SortedRow, rank_rows, share_of_ties


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
