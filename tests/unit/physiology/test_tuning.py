"""Tuning indices: closed forms, refusals, and agreement with what the Gabor's shape predicts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import iv

from brainconv.errors import InvalidInputError
from brainconv.physiology.gabor import compute_gabors, compute_pixel_grid
from brainconv.physiology.tuning import (
    compute_circular_variance,
    compute_modulation_ratio,
    compute_orientation_bandwidth,
    compute_orthogonal_ratio,
    compute_preferred_orientation,
    predict_frequency_band,
    predict_orientation_bandwidth,
)

TWELVE = np.arange(12) * 15.0
FINE = np.arange(720) * 0.25


def von_mises(k, angles, preferred=0.0):
    return np.exp(k * np.cos(2 * np.deg2rad(angles - preferred)))


@pytest.mark.parametrize(
    ("curve", "expected"),
    [
        (np.ones(12), 1.0),
        (np.eye(12)[3], 0.0),
        (1 + np.cos(2 * np.deg2rad(TWELVE)), 0.5),
        (np.cos(np.deg2rad(TWELVE)) ** 2, 0.5),
    ],
)
def test_circular_variance_of_simple_curves(curve, expected):
    assert compute_circular_variance(curve, TWELVE) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("k", "known"), [(0.5, 0.7575), (1, 0.5536), (2, 0.3022), (4, 0.1365)])
def test_circular_variance_of_von_mises_curves(k, known):
    value = compute_circular_variance(von_mises(k, TWELVE, 33.0), TWELVE)
    assert value == pytest.approx(1 - iv(1, k) / iv(0, k), abs=2e-4)
    assert value == pytest.approx(known, abs=2e-4)


@pytest.mark.parametrize(("k", "known"), [(0.5, 36.07), (1, 24.60), (2, 17.12), (4, 12.01)])
def test_bandwidth_of_von_mises_curves(k, known):
    width = compute_orientation_bandwidth(von_mises(k, FINE, 50.0), FINE, smooth=False)
    assert width == pytest.approx(np.rad2deg(np.arccos(1 - np.log(2) / (2 * k)) / 2), abs=0.01)
    assert width == pytest.approx(known, abs=0.01)


def test_smoothing_is_the_papers_and_widens_the_curve():
    curve = von_mises(4, TWELVE)
    smoothed = (0.4 * np.roll(curve, 1) + curve + 0.4 * np.roll(curve, -1)) / 1.8
    expected = compute_orientation_bandwidth(smoothed, TWELVE, smooth=False)
    assert compute_orientation_bandwidth(curve, TWELVE) == pytest.approx(expected)
    assert expected > compute_orientation_bandwidth(curve, TWELVE, smooth=False)


def test_bandwidth_by_hand_of_a_triangle():
    curve = np.array([0, 0, 1.0, 2.0, 1.0, 0])
    angles = np.arange(6) * 30.0
    assert compute_orientation_bandwidth(curve, angles, smooth=False) == pytest.approx(30 * (2 - np.sqrt(2)))


def test_an_untuned_curve_has_no_bandwidth_and_prefers_nothing():
    assert np.isnan(compute_orientation_bandwidth(np.ones(12), TWELVE))
    assert np.isnan(compute_preferred_orientation(np.ones(12), TWELVE))


@pytest.mark.parametrize("preferred", [0.0, 40.0, 100.0, 171.0])
def test_preferred_orientation(preferred):
    found = compute_preferred_orientation(von_mises(2, TWELVE, preferred), TWELVE)
    assert np.abs((found - preferred + 90) % 180 - 90) < 0.01


def test_orthogonal_ratio():
    assert compute_orthogonal_ratio(von_mises(1, TWELVE, 30.0), TWELVE) == pytest.approx(np.exp(-2))
    with pytest.raises(InvalidInputError, match="9 orientations; expected an even number"):
        compute_orthogonal_ratio(np.ones(9), np.arange(9) * 20.0)


@pytest.mark.parametrize(("power", "expected", "tolerance"), [(1, np.pi / 2, 1e-4), (2, 1.698, 1e-3)])
def test_modulation_ratio_of_a_rectified_linear_filter(power, expected, tolerance):
    phases = 2 * np.pi * np.arange(1000) / 1000
    assert compute_modulation_ratio(np.maximum(np.cos(phases), 0) ** power) == pytest.approx(expected, abs=tolerance)


def test_eight_phases_alias_as_known():
    offsets = np.linspace(0, np.pi / 4, 50)[:, None]
    responses = np.maximum(np.cos(2 * np.pi * np.arange(8) / 8 + offsets), 0)
    ratios = compute_modulation_ratio(responses)
    assert (ratios.min(), ratios.max()) == pytest.approx((1.53, 1.66), abs=0.005)


def test_an_energy_unit_is_not_modulated():
    phases = 2 * np.pi * np.arange(8) / 8
    assert compute_modulation_ratio(np.cos(phases) ** 2 + np.sin(phases) ** 2) == pytest.approx(0.0, abs=1e-12)


def test_units_are_measured_one_by_one_and_silent_ones_are_missing():
    responses = np.stack([von_mises(1, TWELVE), np.zeros(12), np.full(12, np.nan)]).reshape(1, 3, 12)
    for measure in (compute_circular_variance, compute_orientation_bandwidth, compute_orthogonal_ratio):
        values = measure(responses, TWELVE)
        assert values.shape == (1, 3)
        assert np.isnan(values[0, 1:]).all()
        assert values[0, 0] == pytest.approx(float(measure(responses[0, 0], TWELVE)))
    assert np.isnan(compute_modulation_ratio(responses)[0, 1:]).all()


@pytest.mark.parametrize(
    ("responses", "orientations", "message"),
    [
        (np.ones(12), np.arange(12) * 30.0, "evenly spaced over 180"),
        (np.ones(11), TWELVE, "11 values per unit for 12"),
        (-np.ones(12), TWELVE, "12 response\\(s\\) are negative"),
        (1.0, TWELVE, "single number"),
    ],
)
def test_what_is_no_tuning_curve_is_refused(responses, orientations, message):
    with pytest.raises(InvalidInputError, match=message):
        compute_circular_variance(responses, orientations)


def test_two_phases_are_refused():
    with pytest.raises(InvalidInputError, match="2 phases"):
        compute_modulation_ratio(np.ones(2))


def test_bandwidth_predicted_at_known_shapes():
    predicted = predict_orientation_bandwidth([0.365, 0.6, 0.05], [0.445, 0.9, 0.05])
    assert predicted[:2] == pytest.approx([17.2, 8.5], abs=0.05)
    assert np.isnan(predicted[2])


def measure_amplitude(picture, frequency, angle):
    """Amplitude of a quadrature pair's response; its second member is the Gabor's own Hilbert partner."""
    x, y = compute_pixel_grid(picture.shape[-1])
    wave = np.exp(-2j * np.pi * frequency * (x * np.cos(angle) + y * np.sin(angle)))
    return np.abs((picture.ravel() * wave).sum())


@pytest.mark.parametrize(("n_x", "n_y"), [(0.6, 0.9), (0.9, 0.6), (0.55, 0.7)])
def test_the_shape_of_a_gabor_predicts_its_grating_tuning(n_x, n_y):
    frequency, theta = 0.15, 0.4
    shape = np.array([[0.0, 0.0, n_x / frequency, n_y / frequency, theta, frequency]])
    even, odd = (compute_gabors(shape, np.ones(1), np.array([phase]), 61)[0] for phase in (0.0, -np.pi / 2))
    quadrature = even + 1j * odd
    curve = np.array([measure_amplitude(quadrature, frequency, np.deg2rad(a) + theta) for a in FINE - 90])
    width = compute_orientation_bandwidth(curve, FINE, smooth=False)
    assert width == pytest.approx(float(predict_orientation_bandwidth(n_x, n_y)), rel=0.01)
    low, high = predict_frequency_band(n_x)
    peak = measure_amplitude(quadrature, frequency, theta)
    for factor in (low, high):
        assert measure_amplitude(quadrature, factor * frequency, theta) / peak == pytest.approx(0.5, rel=0.01)


def test_a_low_pass_shape_has_no_lower_frequency():
    low, high = predict_frequency_band(np.array([0.15, 0.4]))
    assert np.isnan(low[0])
    assert low[1] == pytest.approx(1 - 0.1874 / 0.4, abs=1e-3)
    assert (high > 1).all()
