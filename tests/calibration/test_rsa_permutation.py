"""False-positive rate of p against zero: pairs of stimuli are not independent, stimuli are.

Sizes: 30 unrelated stimuli (Euclidean distances of 50 units), 199 relabellings, one subject with four comparators and
four subjects, whose own deviations are as large as what they share, with Pearson.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import pearsonr, spearmanr

from brainconv.containers import RDMs
from brainconv.similarity import score_rsa

N_STIMULI, N_PERMUTATIONS, SMALL = 30, 199, 200
SEED = 20261124
IDS = tuple(f"s{i:02d}" for i in range(N_STIMULI))
COMPARATORS = ("pearson", "spearman", "rho-a", "tau-a")
STATISTICS = ("mean over subjects", "mean RDM")


def wrap(rows, kind):
    return RDMs(kind, rows, IDS, pd.DataFrame({kind: [f"{kind}{k}" for k in range(len(rows))]}), "any")


def draw(rng, n_subjects):
    shared = rng.normal(size=(N_STIMULI, 50))
    own = rng.normal(size=(n_subjects, N_STIMULI, 50)) if n_subjects > 1 else np.zeros((1, N_STIMULI, 50))
    return np.stack([pdist(shared + one) for one in own])


@pytest.fixture(scope="module")
def p_values(study):
    found = {name: [] for name in ("naive pearson", "naive spearman", *COMPARATORS, *STATISTICS)}
    for run in range(study.n_runs(SMALL)):
        rng = np.random.default_rng([run, SEED])
        model, one, four = draw(rng, 1), draw(rng, 1), draw(rng, 4)
        found["naive pearson"].append(pearsonr(model[0], one[0], alternative="greater").pvalue)
        found["naive spearman"].append(spearmanr(model[0], one[0], alternative="greater").pvalue)
        settings = {"n_boot": 0, "n_permutations": N_PERMUTATIONS, "random_state": run}
        table = score_rsa(wrap(model, "model"), wrap(one, "subject"), comparator=COMPARATORS, **settings).table
        for name, p in zip(table["comparator"], table["p"], strict=True):
            found[name].append(p)
        table = score_rsa(wrap(model, "model"), wrap(four, "subject"), comparator="pearson", **settings).table
        for name, p in zip(table["statistic"], table["p"], strict=True):
            found[name].append(p)
    for name, p in found.items():
        study.record(f"p against zero: {name}", N_STIMULI, int((np.array(p) <= 0.05).sum()), len(p), 0.05)
    return {name: np.array(p) for name, p in found.items()}


@pytest.mark.parametrize("name", [*COMPARATORS, *STATISTICS])
@pytest.mark.parametrize("level", [0.05, 0.25, 0.5, 0.75])
def test_permutation_of_labels_keeps_its_rate(p_values, most, fewest, name, level):
    p = p_values[name]
    assert fewest(len(p), level) <= (p <= level).sum() <= most(len(p), level)


@pytest.mark.parametrize("name", ["naive pearson", "naive spearman"])
def test_naive_p_over_pairs_fails(p_values, most, name):
    p = p_values[name]
    assert (p <= 0.05).sum() > most(len(p), 0.05)
