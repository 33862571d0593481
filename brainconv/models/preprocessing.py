"""How RGB pixels become a network's input, as data: size, resampling, channel order, range, mean and std."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from brainconv.arrays import describe_value, is_number
from brainconv.errors import InvalidInputError
from brainconv.validation import check_choice, check_number

if TYPE_CHECKING:
    import torch

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
RESIZE = ("squash", "crop")
INTERPOLATION = ("nearest", "bilinear", "bicubic", "lanczos")
CHANNEL_ORDER = ("RGB", "BGR", "luminance")
LUMINANCE = (0.299, 0.587, 0.114)
"""Weights of R, G and B in luma (ITU-R BT.601), as Pillow's conversion to grey uses them."""
SCALE = (1.0, 255.0)
MAX_SIZE = 8192
"""Of a network's input, px; more is a mistake, and would fill memory before anything else fails."""


@dataclass(frozen=True)
class Preprocessing:
    """What happens to an image between the stimulus set and the first layer, and nothing else happens.

    In this order: resize (Pillow on 8-bit pixels; it antialiases whenever it shrinks, and leaves an image of the right
    size as it is), channels put into ``channel_order`` or weighted into their luminance, values brought to
    0..``scale``, minus ``mean``, divided by ``std``.

    Parameters
    ----------
    input_size : int, px
        Width and height of the network's input.
    resize : {"squash", "crop"}
        ``"squash"``: the whole image to input_size × input_size, whatever its aspect (Brain-Score's way; nothing of a
        stimulus is cut off).  ``"crop"``: shorter side to ``resize_size``, then the central square.
    resize_size : int, px, optional
        Shorter side before the crop; input_size if not given.
    interpolation : {"bilinear", "bicubic", "lanczos", "nearest"}
    mean, std : tuple of 3 floats, or of 1 for luminance
        Per channel, in the order of ``channel_order`` and the units of ``scale``.  Of three that are given for
        luminance, their luminance is taken.
    channel_order : {"RGB", "BGR", "luminance"}
        ``"luminance"``: one channel, 0.299 R + 0.587 G + 0.114 B, for networks that take grey images.
    scale : {1.0, 255.0}
        Value of a white pixel before the mean is taken off.

    Raises
    ------
    InvalidInputError, NotFoundError
        If a setting is not one of these.
    """

    input_size: int = 224
    resize: str = "squash"
    resize_size: int | None = None
    interpolation: str = "bilinear"
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD
    channel_order: str = "RGB"
    scale: float = 1.0

    def __post_init__(self) -> None:
        check_choice(self.resize, RESIZE, what="way of resizing")
        check_choice(self.interpolation, INTERPOLATION, what="interpolation")
        check_choice(self.channel_order, CHANNEL_ORDER, what="channel order")
        object.__setattr__(self, "input_size", _check_size(self.input_size, what="input_size"))
        if self.resize_size is not None:
            resize_size = _check_size(self.resize_size, what="resize_size")
            if self.resize == "squash" or resize_size < self.input_size:
                msg = (
                    f"resize_size={resize_size} with resize={self.resize!r}, input_size={self.input_size}; "
                    f"it belongs to resize='crop' and is at least input_size."
                )
                raise InvalidInputError(msg)
            object.__setattr__(self, "resize_size", resize_size)
        if check_number(self.scale, what="scale") not in SCALE:
            msg = f"scale={self.scale!r}; expected 1.0 (pixels 0..1) or 255.0 (pixels 0..255)."
            raise InvalidInputError(msg)
        object.__setattr__(self, "scale", float(self.scale))
        for what in ("mean", "std"):
            object.__setattr__(self, what, self._check_values(what))

    def _check_values(self, what: str) -> tuple[float, ...]:
        """Mean or standard deviation as one number per channel."""
        given, counts = getattr(self, what), ((3, 1) if self.n_channels == 1 else (3,))
        listed = isinstance(given, (tuple, list)) or getattr(given, "ndim", 0) == 1
        values = tuple(float(v) for v in given) if listed and all(map(is_number, given)) else ()
        if len(values) not in counts or not np.isfinite(values).all() or (what == "std" and min(values) <= 0):
            expected = f"{' or '.join(map(str, counts))} finite number(s){', above 0' * (what == 'std')}"
            hint = ", or channel_order='luminance' for a network on one channel" if len(values) == 1 else ""
            msg = f"{what}={describe_value(given)} of the preprocessing; expected {expected}{hint}."
            raise InvalidInputError(msg)
        if self.n_channels == 1 and len(values) == 3:
            return (float(np.dot(LUMINANCE, values)),)
        return values

    @property
    def n_channels(self) -> int:
        """Of the network's input: 3, or 1 for luminance."""
        return 1 if self.channel_order == "luminance" else 3

    def on_luminance(self) -> Preprocessing:
        """The same for a network that takes one channel."""
        mean, std = (v[::-1] if self.channel_order == "BGR" else v for v in (self.mean, self.std))
        return replace(self, channel_order="luminance", mean=mean, std=std)

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain data, for provenance and cache keys."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> Preprocessing:
        """Build one from plain data, such as a row of a registry.

        Parameters
        ----------
        settings : mapping
            Field names to values.

        Raises
        ------
        InvalidInputError
            If a value is not allowed.
        NotFoundError
            If a field does not exist.
        """
        for key in settings:
            check_choice(key, cls.__dataclass_fields__, what="preprocessing setting")
        fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()}
        return cls(**fields)


def _check_size(value: Any, *, what: str) -> int:
    if not is_number(value) or not 1 <= value <= MAX_SIZE or int(value) != value:
        msg = f"{what}={describe_value(value)}; expected a whole number of pixels, 1 to {MAX_SIZE}."
        raise InvalidInputError(msg)
    return int(value)


def resize_image(
    image: NDArray[np.uint8], preprocessing: Preprocessing, *, input_size: int | None = None
) -> NDArray[np.uint8]:
    """Bring one image to the size of the network's input.

    Parameters
    ----------
    image : ndarray, uint8, shape (height, width, 3)
        RGB pixels, 0..255.
    preprocessing : Preprocessing
    input_size : int, px, optional
        Instead of the preprocessing's; ``resize_size`` is scaled along with it.

    Returns
    -------
    ndarray, uint8, shape (input_size, input_size, 3)

    Raises
    ------
    InvalidInputError
        If the image is not uint8 RGB.
    """
    from PIL import Image

    image = np.asarray(image)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        msg = f"An image is {image.dtype} of shape {image.shape}; expected uint8, (height, width, 3), RGB 0..255."
        raise InvalidInputError(msg)
    size = preprocessing.input_size if input_size is None else _check_size(input_size, what="input_size")
    resample = Image.Resampling[preprocessing.interpolation.upper()]
    height, width = image.shape[:2]
    if preprocessing.resize == "squash":
        if (height, width) == (size, size):
            return image
        return np.asarray(Image.fromarray(image).resize((size, size), resample))
    shorter = round((preprocessing.resize_size or preprocessing.input_size) * size / preprocessing.input_size)
    # the longer side cut off to whole pixels and the corner rounded: torchvision's Resize and CenterCrop, bit for bit
    height, width = shorter * height // min(height, width), shorter * width // min(height, width)
    resized = Image.fromarray(image)
    if resized.size != (width, height):
        resized = resized.resize((width, height), resample)
    top, left = round((height - size) / 2), round((width - size) / 2)
    return np.asarray(resized)[top : top + size, left : left + size]


def prepare_images(
    images: Iterable[NDArray[np.uint8]] | NDArray[np.uint8],
    preprocessing: Preprocessing,
    *,
    input_size: int | None = None,
) -> torch.Tensor:
    """Images as a network takes them.

    Parameters
    ----------
    images : iterable of ndarray, uint8, each of shape (height, width, 3)
        RGB pixels, 0..255; sizes may differ.  Taken one by one, so that only one large one need be in memory.
    preprocessing : Preprocessing
    input_size : int, px, optional
        Instead of the preprocessing's, for networks that take any size.

    Returns
    -------
    torch.Tensor, float32, shape (n_images, 3, input_size, input_size)
        One channel instead of 3 for luminance.  On the CPU, channels last in memory; the same for any grouping of the
        images into batches.

    Raises
    ------
    InvalidInputError
        If there is no image or one is not uint8 RGB.
    """
    import torch

    resized = [resize_image(image, preprocessing, input_size=input_size) for image in images]
    if not resized:
        msg = "No image to prepare; expected at least one."
        raise InvalidInputError(msg)
    pixels = np.stack(resized)
    if preprocessing.channel_order == "BGR":
        pixels = np.ascontiguousarray(pixels[..., ::-1])
    elif preprocessing.channel_order == "luminance":
        pixels = (pixels @ np.asarray(LUMINANCE, dtype=np.float32))[..., None]
    x = torch.from_numpy(pixels).permute(0, 3, 1, 2).to(torch.float32)
    if preprocessing.scale == 1.0:
        x /= 255.0
    x -= torch.tensor(preprocessing.mean).view(1, -1, 1, 1)
    x /= torch.tensor(preprocessing.std).view(1, -1, 1, 1)
    return x
