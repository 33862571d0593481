"""Split-half reliability as Brain-Score estimates it: the same repeats of every stimulus make a half."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainconv.errors import InvalidInputError
from brainconv.reliability.arguments import check_repeats, check_weights
from brainconv.reliability.correlation import correlate_resampled
from brainconv.reliability.split_half import apply_spearman_brown
from brainconv.validation import check_array, check_count, check_instance

Array = NDArray[np.float64]
Halves = tuple[NDArray[np.intp], NDArray[np.intp]]


def alternate_halves(n_repeats: int) -> list[Halves]:
    """Even and odd repeats: one pair, as Brain-Score's Cowley2026 takes it.

    Parameters
    ----------
    n_repeats : int
        Length of the repeat axis.

    Returns
    -------
    list of (ndarray of int, ndarray of int)
    """
    check_count(n_repeats, what="n_repeats", at_least=2)
    return [(np.arange(0, n_repeats, 2), np.arange(1, n_repeats, 2))]


def shuffle_halves(n_repeats: int) -> list[Halves]:
    """Ten random halves of the numbers of the repeats, seed 1, as Brain-Score's older benchmarks take them.

    Parameters
    ----------
    n_repeats : int
        Length of the repeat axis.

    Returns
    -------
    list of (ndarray of int, ndarray of int), length 10
        The second half is the larger one where the number is odd.
    """
    check_count(n_repeats, what="n_repeats", at_least=2)
    from sklearn.model_selection import ShuffleSplit

    drawn = ShuffleSplit(n_splits=10, train_size=0.5, random_state=1).split(np.zeros(n_repeats))
    return [(first, second) for first, second in drawn]


def fixed_half_reliability(responses: Array, halves: Sequence[Halves], *, weights: Array | None = None) -> Array:
    """Correlation between the means of two halves, doubled by the Spearman-Brown formula.

    Parameters
    ----------
    responses : ndarray, shape (n_stimuli, n_repeats, n_sites)
        NaN marks an absent repeat.
    halves : sequence of (ndarray of int, ndarray of int), length n_pairs
        Places on the repeat axis.
    weights : ndarray, shape (n_resamples, n_stimuli), optional
        How often a resample holds each stimulus.

    Returns
    -------
    ndarray, shape (n_pairs, n_sites) or (n_resamples, n_pairs, n_sites)
        Over the stimuli that both halves hold.

    Notes
    -----
    Low where stimuli have unequal numbers of repeats: some have few in one half, and doubling is then too little.
    `split_half_reliability` halves each stimulus' own repeats, and carries them to their real number.
    """
    responses = check_repeats(responses)
    if weights is not None:
        weights = check_weights(weights, len(responses))
    halves = [_check_pair(pair, responses.shape[1]) for pair in check_instance(halves, (list, tuple), what="halves")]
    if not halves:
        msg = "halves is empty; expected at least one pair of places on the repeat axis, as of `alternate_halves`."
        raise InvalidInputError(msg)
    resamples = np.ones((1, len(responses))) if weights is None else weights
    shown = np.isfinite(responses)
    values = np.where(shown, responses, 0.0)

    def average(places: NDArray[np.intp]) -> Array:
        counts = shown[:, places].sum(axis=1)
        mean: Array = np.where(counts > 0, values[:, places].sum(axis=1) / np.maximum(counts, 1), np.nan)
        return mean

    found = np.stack(
        [
            apply_spearman_brown(correlate_resampled(average(a), average(b), resamples, constant=np.nan))
            for a, b in halves
        ],
        axis=1,
    )
    return found[0] if weights is None else found


def _check_pair(pair: Any, n_repeats: int) -> Halves:
    """Two arrays of places on the repeat axis."""
    if len(check_instance(pair, (list, tuple), what="A pair of halves", hint="two arrays of places")) != 2:
        msg = f"A pair of halves is {pair!r}; expected two arrays of places on the repeat axis."
        raise InvalidInputError(msg)
    first, second = (check_array(half, (None,), what="A half", dtype=np.intp) for half in pair)
    both = np.concatenate([first, second])
    if not first.size or not second.size or both.min() < 0 or both.max() >= n_repeats:
        msg = f"Halves hold the repeats {both.tolist()}; expected places from 0 to {n_repeats - 1} in each half."
        raise InvalidInputError(msg)
    return first, second
