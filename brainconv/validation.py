"""Checks of what users pass in.  Each raises one sentence: what was found, what was expected, what to do."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainconv.errors import InvalidInputError, NotFoundError


def check_choice(value: str, choices: Iterable[str], *, what: str) -> str:
    """Return ``value`` if it is one of ``choices``.

    Parameters
    ----------
    value : str
        What the user asked for.
    choices : iterable of str
        What exists.
    what : str
        The word for it in the message, such as ``"comparator"``.

    Raises
    ------
    NotFoundError
        With the nearest existing name.
    """
    known = list(choices)
    if value in known:
        return value
    near = difflib.get_close_matches(str(value), known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    shown = ", ".join(known[:12]) + (", …" if len(known) > 12 else "")
    msg = f"Unknown {what} {value!r}.{hint} Known: {shown}."
    raise NotFoundError(msg)


def check_unique(labels: Sequence[str], *, what: str) -> tuple[str, ...]:
    """Return the labels as a tuple of str, none of them twice.

    Parameters
    ----------
    labels : sequence of str
        Identifiers of stimuli, sites or RDMs.
    what : str
        The word for one of them in the message.

    Raises
    ------
    InvalidInputError
        If a label stands twice, or a single text is given.
    """
    if isinstance(labels, str):
        msg = f"The {what} names are the single text {labels!r}; expected a sequence of names, such as [{labels!r}]."
        raise InvalidInputError(msg)
    names = tuple(str(label) for label in labels)
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        hint = "; presentations of the same one belong on the repeat axis" if what == "stimulus" else ""
        msg = f"{len(twice)} {what}(s) stand more than once, for example {twice[0]!r}. Name each {what} once{hint}."
        raise InvalidInputError(msg)
    return names


def check_array(
    values: Any, shape: tuple[int | None, ...], *, what: str, finite: bool = False, dtype: type = np.float64
) -> NDArray[Any]:
    """Return ``values`` as an array of the given shape.

    Parameters
    ----------
    values : array_like
        What the user passed.
    shape : tuple of int or None
        Expected length of each axis; ``None`` where any length will do.
    what : str
        The word for it in the message.
    finite : bool
        Refuse NaN and infinity.
    dtype : type
        Type of the array returned.

    Raises
    ------
    InvalidInputError
        If the shape or the values are not as expected.
    """
    try:
        array: NDArray[Any] = np.asarray(values, dtype=dtype)
    except (TypeError, ValueError) as error:
        msg = f"{what} cannot be read as an array of {np.dtype(dtype).name}: {error}."
        raise InvalidInputError(msg) from error
    fits = array.ndim == len(shape) and all(
        want is None or have == want for have, want in zip(array.shape, shape, strict=True)
    )
    if not fits:
        wanted = "(" + ", ".join("any" if n is None else str(n) for n in shape) + ")"
        msg = f"{what} has shape {array.shape}; expected {wanted}."
        raise InvalidInputError(msg)
    if finite and not np.isfinite(array).all():
        n_bad = int((~np.isfinite(array)).sum())
        msg = f"{what} holds {n_bad} NaN or infinite value(s); every value must be finite."
        raise InvalidInputError(msg)
    return array


def check_positive(value: float, *, what: str) -> float:
    """Return ``value`` as a float above zero.

    Parameters
    ----------
    value : float
        What the user passed.
    what : str
        The word for it in the message, with its unit.

    Raises
    ------
    InvalidInputError
        If it is not a finite number above zero.
    """
    number = float(value)
    if not (np.isfinite(number) and number > 0):
        msg = f"{what} is {value!r}; expected a finite number above 0."
        raise InvalidInputError(msg)
    return number


def align_indices(have: Sequence[str], want: Sequence[str], *, what: str) -> NDArray[np.intp]:
    """Positions in ``have`` of every label in ``want``.

    Parameters
    ----------
    have, want : sequence of str
        Labels, each unique.
    what : str
        The word for one of them in the message.

    Returns
    -------
    ndarray of int, shape (len(want),)

    Raises
    ------
    InvalidInputError
        If ``have`` lacks one of them.
    """
    position = {label: i for i, label in enumerate(have)}
    missing = [label for label in want if label not in position]
    if missing:
        msg = (
            f"{len(missing)} of {len(want)} {what}(s) are missing, for example {missing[0]!r}. "
            f"Both sides must hold the same {what} ids; take a common subset first (`.select(ids)`)."
        )
        raise InvalidInputError(msg)
    return np.array([position[label] for label in want], dtype=np.intp)
