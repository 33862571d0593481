"""Reader of the first layer of BVLC AlexNet: a pickled NumPy object array, opened without executing anything."""

from __future__ import annotations

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


class _ArrayUnpickler(pickle.Unpickler):
    """Knows the three names that a pickled array needs, and refuses every other."""

    def find_class(self, module: str, name: str) -> Any:
        if module in _HOMES and name == "_reconstruct":
            return _reconstruct
        if (module, name) == ("numpy", "ndarray"):
            return np.ndarray
        if (module, name) == ("numpy", "dtype"):
            return np.dtype
        msg = f"it names {module}.{name}"
        raise pickle.UnpicklingError(msg)


def _reconstruct(kind: Any, _shape: Any, _typecode: Any) -> NDArray[Any]:
    """An empty array for the pickle to fill; nothing but an array comes out, whatever was asked for."""
    if kind is not np.ndarray:
        msg = "it reconstructs something that is not an array"
        raise pickle.UnpicklingError(msg)
    return np.ndarray((0,), dtype="b")


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
        for operation, argument, _ in pickletools.genops(content):  # a second door: look before anything is built
            if operation.name in ("EXT1", "EXT2", "EXT4", "PERSID", "BINPERSID", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX"):
                msg = f"it holds the operation {operation.name} ({argument})"
                raise pickle.UnpicklingError(msg)
        import io

        # the file was written by Python 2, whose byte strings are Latin-1
        items = _ArrayUnpickler(io.BytesIO(content), encoding="latin1").load()
    except (pickle.UnpicklingError, ValueError, EOFError, TypeError, AttributeError, IndexError, KeyError) as error:
        msg = f"{name} cannot be read as plain arrays: {error}; nothing in it was executed. Fetch the file again."
        raise InvalidInputError(msg) from error
    arrays = list(items.ravel()) if isinstance(items, np.ndarray) and items.dtype == object else []
    if not arrays or any(not isinstance(item, np.ndarray) or item.dtype.kind not in "fiu" for item in arrays):
        msg = f"{name} does not hold an object array of numeric arrays; fetch the file again."
        raise InvalidInputError(msg)
    return arrays


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
