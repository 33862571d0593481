from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from brainconv.containers import Representation
from brainconv.errors import InvalidInputError
from brainconv.similarity import (
    compute_dimensionality,
    compute_effective_dimensionality,
    compute_participation_ratio,
    compute_spectral_slope,
)


def test_participation_ratio_of_known_axes():
    x = np.kron(np.eye(3), [[1.0], [-1.0]])  # three equal, orthogonal directions
    assert compute_participation_ratio(x @ x.T) == pytest.approx(3.0)
    assert np.isnan(compute_participation_ratio(np.ones((5, 5))))


def test_correction_is_a_mean_over_sets_of_four():
    x = np.random.default_rng(0).normal(size=(6, 3)) @ np.diag([1.0, 2.0, 3.0])
    traces, squares = [], []
    for i, j, k, m in permutations(range(6), 4):
        one, other = x[i] - x[j], x[k] - x[m]
        traces.append((one @ one) * (other @ other) / 4)
        squares.append((one @ other) ** 2 / 4)
    assert compute_effective_dimensionality(x @ x.T) == pytest.approx(np.mean(traces) / np.mean(squares), rel=1e-9)


@pytest.mark.parametrize(("n", "p"), [(100, 100), (100, 1000), (500, 50)])
def test_correction_finds_the_number_of_isotropic_units(n, p):
    grams = [x @ x.T for x in np.random.default_rng(0).normal(size=(10, n, p))]
    raw = np.mean([compute_participation_ratio(gram) for gram in grams])
    assert raw == pytest.approx((n - 1) * p / (n + p), rel=0.02)
    assert np.mean([compute_effective_dimensionality(gram) for gram in grams]) == pytest.approx(p, rel=0.06)


def test_correction_finds_the_dimensionality_of_a_power_law():
    variances = 1.0 / np.arange(1, 201)
    truth = variances.sum() ** 2 / (variances**2).sum()
    assert truth == pytest.approx(21.07, abs=0.01)
    rng = np.random.default_rng(0)
    values = [compute_effective_dimensionality(x @ x.T) for x in rng.normal(size=(20, 100, 200)) * np.sqrt(variances)]
    assert np.mean(values) == pytest.approx(truth, rel=0.08)


def test_slope_of_a_power_law():
    n = 400
    directions = np.linalg.qr(np.c_[np.ones(n), np.random.default_rng(0).normal(size=(n, n - 1))])[0][:, 1:]
    gram = (directions * np.arange(1, n) ** -1.3) @ directions.T
    slope, first, last = compute_spectral_slope(gram)
    assert slope == pytest.approx(1.3, abs=1e-6)
    assert (first, last) == (11, 200)
    assert compute_spectral_slope(gram, ranks=(1, 50))[1:] == (1, 50)
    assert np.isnan(compute_spectral_slope(np.ones((20, 20)))[0])


def test_table():
    x = np.random.default_rng(0).normal(size=(30, 12))
    layer = Representation.from_features(x, [f"s{i}" for i in range(30)], model="net", layer="conv1")
    table = compute_dimensionality({"conv1": layer})
    assert table.loc[0, ["model", "layer", "n_stimuli", "n_units"]].tolist() == ["net", "conv1", 30, 12]
    assert table.loc[0, "participation_ratio"] < table.loc[0, "effective_dimensionality"]


def test_few_stimuli_are_refused():
    with pytest.raises(InvalidInputError, match="at least 4 stimuli; found 3"):
        compute_effective_dimensionality(np.eye(3))


def test_interval_covers_the_number_of_units():
    """100 draws of 120 stimuli of 30 isotropic units; the band is the lower 99.9 % of a binomial."""
    inside = 0
    for seed in range(100):
        layer = Representation.from_features(np.random.default_rng(seed).normal(size=(120, 30)), range(120), keep=False)
        row = compute_dimensionality(layer, random_state=seed).iloc[0]
        inside += row["ci_low"] <= 30 <= row["ci_high"]
    assert inside >= 87


def test_few_stimuli_have_no_interval():
    layer = Representation.from_features(np.random.default_rng(0).normal(size=(30, 5)), range(30), keep=False)
    assert compute_dimensionality(layer)[["ci_low", "ci_high"]].isna().all(axis=None)
