"""CKA and Procrustes distance of unrelated layers.

Sizes: Gaussian layers of 100 stimuli and 50, 100 or 1,000 units; bands of 0.02 and 99.9 % of a normal mean.
"""

from __future__ import annotations

import numpy as np
import pytest

from brainconv.containers import Representation
from brainconv.similarity import compute_cka, compute_procrustes

N_STIMULI, SMALL = 100, 30
SEED = 20261127


def draw_pair(run, n_units):
    x = np.random.default_rng([run, n_units, SEED]).normal(size=(2, N_STIMULI, n_units))
    return [Representation.from_features(part, [str(i) for i in range(N_STIMULI)], keep=False) for part in x]


def summarise(study, name, values, nominal):
    """Mean and its standard error, recorded."""
    mean, error = np.mean(values), np.std(values, ddof=1) / np.sqrt(len(values))
    study.record_value(name, N_STIMULI, len(values), nominal, mean, error)
    return mean, error


@pytest.mark.parametrize("n_units", [100, 1000])
def test_debiased_cka_is_zero_and_biased_is_not(study, n_units):
    pairs = (draw_pair(run, n_units) for run in range(study.n_runs(SMALL)))
    biased, debiased = np.array([[compute_cka(*p, debiased=d)[0, 0] for d in (False, True)] for p in pairs]).T
    expected = n_units / (n_units + N_STIMULI)
    assert summarise(study, f"biased CKA, {n_units} units", biased, expected)[0] == pytest.approx(expected, abs=0.01)
    mean, error = summarise(study, f"debiased CKA, {n_units} units", debiased, 0.0)
    assert abs(mean) < 3.29 * error
    assert abs(mean) < 0.02


def test_unrelated_layers_are_not_two_apart(study):
    values = [compute_procrustes(*draw_pair(run, 50))[0, 0] for run in range(study.n_runs(SMALL))]
    assert summarise(study, "Procrustes distance, 50 units", values, 0.86)[0] == pytest.approx(0.86, abs=0.01)
