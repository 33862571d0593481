"""The true model lies inside the ceiling over subjects.

Sizes: 200 simulations of 8 subjects who share one RDM of 30 stimuli.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from brainconv.similarity.ceiling import compute_ceiling_of_rows
from brainconv.similarity.comparators import compare_rows

N_RUNS = 200


@pytest.mark.parametrize("comparator", ["pearson", "rho-a"])
def test_true_model_is_inside(comparator):
    inside = 0
    for seed in range(N_RUNS):
        rng = np.random.default_rng(seed)
        truth = pdist(rng.normal(size=(30, 20)), "correlation")
        subjects = truth + truth.std() * 2.0 * rng.normal(size=(8, truth.size))
        low, high = compute_ceiling_of_rows(subjects, comparator=comparator)
        inside += low <= compare_rows(truth[None], subjects, comparator=comparator).mean() <= high
    assert inside / N_RUNS >= 0.97
