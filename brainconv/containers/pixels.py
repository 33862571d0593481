"""How a picture file becomes an image, uint8 RGB: the one decoder of folders, archives and BrainIO stimulus sets.

It stands here because `brainconv.io` (archives) and `brainconv.stimuli` (folders) both need it.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from brainconv.containers.stimuli import Image
from brainconv.errors import InvalidInputError

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
"""What is read, by content and not by suffix.  Others are refused: Pillow would start Ghostscript for an EPS file."""
IMAGE_SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
LARGEST_FILE_BYTES = 64 << 20
"""Size of the largest image file that is read."""
LARGEST_PIXELS = 1 << 26
"""Pixels of the largest image that is decoded: 8192 × 8192."""
MID_GREY = 128
"""Grey level, 0..255, behind transparent pixels and around a stimulus that is narrower than the model's field."""

_ORIENTATION = 0x0112  # the tag of EXIF and TIFF
_PHOTOMETRIC, _BITS_PER_SAMPLE = 0x0106, 0x0102


def decode_image(data: bytes, *, what: str) -> Image:
    """Decode an image file.

    Grey levels and palettes become three channels.  Of 16 bits per channel, the upper 8 are kept.  Transparent pixels
    are put on mid-grey (128).  The image is turned upright by its EXIF orientation, as image viewers show it.  Colour
    profiles and gamma are not applied.

    Parameters
    ----------
    data : bytes
        Content of a PNG, JPEG, TIFF, BMP, GIF, WebP or PPM file.
    what : str
        Its name, for the message.

    Returns
    -------
    ndarray, uint8, shape (height, width, 3)
        RGB, 0..255.

    Raises
    ------
    InvalidInputError
        If it is none of these, is damaged, holds several frames or values of unknown range (32 bits, floating point),
        or is larger than 64 MiB or 2²⁶ pixels (checked before it is decoded).
    """
    from PIL import Image as Pillow
    from PIL import UnidentifiedImageError

    check_file_size(len(data), what=what)
    try:
        with Pillow.open(io.BytesIO(data), formats=FORMATS) as picture:
            _check_header(picture, what)
            picture.load()
            return _turn_upright(_to_rgb(picture, what), _read_orientation(picture))
    except InvalidInputError:
        raise
    except Pillow.DecompressionBombError:
        msg = f"{what} has far more than {LARGEST_PIXELS} pixels, the most that are decoded; make it smaller."
        raise InvalidInputError(msg) from None
    except UnidentifiedImageError as error:
        msg = (
            f"{what} cannot be decoded as an image: its content is none of {', '.join(FORMATS)}, or is damaged; "
            f"get the file again or save it as PNG."
        )
        raise InvalidInputError(msg) from error
    except Exception as error:  # a damaged file makes Pillow's parsers fail in many ways
        msg = f"{what} cannot be decoded as an image ({error}); get the file again or save it as PNG."
        raise InvalidInputError(msg) from error


def check_file_size(n_bytes: int, *, what: str) -> None:
    """Refuse an image file that is too large to be a stimulus.

    Parameters
    ----------
    n_bytes : int
    what : str
        Its name, for the message.

    Raises
    ------
    InvalidInputError
        If it is larger than 64 MiB.
    """
    if n_bytes > LARGEST_FILE_BYTES:
        msg = f"{what} has {n_bytes} bytes; at most {LARGEST_FILE_BYTES} are read of an image, make it smaller."
        raise InvalidInputError(msg)


def _check_header(picture: Picture, what: str) -> None:
    width, height = picture.size
    if width * height > LARGEST_PIXELS:
        msg = f"{what} has {width} × {height} pixels; at most {LARGEST_PIXELS} are decoded, make it smaller."
        raise InvalidInputError(msg)
    # a camera's JPEG with a second picture in it (MPO) shows the first
    if getattr(picture, "is_animated", False) and picture.format not in ("JPEG", "MPO"):
        msg = f"{what} holds several frames or pages; save the one that is the stimulus as a file of its own."
        raise InvalidInputError(msg)


def _to_rgb(picture: Picture, what: str) -> Image:
    from PIL import Image as Pillow

    if picture.mode in ("I", "F") or picture.mode.startswith("I;"):
        return _narrow_grey(picture, what)
    if picture.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in picture.info:
        rgba = (picture.convert("LA") if picture.mode == "La" else picture).convert("RGBA")
        ground = Pillow.new("RGBA", rgba.size, (MID_GREY, MID_GREY, MID_GREY, 255))
        picture = Pillow.alpha_composite(ground, rgba)
    return np.array(picture.convert("RGB"), dtype=np.uint8)


def _narrow_grey(picture: Picture, what: str) -> Image:
    """The upper byte of 16-bit grey levels: exact for 8-bit images that were widened by 256 or by 257."""
    tags: Any = getattr(picture, "tag_v2", {})
    known = picture.mode.startswith("I;16") or (picture.mode == "I" and picture.format in ("PNG", "PPM"))
    if not known or (picture.format == "TIFF" and tags.get(_BITS_PER_SAMPLE) != (16,)):
        kind = "floating-point" if picture.mode == "F" else "12-bit or 32-bit"
        msg = f"{what} has {kind} pixels, whose range is not known; save it with 8 or 16 bits per channel."
        raise InvalidInputError(msg)
    values: NDArray[Any] = np.asarray(picture).astype(np.int64)
    if picture.format == "TIFF" and tags.get(_PHOTOMETRIC) == 0:  # 0 is white, which Pillow undoes for 8 bits only
        values = 65535 - values
    grey = (values >> 8).astype(np.uint8)
    clear = picture.info.get("transparency")
    if isinstance(clear, int):
        grey[values == clear] = MID_GREY
    return np.repeat(grey[..., None], 3, axis=2)


def _read_orientation(picture: Picture) -> int:
    """1 to 8 as EXIF counts; 1, upright, where the file states none or its EXIF data cannot be read."""
    try:
        return int(picture.getexif().get(_ORIENTATION, 1))
    except Exception:  # damaged EXIF data beside good pixels; image viewers pass over it too
        return 1


def _turn_upright(image: Image, orientation: int) -> Image:
    if orientation in (5, 6, 7, 8):
        image = image.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    return np.ascontiguousarray(image)
