"""Bitmaps inside an SVG, stored with a palette where they have few colours."""

from __future__ import annotations

import base64
import io
import re

import numpy as np

_EMBEDDED = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=\s]+)")


def pack_bitmaps(svg: str) -> str:
    """The same pictures in fewer bytes: matplotlib embeds four bytes a pixel, a matrix of 32 colours needs one.

    Parameters
    ----------
    svg : str

    Returns
    -------
    str
        Bitmaps of at most 256 colours have become palette PNGs of the same pixels; everything else is as it was.
    """
    return _EMBEDDED.sub(lambda found: "data:image/png;base64," + _pack(found.group(1)), svg)


def _pack(encoded: str) -> str:
    from PIL import Image

    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGBA"))
    # one number per pixel: unique rows of a table of bytes would sort four columns
    numbers = np.ascontiguousarray(picture).view(np.uint32)[..., 0]
    colours, places = np.unique(numbers, return_inverse=True)
    if len(colours) > 256:
        return encoded
    packed = Image.fromarray(places.reshape(numbers.shape).astype(np.uint8), mode="P")
    table = colours.view(np.uint8).reshape(-1, 4)
    packed.putpalette(table[:, :3].tobytes())
    buffer = io.BytesIO()
    packed.save(buffer, format="PNG", optimize=True, transparency=table[:, 3].tobytes())
    return base64.b64encode(buffer.getvalue()).decode("ascii")
