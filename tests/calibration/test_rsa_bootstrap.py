"""Coverage of the 95 % interval of the bootstrap over stimuli.

Sizes: 150 draws of 40 stimuli from a population of 1,500, 200 bootstrap samples each, Pearson and rho-a.  The truth is
the similarity in the whole population.  With 40 stimuli the interval is known to be mildly conservative.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from brainconv.similarity.bootstrap import compare_resampled, draw_multiplicities
from brainconv.similarity.comparators import compare_rows

N_RUNS, N_STIMULI, N_POPULATION, N_BOOT = 150, 40, 1500, 200


@pytest.fixture(scope="module")
def coverage():
    rng = np.random.default_rng(0)
    latent = rng.normal(size=(N_POPULATION, 8))
    sides = [latent @ rng.normal(size=(8, 30)) + 3.0 * rng.normal(size=(N_POPULATION, 30)) for _ in range(2)]
    truth = {
        name: compare_rows(*(pdist(side)[None] for side in sides), comparator=name)[0, 0]
        for name in ("pearson", "rho-a")
    }
    inside = dict.fromkeys(truth, 0)
    for _ in range(N_RUNS):
        chosen = rng.choice(N_POPULATION, N_STIMULI, replace=False)
        a, b = (pdist(side[chosen])[None] for side in sides)
        multiplicities = draw_multiplicities(N_STIMULI, N_BOOT, rng)
        for name, samples in compare_resampled(a, b, multiplicities, comparators=list(truth)).items():
            low, high = np.quantile(samples[:, 0, 0], [0.025, 0.975])
            inside[name] += low <= truth[name] <= high
    return {name: count / N_RUNS for name, count in inside.items()}


@pytest.mark.parametrize("comparator", ["pearson", "rho-a"])
def test_interval_covers(coverage, comparator):
    assert 0.88 <= coverage[comparator] <= 1.0
