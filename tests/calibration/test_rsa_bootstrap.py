"""Coverage of the 95 % interval of `score_rsa` over new stimuli.

Sizes: 40 and 92 stimuli, 1,000 bootstrap samples, Pearson and rho-a.  A model and an area of 30 noisy units each look
at the same 8 hidden dimensions; the truth is their similarity for endless stimuli.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist

from brainconv.containers import RDMs
from brainconv.similarity import score_rsa
from brainconv.similarity.comparators import compare_rows

N_BOOT, SMALL = 1000, 60
SEED = 20261125
COMPARATORS = ("pearson", "rho-a")
MIXING = np.random.default_rng(0).normal(size=(2, 8, 30))


def draw_patterns(rng, n):
    latent = rng.normal(size=(n, 8))
    return [latent @ mixing + 3.0 * rng.normal(size=(n, 30)) for mixing in MIXING]


@pytest.fixture(scope="module")
def truths():
    """Of 400,000 pairs that have no stimulus in common."""
    rng = np.random.default_rng(0)
    first, second = draw_patterns(rng, 400_000), draw_patterns(rng, 400_000)
    rows = [np.linalg.norm(x - y, axis=1)[None] for x, y in zip(first, second, strict=True)]
    return {c: compare_rows(*rows, comparator=c)[0, 0] for c in COMPARATORS}


@pytest.fixture(scope="module", params=[40, 92])
def covered(request, study, truths):
    n, n_runs = request.param, study.n_runs(SMALL)
    ids = tuple(f"s{i:02d}" for i in range(n))
    inside = dict.fromkeys(COMPARATORS, 0)
    for run in range(n_runs):
        sides = (pdist(side)[None] for side in draw_patterns(np.random.default_rng([run, n, SEED]), n))
        model, area = (RDMs("any", side, ids, pd.DataFrame({"model": ["m"]}), "any") for side in sides)
        settings = {"n_boot": N_BOOT, "n_permutations": 0, "random_state": run}
        table = score_rsa(model, area, comparator=COMPARATORS, **settings).table.set_index("comparator")
        for c, truth in truths.items():
            inside[c] += bool(table.loc[c, "ci_low"] <= truth <= table.loc[c, "ci_high"])
    for c, count in inside.items():
        study.record(f"percentile interval ({c})", n, count, n_runs, 0.95)
    return inside, n_runs


@pytest.mark.parametrize("comparator", COMPARATORS)
def test_interval_covers(covered, fewest, comparator):
    inside, n_runs = covered
    assert inside[comparator] >= fewest(n_runs, 0.95)
