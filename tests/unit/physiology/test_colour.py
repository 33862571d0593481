"""Splitting a filter into a colour direction and a spatial profile."""

import numpy as np
import pytest

from brainconv.errors import InvalidInputError
from brainconv.physiology import reduce_colour

SPACE = np.random.default_rng(1).normal(size=(7, 7))


def make_filter(colour, space=SPACE):
    return np.asarray(colour, dtype=float)[:, None, None] * space


@pytest.mark.parametrize(
    ("colour", "expected", "axis"),
    [
        ((1, 1, 1), "achromatic", 0),
        ((0.3, 0.6, 0.5), "achromatic", 0),
        ((1, -1, 0), "opponent", 1),
        ((1, 1, -2), "opponent", 2),
        ((1, 0, 0), "mixed", None),
    ],
)
def test_a_separable_filter_has_its_colour_class(colour, expected, axis):
    reduced = reduce_colour(make_filter(colour)[None])
    assert reduced.classes[0] == expected
    assert reduced.separability[0] == pytest.approx(1.0)
    if axis is not None:
        assert reduced.axis_indices[0].argmax() == axis
    direction = np.asarray(colour) / np.linalg.norm(colour)
    sign = np.sign(np.sum(colour)) or np.sign(direction[np.abs(direction).argmax()])
    np.testing.assert_allclose(reduced.directions[0], sign * direction, atol=1e-12)


def test_direction_times_profile_is_the_separable_filter():
    filters = np.stack([make_filter((0.2, 0.9, 0.4)), make_filter((-0.7, 0.1, -0.5))])
    reduced = reduce_colour(filters)
    rebuilt = reduced.directions[:, :, None, None] * reduced.profiles[:, None]
    np.testing.assert_allclose(rebuilt, filters, atol=1e-12)
    assert (reduced.directions.sum(axis=1) > 0).all()


def test_separability_is_the_share_of_the_first_singular_value():
    rng = np.random.default_rng(0)
    first, second = np.linalg.qr(rng.normal(size=(49, 2)))[0].T.reshape(2, 7, 7)
    filters = 3.0 * make_filter((1, 0, 0), first) + 1.0 * make_filter((0, 1, 0), second)
    reduced = reduce_colour(filters[None])
    assert reduced.separability[0] == pytest.approx(9 / 10)
    np.testing.assert_allclose(np.abs(reduced.profiles[0]), np.abs(3 * first), atol=1e-12)


def test_a_sign_flip_of_the_filter_flips_the_profile_only():
    filters = np.random.default_rng(2).normal(size=(20, 3, 5, 5))
    plain, flipped = reduce_colour(filters), reduce_colour(-filters)
    np.testing.assert_allclose(plain.directions, flipped.directions, atol=1e-9)
    np.testing.assert_allclose(plain.profiles, -flipped.profiles, atol=1e-9)


def test_one_channel_is_luminance():
    for filters in (SPACE[None], SPACE[None, None]):
        reduced = reduce_colour(filters)
        assert reduced.classes[0] == "achromatic"
        np.testing.assert_array_equal(reduced.profiles[0], SPACE)


def test_a_filter_of_zeros_has_no_colour():
    reduced = reduce_colour(np.zeros((1, 3, 5, 5)))
    assert reduced.classes[0] == "none"
    assert np.isnan(reduced.separability[0])
    assert np.isnan(reduced.axis_indices).all()


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        (np.zeros((4, 64, 5, 5)), "64 channels"),
        (np.zeros((4, 3, 5, 6)), "square kernels"),
        (np.zeros((5, 5)), "expected \\(n_filters"),
        (np.full((2, 3, 5, 5), np.nan), "2 filter\\(s\\) hold NaN"),
        ([["a"]], "array of numbers"),
    ],
)
def test_what_is_no_filter_is_refused(filters, message):
    with pytest.raises(InvalidInputError, match=message):
        reduce_colour(filters)
