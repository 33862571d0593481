"""What the regressions ask of Gram matrices, responses and folds before they compute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainconv.arrays import describe_value
from brainconv.containers.checks import check_semidefinite
from brainconv.errors import InvalidInputError
from brainconv.predictivity.heldout import Choices
from brainconv.validation import check_array, check_count, check_instance, check_number

Array = NDArray[np.float64]
Index = NDArray[np.intp]


def check_gram(gram: Any, *, what: str = "gram") -> Array:
    """A square matrix of finite numbers.

    Parameters
    ----------
    gram : ndarray, shape (n_stimuli, n_stimuli)
        What the user passed.
    what : str
        The argument's name.

    Raises
    ------
    InvalidInputError
        If it is anything else.
    """
    matrix = check_array(gram, (None, None), what=what, finite=True)
    if not len(matrix):
        msg = f"{what} has shape {matrix.shape}; expected at least one stimulus."
        raise InvalidInputError(msg)
    return check_array(matrix, (len(matrix), len(matrix)), what=what)


def check_responses(responses: Any, n_stimuli: int, *, what: str = "responses") -> Array:
    """Responses of at least one site, without infinite values.

    Parameters
    ----------
    responses : ndarray, shape (n_stimuli, n_sites)
        NaN where a site was not shown a stimulus.
    n_stimuli : int
        How many rows there must be.
    what : str
        The argument's name.

    Raises
    ------
    InvalidInputError
        If it is anything else.
    """
    values = check_array(responses, (n_stimuli, None), what=what)
    if np.isinf(values).any() or not values.shape[1]:
        found = "holds infinite values" if values.shape[1] else "holds no site"
        msg = f"{what} {found}; expected finite numbers, or NaN where there is no response, of at least one site."
        raise InvalidInputError(msg)
    return values


def check_indices(indices: Any, n_stimuli: int, *, what: str) -> Index:
    """Positions of stimuli, each at most once.

    Parameters
    ----------
    indices : ndarray of int, shape (n_chosen,)
        What the user passed.
    n_stimuli : int
        How many there are.
    what : str
        The argument's name.

    Raises
    ------
    InvalidInputError
        If one is negative, too large or given twice, or there is none.
    """
    positions = check_array(indices, (None,), what=what, dtype=np.intp)
    if not positions.size or positions.min() < 0 or positions.max() >= n_stimuli:
        found = f"runs from {positions.min()} to {positions.max()}" if positions.size else "is empty"
        msg = f"{what} {found}; expected positions from 0 to {n_stimuli - 1}."
        raise InvalidInputError(msg)
    if len(np.unique(positions)) < positions.size:
        msg = f"{what} holds a position more than once; expected each stimulus once."
        raise InvalidInputError(msg)
    return positions


def check_folds(
    gram: Any, responses: Any, train: Any, test: Any, *, noise_floor: Any, choices: Any = None
) -> tuple[Array, Array, list[Index], list[Index]]:
    """The arguments that every regression takes.

    Parameters
    ----------
    gram : ndarray, shape (n_stimuli, n_stimuli)
        What the user passed.
    responses : ndarray, shape (n_stimuli, n_sites)
        What the user passed.
    train, test : sequence of ndarray of int
        One pair per split.
    noise_floor : float
        Share of the largest eigenvalue.
    choices : sequence of Choices, optional
        One per split.

    Raises
    ------
    InvalidInputError
        If one of them is not as expected.
    """
    matrix = check_gram(gram)
    check_semidefinite(matrix)
    values = check_responses(responses, len(matrix))
    check_number(noise_floor, what="noise_floor", at_least=0, below=1)
    train, test = check_pairs(train, test, len(matrix))
    check_inner(choices, len(train))
    return matrix, values, train, test


def check_inner(choices: Any, n_splits: int) -> None:
    """On what choices inside each training set are made.

    Parameters
    ----------
    choices : sequence of Choices, optional
        What the user passed.
    n_splits : int
        How many there must be.

    Raises
    ------
    InvalidInputError
        If there are more or fewer, or something else is among them.
    """
    if choices is None:
        return
    for one in check_instance(choices, (list, tuple), what="choices", hint="the Choices of each split"):
        check_instance(one, Choices, what="One of choices")
    if len(choices) != n_splits:
        msg = f"There are {len(choices)} choices for {n_splits} splits; expected one per split."
        raise InvalidInputError(msg)


def check_pairs(train: Any, test: Any, n_stimuli: int) -> tuple[list[Index], list[Index]]:
    """Training and test sets of the same number.

    Parameters
    ----------
    train, test : sequence of ndarray of int
        One pair per split.
    n_stimuli : int
        How many stimuli there are.

    Raises
    ------
    InvalidInputError
        If there is none, or one is not as expected.
    """
    for value, what in ((train, "train"), (test, "test")):
        if not isinstance(value, (list, tuple)) and getattr(value, "ndim", 0) != 2:
            msg = f"{what} is {describe_value(value)}; expected a list with one array of positions per split."
            raise InvalidInputError(msg)
    if not len(train) or len(train) != len(test):
        msg = f"There are {len(train)} training and {len(test)} test sets; give pairs, at least one."
        raise InvalidInputError(msg)
    sides = [
        [check_indices(one, n_stimuli, what=f"{what}[{number}]") for number, one in enumerate(side)]
        for side, what in ((train, "train"), (test, "test"))
    ]
    return sides[0], sides[1]


def check_groups(groups: Any, n_stimuli: int) -> None:
    """The group of each stimulus.

    Parameters
    ----------
    groups : ndarray of str, shape (n_stimuli,), optional
        What the user passed.
    n_stimuli : int
        How many stimuli there are.

    Raises
    ------
    InvalidInputError
        If it is anything else.
    """
    if groups is None:
        return
    if not isinstance(groups, np.ndarray) or groups.dtype.kind != "U" or groups.shape != (n_stimuli,):
        msg = f"groups is {describe_value(groups)}; expected an array with a name of a group for {n_stimuli} stimuli."
        raise InvalidInputError(msg)


def check_components(n_components: Any, train: Sequence[Index], *, spare: int) -> int:
    """A number of components that the smallest training set can give.

    Parameters
    ----------
    n_components : int
        What the user passed.
    train : sequence of ndarray of int
        The training sets.
    spare : int
        How many more stimuli than components it takes.

    Raises
    ------
    InvalidInputError
        If it is no count, or more than the stimuli give.
    """
    most = min(len(fit) for fit in train) - spare
    number = check_count(n_components, what="n_components")
    if number > most:
        msg = (
            f"{number} components were asked for, but the smallest training set has {most + spare} stimuli; "
            f"expected at most {most}: take fewer components or fewer folds."
        )
        raise InvalidInputError(msg)
    return number


def check_grid(grid: Any) -> Array:
    """Multiples of the mean eigenvalue, each above 0.

    Parameters
    ----------
    grid : ndarray, shape (n_penalties,)
        What the user passed.

    Raises
    ------
    InvalidInputError
        If it is empty, or holds anything else.
    """
    values = check_array(grid, (None,), what="grid", finite=True)
    if not values.size or values.min() <= 0:
        found = f"holds {values.min():g}" if values.size else "is empty"
        msg = f"grid {found}; expected at least one penalty, each above 0."
        raise InvalidInputError(msg)
    return values
