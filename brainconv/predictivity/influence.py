"""What each test stimulus does to a cross-validated correlation, from which the correlation of any resample follows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from brainconv.reliability import correlate_resampled

Array = NDArray[np.float64]
Index = NDArray[np.intp]


def measure_influence(predictions: Array, observed: Array, units: Index) -> Array:
    """Influence of each test stimulus on the correlation of predictions and responses, predictions fixed.

    Parameters
    ----------
    predictions, observed : ndarray, shape (n_test, n_sites)
        NaN where a site lacks a stimulus.
    units : ndarray of int, shape (n_test,)
        What is drawn: the number of the stimulus, or of its group.

    Returns
    -------
    ndarray, shape (n_test, n_sites)
        From the correlations without each stimulus (the jackknife), so that the sum of their squares over what is drawn
        estimates the variance of r; 0 where r is undefined, and where all stimuli belong to one group.

    References
    ----------
    Efron B (1982), The Jackknife, the Bootstrap and Other Resampling Plans, doi:10.1137/1.9781611970319 (ch. 3).

    Notes
    -----
    The jackknife's variance of a correlation over n stimuli is too large, by about n / (n - 2) for correlations up to
    .6: 1.29 times for nine stimuli.  Fitting on other stimuli, which fixed predictions do not know of, adds about as
    much, and the two meet in the intervals (docs/calibration.md).
    """
    names, member = np.unique(units, return_inverse=True)
    if len(names) < 2:
        return np.zeros_like(predictions)
    n = len(predictions)
    without = correlate_resampled(predictions, observed, 1.0 - np.eye(n))
    known = np.isfinite(without) & np.isfinite(predictions) & np.isfinite(observed)
    count = np.maximum(known.sum(axis=0), 1)
    kept = np.where(known, without, 0.0)
    influence: Array = np.where(known, kept.sum(axis=0) / count - kept, 0.0) * (count - 1) / count
    if len(names) < n:  # the mean influence of a group of several is no fault of its members
        each = np.stack([influence[member == k].sum(axis=0) for k in range(len(names))])
        sizes = np.bincount(member)[:, None]
        influence -= (each.mean(axis=0) / sizes)[member]
    return np.asarray(influence * np.sqrt(len(names) / (len(names) - 1.0)))
