from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import squareform

from brainconv.similarity.comparators import RESAMPLED_COMPARATORS, compare_rows
from brainconv.similarity.permutation import compute_p, permute_labels


def test_every_comparator_sees_the_same_relabelling():
    rng = np.random.default_rng(0)
    a, b = rng.random((3, 66)), rng.random((2, 66))
    b[1] = np.round(b[1] * 3)
    null = permute_labels(a, b, 4, np.random.default_rng(5), comparators=list(RESAMPLED_COMPARATORS))
    again = np.random.default_rng(5)
    for k in range(4):
        order = again.permutation(12)
        moved = np.stack([squareform(squareform(row)[np.ix_(order, order)]) for row in b])
        for name in RESAMPLED_COMPARATORS:
            np.testing.assert_allclose(null[name][k], compare_rows(a, moved, comparator=name), atol=1e-12)


def test_p_counts_the_observed_order():
    null = np.array([[0.1], [0.2], [0.3]])
    assert compute_p(np.array([0.5]), null) == pytest.approx(1 / 4)
    assert compute_p(np.array([0.2]), null) == pytest.approx(3 / 4)
    assert compute_p(np.array([-1.0]), null) == 1.0
    assert np.isnan(compute_p(np.array([np.nan]), null))
    assert np.isnan(compute_p(np.array([0.0]), np.full((3, 1), np.nan)))
