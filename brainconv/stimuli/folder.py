"""A folder of images as a stimulus set that reads each file when it is needed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brainconv.containers import StimulusSet
from brainconv.errors import DataUnavailableError, InvalidInputError
from brainconv.validation import check_path, check_text

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp")


class FolderImages(Sequence[NDArray[np.uint8]]):
    """Image files, decoded one at a time.

    Parameters
    ----------
    paths : sequence of Path
        Files that Pillow can read.  Palettes, grey levels and transparency are turned into RGB; transparent pixels
        are put on mid-grey.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = tuple(paths)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> NDArray[np.uint8]:  # type: ignore[override]
        return _read_image(self.paths[index])


def load_stimuli(folder: str | Path, *, degrees: float | None = None, name: str | None = None) -> StimulusSet:
    """Make a stimulus set of the images in a folder, without reading them yet.

    Parameters
    ----------
    folder : str or Path
        Its image files (png, jpg, tif, bmp, gif, webp, ppm) are taken in the order of their names; other files and
        hidden ones are passed over.  A stimulus' id is its file name without the suffix.
    degrees : float, deg, optional
        Width of a stimulus in degrees of visual angle; None: the stimulus fills the network's input.
    name : str, optional
        Name of the set; the folder's name if not given.

    Returns
    -------
    StimulusSet
        Its images are decoded each time they are asked for, so that a set may be larger than memory.

    Raises
    ------
    DataUnavailableError
        If there is no such folder.
    InvalidInputError
        If it holds no image, or two images whose names differ only in the suffix.
    """
    check_path(folder, what="folder")
    if name is not None:
        check_text(name, what="name")
    folder = Path(folder)
    if not folder.is_dir():
        msg = f"There is no folder {str(folder)!r}; give the folder that holds the stimuli."
        raise DataUnavailableError(msg)
    paths = sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    )
    if not paths:
        msg = f"Folder {str(folder)!r} holds no image file; expected one of {', '.join(SUFFIXES)}."
        raise InvalidInputError(msg)
    return StimulusSet(name or folder.resolve().name, tuple(path.stem for path in paths), FolderImages(paths), degrees)


def _read_image(path: Path) -> NDArray[np.uint8]:
    from PIL import Image, UnidentifiedImageError

    from brainconv.stimuli.placement import MID_GREY

    try:
        with Image.open(path) as file:
            if file.mode in ("RGBA", "LA", "PA") or "transparency" in file.info:
                rgba = file.convert("RGBA")
                ground = Image.new("RGBA", rgba.size, (MID_GREY, MID_GREY, MID_GREY, 255))
                return np.asarray(Image.alpha_composite(ground, rgba).convert("RGB"))
            if file.mode in ("I", "F") or file.mode.startswith("I;16"):
                msg = f"{str(path)!r} has {file.mode} pixels; save it with 8 bits per channel first."
                raise InvalidInputError(msg)
            return np.asarray(file.convert("RGB"))
    except FileNotFoundError as error:
        msg = f"{str(path)!r} was in the folder when the stimulus set was made and is gone now; put it back."
        raise DataUnavailableError(msg) from error
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        msg = f"{str(path)!r} cannot be read as an image ({error}); replace the file."
        raise DataUnavailableError(msg) from error
