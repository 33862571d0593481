"""NetCDF-4 files on disk: a full disk or a damaged file ends in one sentence, and sizes are checked before reading."""

from __future__ import annotations

import contextlib
import io
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5netcdf
import h5py

from brainconv.errors import BrainconvError, InvalidInputError, ResourceError

DEFLATE_RATIO = 1100
"""No compressed block is more than 1032 times as large when it is unpacked."""
_NO_VARIABLE = "This is a netCDF dimension but not a netCDF variable"


class _Sink(io.RawIOBase):
    """A file for HDF5 to write to, which keeps the first failure to itself.

    HDF5 cannot recover from a write that fails: closing the file then crashes the process.  So it is told that all
    went well, and `write_netcdf` raises the failure when the file is closed.
    """

    def __init__(self, path: Path, *, anew: bool) -> None:
        self._file = path.open("wb+" if anew else "rb+", buffering=0)
        self.failure: OSError | None = None

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: Any, /) -> int:
        view = memoryview(buffer).cast("B")
        count = self._file.readinto(view) or 0
        if self.failure is not None:  # what was to be read was never written
            view[count:] = bytes(len(view) - count)
            return len(view)
        return count

    def write(self, data: Any, /) -> int:
        view = memoryview(data).cast("B")
        done = 0
        try:
            while self.failure is None and done < len(view):
                done += self._file.write(view[done:])
        except OSError as error:
            self.failure = error
        return len(view)

    def truncate(self, size: int | None = None, /) -> int:
        try:
            return self._file.truncate(size)
        except OSError as error:
            self.failure = self.failure or error
            return size or 0

    def close(self) -> None:
        self._file.close()
        super().close()


@contextlib.contextmanager
def write_netcdf(path: Path, *, mode: str = "w") -> Iterator[Any]:
    """Open a netCDF-4 file for writing; use it inside `brainconv.io.write_atomically`.

    Parameters
    ----------
    path : path
        An existing file.
    mode : {"w", "r+"}
        Anew, or to add something.

    Yields
    ------
    h5netcdf.File

    Raises
    ------
    OSError
        If the disk is full, once HDF5 has let go of the file.
    """
    sink = _Sink(path, anew=mode == "w")
    # the format of HDF5 1.10 has checksums in its own headers
    options: dict[str, Any] = {"libver": ("v110", "v110")} if mode == "w" else {}
    try:
        with h5netcdf.File(sink, mode, **options) as file:
            yield file
    finally:
        sink.close()
        if sink.failure is not None:
            raise sink.failure


@contextlib.contextmanager
def read_netcdf(path: str | os.PathLike[str], *, what: str = "a .nc file that brainconv wrote") -> Iterator[Any]:
    """Open a netCDF-4 file for reading.

    Parameters
    ----------
    path : path
    what : str
        What was expected, for the message.

    Yields
    ------
    h5netcdf.File

    Raises
    ------
    InvalidInputError
        If there is no such file, or it is damaged: also when it turns out while it is read.
    ResourceError
        If it holds an array that does not fit into memory.
    """
    if not Path(path).is_file():
        msg = f"There is no file {path}; expected {what}."
        raise InvalidInputError(msg)
    try:
        with h5py.File(path, "r") as raw:
            _check_sizes(raw, Path(path))
            with h5netcdf.File(raw, "r") as file:
                yield file
    except BrainconvError:
        raise
    except Exception as error:  # a damaged file makes HDF5 fail in many ways
        msg = f"{path} is no netCDF-4 file or is damaged ({shorten(error)}); make it or get it again."
        raise InvalidInputError(msg) from error


def check_memory(n_bytes: int, *, what: str) -> None:
    """Refuse what does not fit into memory, before it is allocated.

    Parameters
    ----------
    n_bytes : int
    what : str
        The word for it in the message.

    Raises
    ------
    ResourceError
        If less is free.
    """
    import psutil

    available = int(psutil.virtual_memory().available)
    if n_bytes > available:
        msg = f"{what} needs {n_bytes / 2**30:.1f} GiB; {available / 2**30:.1f} GiB of memory are free."
        raise ResourceError(msg)


def _check_sizes(raw: Any, path: Path) -> None:
    """Check the arrays of a file by its headers, before anything is read."""
    size = path.stat().st_size

    def check(name: str, item: Any) -> None:
        if not isinstance(item, h5py.Dataset) or item.shape is None:
            return
        if _NO_VARIABLE in str(item.attrs.get("NAME")):
            return  # stands for a dimension's length and is never read
        if item.external or item.is_virtual:
            msg = f"{path} is damaged or hostile: {name!r} takes its values from another file; get it again."
            raise InvalidInputError(msg)
        n_bytes = math.prod(int(n) for n in item.shape) * item.dtype.itemsize
        packed = item.chunks is not None and item.id.get_create_plist().get_nfilters() > 0
        if n_bytes > size * (DEFLATE_RATIO if packed else 1):
            msg = f"{path} is damaged: its {size} bytes cannot hold {name!r} of shape {item.shape}; get it again."
            raise InvalidInputError(msg)
        check_memory(n_bytes, what=f"{name!r} in {path}")

    raw.visititems(check)


def shorten(error: BaseException) -> str:
    """What an exception says, in one line of at most 200 characters.

    Parameters
    ----------
    error : BaseException
    """
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 200 else text[:199] + "…"
