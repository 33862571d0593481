"""Placement in degrees, against examples worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from brainconv.errors import InvalidInputError
from brainconv.stimuli.placement import place_image


def ramp(height: int, width: int) -> np.ndarray:
    """Every pixel different, and none of them grey."""
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0] = np.arange(height)[:, None]
    image[..., 1] = np.arange(width)[None, :]
    image[..., 2] = 255
    return image


def test_same_size_changes_nothing() -> None:
    image = ramp(5, 7)
    np.testing.assert_array_equal(place_image(image, 8.0, 8.0), image)


def test_small_stimulus_stands_in_the_middle_of_grey() -> None:
    # 4 deg in a field of 8: ρ = 2, canvas 2 × (4 × 6) = 8 × 12, offset (8 - 4) / 2 = 2 and (12 - 6) / 2 = 3
    image = ramp(4, 6)
    placed = place_image(image, 4.0, 8.0)
    assert placed.shape == (8, 12, 3)
    np.testing.assert_array_equal(placed[2:6, 3:9], image)
    outside = np.ones((8, 12), bool)
    outside[2:6, 3:9] = False
    assert (placed[outside] == 128).all()


def test_large_stimulus_is_cropped_to_its_centre() -> None:
    # 16 deg in a field of 8: ρ = 1/2, 10 × 20 becomes 5 × 10, offset round(5 / 2) = 2 (half to even) and 10 / 2 = 5
    image = ramp(10, 20)
    np.testing.assert_array_equal(place_image(image, 16.0, 8.0), image[2:7, 5:15])


@pytest.mark.parametrize(
    ("side", "stimulus", "model", "target", "offset"),
    [
        (3, 4.0, 6.0, 4, 0),  # 4.5 rounds to 4 (even); (4 - 3) / 2 = 0.5 rounds to 0
        (5, 4.0, 6.0, 8, 2),  # 7.5 rounds to 8; (8 - 5) / 2 = 1.5 rounds to 2
        (7, 8.0, 10.0, 9, 1),  # 8.75 rounds to 9; (9 - 7) / 2 = 1
    ],
)
def test_halves_are_rounded_to_even(side: int, stimulus: float, model: float, target: int, offset: int) -> None:
    image = ramp(side, side)
    placed = place_image(image, stimulus, model)
    assert placed.shape == (target, target, 3)
    np.testing.assert_array_equal(placed[offset : offset + side, offset : offset + side], image)


def test_crop_rounds_like_pillow_does() -> None:
    # 18 deg (TVSD) in a field of 8: ρ = 4/9; 100 px becomes round(44.44) = 44, offset (100 - 44) / 2 = 28
    image = ramp(100, 100)
    np.testing.assert_array_equal(place_image(image, 18.0, 8.0), image[28:72, 28:72])


def test_impossible_sizes_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="leaves no pixel"):
        place_image(ramp(4, 4), 100.0, 1.0)
    with pytest.raises(InvalidInputError, match="expected a finite number above 0"):
        place_image(ramp(4, 4), 0.0, 8.0)
    with pytest.raises(InvalidInputError, match="expected uint8"):
        place_image(ramp(4, 4).astype(float), 4.0, 8.0)  # type: ignore[arg-type]


@pytest.mark.parametrize(("side", "degrees"), [(224, 0.14), (1000, 0.7), (10, 1e-6), (1, 1e-300)])
def test_a_canvas_has_a_limit_that_is_checked_before_it_is_made(side: int, degrees: float) -> None:
    with pytest.raises(InvalidInputError, match=r"needs a canvas of .* px in a field of 8.0 deg, .* check the degrees"):
        place_image(np.zeros((side, side, 3), np.uint8), degrees, 8.0)
