"""Identity of a stimulus set, computed while its images pass by, so that they need not be decoded once more for it."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray


class StimulusHash:
    """sha256 of ids in their order, pixels and width in degrees: what `brainconv.io.hash_stimuli` gives for the set.

    Parameters
    ----------
    degrees : float, deg, or None
        Width of the stimuli in degrees of visual angle.
    """

    def __init__(self, degrees: float | None) -> None:
        self._digest = hashlib.sha256()
        self._add_text(f"degrees={degrees!r}")

    def add(self, identifier: str, image: NDArray[np.uint8]) -> None:
        """Take in the next stimulus.

        Parameters
        ----------
        identifier : str
        image : ndarray, uint8, shape (height, width, 3)
        """
        image = np.ascontiguousarray(image)
        self._add_text(identifier)
        self._add_text(image.dtype.str)
        self._add_text(str(image.shape))
        self._digest.update(image.tobytes())

    def hexdigest(self) -> str:
        """64 hexadecimal digits."""
        return self._digest.hexdigest()

    def _add_text(self, text: str) -> None:
        data = text.encode()
        self._digest.update(f"{len(data)}:".encode() + data)
