"""Pearson correlations of columns, plain and with weights on the stimuli."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from brainconv.reliability.arguments import check_columns, check_weights
from brainconv.validation import check_number

Array = NDArray[np.float64]

_FLAT = (
    1e-12  # a standard deviation below this part of the largest value is rounding, which may correlate with anything
)


def correlate_columns(predicted: Array, observed: Array) -> Array:
    """Pearson correlation of each column of predictions with the same column of responses.

    Parameters
    ----------
    predicted, observed : ndarray, shape (n_stimuli, n_sites)
        Finite, in the same unit.

    Returns
    -------
    ndarray, shape (n_sites,)
        0 where the prediction is constant (it says nothing), NaN where the response is constant (nothing can be said);
        a standard deviation below 1e-12 of the largest value of the site counts as constant.
    """
    predicted, observed = check_columns(predicted, observed, names=("predicted", "observed"))
    p = predicted - predicted.mean(axis=0)
    y = observed - observed.mean(axis=0)
    scale_p, scale_y = np.linalg.norm(p, axis=0), np.linalg.norm(y, axis=0)
    rounding = _FLAT * np.sqrt(len(p)) * _largest(predicted, observed)
    flat, silent = scale_p <= rounding, scale_y <= rounding
    product = np.einsum("ij,ij->j", p, y)
    r = np.zeros(p.shape[1])
    good = ~flat & ~silent
    r[good] = product[good] / (scale_p[good] * scale_y[good])
    r[silent] = np.nan
    return r


def correlate_resampled(predicted: Array, observed: Array, weights: Array, *, constant: float = 0.0) -> Array:
    """Pearson correlation of each column for every resample of the stimuli.

    Parameters
    ----------
    predicted, observed : ndarray, shape (n_stimuli, n_sites)
        NaN where a site was not shown a stimulus.
    weights : ndarray, shape (n_resamples, n_stimuli)
        How often each resample holds each stimulus.
    constant : float
        What a constant prediction scores.

    Returns
    -------
    ndarray, shape (n_resamples, n_sites)
        ``constant`` for a constant prediction; NaN for a constant response and for fewer than 3 different stimuli.
    """
    if not (isinstance(constant, float) and np.isnan(constant)):  # NaN is one of its values
        check_number(constant, what="constant")
    predicted, observed = check_columns(predicted, observed, names=("predicted", "observed"))
    weights = check_weights(weights, len(predicted))
    shown = np.isfinite(predicted) & np.isfinite(observed)
    counts = np.maximum(shown.sum(axis=0), 1)
    p = np.where(shown, predicted, 0.0)
    y = np.where(shown, observed, 0.0)
    # Subtracting the plain mean first keeps the sums of squares free of cancellation.
    p = np.where(shown, p - p.sum(axis=0) / counts, 0.0)
    y = np.where(shown, y - y.sum(axis=0) / counts, 0.0)
    rounding = (_FLAT * _largest(np.where(shown, predicted, 0.0), np.where(shown, observed, 0.0))) ** 2
    n_sites = p.shape[1]
    sums = weights @ np.concatenate([shown, p, y, p * p, y * y, p * y], axis=1)
    n, sp, sy, spp, syy, spy = (sums[:, i * n_sites : (i + 1) * n_sites] for i in range(6))
    different = (weights > 0).astype(np.float64) @ shown
    with np.errstate(divide="ignore", invalid="ignore"):
        var_p, var_y = spp - sp * sp / n, syy - sy * sy / n
        r: Array = (spy - sp * sy / n) / np.sqrt(var_p * var_y)
    r = np.where(var_p <= n * rounding, constant, np.clip(r, -1.0, 1.0))
    r[(different < 3) | (var_y <= n * rounding)] = np.nan
    return r


def _largest(predicted: Array, observed: Array) -> Array:
    """Largest absolute value of a site, shape (n_sites,)."""
    largest: Array = np.maximum(np.abs(predicted).max(axis=0, initial=0.0), np.abs(observed).max(axis=0, initial=0.0))
    return largest
