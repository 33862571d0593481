"""Reader of the first layer of BVLC AlexNet: a pickled NumPy object array, opened without executing anything."""

from __future__ import annotations

import io
import math
import os
import pickle
import pickletools
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from brainconv.errors import InvalidInputError

KERNEL_SHAPE = (11, 11, 3, 96)
_HOMES = ("numpy.core.multiarray", "numpy._core.multiarray")
_MAX_BYTES = 64 * 2**20
_NUMBERS = ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8")
_OBJECTS = ("O", "O4", "O8")
_OPERATIONS = (
    *("PROTO", "FRAME", "STOP", "MARK", "GLOBAL", "STACK_GLOBAL", "REDUCE", "BUILD"),
    *("EMPTY_LIST", "APPEND", "APPENDS", "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"),
    *("NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2"),
    *("BINUNICODE", "SHORT_BINUNICODE", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES"),
    *("BINPUT", "LONG_BINPUT", "MEMOIZE", "BINGET", "LONG_BINGET"),
)
"""What NumPy writes for arrays (pickle protocols 2 to 5); everything else is refused before anything is built."""


class _Dtype:
    """Stands for ``numpy.dtype`` while a pickle is read: it keeps what the file says, and NumPy builds nothing."""

    def __init__(self, code: Any, *_: Any) -> None:
        self.code = code
        self.order = "|"

    def __setstate__(self, state: Any) -> None:
        self.order = state[1]

    @property
    def is_object(self) -> bool:
        return self.code in _OBJECTS

    def to_numpy(self) -> Any:
        if self.code not in _NUMBERS or self.order not in ("<", ">", "|", "="):
            msg = f"it holds an array of type {self.order!r}, {self.code!r}"
            raise pickle.UnpicklingError(msg)
        return np.dtype(self.code).newbyteorder(self.order)


class _Array:
    """Stands for ``numpy.ndarray`` while a pickle is read; `to_numpy` believes nothing that the bytes do not bear out.

    NumPy itself allocates whatever shape a pickle states, and takes bytes for pointers where it states objects.
    """

    def __init__(self) -> None:
        self.shape: Any = ()
        self.dtype: Any = None
        self.column_major: Any = False
        self.content: Any = None

    def __setstate__(self, state: Any) -> None:
        _, self.shape, self.dtype, self.column_major, self.content = state

    @property
    def is_object(self) -> bool:
        return isinstance(self.dtype, _Dtype) and self.dtype.is_object and isinstance(self.content, list)

    def to_numpy(self) -> NDArray[Any]:
        whole = isinstance(self.shape, tuple) and all(type(n) is int and n >= 0 for n in self.shape)
        content = self.content.encode("latin1") if isinstance(self.content, str) else self.content
        if not whole or not isinstance(self.dtype, _Dtype) or not isinstance(content, bytes):
            msg = "it holds an array without a shape, a type and bytes"
            raise pickle.UnpicklingError(msg)
        dtype = self.dtype.to_numpy()
        if math.prod(self.shape) * dtype.itemsize != len(content) or len(self.shape) > 8:
            msg = f"it states the shape {self.shape} of {dtype} for {len(content)} bytes"
            raise pickle.UnpicklingError(msg)
        flat = np.frombuffer(content, dtype=dtype)
        return flat.reshape(self.shape, order="F" if self.column_major else "C").copy()


class _ArrayUnpickler(pickle.Unpickler):
    """Knows the three names that a pickled array needs, and refuses every other."""

    def find_class(self, module: str, name: str) -> Any:
        if module in _HOMES and name == "_reconstruct":
            return _reconstruct
        if (module, name) == ("numpy", "ndarray"):
            return _Array
        if (module, name) == ("numpy", "dtype"):
            return _Dtype
        msg = f"it names {module}.{name}"
        raise pickle.UnpicklingError(msg)


def _reconstruct(kind: Any, _shape: Any, _typecode: Any) -> _Array:
    """An empty stand-in for the pickle to fill; nothing but an array comes out, whatever was asked for."""
    if kind is not _Array:
        msg = "it reconstructs something that is not an array"
        raise pickle.UnpicklingError(msg)
    return _Array()


def read_object_array(path: str | os.PathLike[str]) -> list[NDArray[Any]]:
    """Read a ``.npy`` file whose items are plain numeric arrays.

    Parameters
    ----------
    path : path

    Returns
    -------
    list of ndarray

    Raises
    ------
    InvalidInputError
        If the file is not such a file, or its pickle names anything but NumPy's array and dtype.
    """
    name = Path(path).name
    if Path(path).stat().st_size > _MAX_BYTES:
        msg = f"{name} has more than {_MAX_BYTES} bytes; expected the small file of one layer."
        raise InvalidInputError(msg)
    try:
        with Path(path).open("rb") as file:
            _skip_header(file)
            content = file.read()
        _check_operations(content)
        # the file was written by Python 2, whose byte strings are Latin-1
        found = _ArrayUnpickler(io.BytesIO(content), encoding="latin1").load()
        items = found.content if isinstance(found, _Array) and found.is_object else []
        arrays = [item.to_numpy() for item in items if isinstance(item, _Array) and not item.is_object]
    except Exception as error:  # a damaged pickle makes Python raise nearly anything
        reason = str(error) or type(error).__name__
        msg = f"{name} cannot be read as plain arrays: {reason}; nothing in it was executed. Fetch the file again."
        raise InvalidInputError(msg) from error
    if not arrays or len(arrays) != len(items):
        msg = f"{name} does not hold an object array of numeric arrays; fetch the file again."
        raise InvalidInputError(msg)
    return arrays


def _check_operations(content: bytes) -> None:
    """Look before anything is built: only what NumPy writes, and no place in the memo beyond what is put there."""
    n_put = 0
    for operation, argument, _ in pickletools.genops(content):
        if operation.name in ("GLOBAL", "INST"):  # say the name, as find_class would
            module, _, attribute = str(argument).partition(" ")
            _ArrayUnpickler(io.BytesIO()).find_class(module, attribute)
        n_put += operation.name in ("BINPUT", "LONG_BINPUT", "MEMOIZE")
        if operation.name not in _OPERATIONS or (operation.name == "LONG_BINPUT" and int(argument or 0) > n_put):
            msg = f"it holds the operation {operation.name} ({argument})"
            raise pickle.UnpicklingError(msg)


def _skip_header(file: IO[bytes]) -> None:
    """Move past the header of a ``.npy`` file, which must announce objects."""
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    _, _, dtype = read(file)
    if not dtype.hasobject:
        msg = f"its header announces {dtype}, not objects"
        raise ValueError(msg)


def read_bvlc_alexnet_conv1(path: str | os.PathLike[str]) -> dict[str, NDArray[np.float32]]:
    """Read the 96 first-layer kernels of BVLC AlexNet.

    Parameters
    ----------
    path : path
        ``bvlc_alexnet_conv1.npy``: kernels (height, width, channel, filter) and biases.

    Returns
    -------
    dict of str to ndarray, float32
        ``conv1.conv.weight``, shape (96, 3, 11, 11), and ``conv1.conv.bias``, shape (96,).  Input channels are B, G, R
        as in Caffe; the model's preprocessing puts pixels into that order.

    Raises
    ------
    InvalidInputError
        If the file is not what it should be.

    References
    ----------
    Krizhevsky, Sutskever & Hinton 2012, doi:10.1145/3065386; weights of the Caffe model zoo (BVLC).
    """
    arrays = read_object_array(path)
    shapes = [array.shape for array in arrays]
    if shapes != [KERNEL_SHAPE, (KERNEL_SHAPE[-1],)]:
        msg = f"{Path(path).name} holds arrays of shapes {shapes}; expected {KERNEL_SHAPE} and ({KERNEL_SHAPE[-1]},)."
        raise InvalidInputError(msg)
    kernels = np.ascontiguousarray(arrays[0].transpose(3, 2, 0, 1), dtype=np.float32)
    return {"conv1.conv.weight": kernels, "conv1.conv.bias": arrays[1].astype(np.float32)}
