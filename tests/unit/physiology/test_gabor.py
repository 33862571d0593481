"""The Gabor function, its bounds and the starts of its fit."""

import numpy as np
import pytest

from brainconv.physiology.gabor import compute_bounds, compute_gabors, compute_pixel_grid, compute_starts


def test_y_points_upwards_and_the_grid_is_centred():
    x, y = compute_pixel_grid(5)
    assert (x[0], y[0]) == (-2.0, 2.0)
    assert (x[-1], y[-1]) == (2.0, -2.0)
    assert x.sum() == y.sum() == 0.0


def test_values_of_the_formula_by_hand():
    shape = np.array([[1.0, -1.0, 2.0, 3.0, np.pi / 6, 0.1]])
    picture = compute_gabors(shape, np.array([2.0]), np.array([0.4]), 7)[0]
    dx, dy = 3.0 - 1.0, 2.0 + 1.0  # pixel in row 1 (y = 2), column 6 (x = 3)
    along = dx * np.cos(np.pi / 6) + dy * np.sin(np.pi / 6)
    across = -dx * np.sin(np.pi / 6) + dy * np.cos(np.pi / 6)
    expected = 2 * np.exp(-(along**2) / 8 - across**2 / 18) * np.cos(2 * np.pi * 0.1 * along + 0.4)
    assert picture[1, 6] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("theta", [0.2, 1.2, 2.0, 3.0])
@pytest.mark.parametrize("frequency", [0.15, 0.3])
def test_the_first_start_has_the_frequency_and_direction_of_a_grating_patch(theta, frequency):
    truth = np.array([[0.0, 0.0, 2.5, 2.5, theta, frequency]])
    profile = compute_gabors(truth, np.ones(1), np.full(1, 0.7), 11)
    start = compute_starts(profile, 6, 0)[0, 0]
    assert start[5] == pytest.approx(frequency, abs=0.02)
    assert np.abs(np.angle(np.exp(2j * (start[4] - theta)))) / 2 < np.deg2rad(4)
    assert start[2] == pytest.approx(2.5, abs=0.5)


def test_starts_lie_within_the_bounds_and_do_not_depend_on_the_other_filters():
    profiles = np.random.default_rng(0).normal(size=(30, 7, 7))
    starts = compute_starts(profiles, 20, 3)
    bounds = compute_bounds(7)
    assert ((starts > bounds.low - 1e-12) & (starts < bounds.high + 1e-12)).all()
    np.testing.assert_allclose(starts[4:5], compute_starts(profiles[4:5], 20, 3), atol=1e-12)
    np.testing.assert_array_equal(starts[:, :8], compute_starts(profiles, 8, 3))


def test_another_seed_shakes_the_later_starts_only():
    profiles = np.random.default_rng(0).normal(size=(3, 7, 7))
    one, two = compute_starts(profiles, 8, 0), compute_starts(profiles, 8, 1)
    np.testing.assert_array_equal(one[:, :5], two[:, :5])
    assert not np.allclose(one[:, 5:], two[:, 5:])
