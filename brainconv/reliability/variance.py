"""Signal and noise variance of repeated responses, and the scores that are defined by them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainconv.errors import InvalidInputError
from brainconv.reliability.arguments import check_repeats
from brainconv.validation import check_array

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class VarianceParts:
    """Variance of responses over stimuli, taken apart, per site.

    Parameters
    ----------
    total : ndarray, shape (n_sites,)
        Variance over stimuli of the mean over repeats (squared unit of the responses).
    noise : ndarray, shape (n_sites,)
        Variance over the repeats of a stimulus, averaged over stimuli.
    noise_of_mean : ndarray, shape (n_sites,)
        Expected part of ``total`` that is noise.
    signal : ndarray, shape (n_sites,)
        ``total - noise_of_mean``: the signal power.  It can be negative by chance and is not clipped.
    """

    total: Array
    noise: Array
    noise_of_mean: Array
    signal: Array


def compute_variance_parts(responses: Array) -> VarianceParts:
    """Signal power and noise variance of each site.

    Parameters
    ----------
    responses : ndarray, shape (n_stimuli, n_repeats, n_sites)
        NaN marks an absent repeat.  Stimuli with one repeat count for the total variance only.

    Returns
    -------
    VarianceParts

    References
    ----------
    Sahani & Linden (2002), "How linear are auditory cortical responses?", NeurIPS 15 (Eq. 1).

    Notes
    -----
    Differs from the paper where stimuli have different numbers of repeats: the noise variance is averaged over stimuli
    and each mean is taken to carry ``noise / R`` of it.  For equal numbers the estimate is the paper's, but for a drift
    shared by all stimuli of a repeat, which counts as noise here.
    """
    responses = check_repeats(responses)
    counts = np.isfinite(responses).sum(axis=1)
    shown, repeated = counts > 0, counts > 1
    means = np.where(shown, np.nansum(responses, axis=1) / np.maximum(counts, 1), np.nan)
    squares = np.nansum((responses - means[:, None, :]) ** 2, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        variances = squares / (counts - 1)
        n = shown.sum(axis=0)
        noise = np.where(repeated, variances, 0.0).sum(axis=0) / repeated.sum(axis=0)
        noise_of_mean = noise * np.where(shown, 1.0 / counts, 0.0).sum(axis=0) / n
        centred = np.where(shown, means - np.where(shown, means, 0.0).sum(axis=0) / n, 0.0)
        total = (centred**2).sum(axis=0) / (n - 1)
    return VarianceParts(total=total, noise=noise, noise_of_mean=noise_of_mean, signal=total - noise_of_mean)


def compute_ncsnr(responses: Array) -> Array:
    """Noise-ceiling signal-to-noise ratio: standard deviation of the signal over that of the noise of one repeat.

    Parameters
    ----------
    responses : ndarray, shape (n_stimuli, n_repeats, n_sites)

    Returns
    -------
    ndarray, shape (n_sites,)
        0 where the signal power is not above zero.

    References
    ----------
    Allen et al. (2022), Nat. Neurosci. 25:116, doi:10.1038/s41593-021-00962-x (Methods, "Noise ceiling estimation").
    """
    parts = compute_variance_parts(responses)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio: Array = np.sqrt(np.maximum(parts.signal, 0.0) / parts.noise)
    return ratio


def compute_ccnorm(predictions: Array, responses: Array) -> Array:
    """Correlation of prediction and mean response, normalised by the signal power.

    Parameters
    ----------
    predictions : ndarray, shape (n_stimuli, n_sites)
    responses : ndarray, shape (n_stimuli, n_repeats, n_sites)

    Returns
    -------
    ndarray, shape (n_sites,)
        ``Cov(y, m) / sqrt(Var(m) SP)``; NaN where the signal power SP is not above zero.

    Raises
    ------
    InvalidInputError
        If the shapes do not agree.

    References
    ----------
    Schoppe et al. (2016), Front. Comput. Neurosci., doi:10.3389/fncom.2016.00010 (Eq. 13).
    """
    responses = check_repeats(responses)
    means, predictions = _aligned(predictions, responses)
    parts = compute_variance_parts(responses)
    m, y = (_centred(values, np.isfinite(means)) for values in (predictions, means))
    n = np.isfinite(means).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        signal = np.where(parts.signal > 0, parts.signal, np.nan)
        return np.asarray((m * y).sum(axis=0) / np.sqrt((m * m).sum(axis=0) * (n - 1) * signal))


def compute_feve(predictions: Array, responses: Array) -> Array:
    """Fraction of the explainable variance explained, on single repeats.

    Parameters
    ----------
    predictions : ndarray, shape (n_stimuli, n_sites)
        In the unit of the responses: scale and offset count.
    responses : ndarray, shape (n_stimuli, n_repeats, n_sites)

    Returns
    -------
    ndarray, shape (n_sites,)
        ``(total - MSE) / (total - noise)`` with variances over single repeats; NaN where nothing is explainable.

    Raises
    ------
    InvalidInputError
        If the shapes do not agree.

    References
    ----------
    Cadena et al. (2019), PLoS Comput. Biol., doi:10.1371/journal.pcbi.1006897 (Eq. 10).
    """
    responses = check_repeats(responses)
    _, predictions = _aligned(predictions, responses)
    noise = compute_variance_parts(responses).noise
    error = np.nanmean((responses - predictions[:, None, :]) ** 2, axis=(0, 1))
    total = np.nanvar(responses, axis=(0, 1), ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((total - error) / np.where(total > noise, total - noise, np.nan))


def compute_r2_er(predictions: Array, responses: Array) -> Array:
    """Squared correlation of the prediction with the true mean response, corrected for noise.

    Parameters
    ----------
    predictions : ndarray, shape (n_stimuli, n_sites)
    responses : ndarray, shape (n_stimuli, n_repeats, n_sites)

    Returns
    -------
    ndarray, shape (n_sites,)

    Raises
    ------
    InvalidInputError
        If the shapes do not agree.

    References
    ----------
    Pospisil & Bair (2021), PLoS Comput. Biol., doi:10.1371/journal.pcbi.1009212.

    Notes
    -----
    Differs from the paper: the noise variance is that of the responses as they are; for spike counts take their root
    first.
    """
    responses = check_repeats(responses)
    means, predictions = _aligned(predictions, responses)
    parts = compute_variance_parts(responses)
    shown = np.isfinite(means)
    m, y = (_centred(values, shown) for values in (predictions, means))
    n = shown.sum(axis=0)
    mm, yy, my = (m * m).sum(axis=0), (y * y).sum(axis=0), (m * y).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        below = mm * (yy - (n - 1) * parts.noise_of_mean)
        return np.asarray((my**2 - parts.noise_of_mean * mm) / np.where(below > 0, below, np.nan))


def _aligned(predictions: Array, responses: Array) -> tuple[Array, Array]:
    responses = check_repeats(responses)
    n_stimuli, _, n_sites = responses.shape
    predictions = check_array(predictions, (n_stimuli, n_sites), what="Predictions")
    counts = np.isfinite(responses).sum(axis=1)
    means = np.where(counts > 0, np.nansum(responses, axis=1) / np.maximum(counts, 1), np.nan)
    if not np.isfinite(predictions[np.isfinite(means)]).all():
        msg = "Predictions hold NaN for stimuli that have responses; give a prediction for each of them."
        raise InvalidInputError(msg)
    return means, predictions


def _centred(values: Array, shown: NDArray[np.bool_]) -> Array:
    kept = np.where(shown, values, 0.0)
    centred: Array = np.where(shown, kept - kept.sum(axis=0) / np.maximum(shown.sum(axis=0), 1), 0.0)
    return centred
