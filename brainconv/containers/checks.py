"""What every function that takes a container asks of it first."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cholesky

from brainconv.arrays import describe_value
from brainconv.errors import InvalidInputError
from brainconv.validation import check_instance

if TYPE_CHECKING:
    from brainconv.containers.recording import Recording
    from brainconv.containers.representation import Representation

MOST_STIMULI_CHECKED = 2048
LARGEST_VALUE = 1e100  # squares and sums of squares of larger ones are infinite
_NO_AREA = ("", "nan", "none", "<na>", "nat")


def check_table(value: Any, *, what: str, columns: Iterable[Hashable] = ()) -> pd.DataFrame:
    """Return ``value`` if it is a table with these columns, none of them twice.

    Parameters
    ----------
    value : DataFrame
        What the user passed.
    what : str
        The word for it in the message.
    columns : iterable of str
        What it must have.

    Raises
    ------
    InvalidInputError
        If it is no DataFrame, or lacks a column or has it twice.
    """
    if not isinstance(value, pd.DataFrame):
        msg = f"{what} are {describe_value(value)}; expected a pandas DataFrame."
        raise InvalidInputError(msg)
    if not value.columns.is_unique:
        twice = value.columns[value.columns.duplicated()][0]
        msg = f"{what} have the column {twice!r} more than once; name each column once."
        raise InvalidInputError(msg)
    lacking = [column for column in columns if column not in value]
    if lacking:
        known = ", ".join(map(str, value.columns[:12])) or "none"
        msg = f"{what} have no column {lacking[0]!r}; columns: {known}."
        raise InvalidInputError(msg)
    return value


def check_areas(sites: pd.DataFrame, *, name: str) -> pd.Series[str]:
    """The area of every site as text, none of them missing.

    Parameters
    ----------
    sites : DataFrame, one row per site
        With a column ``area``.
    name : str
        Name of the recording, for the message.

    Raises
    ------
    InvalidInputError
        If a site has no area.
    """
    areas = sites["area"].astype(object)
    missing = (areas.isna() | areas.astype(str).str.strip().str.lower().isin(_NO_AREA)).to_numpy()
    if missing.any():
        msg = (
            f"{int(missing.sum())} of {len(sites)} sites of {name!r} have no area, for example site "
            f"{str(sites.index[missing][0])!r}; name the area of each, or leave those sites out of sites and responses."
        )
        raise InvalidInputError(msg)
    return areas.astype(str)


def check_recording(value: Any, *, what: str = "recording") -> Recording:
    """Return ``value`` if it is a Recording.

    Parameters
    ----------
    value : Recording
        What the user passed.
    what : str
        The argument's name.

    Raises
    ------
    InvalidInputError
        If it is anything else, with the way to a Recording.
    """
    from brainconv.containers.recording import Recording

    return check_instance(value, Recording, what=what, hint=_hint(value))


def check_target(value: Any, *, what: str = "target") -> Any:
    """Return ``value`` if RSA can take it as its target: a Recording or RDMs.

    Parameters
    ----------
    value : Recording or RDMs
        What the user passed.
    what : str
        The argument's name.

    Raises
    ------
    InvalidInputError
        If it is anything else.
    """
    from brainconv.containers.rdms import RDMs
    from brainconv.containers.recording import Recording

    return check_instance(value, (Recording, RDMs), what=what, hint=_hint(value))


def check_representations(value: Any, *, what: str = "representations") -> list[Representation]:
    """The layers as a list, from one Representation, a mapping of names to them, or a sequence.

    Parameters
    ----------
    value : Representation, mapping or sequence of Representation
        What the user passed.
    what : str
        The argument's name.

    Raises
    ------
    InvalidInputError
        If there is none, or something else is among them.
    """
    from brainconv.containers.representation import Representation

    if isinstance(value, Representation):
        return [value]
    if isinstance(value, Mapping):
        layers = list(value.values())
    elif isinstance(value, (list, tuple)):
        layers = list(value)
    else:
        layers = [value]
    if not layers:
        msg = f"{what} is an empty {type(value).__name__}; expected at least one layer (`bc.extract`)."
        raise InvalidInputError(msg)
    for layer in layers:
        hint = "make one with `bc.extract` or `Representation.from_features`"
        check_instance(layer, Representation, what=f"{what}: a layer" if layer is not value else what, hint=hint)
    return layers


def check_semidefinite(gram: NDArray[np.float64], *, noise: float = 1e-4, what: str = "gram") -> None:
    """Refuse what is no ``X @ X.T``.

    Parameters
    ----------
    gram : ndarray, shape (n_stimuli, n_stimuli)
        Finite.  Beyond 2,048 stimuli the eigenvalues of an even choice of them are looked at.
    noise : float
        Negative eigenvalues down to this share of the largest entry are rounding.
    what : str
        The word for it in the message.

    Raises
    ------
    InvalidInputError
        If it is not symmetric or has a negative eigenvalue.
    """
    largest = float(np.abs(gram).max())
    if not np.allclose(gram, gram.T, rtol=0.0, atol=1e-9 * max(largest, 1e-300)):
        msg = f"{what} is not symmetric; expected X @ X.T."
        raise InvalidInputError(msg)
    if not largest:
        return
    part = np.linspace(0, len(gram) - 1, min(len(gram), MOST_STIMULI_CHECKED)).astype(np.intp)
    shifted = gram[np.ix_(part, part)] / largest
    shifted[np.diag_indices(len(part))] += noise
    try:
        cholesky(shifted, lower=True, overwrite_a=True, check_finite=False)
    except LinAlgError as error:
        msg = f"{what} has negative eigenvalues; expected X @ X.T, which is positive semi-definite."
        raise InvalidInputError(msg) from error


def check_magnitude(values: NDArray[np.float64], *, what: str) -> None:
    """Refuse infinite values, and those whose squares are infinite.

    Parameters
    ----------
    values : ndarray, any shape
        NaN marks what is absent.
    what : str
        The word for them in the message, in the plural.

    Raises
    ------
    InvalidInputError
        If one is infinite or larger than 1e100.
    """
    if not values.size:
        return
    lowest, highest = np.fmin.reduce(values, axis=None), np.fmax.reduce(values, axis=None)
    if np.isinf(lowest) or np.isinf(highest):
        msg = f"{what} hold infinite values; mark what is absent by NaN."
        raise InvalidInputError(msg)
    if max(-lowest, highest) > LARGEST_VALUE:
        msg = f"{what} run from {lowest:.3g} to {highest:.3g}; expected values below 1e100: give them in another unit."
        raise InvalidInputError(msg)


def check_varying(recording: Recording) -> None:
    """Refuse a recording in which no site responds differently to different stimuli.

    Parameters
    ----------
    recording : Recording
        What is to be scored.

    Raises
    ------
    InvalidInputError
        If every site is constant over stimuli, so that no score is defined.
    """
    responses = recording.responses
    lowest, highest = np.fmin.reduce(responses, axis=(0, 1)), np.fmax.reduce(responses, axis=(0, 1))
    if not (highest > lowest).any():
        msg = (
            f"No site of {recording.name!r} responds differently to different stimuli "
            f"({recording.n_sites} sites, all constant); expected responses that vary: check how they were read."
        )
        raise InvalidInputError(msg)


def _hint(value: Any) -> str:
    from brainconv.containers.representation import Representation

    if isinstance(value, str):
        return "load it first (`bc.load_recording(name)`)"
    if isinstance(value, Representation) or (isinstance(value, Mapping) and value):
        return "the arguments may be swapped"
    return "`bc.load_recording(name)`, or your own from arrays (`bc.Recording`)"
