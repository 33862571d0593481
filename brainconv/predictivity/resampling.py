"""The two-factor bootstrap over stimuli and sites: what is drawn, and the correlations that follow."""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.intp]

INTERVAL = (2.5, 97.5)
MIN_ANIMALS = 5


def draw_stimuli(
    n_resamples: int, n_stimuli: int, *, groups: NDArray[np.str_] | None = None, random_state: int = 0
) -> Array:
    """Draw stimuli with replacement.

    Parameters
    ----------
    n_resamples, n_stimuli : int
    groups : ndarray of str, shape (n_stimuli,), optional
        Whole groups are drawn, as stimuli of one photograph are no independent witnesses.
    random_state : int

    Returns
    -------
    ndarray, shape (n_resamples, n_stimuli)
        How often each resample holds each stimulus; the same for the same number, groups and seed.
    """
    rng = np.random.default_rng([random_state, 3])
    if groups is None:
        return rng.multinomial(n_stimuli, np.full(n_stimuli, 1.0 / n_stimuli), size=n_resamples).astype(np.float64)
    names, member = np.unique(groups, return_inverse=True)
    drawn = rng.multinomial(len(names), np.full(len(names), 1.0 / len(names)), size=n_resamples)
    return drawn[:, member].astype(np.float64)


def draw_sites(
    n_resamples: int,
    n_sites: int,
    *,
    area: str,
    animals: NDArray[np.str_] | None = None,
    random_state: int = 0,
) -> Index:
    """Draw sites with replacement, or animals and then sites of theirs.

    Parameters
    ----------
    n_resamples, n_sites : int
    area : str
        Each area has its own draw, so that one area's interval does not depend on what else was recorded.
    animals : ndarray of str, shape (n_sites,), optional
        Where there are `MIN_ANIMALS` or more, as many animals as there are are drawn first, and every place is filled
        with a site of one of them, each animal as likely as it has sites.  Fewer animals are too few to be drawn.
    random_state : int

    Returns
    -------
    ndarray of int, shape (n_resamples, n_sites)
    """
    rng = np.random.default_rng([random_state, 4, crc32(area.encode())])
    if not can_draw_animals(animals):
        return rng.integers(0, n_sites, size=(n_resamples, n_sites))
    names, member = np.unique(np.asarray(animals), return_inverse=True)
    own = [np.flatnonzero(member == k) for k in range(len(names))]
    sizes = np.array([len(places) for places in own], dtype=np.float64)
    picks = np.empty((n_resamples, n_sites), dtype=np.intp)
    for row in picks:
        drawn = rng.integers(0, len(names), size=len(names))
        chosen = rng.choice(drawn, size=n_sites, p=sizes[drawn] / sizes[drawn].sum())
        row[:] = [own[animal][rng.integers(0, len(own[animal]))] for animal in chosen]
    return picks


def can_draw_animals(animals: NDArray[np.str_] | None) -> bool:
    """Whether there are animals enough for intervals that speak about new ones.

    Parameters
    ----------
    animals : ndarray of str, shape (n_sites,), or None

    Returns
    -------
    bool
    """
    return animals is not None and len(set(animals.tolist())) >= MIN_ANIMALS


def resample_r(r: Array, influence: list[Array], test: Sequence[Index], weights: Array) -> Array:
    """Correlation of every resample, split and site, to first order in what each stimulus counts.

    Parameters
    ----------
    r : ndarray, shape (n_splits, n_sites)
    influence : list of ndarray, shape (n_test, n_sites)
        One per split: of each test stimulus on ``r``.
    test : sequence of ndarray of int
        The test stimuli of each split.
    weights : ndarray, shape (n_resamples, n_stimuli)
        How often each resample holds each stimulus.

    Returns
    -------
    ndarray, shape (n_resamples, n_splits, n_sites)
        Centred on ``r``.
    """
    return r + np.stack([(weights[:, held] - 1.0) @ one for one, held in zip(influence, test, strict=True)], axis=1)


def aggregate(r: Array, *, median_first: bool) -> Array:
    """One number from correlations of splits and sites.

    Parameters
    ----------
    r : ndarray, shape (..., n_splits, n_sites)
        NaN where it is undefined; such cells are left out.
    median_first : bool
        Median over sites within a split, then mean over splits (Brain-Score); else mean over splits for each site, then
        median over sites.

    Returns
    -------
    ndarray, shape (...)
    """
    if median_first:
        return nanmean(nanmedian(r), axis=-1)
    return nanmedian(nanmean(r, axis=-2))


def mean_over_sites(r: Array) -> Array:
    """Mean over sites of the mean over splits.

    Parameters
    ----------
    r : ndarray, shape (..., n_splits, n_sites)
        NaN where it is undefined; such cells are left out.

    Returns
    -------
    ndarray, shape (...)
    """
    return nanmean(nanmean(r, axis=-2), axis=-1)


def nanmean(values: Array, *, axis: int) -> Array:
    """Mean of the finite values; NaN, without a warning, where there is none.

    Parameters
    ----------
    values : ndarray
    axis : int

    Returns
    -------
    ndarray
    """
    finite = np.isfinite(values)
    count = finite.sum(axis=axis)
    total = np.where(finite, values, 0.0).sum(axis=axis)
    mean: Array = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return mean


def nanmedian(values: Array) -> Array:
    """Median over the last axis of the finite values; NaN, without a warning, where there is none.

    Parameters
    ----------
    values : ndarray, shape (..., n)

    Returns
    -------
    ndarray, shape (...)
    """
    ordered = np.sort(values, axis=-1)  # NaN go last
    count = np.isfinite(ordered).sum(axis=-1)
    low = np.take_along_axis(ordered, np.maximum((count - 1) // 2, 0)[..., None], axis=-1)[..., 0]
    high = np.take_along_axis(ordered, np.minimum(count // 2, ordered.shape[-1] - 1)[..., None], axis=-1)[..., 0]
    median: Array = np.where(count > 0, (low + high) / 2, np.nan)
    return median
