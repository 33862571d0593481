"""False-positive rates and coverage of tests between models.

Sizes: 200 data sets of 24 stimuli and 6 subjects, 200 bootstrap samples; bands are the central 99.9 % of a binomial,
upwards only: drawing stimuli counts noise of single pairs more than once, so that tests are conservative here (400
other seeds: 0.25 % rejected for new stimuli, none for both factors, at .05).  Generalising over subjects alone is no
null here: for these very stimuli the two models do differ.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import binom

from brainconv.containers import RDMs
from brainconv.similarity import compare_models

N_RUNS, N_STIMULI, N_SUBJECTS = 200, 24, 6
IDS = tuple(f"s{i:02d}" for i in range(N_STIMULI))


def simulate(seed):
    """Subjects who share a geometry in part, and two models that are equally near to it."""
    rng = np.random.default_rng(seed)
    base = rng.normal(size=(N_STIMULI, 12))
    subjects = np.stack([pdist(base + rng.normal(size=base.shape), "correlation") for _ in range(N_SUBJECTS)])
    models = np.stack([pdist(base + 1.5 * rng.normal(size=base.shape), "correlation") for _ in range(2)])
    labels = pd.DataFrame({"subject": [f"p{k}" for k in range(N_SUBJECTS)]})
    return RDMs("m", models, IDS, pd.DataFrame({"model": ["a", "b"]}), "any"), RDMs("d", subjects, IDS, labels, "any")


@pytest.fixture(scope="module")
def rejections():
    found = {}
    for generalise in ("stimuli", "both"):
        p = [
            compare_models(*simulate(seed), generalise=generalise, n_boot=200, comparator="pearson").pairs.loc[0, "p"]
            for seed in range(N_RUNS)
        ]
        found[generalise] = int((np.array(p) <= 0.05).sum())
    return found


@pytest.mark.parametrize("generalise", ["stimuli", "both"])
def test_equal_models_are_rarely_told_apart(rejections, generalise):
    assert rejections[generalise] <= binom.ppf(0.9995, N_RUNS, 0.05)


def test_tests_are_not_blind(rejections):
    """Far below the level a test would be of no use."""
    assert rejections["stimuli"] >= 1
