"""StimulusSet: images with names, in a fixed order, and their size in degrees of visual angle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brainconv.arrays import describe_value, find_package
from brainconv.containers.checks import check_table
from brainconv.errors import InvalidInputError
from brainconv.validation import align_indices, check_number, check_text, check_unique

Image = NDArray[np.uint8]
NARROWEST, WIDEST = 0.01, 360.0  # of a stimulus, in degrees of visual angle


class ImageSubset(Sequence[Image]):
    """Some images of a sequence, read only when asked for (so that a selection of files stays lazy).

    Parameters
    ----------
    images : sequence of ndarray, uint8, shape (height, width, 3)
    indices : sequence of int
    """

    def __init__(self, images: Sequence[Image], indices: Sequence[int]) -> None:
        self._images = images
        self._indices = [int(i) for i in indices]

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, index: int) -> Image:  # type: ignore[override]
        return self._images[self._indices[index]]


@dataclass(frozen=True, eq=False)
class StimulusSet:
    """Images with unique ids.

    Parameters
    ----------
    name : str
        Name of the set, as it stands in tables and file names.
    ids : sequence of str, length n_stimuli
        Unique identifiers, in file order.
    images : sequence of ndarray, uint8, shape (height, width, 3)
        RGB pixels, 0..255.  Any sequence: an array ``(n_stimuli, height, width, 3)`` or a lazy reader of files.
    degrees : float, optional
        Width of a stimulus in degrees of visual angle, 0.01 to 360.  ``None``: not known, the stimulus fills the
        network's input.
    table : DataFrame, optional
        One row per stimulus, indexed by id: ``group`` (stimuli that must not be split, e.g. one photograph),
        ``category`` and whatever else is known.

    Raises
    ------
    InvalidInputError
        If counts do not agree, an id stands twice or the width is not above 0.
    """

    name: str
    ids: tuple[str, ...]
    images: Sequence[Image] | NDArray[np.uint8]
    degrees: float | None = None
    table: pd.DataFrame = field(default_factory=pd.DataFrame)

    def __post_init__(self) -> None:
        check_text(self.name, what="The name of a stimulus set")
        ids = check_unique(self.ids, what="stimulus")
        object.__setattr__(self, "ids", ids)
        object.__setattr__(self, "images", _read_images(self.images, self.name))
        if len(self.images) != len(ids):
            msg = f"Stimulus set {self.name!r} has {len(ids)} ids but {len(self.images)} images; give one image per id."
            raise InvalidInputError(msg)
        if self.degrees is not None:
            degrees = check_number(
                self.degrees, what="Width of the stimuli in degrees", at_least=NARROWEST, at_most=WIDEST
            )
            object.__setattr__(self, "degrees", degrees)
        check_table(self.table, what=f"The table of {self.name!r}")
        table = pd.DataFrame(index=pd.Index(ids)) if self.table.empty else self.table
        if tuple(map(str, table.index)) != ids:
            msg = f"The table of {self.name!r} is not indexed by the {len(ids)} stimulus ids in their order."
            raise InvalidInputError(msg)
        object.__setattr__(self, "table", table.rename_axis("stimulus"))

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def groups(self) -> NDArray[np.str_] | None:
        """Group label of each stimulus, or None where the set has no groups."""
        return self.table["group"].to_numpy(dtype=str) if "group" in self.table else None

    def select(self, ids: Sequence[str]) -> StimulusSet:
        """Those stimuli, in that order.

        Parameters
        ----------
        ids : sequence of str

        Raises
        ------
        InvalidInputError
            If an id is not in the set.
        """
        ids = check_unique(ids, what="stimulus")
        index = align_indices(self.ids, ids, what="stimulus")
        images = self.images[index] if isinstance(self.images, np.ndarray) else ImageSubset(self.images, index.tolist())
        return StimulusSet(self.name, ids, images, self.degrees, self.table.iloc[index])


def _read_images(images: Any, name: str) -> Sequence[Image] | NDArray[np.uint8]:
    """The images, if they are an array of pixels or a sequence of such arrays (those in memory are looked at)."""
    if np.ma.is_masked(images):
        msg = f"Images of {name!r} have masked pixels; expected every pixel: fill them first (`.filled(value)`)."
        raise InvalidInputError(msg)
    if find_package(images) == "torch" and hasattr(images, "detach"):
        images = images.detach().cpu().numpy()
    if isinstance(images, np.ndarray):
        _check_pixels(np.asarray(images), 4, f"Images of {name!r} are", "(n_stimuli, height, width, 3)")
        return np.asarray(images)
    if isinstance(images, (str, bytes)) or not (hasattr(images, "__len__") and hasattr(type(images), "__getitem__")):
        msg = f"Images of {name!r} are {describe_value(images)}; expected an array or a sequence of arrays of pixels."
        raise InvalidInputError(msg)
    if isinstance(images, Mapping) or find_package(images) in ("pandas", "xarray"):
        msg = f"Images of {name!r} are {describe_value(images)}; expected a sequence in the order of the ids."
        raise InvalidInputError(msg)
    if isinstance(images, (list, tuple)):
        for number, image in enumerate(images):
            _check_pixels(image, 3, f"Image {number} of {name!r} is", "(height, width, 3)")
    sequence: Sequence[Image] = images
    return sequence


def _check_pixels(image: Any, n_axes: int, what: str, shape: str) -> None:
    """Refuse anything but RGB pixels."""
    is_array = isinstance(image, np.ndarray)
    if not is_array or image.dtype != np.uint8 or image.ndim != n_axes or image.shape[-1] != 3 or 0 in image.shape[1:]:
        found = f"{image.dtype} of shape {image.shape}" if is_array else describe_value(image)
        msg = f"{what} {found}; expected uint8, {shape}, RGB 0..255."
        raise InvalidInputError(msg)
