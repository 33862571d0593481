"""Stimuli drawn small, in frames that bear the colours of their categories."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from brainconv.errors import InvalidInputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Picture = NDArray[np.uint8]

_MAX_PIXELS = 48  # of a thumbnail's longer side
_MAX_COLOURS = 64  # of a thumbnail: an eighth of the bytes in an SVG


def shrink_images(images: Mapping[str, Picture], ids: Sequence[str]) -> list[Picture]:
    """Thumbnails, their proportions kept.

    Parameters
    ----------
    images : mapping of str to ndarray, uint8, shape (height, width, 3)
        By stimulus id.
    ids : sequence of str
        Which of them, in this order.

    Returns
    -------
    list of ndarray, uint8, shape (height, width, 3)

    Raises
    ------
    InvalidInputError
        If an image is missing or not uint8 RGB.
    """
    from PIL import Image

    absent = [name for name in ids if name not in images]
    if absent:
        msg = f"{len(absent)} of {len(ids)} stimuli have no image, for example {absent[0]!r}; give one for each."
        raise InvalidInputError(msg)
    small = []
    for name in ids:
        image = np.asarray(images[name])
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
            msg = f"The image of {name!r} is {image.dtype} of shape {image.shape}; expected uint8, (height, width, 3)."
            raise InvalidInputError(msg)
        picture = Image.fromarray(image)
        picture.thumbnail((_MAX_PIXELS, _MAX_PIXELS), Image.Resampling.LANCZOS)
        few = picture.quantize(_MAX_COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        small.append(np.asarray(few.convert("RGB")))
    return small


def draw_thumbnail(
    axis: Axes, picture: Picture, place: tuple[float, float], longer: float, colour: str, *, width: float, order: float
) -> None:
    """One thumbnail and its frame.

    Parameters
    ----------
    axis : Axes
    picture : ndarray, uint8, shape (height, width, 3)
    place : tuple of float
        Its middle, in the units of the axes.
    longer : float
        Its longer side, likewise.
    colour : str
        Of the frame.
    width : float
        Of the frame's line, in points.
    order : float
        Picture and frame hide what has a smaller one.
    """
    from matplotlib.patches import Rectangle

    (x, y), sides = place, [longer * n / max(picture.shape[:2]) for n in picture.shape[1::-1]]
    extent = (x - sides[0] / 2, x + sides[0] / 2, y - sides[1] / 2, y + sides[1] / 2)
    # none: the SVG holds the pixels as they are, instead of more of them
    axis.imshow(picture, extent=extent, interpolation="none", zorder=order)
    axis.add_patch(Rectangle(extent[::2], *sides, fill=False, edgecolor=colour, linewidth=width, zorder=order))


def draw_strip(axis: Axes, pictures: Sequence[Picture], colours: Sequence[str], n_across: int) -> None:
    """Thumbnails from left to right, line by line.

    Parameters
    ----------
    axis : Axes
        Given to the strip alone.
    pictures : sequence of ndarray, uint8, shape (height, width, 3)
    colours : sequence of str
        Of each frame.
    n_across : int
        Thumbnails in a line.
    """
    n_lines = math.ceil(len(pictures) / n_across)
    for place, (picture, colour) in enumerate(zip(pictures, colours, strict=True)):
        line, column = divmod(place, n_across)
        draw_thumbnail(axis, picture, (column, n_lines - 1 - line), 0.86, colour, width=1.2, order=2)
    axis.set(xlim=(-0.5, n_across - 0.5), ylim=(-0.5, n_lines - 0.5), xticks=[], yticks=[])
    axis.set_aspect("equal", anchor="NW")
    axis.spines[:].set_visible(False)
