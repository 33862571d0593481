"""StimulusSet: images with names, in a fixed order, and their size in degrees of visual angle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brainconv.errors import InvalidInputError
from brainconv.validation import align_indices, check_positive, check_unique

Image = NDArray[np.uint8]


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
        Width of a stimulus in degrees of visual angle.  ``None``: not known, the stimulus fills the network's input.
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
        ids = check_unique(self.ids, what="stimulus")
        object.__setattr__(self, "ids", ids)
        if len(self.images) != len(ids):
            msg = f"Stimulus set {self.name!r} has {len(ids)} ids but {len(self.images)} images; give one image per id."
            raise InvalidInputError(msg)
        if isinstance(self.images, np.ndarray) and (
            self.images.dtype != np.uint8 or self.images.ndim != 4 or self.images.shape[-1] != 3
        ):
            msg = (
                f"Images of {self.name!r} are {self.images.dtype} of shape {self.images.shape}; "
                f"expected uint8, (n_stimuli, height, width, 3), RGB 0..255."
            )
            raise InvalidInputError(msg)
        if self.degrees is not None:
            object.__setattr__(self, "degrees", check_positive(self.degrees, what="Width of the stimuli in degrees"))
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
        index = align_indices(self.ids, list(ids), what="stimulus")
        images = self.images[index] if isinstance(self.images, np.ndarray) else ImageSubset(self.images, index.tolist())
        return StimulusSet(self.name, tuple(ids), images, self.degrees, self.table.iloc[index])
