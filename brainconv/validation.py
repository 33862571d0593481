"""Checks of what users pass in.  Each raises one sentence: what was found, what was expected, what to do."""

from __future__ import annotations

import difflib
import math
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from brainconv.arrays import check_allocation, check_array, describe_value, is_number
from brainconv.errors import InvalidInputError, NotFoundError

__all__ = [
    "align_indices",
    "check_allocation",
    "check_array",
    "check_choice",
    "check_choices",
    "check_count",
    "check_flag",
    "check_instance",
    "check_number",
    "check_path",
    "check_positive",
    "check_seed",
    "check_text",
    "check_unique",
]

MOST_DRAWS = 100_000  # resamples, permutations, splits: more make no number better, and would fill the memory
LARGEST_SEED = 2**63 - 1

T = TypeVar("T")


def check_choice(value: Any, choices: Iterable[str], *, what: str) -> str:
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
    InvalidInputError
        If the value is no text.
    """
    known = list(choices)
    if isinstance(value, str) and value in known:
        return value
    near = difflib.get_close_matches(value[:200], known, n=1) if isinstance(value, str) else []
    hint = f" Did you mean {near[0]!r}?" if near else ""
    shown = ", ".join(known[:12]) + (", …" if len(known) > 12 else "")
    if not isinstance(value, str):
        msg = f"The {what} is {describe_value(value)}; expected one of: {shown}."
        raise InvalidInputError(msg)
    msg = f"Unknown {what} {describe_value(value)}.{hint} Known: {shown}."
    raise NotFoundError(msg)


def check_choices(values: Any, choices: Iterable[str], *, what: str) -> tuple[str, ...]:
    """Return one name or several as a tuple, each of them one of ``choices`` and kept once.

    Parameters
    ----------
    values : str or sequence of str
        What the user asked for.
    choices : iterable of str
        What exists.
    what : str
        The word for one of them in the message.

    Raises
    ------
    InvalidInputError
        If there is none, or it is no sequence of names.
    NotFoundError
        If one of them does not exist.
    """
    names = (values,) if isinstance(values, str) else values
    if not isinstance(names, (list, tuple)) or not names:
        msg = f"The {what}s are {describe_value(values)}; expected at least one of: {', '.join(choices)}."
        raise InvalidInputError(msg)
    return tuple(dict.fromkeys(check_choice(name, choices, what=what) for name in names))


def check_unique(labels: Any, *, what: str, least: int = 1) -> tuple[str, ...]:
    """Return the labels as a tuple of str, none of them missing and none twice.

    Parameters
    ----------
    labels : sequence of str
        Identifiers of stimuli, sites or RDMs; whole numbers count as their digits.
    what : str
        The word for one of them in the message.
    least : int
        How many there must be.

    Raises
    ------
    InvalidInputError
        If a label is missing or stands twice, there are too few, or a single text is given.
    """
    if isinstance(labels, str):
        msg = f"The {what} names are the single text {labels!r}; expected a sequence of names, such as [{labels!r}]."
        raise InvalidInputError(msg)
    unordered = isinstance(labels, (bytes, Mapping, AbstractSet)) or getattr(labels, "ndim", 1) != 1
    if unordered or not isinstance(labels, Iterable):
        msg = f"The {what} names are {describe_value(labels)}; expected a sequence of names, such as ['a', 'b']."
        raise InvalidInputError(msg)
    names = tuple(_read_label(label, what) for label in labels)
    if len(names) < least:
        msg = f"{len(names)} {what} names were given; expected at least {least}."
        raise InvalidInputError(msg)
    if len(set(names)) < len(names):
        twice = [name for name, count in Counter(names).items() if count > 1]
        hint = "; presentations of the same one belong on the repeat axis" if what == "stimulus" else ""
        msg = f"{len(twice)} {what}(s) stand more than once, for example {twice[0]!r}. Name each {what} once{hint}."
        raise InvalidInputError(msg)
    return names


def _read_label(label: Any, what: str) -> str:
    if type(label) is str and label.strip() and label.isprintable():
        return label
    if isinstance(label, (str, int, float, np.integer, np.floating)) and not isinstance(label, bool):
        text = str(label)
        if text.strip() and not any(0xD800 <= ord(c) < 0xE000 or ord(c) < 32 for c in text) and label == label:  # noqa: PLR0124
            return text
    msg = f"One {what} name is {describe_value(label)}; expected a readable text for every {what}."
    raise InvalidInputError(msg)


def check_text(value: Any, *, what: str) -> str:
    """Return ``value`` if it is a text that can be printed and written to a file.

    Parameters
    ----------
    value : str
        What the user passed.
    what : str
        The word for it in the message.

    Raises
    ------
    InvalidInputError
        If it is no text, empty, or holds control characters or broken Unicode.
    """
    if isinstance(value, str) and value.strip() and not any(0xD800 <= ord(c) < 0xE000 or ord(c) < 32 for c in value):
        return value
    msg = f"{what} is {describe_value(value)}; expected a text of at least one readable character."
    raise InvalidInputError(msg)


def check_path(value: Any, *, what: str) -> str | os.PathLike[str]:
    """Return ``value`` if it can name a file or a folder.

    Parameters
    ----------
    value : str or path-like
        What the user passed.
    what : str
        The argument's name, for the message.

    Raises
    ------
    InvalidInputError
        If it is neither, or empty.
    """
    if isinstance(value, os.PathLike) or (isinstance(value, str) and value.strip() and "\0" not in value):
        return value
    msg = f"{what} is {describe_value(value)}; expected the path of a file or folder."
    raise InvalidInputError(msg)


def check_flag(value: Any, *, what: str) -> bool:
    """Return ``value`` if it is True or False.

    Parameters
    ----------
    value : bool
        What the user passed.
    what : str
        The word for it in the message.

    Raises
    ------
    InvalidInputError
        If it is anything else.
    """
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    msg = f"{what} is {describe_value(value)}; expected True or False."
    raise InvalidInputError(msg)


def check_instance(value: Any, kinds: type[T] | tuple[type[T], ...], *, what: str, hint: str = "") -> T:
    """Return ``value`` if it is a container (or other object) of one of these kinds.

    Parameters
    ----------
    value : object
        What the user passed.
    kinds : type or tuple of type
        What is expected.
    what : str
        The word for it in the message.
    hint : str
        What to do, as a clause.

    Raises
    ------
    InvalidInputError
        If it is of another kind.
    """
    if isinstance(value, kinds):
        return value
    link = ", " if hint.startswith(("from", "of", "the ", "one ")) else ": "
    names = " or ".join(kind.__name__ for kind in (kinds if isinstance(kinds, tuple) else (kinds,)))
    msg = f"{what} is {describe_value(value)}; expected a {names}{link + hint if hint else ''}."
    raise InvalidInputError(msg)


def check_count(
    value: Any, *, what: str, at_least: int = 1, at_most: int | None = MOST_DRAWS, or_zero: bool = False
) -> int:
    """Return ``value`` as an int within the limits.

    Parameters
    ----------
    value : int
        What the user passed.
    what : str
        The argument's name, for the message.
    at_least, at_most : int
        Limits, both allowed; None for no upper limit.
    or_zero : bool
        Zero is allowed too, and means "go without".

    Raises
    ------
    InvalidInputError
        If it is no whole number or lies outside.
    """
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if whole and ((or_zero and value == 0) or (value >= at_least and (at_most is None or value <= at_most))):
        return int(value)
    least = f"{'' if whole else 'a whole number of '}at least {at_least}"
    most = f" and at most {at_most}" if at_most is not None else ""
    msg = f"{what} is {describe_value(value)}; expected {least}{most}{', or 0 to go without' if or_zero else ''}."
    raise InvalidInputError(msg)


def check_seed(value: Any, *, what: str = "random_state") -> int:
    """Return ``value`` as an int that seeds a random generator.

    Parameters
    ----------
    value : int
        What the user passed.
    what : str
        The argument's name, for the message.

    Raises
    ------
    InvalidInputError
        If it is no whole number from 0; None and generators would give another table in every call.
    """
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool) and 0 <= value <= LARGEST_SEED:
        return int(value)
    msg = (
        f"{what} is {describe_value(value)}; expected a whole number from 0, such as 0: "
        f"the same seed gives the same numbers in every call."
    )
    raise InvalidInputError(msg)


def check_number(
    value: Any,
    *,
    what: str,
    above: float = -math.inf,
    at_least: float = -math.inf,
    below: float = math.inf,
    at_most: float = math.inf,
) -> float:
    """Return ``value`` as a finite float within the limits.

    Parameters
    ----------
    value : float
        What the user passed.
    what : str
        The word for it in the message, with its unit.
    above, at_least, below, at_most : float
        Limits, without (`above`, `below`) and with the limit itself.

    Raises
    ------
    InvalidInputError
        If it is no finite real number or lies outside.
    """
    if is_number(value):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if math.isfinite(number) and above < number < below and at_least <= number <= at_most:
            return number
    words = (("above", above), ("of at least", at_least), ("below", below), ("of at most", at_most))
    limits = " and ".join(f"{word} {limit:g}" for word, limit in words if math.isfinite(limit))
    msg = f"{what} is {describe_value(value)}; expected a finite number{' ' + limits if limits else ''}."
    raise InvalidInputError(msg)


def check_positive(value: Any, *, what: str) -> float:
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
    return check_number(value, what=what, above=0)


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
