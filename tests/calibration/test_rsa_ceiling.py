"""The true model lies inside the ceiling over subjects.

Sizes: 4 or 8 subjects who share one RDM of 30 stimuli, under noise of twice its spread.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from brainconv.similarity.ceiling import compute_ceiling_of_rows
from brainconv.similarity.comparators import compare_rows

N_STIMULI, SMALL = 30, 200
SEED = 20261126


@pytest.mark.parametrize("comparator", ["pearson", "rho-a"])
@pytest.mark.parametrize("n_subjects", [4, 8])
def test_true_model_is_inside(study, n_subjects, comparator):
    inside, n_runs = 0, study.n_runs(SMALL)
    for run in range(n_runs):
        rng = np.random.default_rng([run, n_subjects, SEED])
        truth = pdist(rng.normal(size=(N_STIMULI, 20)), "correlation")
        subjects = truth + truth.std() * 2.0 * rng.normal(size=(n_subjects, truth.size))
        low, high = compute_ceiling_of_rows(subjects, comparator=comparator)
        inside += int(low <= compare_rows(truth[None], subjects, comparator=comparator).mean() <= high)
    study.record(f"true model inside, {n_subjects} subjects ({comparator})", N_STIMULI, inside, n_runs, 0.97)
    assert inside / n_runs >= 0.97
