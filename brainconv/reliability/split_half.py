"""Split-half reliability: how far one half of the repeats agrees with the other, carried to all repeats."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from brainconv.arrays import check_broadcast, read_array
from brainconv.errors import InvalidInputError
from brainconv.reliability.arguments import check_repeats, check_weights
from brainconv.reliability.correlation import correlate_resampled
from brainconv.validation import check_array, check_count, check_seed

Array = NDArray[np.float64]


def apply_spearman_brown(r: ArrayLike, factor: ArrayLike = 2.0) -> Array:
    """Reliability of a mean over ``factor`` times as many repeats.

    Parameters
    ----------
    r : array_like
        Correlation between two halves.
    factor : array_like
        How many times more repeats (2 for equal halves).

    Returns
    -------
    ndarray
        ``factor r / (1 + (factor - 1) r)``; NaN where the denominator is not above zero.

    References
    ----------
    Spearman (1910), Br. J. Psychol. 3:271, doi:10.1111/j.2044-8295.1910.tb00206.x; Brown (1910), ibid. 3:296.
    """
    r, factor = read_array(r, what="r"), read_array(factor, what="factor")
    check_broadcast(r=r, factor=factor)
    below = 1.0 + (factor - 1.0) * r
    with np.errstate(divide="ignore", invalid="ignore"):
        carried: Array = np.where(below > 0, factor * r / below, np.nan)
    return carried


def count_repeats(responses: Array) -> NDArray[np.intp]:
    """Number of repeats of each stimulus at each site.

    Parameters
    ----------
    responses : ndarray, shape (n_stimuli, n_repeats, n_sites)
        NaN marks an absent repeat.

    Returns
    -------
    ndarray of int, shape (n_stimuli, n_sites)
    """
    responses = check_repeats(responses)
    counts: NDArray[np.intp] = np.isfinite(responses).sum(axis=1)
    return counts


def carry_factor(counts: NDArray[np.intp], weights: Array) -> Array:
    """How many times more repeats the full mean has than a half, where stimuli have different numbers of them.

    The noise of a mean falls with the number of repeats, so that the factor is the ratio of mean reciprocal numbers:
    ``mean(1 / h) / mean(1 / R)`` with ``h = floor(R / 2)``; 2 for equal even numbers, R / h for equal odd ones.

    Parameters
    ----------
    counts : ndarray of int, shape (n_stimuli, n_sites)
    weights : ndarray, shape (n_resamples, n_stimuli)
        How often a resample holds each stimulus.

    Returns
    -------
    ndarray, shape (n_resamples, n_sites)
        NaN for a site without a stimulus of two repeats.
    """
    counts = check_array(counts, (None, None), what="counts", dtype=np.intp)
    if counts.size and counts.min() < 0:
        msg = f"counts holds {counts.min()}; expected numbers of repeats, none below 0."
        raise InvalidInputError(msg)
    weights = check_weights(weights, len(counts))
    halves, shown = counts // 2, counts > 0
    split = halves > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        half_noise = (weights @ np.where(split, 1.0 / halves, 0.0)) / (weights @ split.astype(float))
        full_noise = (weights @ np.where(shown, 1.0 / counts, 0.0)) / (weights @ shown.astype(float))
        factor: Array = half_noise / full_noise
    return factor


def draw_halves(responses: Array, *, n_splits: int = 100, random_state: int = 0) -> Iterator[tuple[Array, Array]]:
    """Means over two random halves of the repeats of each stimulus.

    A repeat falls on the same side for every site, so that what sites share is kept.  Of an odd number of repeats a
    random one is left out.

    Parameters
    ----------
    responses : ndarray, shape (n_stimuli, n_repeats, n_sites)
        NaN marks an absent repeat.
    n_splits : int
    random_state : int

    Yields
    ------
    pair of ndarray, shape (n_stimuli, n_sites)
        NaN for a stimulus with fewer than two repeats.
    """
    responses = check_repeats(responses)
    check_count(n_splits, what="n_splits")
    check_seed(random_state)
    return _draw_halves(responses, n_splits, random_state)


def _draw_halves(responses: Array, n_splits: int, random_state: int) -> Iterator[tuple[Array, Array]]:
    rng = np.random.default_rng([random_state, 2])
    n_stimuli, n_repeats, _ = responses.shape
    valid = np.isfinite(responses)
    values = np.where(valid, responses, 0.0)
    alike = bool((valid == valid[:, :, :1]).all())
    mask = valid[:, :, :1] if alike else valid
    half = mask.sum(axis=1, keepdims=True) // 2
    with np.errstate(divide="ignore"):
        share = np.where(half > 0, 1.0 / half, np.nan)[:, 0, :]
    for _ in range(n_splits):
        keys = rng.random((n_stimuli, n_repeats))[:, :, None]
        rank = np.where(mask, keys, np.inf).argsort(axis=1).argsort(axis=1)
        first, second = rank < half, (rank >= half) & (rank < 2 * half)
        if alike:
            pair = [np.matmul(side[:, None, :, 0].astype(float), values)[:, 0] for side in (first, second)]
        else:
            pair = [np.einsum("nrs,nrs->ns", side, values) for side in (first, second)]
        yield pair[0] * share, pair[1] * share


def split_half_reliability(
    responses: Array, *, n_splits: int = 100, random_state: int = 0, weights: Array | None = None
) -> tuple[Array, Array]:
    """Reliability of the mean over all repeats, from random halves and the Spearman-Brown formula.

    The correlation between halves is averaged over the splits and then carried to the full number of repeats.

    Parameters
    ----------
    responses : ndarray, shape (n_stimuli, n_repeats, n_sites)
        NaN marks an absent repeat.
    n_splits : int
        Random splits into halves.
    random_state : int
    weights : ndarray, shape (n_resamples, n_stimuli), optional
        How often a resample holds each stimulus; the splits are the same for every resample.

    Returns
    -------
    reliability : ndarray, shape (n_sites,) or (n_resamples, n_sites)
        The largest r² that a noise-free model can reach in expectation; its root is the largest r.
    spread : ndarray, of the same shape
        Standard deviation over splits of the carried value: the randomness of the splits, not the uncertainty of the
        reliability.
    """
    responses = check_repeats(responses)
    check_count(n_splits, what="n_splits")
    check_seed(random_state)
    if weights is not None:
        weights = check_weights(weights, len(responses))
    resamples = np.ones((1, len(responses))) if weights is None else weights
    factor = carry_factor(count_repeats(responses), resamples)
    total = square = spread_total = np.zeros(1)
    for first, second in draw_halves(responses, n_splits=n_splits, random_state=random_state):
        r = correlate_resampled(first, second, resamples, constant=np.nan)
        carried = apply_spearman_brown(r, factor)
        total = total + r
        spread_total = spread_total + carried
        square = square + carried**2
    variance = np.maximum(square / n_splits - (spread_total / n_splits) ** 2, 0.0)
    reliability, spread = apply_spearman_brown(total / n_splits, factor), np.sqrt(variance)
    return (reliability[0], spread[0]) if weights is None else (reliability, spread)
