"""A folder of images as a stimulus set that reads each file when it is needed."""

from __future__ import annotations

import os
import re
import stat
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainconv.containers import StimulusSet
from brainconv.containers.pixels import IMAGE_SUFFIXES, check_file_size, decode_image
from brainconv.errors import BrainconvWarning, DataUnavailableError, InvalidInputError
from brainconv.validation import check_path, check_text

# pictures that somebody may have meant as stimuli, in formats that are not read
_OTHER_PICTURES = (".apng", ".avif", ".eps", ".exr", ".hdr", ".heic", ".heif", ".jp2", ".psd", ".svg", ".tga")


class FolderImages(Sequence[NDArray[np.uint8]]):
    """Image files, decoded one at a time by `brainconv.containers.pixels.decode_image`.

    Parameters
    ----------
    paths : sequence of Path
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = tuple(paths)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> NDArray[np.uint8]:  # type: ignore[override]
        path = self.paths[index]
        return decode_image(_read_bytes(path), what=repr(str(path)))


def load_stimuli(folder: str | Path, *, degrees: float | None = None, name: str | None = None) -> StimulusSet:
    """Make a stimulus set of the images in a folder, without reading them yet.

    Parameters
    ----------
    folder : str or Path
        Its image files (png, jpg, tif, bmp, gif, webp, ppm) are taken in the order of their names, numbers in them by
        value: ``image2`` comes before ``image10``.  Other files and hidden ones are passed over.  A stimulus' id is
        its file name without the suffix.
    degrees : float, deg, optional
        Width of a stimulus in degrees of visual angle; None: the stimulus fills the network's input.
    name : str, optional
        Name of the set; the folder's name if not given.

    Returns
    -------
    StimulusSet
        Its images are decoded each time they are asked for, so that a set may be larger than memory.  Grey levels and
        palettes become RGB; of 16 bits per channel the upper 8 are kept; transparent pixels are put on mid-grey; EXIF
        orientation is applied.

    Raises
    ------
    DataUnavailableError
        If there is no such folder, or an image in it is a link to a file that is not there.
    InvalidInputError
        If it holds no image, or two images whose names differ only in the suffix.

    Warns
    -----
    BrainconvWarning
        If pictures in other formats (heic, svg, eps, …) lie beside the images.
    """
    check_path(folder, what="folder")
    if name is not None:
        check_text(name, what="name")
    folder, entries = _list_folder(folder)
    named = [path for path in entries if path.suffix.lower() in IMAGE_SUFFIXES]
    _check_names(named)
    paths = sorted((path for path in named if path.is_file()), key=_natural_key)
    if not paths:
        msg = f"Folder {str(folder)!r} holds no image file; expected one of {', '.join(IMAGE_SUFFIXES)}."
        raise InvalidInputError(msg)
    others = sorted(path.name for path in entries if path.suffix.lower() in _OTHER_PICTURES)
    if others:
        msg = (
            f"{len(others)} picture(s) in {str(folder)!r} are left out, for example {others[0]!r}: their format is not "
            f"read; save them as PNG if they are stimuli."
        )
        warnings.warn(msg, BrainconvWarning, stacklevel=2)
    return StimulusSet(name or folder.resolve().name, tuple(path.stem for path in paths), FolderImages(paths), degrees)


def _list_folder(folder: Any) -> tuple[Path, list[Path]]:
    """The folder, and what is in it but for hidden files."""
    if not isinstance(folder, (str, os.PathLike)) or isinstance(os.fspath(folder), bytes):
        msg = f"The folder of stimuli is {folder!r}; expected the path of a folder that holds images."
        raise InvalidInputError(msg)
    path = Path(folder)
    try:
        return path, [entry for entry in path.iterdir() if not entry.name.startswith(".")]
    except NotADirectoryError as error:
        msg = f"{str(path)!r} is a file; give the folder that holds the stimuli."
        raise DataUnavailableError(msg) from error
    except (OSError, ValueError) as error:
        reason = "" if isinstance(error, FileNotFoundError) else f" that can be read ({error})"
        msg = f"There is no folder {str(path)!r}{reason}; give the folder that holds the stimuli."
        raise DataUnavailableError(msg) from error


def _check_names(paths: Sequence[Path]) -> None:
    """Refuse links that lead nowhere, and names that no table could hold."""
    for path in paths:
        if path.is_symlink() and not path.exists():
            msg = (
                f"{str(path)!r} is a link to {os.readlink(path)!r}, which is not there; restore it or delete the link."
            )
            raise DataUnavailableError(msg)
        try:
            path.name.encode()
        except UnicodeEncodeError as error:
            msg = f"The file name {path.name!r} in {str(path.parent)!r} is not valid UTF-8; rename the file."
            raise InvalidInputError(msg) from error


def _natural_key(path: Path) -> tuple[list[tuple[bool, int, str]], str]:
    """Sorts numbers in a name by value, before letters; names that agree in that, as they are written."""
    pieces = [piece for piece in re.split(r"([0-9]+)", path.stem) if piece]
    return [(False, int(piece), "") if piece[0] in "0123456789" else (True, 0, piece) for piece in pieces], path.name


def _read_bytes(path: Path) -> bytes:
    try:
        state = path.stat()
        if stat.S_ISREG(state.st_mode):
            check_file_size(state.st_size, what=repr(str(path)))
            return path.read_bytes()
        reason = "it is no regular file"
    except FileNotFoundError as error:
        msg = f"{str(path)!r} was in the folder when the stimulus set was made and is gone now; put it back."
        raise DataUnavailableError(msg) from error
    except OSError as error:
        reason = str(error)
    msg = f"{str(path)!r} cannot be read as an image ({reason}); replace the file."
    raise DataUnavailableError(msg)
