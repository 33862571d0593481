"""Images inside a zip archive, decoded when they are asked for.  Nothing is ever unpacked to disk."""

from __future__ import annotations

import os
import re
import stat
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from brainconv.containers.pixels import IMAGE_SUFFIXES, check_file_size, decode_image
from brainconv.containers.stimuli import Image
from brainconv.errors import InvalidInputError


def trailing_number(name: str) -> int:
    """The last number in a file's name: 12 for ``"images/image0012.jpg"``.

    Parameters
    ----------
    name : str

    Raises
    ------
    InvalidInputError
        If its name has no number, or one of more than 18 digits.
    """
    numbers = re.findall(r"[0-9]+", PurePosixPath(name).stem)
    if not numbers or len(numbers[-1]) > 18:
        shown = name if len(name) <= 80 else name[:80] + "…"
        msg = f"{shown!r} has no number in its name; the images are ordered by number, such as image0001.jpg."
        raise InvalidInputError(msg)
    return int(numbers[-1])


class ZipImages(Sequence[Image]):
    """The images of a zip archive, in a given order.

    They are read from the archive itself, one at a time; no member can be written anywhere.  May be pickled and used
    after a fork: each process opens the archive for itself.

    Parameters
    ----------
    path : path
        The archive.
    folder : str, optional
        Take only the members of this folder (the end of a member's folder is compared, so that
        ``"stimuli/pattern"`` finds ``"repository-1234/data/stimuli/pattern/1.png"``).
    key : callable, optional
        Sorts the member names; default the number in the file's name.

    Raises
    ------
    InvalidInputError
        If it is no zip archive, has no image there, two members of one number, or a member whose name leads out of
        the archive.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, folder: str | None = None, key: Callable[[str], Any] = trailing_number
    ) -> None:
        self.path = Path(path)
        self._archive: zipfile.ZipFile | None = None
        self._process = -1
        members = [info for info in self._open().infolist() if _is_image(info, self.path)]
        if folder is not None:
            wanted = "/" + folder.strip("/")
            members = [info for info in members if ("/" + str(PurePosixPath(info.filename).parent)).endswith(wanted)]
        if not members:
            where = f" in a folder {folder!r}" if folder else ""
            msg = f"{self.path} holds no image{where}; expected files such as 1.png or image0001.jpg."
            raise InvalidInputError(msg)
        keys = [key(info.filename) for info in members]
        if len(set(keys)) != len(keys):
            msg = f"{self.path} holds two images with the same number; expected one image per number."
            raise InvalidInputError(msg)
        order = sorted(range(len(members)), key=lambda i: keys[i])
        self.members = tuple(members[i].filename for i in order)
        self.keys = tuple(keys[i] for i in order)

    def _open(self) -> zipfile.ZipFile:
        # the file position is shared with a forked process, which would then read the wrong bytes
        if self._archive is None or self._process != os.getpid():
            try:
                if not stat.S_ISREG(self.path.stat().st_mode):
                    msg = f"{self.path} is no regular file; expected a zip archive."
                    raise InvalidInputError(msg)
                self._archive = zipfile.ZipFile(self.path)
            except InvalidInputError:
                raise
            except Exception as error:  # a damaged directory makes zipfile fail in many ways
                msg = f"{self.path} cannot be read as a zip archive ({error}); get it again."
                raise InvalidInputError(msg) from error
            self._process = os.getpid()
        return self._archive

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_archive": None}

    def read_bytes(self, index: int) -> bytes:
        """The image file as it stands in the archive.

        Parameters
        ----------
        index : int

        Raises
        ------
        InvalidInputError
            If the member is damaged.
        """
        try:
            return self._open().read(self.members[index])
        except (
            Exception
        ) as error:  # a broken checksum, a broken stream (zlib, lzma), a way of packing that is not known
            msg = f"{self.members[index]} in {self.path} is damaged ({error}); get the archive again."
            raise InvalidInputError(msg) from error

    def __len__(self) -> int:
        return len(self.members)

    def __getitem__(self, index: int) -> Image:  # type: ignore[override]
        return decode_image(self.read_bytes(index), what=f"{self.members[index]} in {self.path}")


class CroppedImages(Sequence[Image]):
    """The central square of each image, cut when it is asked for.

    Parameters
    ----------
    images : sequence of ndarray, uint8, shape (height, width, 3)
    size : int
        Side of the square, px.

    Raises
    ------
    InvalidInputError
        When an image smaller than the square is asked for.
    """

    def __init__(self, images: Sequence[Image], size: int) -> None:
        self._images = images
        self._size = int(size)

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: int) -> Image:  # type: ignore[override]
        image = self._images[index]
        top, left = (image.shape[0] - self._size) // 2, (image.shape[1] - self._size) // 2
        if min(top, left) < 0:
            msg = f"Image {index} is {image.shape[0]} × {image.shape[1]} px; a central {self._size} px do not fit."
            raise InvalidInputError(msg)
        return image[top : top + self._size, left : left + self._size]


def _is_image(info: zipfile.ZipInfo, path: Path) -> bool:
    """Whether a member is an image; refuse names that lead out of the archive and files that are far too large."""
    name = info.filename.replace("\\", "/")
    parts = PurePosixPath(name).parts
    if name.startswith("/") or ".." in parts or re.match(r"[A-Za-z]:", name):
        msg = f"{path} holds the member {info.filename!r}, which leads out of its folder; do not use this archive."
        raise InvalidInputError(msg)
    if not parts or info.is_dir() or parts[0] == "__MACOSX" or parts[-1].startswith("."):
        return False
    if PurePosixPath(name).suffix.lower() not in IMAGE_SUFFIXES:
        return False
    check_file_size(info.file_size, what=f"{info.filename!r} in {path}")
    return True
