"""NumPy and MATLAB files, read without executing anything and with their headers checked first."""

from __future__ import annotations

import math
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainconv.errors import BrainconvError, InvalidInputError
from brainconv.io.hdf5 import check_memory, shorten

_MATLAB_VARIABLE_BYTES = 1 << 31
"""The largest variable of the MATLAB 5 format."""
_MI_COMPRESSED = 15
_CHUNK = 1 << 16


def read_npy(path: Path) -> NDArray[Any]:
    """An array file, without unpickling anything.

    Parameters
    ----------
    path : path

    Raises
    ------
    InvalidInputError
        If it is no plain array file, or its length is not what its header says.
    ResourceError
        If the array does not fit into memory.
    """
    try:
        _check_npy(path)
        array: NDArray[Any] = np.load(path, allow_pickle=False)
    except BrainconvError:
        raise
    except Exception as error:  # a damaged header makes NumPy fail in many ways
        msg = f"{path} cannot be read as a NumPy array ({shorten(error)}); get it again."
        raise InvalidInputError(msg) from error
    return array


def _check_npy(path: Path) -> None:
    """Compare what the header says with the file's length, before anything is allocated."""
    with path.open("rb") as file:
        version = np.lib.format.read_magic(file)
        if version == (1, 0):
            shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        elif version == (2, 0):
            shape, _, dtype = np.lib.format.read_array_header_2_0(file)
        else:
            msg = f"its format is version {version}, expected 1.0 or 2.0"
            raise ValueError(msg)
        start = file.tell()
    if dtype.hasobject:
        msg = "it holds Python objects, expected numbers"
        raise ValueError(msg)
    n_bytes, have = math.prod(shape) * dtype.itemsize, path.stat().st_size - start
    if min(shape, default=0) < 0 or n_bytes != have:
        msg = f"its header says {dtype} of shape {shape}, {n_bytes} bytes, and {have} bytes follow"
        raise ValueError(msg)
    check_memory(n_bytes, what=str(path))


def read_matlab(path: Path, *variables: str) -> dict[str, Any]:
    """Variables of a MATLAB 5 file.

    Parameters
    ----------
    path : path
    *variables : str
        Those that must be there; only they are read.

    Raises
    ------
    InvalidInputError
        If it is no MATLAB file or lacks one.
    """
    import scipy.io

    try:
        _check_matlab(path)
        content = scipy.io.loadmat(path, variable_names=list(variables))
    except Exception as error:  # a damaged file makes SciPy's parser fail in many ways
        msg = f"{path} cannot be read as a MATLAB 5 file ({shorten(error)}); get it again."
        raise InvalidInputError(msg) from error
    missing = [name for name in variables if name not in content]
    if missing:
        msg = f"{path} has no variable {missing[0]!r}; expected {', '.join(variables)}."
        raise InvalidInputError(msg)
    return {name: content[name] for name in variables}


def _check_matlab(path: Path) -> None:
    """Check that every variable lies within the file, and that none unpacks to more than the format allows."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(128)
        order = {b"IM": "<", b"MI": ">"}.get(head[126:128])
        if order is None:
            msg = "its first 128 bytes are no header of a MATLAB 5 file"
            raise ValueError(msg)
        while tag := file.read(8):
            kind, n_bytes = struct.unpack(f"{order}II", tag)
            end = file.tell() + n_bytes
            if end > size:
                msg = f"a variable of {n_bytes} bytes goes beyond its end: it is cut off"
                raise ValueError(msg)
            if kind == _MI_COMPRESSED:
                _check_packed(file.read(n_bytes))
            file.seek(end)


def _check_packed(data: bytes) -> None:
    """Unpack piece by piece, keeping nothing, to learn how much it becomes."""
    unpack = zlib.decompressobj()
    n_bytes = 0
    while data and not unpack.eof:
        n_bytes += len(unpack.decompress(data, _CHUNK))
        data = unpack.unconsumed_tail
        if n_bytes > _MATLAB_VARIABLE_BYTES:
            msg = f"a variable unpacks to more than {_MATLAB_VARIABLE_BYTES} bytes, the most that the format allows"
            raise ValueError(msg)
