"""What the estimates of noise ask of responses and weights before they compute."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainconv.errors import InvalidInputError
from brainconv.validation import check_array

Array = NDArray[np.float64]


def check_repeats(responses: Any, *, what: str = "responses") -> Array:
    """Responses with three axes, none of them empty and no value infinite.

    Parameters
    ----------
    responses : ndarray, shape (n_stimuli, n_repeats, n_sites)
        NaN marks an absent repeat.
    what : str
        The argument's name.

    Raises
    ------
    InvalidInputError
        If it is anything else.
    """
    values = check_array(responses, (None, None, None), what=what)
    if 0 in values.shape or np.isinf(values).any():
        found = f"has shape {values.shape}" if 0 in values.shape else "holds infinite values"
        msg = f"{what} {found}; expected stimuli × repeats × sites, at least one of each, finite or NaN."
        raise InvalidInputError(msg)
    return values


def check_weights(weights: Any, n_stimuli: int) -> Array:
    """How much each stimulus counts in each resample.

    Parameters
    ----------
    weights : ndarray, shape (n_resamples, n_stimuli)
        What the user passed.
    n_stimuli : int
        How many columns there must be.

    Raises
    ------
    InvalidInputError
        If it is anything else, or one is negative.
    """
    values = check_array(weights, (None, n_stimuli), what="weights", finite=True)
    if values.size and values.min() < 0:
        msg = f"weights holds {values.min():g}; expected none below 0."
        raise InvalidInputError(msg)
    return values


def check_columns(first: Any, second: Any, *, names: tuple[str, str]) -> tuple[Array, Array]:
    """Two tables of the same stimuli and sites.

    Parameters
    ----------
    first, second : ndarray, shape (n_stimuli, n_sites)
        What the user passed; NaN where there is nothing.
    names : (str, str)
        The arguments' names.

    Raises
    ------
    InvalidInputError
        If a shape differs, or there is nothing in them.
    """
    one = check_array(first, (None, None), what=names[0])
    other = check_array(second, one.shape, what=names[1])
    if not one.size:
        msg = f"{names[0]} has shape {one.shape}; expected at least one stimulus and one site."
        raise InvalidInputError(msg)
    return one, other
