"""Placement of a stimulus in the visual field of a model, in degrees, as Brain-Score defines it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from brainconv.containers.pixels import MID_GREY
from brainconv.errors import InvalidInputError
from brainconv.validation import check_instance, check_positive

MAX_PIXELS = 100_000_000
"""Of a canvas: 10,000 × 10,000, 300 MB.  A stimulus that needs more has a mistaken width, or resolution to spare."""


def place_image(image: NDArray[np.uint8], stimulus_degrees: float, model_degrees: float) -> NDArray[np.uint8]:
    """Show a stimulus at its own size in a visual field of the model's size.

    With ρ = model_degrees / stimulus_degrees, the result covers ``round(ρ * side)`` pixels on each axis, at the
    stimulus' own resolution: for ρ >= 1 the whole image in the middle of a mid-grey canvas, for ρ < 1 its centre.

    Parameters
    ----------
    image : ndarray, uint8, shape (height, width, 3)
        RGB pixels, 0..255.
    stimulus_degrees : float, deg
        Width of the image in degrees of visual angle.
    model_degrees : float, deg
        Width of the visual field that the model's input stands for.

    Returns
    -------
    ndarray, uint8, shape (round(ρ height), round(ρ width), 3)

    Raises
    ------
    InvalidInputError
        If the image is not uint8 RGB, so little of it falls into the field that no pixel is left, or it is so small in
        the field that the canvas around it would have more than 100 million pixels.

    References
    ----------
    Schrimpf M. et al., "Integrative benchmarking to advance neurally mechanistic models of human intelligence",
    Neuron 108:413-423 (2020), doi:10.1016/j.neuron.2020.07.040; the rule itself stands in Brain-Score's
    ``benchmark_helpers/screen.py``.  Sizes and offsets are rounded half to even, as there, so that the pixels agree.
    """
    check_instance(image, np.ndarray, what="An image", hint="uint8, (height, width, 3), RGB 0..255")
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
        msg = f"An image is {image.dtype} of shape {image.shape}; expected uint8, (height, width, 3), RGB 0..255."
        raise InvalidInputError(msg)
    ratio = check_positive(model_degrees, what="Visual field of the model in degrees") / check_positive(
        stimulus_degrees, what="Width of the stimulus in degrees"
    )
    if ratio == 1:
        return image
    size = np.array(image.shape[:2])
    target = np.round(ratio * size)
    if float(target[0]) * float(target[1]) > MAX_PIXELS:
        height, width = (f"{length:,.0f}" if length < 1e9 else f"{length:.3g}" for length in target)
        msg = (
            f"An image of {size[1]} × {size[0]} px that is {stimulus_degrees} deg wide needs a canvas of {width} × "
            f"{height} px in a field of {model_degrees} deg, more than {MAX_PIXELS:,} pixels; check the degrees of the "
            f"stimulus set, or shrink its images."
        )
        raise InvalidInputError(msg)
    target = target.astype(int)
    if (target < 1).any():
        msg = (
            f"An image of {size[1]} × {size[0]} px that is {stimulus_degrees} deg wide leaves no pixel in a field of "
            f"{model_degrees} deg; check the degrees of the stimulus set."
        )
        raise InvalidInputError(msg)
    offset = np.round(np.abs(target - size) / 2).astype(int)
    top, left = int(offset[0]), int(offset[1])
    if ratio < 1:
        return image[top : top + target[0], left : left + target[1]]
    canvas = np.full((int(target[0]), int(target[1]), 3), MID_GREY, dtype=np.uint8)
    canvas[top : top + size[0], left : left + size[1]] = image
    return canvas
