"""What single stimuli do to a cross-validated correlation: as test stimuli, and as training stimuli.

A bootstrap that repeats stimuli inside small test folds lowers every r and makes it noisier than new stimuli would, and
with predictions left as they are it knows nothing of training.  Influences have neither fault: to first order, a
resample in which stimulus i stands w_i times changes r by ``Σ_i (w_i - 1) U_i``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from brainconv.reliability import correlate_resampled

Array = NDArray[np.float64]
Index = NDArray[np.intp]

_BLOCK = 2**22  # numbers held at once for several rows of signs: 32 MiB


def measure_test(predictions: Array, observed: Array, units: Index) -> Array:
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
    factor = np.sqrt(len(names) / (len(names) - 1.0))
    if len(names) < n:  # the mean influence of a group of several is no fault of its members
        each = np.stack([influence[member == k].sum(axis=0) for k in range(len(names))])
        sizes = np.bincount(member)[:, None]
        influence -= (each.mean(axis=0) / sizes)[member]
    scaled: Array = influence * factor
    return scaled


def measure_training(
    predictions: Array, observed: Array, smoother: Array, errors: Array, *, signs: tuple[Array, Array]
) -> tuple[Array, Array]:
    """Influence of each training stimulus on the correlation with the test stimuli.

    Leaving training stimulus j out changes the prediction of test stimulus i by ``-B_ij z_j``, with the smoother B and
    the leave-one-out error z; the gradient of r does the rest.  What training and test stimuli do to r together counts
    once for each of the two; ``pairs`` holds what has to be taken away.

    Parameters
    ----------
    predictions, observed : ndarray, shape (n_test, n_sites)
        Finite.
    smoother : ndarray, shape (n_test, n_train)
        What each training response adds to each prediction.
    errors : ndarray, shape (n_train, n_sites)
        Of each training stimulus (with its group), by a read-out fitted without it.
    signs : (ndarray, ndarray), shapes (n_signs, n_test) and (n_signs, n_train)
        Random signs of what is drawn.

    Returns
    -------
    influence : ndarray, shape (n_train, n_sites)
        0 for a constant prediction or response.
    pairs : ndarray, shape (n_signs, n_sites)
        ``Σ_ij ε_i ε_j u_ij`` of the joint influences u of test stimulus i and training stimulus j, less their means:
        the mean of its squares is the variance that a pair of stimuli adds, without the n × n matrix of pairs.

    References
    ----------
    Efron B, Stein C (1981), Ann. Stat. 9:586, doi:10.1214/aos/1176345462 (what a jackknife counts twice);
    Hutchinson M F (1989), Commun. Stat. Simul. Comput. 18:1059, doi:10.1080/03610918908812806 (random signs).
    """
    p, y = predictions - predictions.mean(axis=0), observed - observed.mean(axis=0)
    spread_p, spread_y = np.linalg.norm(p, axis=0), np.linalg.norm(y, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        r = np.einsum("ij,ij->j", p, y) / (spread_p * spread_y)
        gradient = y / (spread_p * spread_y) - r * p / spread_p**2
    gradient[:, ~np.isfinite(gradient).all(axis=0)] = 0.0
    # r does not see a shift; without it a site whose predictions hardly vary has no huge terms that cancel
    centred = smoother - smoother.mean(axis=0)
    influence = (centred.T @ gradient) * errors
    test, train = signs
    n_train, n_sites = errors.shape
    pairs = np.empty((len(test), n_sites))
    together = max(1, _BLOCK // max(n_train * n_sites, 1))
    for first in range(0, len(test), together):
        part = slice(first, first + together)
        signed = (train[part].T[:, :, None] * errors[:, None, :]).reshape(n_train, -1)
        moved = (centred @ signed).reshape(len(predictions), -1, n_sites)
        pairs[part] = np.einsum("ibs,is,bi->bs", moved, gradient, test[part])
    # less what each test stimulus, and each training stimulus, does on average over the others
    mean = influence.mean(axis=0) / len(predictions)
    own = np.einsum("is,is->is", gradient, centred @ errors) / n_train
    pairs += mean * test.sum(axis=1)[:, None] * train.sum(axis=1)[:, None]
    pairs -= (test @ own) * train.sum(axis=1)[:, None]
    pairs -= (train @ influence) * test.sum(axis=1)[:, None] / len(predictions)
    return influence, pairs


def draw_signs(n_signs: int, units: Index, *, random_state: int = 0) -> Array:
    """Random signs of what is drawn, the same for all stimuli of a group.

    Parameters
    ----------
    n_signs : int
    units : ndarray of int, shape (n_stimuli,)
    random_state : int

    Returns
    -------
    ndarray, shape (n_signs, n_stimuli)
    """
    rng = np.random.default_rng([random_state, 12])
    signs: Array = rng.choice([-1.0, 1.0], size=(n_signs, int(units.max(initial=-1)) + 1))[:, units]
    return signs
