"""False-positive rates: pairs of stimuli are not independent, stimuli are.

Sizes: 300 data sets of 30 unrelated stimuli (Euclidean distances of 50 units), 199 relabellings.
Bands are the central 99.9 % of a binomial.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import binom, spearmanr

from brainconv.similarity.comparators import compare_rows
from brainconv.similarity.permutation import compute_p, permute_labels

N_RUNS, N_STIMULI, N_PERMUTATIONS = 300, 30, 199


@pytest.fixture(scope="module")
def p_values():
    naive, permuted = [], []
    for seed in range(N_RUNS):
        rng = np.random.default_rng(seed)
        a, b = (pdist(rng.normal(size=(N_STIMULI, 50)))[None] for _ in range(2))
        naive.append(spearmanr(a[0], b[0], alternative="two-sided").pvalue)
        null = permute_labels(a, b, N_PERMUTATIONS, rng, comparators=["spearman"])["spearman"]
        permuted.append(compute_p(compare_rows(a, b, comparator="spearman"), null)[0, 0])
    return np.array(naive), np.array(permuted)


def band(rate):
    return binom.ppf([0.0005, 0.9995], N_RUNS, rate)


def test_permutation_of_labels_keeps_its_rate(p_values):
    low, high = band(0.05)
    assert low <= (p_values[1] <= 0.05).sum() <= high


def test_permutation_p_is_uniform_under_the_null(p_values):
    for level in (0.25, 0.5, 0.75):
        low, high = band(level)
        assert low <= (p_values[1] <= level).sum() <= high


def test_naive_p_over_pairs_fails(p_values):
    assert (p_values[0] <= 0.05).mean() > 0.15
    assert (p_values[0] <= 0.05).sum() > band(0.05)[1]
