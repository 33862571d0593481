"""Cross-validation of one layer against one recording, with sites that lack stimuli and with shuffled stimuli."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainconv.predictivity.resampling import nanmean
from brainconv.predictivity.ridge import HeldOut, predict_ridge
from brainconv.predictivity.splits import MIN_TEST, MIN_TRAIN, Splits
from brainconv.reliability import correlate_resampled

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Regression = Callable[..., list[HeldOut]]

REGRESSIONS: dict[str, Regression] = {"ridge": predict_ridge}


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """What cross-validation of one layer gave.

    Parameters
    ----------
    predictions, observed : list of ndarray, shape (n_test, n_sites)
        One per split; NaN where a site lacks a stimulus.
    r : ndarray, shape (n_splits, n_sites)
        Correlation on the test stimuli: 0 for a constant prediction, NaN for a constant response.
    nested_r : ndarray, shape (n_splits, n_sites)
        The same by leave-one-out inside the training stimuli.
    shuffled_r : ndarray, shape (n_splits, n_sites)
        Mean of ``r`` over recordings whose stimuli were shuffled; NaN where none was asked for.
    setting : ndarray, shape (n_splits, n_sites)
        The penalty chosen inside the training stimuli.
    edge : ndarray of int, shape (n_splits, n_sites)
        -1 or +1 where it lies at the lower or upper end of the grid, else 0.
    """

    predictions: list[Array]
    observed: list[Array]
    r: Array
    nested_r: Array
    shuffled_r: Array
    setting: Array
    edge: NDArray[np.int8]


def cross_validate(
    gram: Array,
    responses: Array,
    splits: Splits,
    *,
    regression: str = "ridge",
    noise_floor: float = 1e-12,
    shuffles: Array | None = None,
) -> CrossValidation:
    """Fit on the training stimuli and predict the test stimuli of every split.

    Sites that lack the same stimuli are fitted together on those that they have; nothing is filled in.

    Parameters
    ----------
    gram : ndarray, shape (n_stimuli, n_stimuli)
        Uncentred Gram matrix of the layer.
    responses : ndarray, shape (n_stimuli, n_sites)
        Mean over repeats; NaN where a site lacks a stimulus.
    splits : Splits
        Indices count the rows of ``gram``.
    regression : {"ridge"}
    noise_floor : float
        See `decompose_gram`.
    shuffles : ndarray, shape (n_shuffles, n_stimuli), optional
        Random keys; the order of their values is the order in which the responses are dealt out again.

    Returns
    -------
    CrossValidation
    """
    n_sites, n_splits = responses.shape[1], len(splits)
    present = np.isfinite(responses)
    shuffles = np.empty((0, len(responses))) if shuffles is None else shuffles
    predictions = [np.full((len(held), n_sites), np.nan) for held in splits.test]
    nested_r, shuffled_r, setting = (np.full((n_splits, n_sites), np.nan) for _ in range(3))
    edge = np.zeros((n_splits, n_sites), dtype=np.int8)
    patterns, member = np.unique(present.T, axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        sites = np.flatnonzero(member.ravel() == number)
        rows = np.flatnonzero(pattern)
        usable = [
            (k, fit[pattern[fit]], held[pattern[held]])
            for k, (fit, held) in enumerate(zip(splits.train, splits.test, strict=True))
            if pattern[fit].sum() >= MIN_TRAIN and pattern[held].sum() >= MIN_TEST
        ]
        if not usable:
            continue
        targets = [responses[:, sites]]
        for keys in shuffles:
            dealt = np.full((len(responses), len(sites)), np.nan)
            dealt[rows] = responses[np.ix_(rows[np.argsort(keys[rows], kind="stable")], sites)]
            targets.append(dealt)
        both = np.concatenate(targets, axis=1)
        found = REGRESSIONS[regression](
            gram, both, [fit for _, fit, _ in usable], [held for *_, held in usable], noise_floor=noise_floor
        )
        for (k, _, held), one in zip(usable, found, strict=True):
            own = slice(0, len(sites))
            predictions[k][np.ix_(pattern[splits.test[k]], sites)] = one.predictions[:, own]
            nested_r[k, sites] = one.nested_r[own]
            setting[k, sites] = one.settings[one.choice[own]]
            last = len(one.settings) - 1
            if last > 0:
                edge[k, sites] = (one.choice[own] == last).astype(np.int8) - (one.choice[own] == 0).astype(np.int8)
            if len(shuffles):
                r = _correlate(one.predictions, both[held])[len(sites) :]
                shuffled_r[k, sites] = nanmean(r.reshape(len(shuffles), len(sites)), axis=0)
    observed = [responses[held] for held in splits.test]
    r = np.stack([_correlate(p, y) for p, y in zip(predictions, observed, strict=True)])
    return CrossValidation(predictions, observed, r, nested_r, shuffled_r, setting, edge)


def _correlate(predictions: Array, observed: Array) -> Array:
    r: Array = correlate_resampled(predictions, observed, np.ones((1, len(observed))))[0]
    return r
