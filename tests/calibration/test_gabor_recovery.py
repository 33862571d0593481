"""Recovery of known Gabor functions, and the false-alarm rate of the gate."""

from __future__ import annotations

import numpy as np
import pytest

from brainconv.physiology import compute_gabor_gate, fit_gabors, make_noise_filters
from brainconv.physiology.gabor import compute_gabors

N = 64


def make_truth(k, seed=0):
    """Gabors of V1-like shape that the window holds: n_x .25 to .7, f .1 to .3 cycles/px."""
    rng = np.random.default_rng(seed)
    frequency = rng.uniform(0.14 if k == 7 else 0.1, 0.3, N)
    n_x, n_y = rng.uniform(0.25, 0.5, N), rng.uniform(0.25, 0.55, N)
    theta = rng.uniform(0, np.pi, N)
    centre = rng.uniform(-0.5, 0.5, (2, N))
    limit = k / 3.5
    shapes = np.stack(
        [*centre, np.minimum(n_x / frequency, limit), np.minimum(n_y / frequency, limit), theta, frequency], axis=1
    )
    phase = rng.uniform(0, 2 * np.pi, N)
    return shapes, phase, compute_gabors(shapes, np.ones(N), phase, k)


def measure_errors(fits, shapes):
    table = fits.table
    turn = table["orientation"].to_numpy() - 90 - np.rad2deg(shapes[:, 4])
    orientation = np.abs((turn + 90) % 180 - 90)
    frequency = np.abs(np.log2(table["frequency"].to_numpy() / shapes[:, 5]))
    n_x = np.abs(np.log10(table["n_x"].to_numpy() / (shapes[:, 2] * shapes[:, 5])))
    return orientation, frequency, n_x


@pytest.mark.parametrize("k", [7, 11])
def test_noise_free_gabors_come_back_exactly(k):
    shapes, phase, filters = make_truth(k)
    fits = fit_gabors(filters)
    assert fits.table["r2"].min() > 1 - 1e-9
    orientation, frequency, n_x = measure_errors(fits, shapes)
    # A shape of which few pixels show two cycles has a second shape with nearly the same picture: the median is exact.
    assert np.median(orientation) < 1e-3
    assert np.median(frequency) < 1e-4
    assert np.median(n_x) < 1e-4
    assert np.mean(orientation < 0.1) > 0.95
    expected = np.rad2deg(np.arccos(np.abs(np.cos(phase))))
    assert np.nanmedian(np.abs(fits.table["symmetry_phase"] - expected)) < 0.05


@pytest.mark.parametrize(("k", "bars"), [(11, (0.9, 0.033, 0.026)), (7, (1.2, 0.045, 0.053))])
def test_gabors_in_noise_come_back_within_the_known_errors(k, bars):
    shapes, _, clean = make_truth(k, seed=1)
    noise = np.random.default_rng(2).normal(size=clean.shape) * 0.3 * clean.std(axis=(1, 2), keepdims=True)
    fits = fit_gabors(clean + noise)
    left = ((clean - (clean + noise)) ** 2).sum(axis=(1, 2))
    total = ((clean + noise - (clean + noise).mean(axis=(1, 2), keepdims=True)) ** 2).sum(axis=(1, 2))
    assert (fits.table["r2"] >= 1 - left / total - 1e-9).all()  # the truth is never the better fit
    for error, bar in zip(measure_errors(fits, shapes), bars, strict=True):
        assert np.median(error) < bar


def test_one_in_twenty_noise_filters_passes_the_gate():
    gate = compute_gabor_gate(7, 3, n_noise=200, n_starts=6, random_state=0)
    fresh = fit_gabors(make_noise_filters(200, 7, 3, random_state=99), n_starts=6)
    share = (fresh.table["r2"] > gate.r2).mean()
    assert 0.01 < share < 0.11  # two binomial samples of 200 about .05
    assert 0.7 < gate.r2 < 0.9


def test_filters_of_an_untrained_network_do_not_pass():
    gate = compute_gabor_gate(7, 3, n_noise=200, n_starts=6)
    white = np.random.default_rng(0).normal(size=(96, 3, 7, 7))
    assert (fit_gabors(white, n_starts=6).table["r2"] > gate.r2).mean() <= 0.02
