"""Bitmaps in an SVG: the same pixels in fewer bytes."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from brainconv.plotting.bitmaps import pack_bitmaps


def as_svg(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels, mode="RGBA").save(buffer, format="PNG")
    return f'<svg><image href="data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"/><g/></svg>'


def pixels_of(svg):
    found = re.search(r"base64,([^\"]+)\"", svg).group(1)
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(found))).convert("RGBA"))


@pytest.mark.parametrize("n_colours", [1, 2, 33, 256])
def test_few_colours_keep_every_pixel_and_their_transparency(n_colours):
    rng = np.random.default_rng(0)
    table = rng.integers(0, 256, (n_colours, 4), dtype=np.uint8)
    pixels = table[rng.integers(0, n_colours, (40, 50))]
    svg = as_svg(pixels)
    packed = pack_bitmaps(svg)
    np.testing.assert_array_equal(pixels_of(packed), pixels)
    assert packed.endswith('"/><g/></svg>')


def test_matrix_of_32_colours_takes_less_than_half():
    rng = np.random.default_rng(0)
    table = rng.integers(0, 256, (32, 4), dtype=np.uint8)
    svg = as_svg(table[rng.integers(0, 32, (300, 300))])
    assert len(pack_bitmaps(svg)) < 0.5 * len(svg)


def test_many_colours_stay_as_they_are():
    svg = as_svg(np.random.default_rng(0).integers(0, 256, (40, 50, 4), dtype=np.uint8))
    assert pack_bitmaps(svg) == svg
