"""CKA of unrelated layers.

Sizes: 30 pairs of Gaussian layers at each size; bands are the central 99.9 % of a normal mean.
"""

from __future__ import annotations

import numpy as np
import pytest

from brainconv.containers import Representation
from brainconv.similarity import compute_cka, compute_procrustes

N_RUNS = 30


def make_pair(seed, n, p):
    x = np.random.default_rng(seed).normal(size=(2, n, p))
    return [Representation.from_features(part, [str(i) for i in range(n)], keep=False) for part in x]


@pytest.mark.parametrize(("n", "p"), [(100, 100), (100, 1000)])
def test_debiased_is_zero_and_biased_is_not(n, p):
    pairs = [make_pair(seed, n, p) for seed in range(N_RUNS)]
    biased = np.array([compute_cka(*pair, debiased=False)[0, 0] for pair in pairs])
    debiased = np.array([compute_cka(*pair)[0, 0] for pair in pairs])
    assert biased.mean() == pytest.approx(p / (p + n), abs=0.01)
    assert abs(debiased.mean()) < 3.29 * debiased.std(ddof=1) / np.sqrt(N_RUNS)
    assert abs(debiased.mean()) < 0.02


def test_unrelated_layers_are_not_two_apart():
    values = [compute_procrustes(*make_pair(seed, 100, 50))[0, 0] for seed in range(N_RUNS)]
    assert np.mean(values) == pytest.approx(0.86, abs=0.01)
