"""NumPy and MATLAB files, read without executing anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainconv.errors import InvalidInputError


def read_npy(path: Path) -> NDArray[Any]:
    """An array file, without unpickling anything.

    Parameters
    ----------
    path : path

    Raises
    ------
    InvalidInputError
        If it is no plain array file.
    """
    try:
        array: NDArray[Any] = np.load(path, allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        msg = f"{path} cannot be read as a NumPy array ({error}); get it again."
        raise InvalidInputError(msg) from error
    return array


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
        content = scipy.io.loadmat(path, variable_names=list(variables))
    except Exception as error:  # a damaged file makes SciPy's parser fail in many ways
        msg = f"{path} cannot be read as a MATLAB 5 file ({error}); get it again."
        raise InvalidInputError(msg) from error
    missing = [name for name in variables if name not in content]
    if missing:
        msg = f"{path} has no variable {missing[0]!r}; expected {', '.join(variables)}."
        raise InvalidInputError(msg)
    return {name: content[name] for name in variables}
