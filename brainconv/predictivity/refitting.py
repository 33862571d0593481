"""Cross-validation by fitting every training set anew, for regressions without a shorter way."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from brainconv.predictivity.heldout import Choices, HeldOut, choose_by_stimulus, compute_nested_r

Array = NDArray[np.float64]
Index = NDArray[np.intp]


def predict_by_refitting(
    fit_one: Callable[[Index, Index], tuple[Array, int]],
    responses: Array,
    train: Sequence[Index],
    test: Sequence[Index],
    *,
    choices: Sequence[Choices] | None,
) -> list[HeldOut]:
    """Predictions of every test set, and of every inner fold where nested r is asked for.

    Parameters
    ----------
    fit_one : callable
        ``fit_one(fit, held)`` returns the predictions for the stimuli ``held``, shape (n_held, n_sites), of a read-out
        fitted on the stimuli ``fit``, and its number of components.
    responses : ndarray, shape (n_stimuli, n_sites)
    train, test : sequence of ndarray of int
        One pair per split.
    choices : sequence of Choices, or None
        One per split; nested r takes a fit per inner fold.

    Returns
    -------
    list of HeldOut, one per split
        ``settings`` holds the number of components.
    """
    choices = choose_by_stimulus(len(train)) if choices is None else choices
    return [
        _predict_one(fit_one, responses, fit, held, choices=one)
        for fit, held, one in zip(train, test, choices, strict=True)
    ]


def _predict_one(
    fit_one: Callable[[Index, Index], tuple[Array, int]], responses: Array, fit: Index, held: Index, *, choices: Choices
) -> HeldOut:
    def leave_out(_: int, sites: Index, parts: Sequence[Index]) -> Array:
        errors = np.zeros((len(fit), len(sites)))
        for part in parts:
            predictions, _ = fit_one(np.delete(fit, part), fit[part])
            errors[part] = (responses[fit[part]] - predictions)[:, sites]
        return errors

    predictions, used = fit_one(fit, held)
    choice = np.zeros(responses.shape[1], dtype=np.intp)
    nested_r = compute_nested_r(leave_out, choice, responses[fit], fit, choices)
    return HeldOut(predictions, nested_r, choice, settings=np.array([float(used)]))
