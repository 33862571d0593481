"""Leaving out unreliable sites by a rule that was fixed beforehand, on repeats that are not scored."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from brainconv.containers import Recording
from brainconv.errors import InvalidInputError
from brainconv.reliability.ceiling import require_repeats
from brainconv.reliability.split_half import (
    apply_spearman_brown,
    carry_factor,
    count_repeats,
    split_half_reliability,
)
from brainconv.validation import check_count, check_flag, check_number, check_seed

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Exclusion:
    """Which sites stay, and why.

    Parameters
    ----------
    recording : Recording
        The sites that stay; with ``disjoint``, only the repeats on which they were not chosen.
    reliability : ndarray, shape (n_sites,)
        Of every site before the exclusion, of the mean over all repeats, estimated on the repeats that choose.
    kept : ndarray of bool, shape (n_sites,)
    rule : str
        One sentence with the threshold and the counts.
    """

    recording: Recording
    reliability: Array
    kept: NDArray[np.bool_]
    rule: str


def exclude_unreliable_sites(
    recording: Recording,
    *,
    threshold: float,
    disjoint: bool = True,
    n_splits: int = 100,
    random_state: int = 0,
) -> Exclusion:
    """Keep the sites whose reliability reaches a threshold.

    Parameters
    ----------
    recording : Recording
    threshold : float
        Smallest reliability of the mean over all repeats; a share of variance.
    disjoint : bool
        Choose sites on one random half of the repeats and hand on the other half.  Otherwise all repeats choose and are
        handed on: the sites that stay then look more reliable than they are, and their normalised scores are too low.
    n_splits : int
        Random splits of the repeats that choose.
    random_state : int
        Drawn over the sorted stimulus ids.

    Returns
    -------
    Exclusion

    Raises
    ------
    InvalidInputError
        If there are no repeats, with ``disjoint`` fewer than four of every stimulus, or no site stays.
    """
    check_number(threshold, what="threshold")
    check_flag(disjoint, what="disjoint")
    check_count(n_splits, what="n_splits")
    check_seed(random_state)
    require_repeats(recording)
    order = np.argsort(np.array(recording.stimuli.ids))
    responses = recording.responses[order]
    choosing, rest = _halve(responses, random_state) if disjoint else (responses, responses)
    if disjoint and not (count_repeats(choosing) > 1).any():
        msg = (
            f"{recording.name!r} has at most {int(count_repeats(responses).max())} repeats of a stimulus; to choose "
            f"sites on one half and score them on the other takes at least 4."
        )
        raise InvalidInputError(msg)
    reliability, _ = split_half_reliability(choosing, n_splits=n_splits, random_state=random_state)
    if disjoint:
        # Carried from the repeats that choose to all of them, so that a threshold means the same in both ways.
        even = np.ones((1, len(responses)))
        factor = carry_factor(count_repeats(responses), even)[0]
        reliability = apply_spearman_brown(reliability, np.where(np.isfinite(factor), factor, np.nan))
    kept = np.nan_to_num(reliability, nan=-np.inf) >= threshold
    if not kept.any():
        msg = (
            f"No site of {recording.name!r} has a reliability of {threshold:g}; the largest is {_largest(reliability)}."
        )
        raise InvalidInputError(msg)
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    part = replace(recording, responses=rest[back]).select(sites=[str(s) for s in recording.sites.index[kept]])
    where = "a random half of the repeats, which was not scored" if disjoint else "the repeats that were also scored"
    unknown = int((~np.isfinite(reliability)).sum())
    rule = f"{int((~kept).sum())} of {len(kept)} sites were excluded: reliability below {threshold:g} on {where}" + (
        f" ({unknown} of them without a defined reliability)." if unknown else "."
    )
    return Exclusion(part, reliability, kept, rule)


def _halve(responses: Array, random_state: int) -> tuple[Array, Array]:
    """The repeats of each stimulus in two random halves, the same for every site; an odd one goes to the second."""
    rng = np.random.default_rng([random_state, 7])
    keys = rng.random(responses.shape[:2])[:, :, None]
    present = np.isfinite(responses)
    rank = np.where(present, keys, np.inf).argsort(axis=1).argsort(axis=1)
    first = present & (rank < present.sum(axis=1, keepdims=True) // 2)
    return np.where(first, responses, np.nan), np.where(present & ~first, responses, np.nan)


def _largest(reliability: Array) -> str:
    finite = reliability[np.isfinite(reliability)]
    return f"{finite.max():.2f}" if finite.size else "undefined"
