"""Ridge regression from the features themselves, where there are fewer units than training stimuli."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from brainconv.predictivity.arguments import check_grid, check_inner, check_pairs, check_responses
from brainconv.predictivity.heldout import Choices, HeldOut, choose_by_stimulus, compute_nested_r, locate
from brainconv.predictivity.ridge import PENALTY_GRID
from brainconv.validation import check_array, check_number

Array = NDArray[np.float64]
Index = NDArray[np.intp]


def primal_pays(n_units: int, train: Sequence[Index]) -> bool:
    """Whether the covariance of the units is smaller than the Gram matrix of the stimuli of every training set.

    Parameters
    ----------
    n_units : int
    train : sequence of ndarray of int

    Returns
    -------
    bool
    """
    return n_units < min(len(fit) for fit in train)


def predict_ridge_primal(
    features: NDArray[np.floating],
    responses: Array,
    train: Sequence[Index],
    test: Sequence[Index],
    *,
    choices: Sequence[Choices] | None = None,
    grid: Array = PENALTY_GRID,
    noise_floor: float = 1e-12,
) -> list[HeldOut]:
    """What `predict_ridge` gives, from features instead of their Gram matrix.

    Parameters
    ----------
    features : ndarray, shape (n_stimuli, n_units)
    responses : ndarray, shape (n_stimuli, n_sites)
        Finite wherever a split uses them.
    train, test : sequence of ndarray of int
        One pair per split.
    choices : sequence of Choices, optional
        See `predict_ridge`.
    grid : ndarray, shape (n_penalties,)
        Multiples of the mean eigenvalue of the Gram of the training stimuli, ascending.
    noise_floor : float
        Directions whose eigenvalue is below this part of the largest are rounding and are left out.

    Returns
    -------
    list of HeldOut, one per split

    Notes
    -----
    The covariance of a training set is that of all stimuli less that of those outside the training set.
    """
    features = check_array(features, (None, None), what="features", finite=True)
    responses = check_responses(responses, len(features))
    train, test = check_pairs(train, test, len(features))
    check_number(noise_floor, what="noise_floor", at_least=0, below=1)
    grid = check_grid(grid)
    check_inner(choices, len(train))
    # Centred once, so that taking one covariance from the other loses no digits.
    x = np.asarray(features, dtype=np.float64)
    x = x - x.mean(axis=0)
    whole = x.T @ x
    choices = choose_by_stimulus(len(train)) if choices is None else choices
    return [
        _one(x, whole, responses, fit, held, choices=choice, grid=grid, floor=noise_floor)
        for fit, held, choice in zip(train, test, choices, strict=True)
    ]


def _one(
    x: Array,
    whole: Array,
    responses: Array,
    fit: Index,
    held: Index,
    *,
    choices: Choices,
    grid: Array,
    floor: float,
) -> HeldOut:
    n = len(fit)
    outside = np.setdiff1d(np.arange(len(x)), fit)
    mean = x[fit].mean(axis=0)
    covariance = whole - x[outside].T @ x[outside] - n * np.outer(mean, mean)
    trace = float(np.trace(covariance))
    rounding = len(x) * np.finfo(np.float64).eps * float(np.abs(whole).max(initial=0.0))
    values, vectors = eigh(covariance, overwrite_a=True, check_finite=False, driver="evd")
    keep = values > max(floor * float(values[-1]), rounding)
    values, vectors = values[keep], vectors[:, keep]
    penalties = grid * (trace / n if trace > 0 else 1.0)
    inner, outer = (x[fit] - mean) @ vectors, (x[held] - mean) @ vectors
    targets = responses[fit]
    intercept = targets.mean(axis=0)
    centred = targets - intercept
    projected = inner.T @ centred
    squares = inner**2
    press = np.full(responses.shape[1], np.inf)
    choice = np.zeros(responses.shape[1], dtype=np.intp)
    predictions = np.zeros((len(held), responses.shape[1]))
    blocks = None if choices.inner.blocks is None else locate(choices.inner.blocks, fit)

    def left_out(number: int, sites: Index | slice, parts: Sequence[Index]) -> Array:
        """Errors of parts of the training set: ``(I - H_PP)⁻¹ e_P`` with the smoother H."""
        share = 1.0 / (values + penalties[number])
        errors: Array = centred[:, sites] - inner @ (projected[:, sites] * share[:, None])
        found = np.zeros_like(errors)
        for part in parts:
            kept = np.eye(len(part)) - 1.0 / n - (inner[part] * share) @ inner[part].T
            found[part] = np.linalg.solve(kept, errors[part])
        return found

    for number, penalty in enumerate(penalties):
        weights = projected / (values + penalty)[:, None]
        if blocks is None:
            left = 1.0 - 1.0 / n - squares @ (1.0 / (values + penalty))
            errors = (centred - inner @ weights) / np.maximum(left, np.finfo(np.float64).eps)[:, None]
        else:
            errors = left_out(number, slice(None), blocks)
        total = np.einsum("ij,ij->j", errors, errors)
        better = total < press
        press[better], choice[better] = total[better], number
        predictions[:, better] = outer @ weights[:, better]
    return HeldOut(
        predictions=predictions + intercept,
        nested_r=compute_nested_r(left_out, choice, targets, fit, choices),
        choice=choice,
        settings=penalties,
    )
