"""Stimuli drawn small."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_hex

from brainconv.errors import InvalidInputError
from brainconv.plotting.style import create_figure
from brainconv.plotting.thumbnails import draw_strip, shrink_images


def test_proportions_are_kept_and_the_order_is_that_of_the_ids():
    rng = np.random.default_rng(0)
    images = {"wide": rng.integers(0, 256, (60, 90, 3), dtype=np.uint8), "red": np.zeros((10, 5, 3), np.uint8)}
    images["red"][..., 0] = 200
    red, wide = shrink_images(images, ["red", "wide"])
    assert wide.shape == (32, 48, 3)
    np.testing.assert_array_equal(red, images["red"])


def test_bad_images_are_named():
    with pytest.raises(InvalidInputError, match="1 of 2 stimuli have no image, for example 'b'"):
        shrink_images({"a": np.zeros((4, 4, 3), np.uint8)}, ["a", "b"])
    with pytest.raises(InvalidInputError, match=r"'a' is uint8 of shape \(4, 4\)"):
        shrink_images({"a": np.zeros((4, 4), np.uint8)}, ["a"])


def test_a_strip_reads_like_a_page():
    axis = create_figure(2, 1).subplots()
    pictures = [np.full((4, 6, 3), 50 * k, np.uint8) for k in range(5)]
    draw_strip(axis, pictures, ["#ff0000"] * 3 + ["#0000ff"] * 2, n_across=3)
    left, right, bottom, top = np.array([image.get_extent() for image in axis.images]).T
    assert ((left + right) / 2).tolist() == pytest.approx([0, 1, 2, 0, 1])
    assert ((bottom + top) / 2).tolist() == pytest.approx([1, 1, 1, 0, 0])
    np.testing.assert_allclose((right - left) / (top - bottom), 1.5)
    assert [to_hex(frame.get_edgecolor()) for frame in axis.patches] == ["#ff0000"] * 3 + ["#0000ff"] * 2
    assert [int(image.get_array()[0, 0, 0]) for image in axis.images] == [0, 50, 100, 150, 200]
