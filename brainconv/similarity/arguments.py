"""What the comparisons ask of rows of dissimilarities, draws and names before they compute."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainconv.errors import InvalidInputError
from brainconv.similarity.estimators import ESTIMATORS
from brainconv.similarity.repeats import REPEAT_ESTIMATORS
from brainconv.validation import check_array, check_choice

Floats = NDArray[np.float64]


def check_estimators(estimator: Any, target_estimator: Any) -> str:
    """The estimator of the target's RDMs, by default that of the layers.

    Parameters
    ----------
    estimator : str
        For layers.
    target_estimator : str, optional
        For a recording, which may use its repeats.

    Raises
    ------
    NotFoundError
        If there is none of that name.
    InvalidInputError
        If one is no name.
    """
    known = (*ESTIMATORS, *REPEAT_ESTIMATORS)
    named = check_choice(estimator, known, what="RDM estimator")
    return (
        named if target_estimator is None else check_choice(target_estimator, known, what="RDM estimator of the target")
    )


def check_rows(rows: Any, *, what: str, n_pairs: int | None = None, finite: bool = False, least: int = 0) -> Floats:
    """Rows of dissimilarities: the upper triangles of square matrices.

    Parameters
    ----------
    rows : ndarray, shape (n_rdms, n_pairs)
        What the user passed.
    what : str
        The argument's name.
    n_pairs : int, optional
        How many pairs there must be.
    finite : bool
        Refuse NaN and infinity.
    least : int
        How many rows there must be.

    Raises
    ------
    InvalidInputError
        If it is anything else.
    """
    values = check_array(rows, (None, n_pairs), what=what, finite=finite)
    if len(values) < least:
        msg = f"{what} holds {len(values)} RDMs; expected at least {least}."
        raise InvalidInputError(msg)
    count_stimuli(values, what=what)
    return values


def count_stimuli(rows: Floats, *, what: str) -> int:
    """How many stimuli so many pairs are of.

    Parameters
    ----------
    rows : ndarray, shape (n_rdms, n_pairs)
        Upper triangles.
    what : str
        The argument's name.

    Raises
    ------
    InvalidInputError
        If it is the number of pairs of no number of stimuli.
    """
    n_pairs = rows.shape[1]
    n_stimuli = (1 + math.isqrt(1 + 8 * n_pairs)) // 2
    if not n_pairs or n_stimuli * (n_stimuli - 1) != 2 * n_pairs:
        msg = f"{what} has {n_pairs} columns; expected n (n - 1) / 2, one for each pair of n stimuli."
        raise InvalidInputError(msg)
    return n_stimuli


def check_multiplicities(multiplicities: Any, n_stimuli: int) -> NDArray[np.int32]:
    """How often each stimulus was drawn in each sample.

    Parameters
    ----------
    multiplicities : ndarray of int, shape (n_boot, n_stimuli)
        What the user passed.
    n_stimuli : int
        How many columns there must be.

    Raises
    ------
    InvalidInputError
        If it is anything else, or a count is negative.
    """
    counts = check_array(multiplicities, (None, n_stimuli), what="multiplicities", dtype=np.int32)
    if counts.size and counts.min() < 0:
        msg = f"multiplicities holds {counts.min()}; expected counts from 0."
        raise InvalidInputError(msg)
    return counts
