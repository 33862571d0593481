"""Dissimilarities of all pairs of stimuli from one Gram matrix, without the activations themselves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from brainconv.similarity.ranks import restore_ties
from brainconv.validation import check_choice

Floats = NDArray[np.float64]

# A pattern whose spread is below this share of the mean power of all patterns is constant within the precision of X.
PRECISION = {"float32": 1e-7, "float64": 1e-13}


# A larger error would be taken for equality of what differs; such a layer keeps its digits.
_LARGEST_ERROR = 1e-6


def _normalised_distance(products: Floats, size: Floats, precision: float) -> Floats:
    """1 - products_ij / sqrt(products_ii products_jj); NaN where a pattern has no length.

    Products whose common part was taken off are as exact as it was: their error is a share of the size before.
    """
    power = np.diag(products).copy()
    power[power <= precision * max(float(size.mean()), 0.0)] = np.nan
    scale = 1.0 / np.sqrt(power)
    distance = 1.0 - products * scale[:, None] * scale[None, :]
    kept = np.isfinite(power)
    error = precision * float(np.median(size[kept] / power[kept])) if kept.any() else 0.0
    return _restore(np.clip(distance, 0.0, 2.0), error)


def _squared(gram: Floats, precision: float) -> Floats:
    power = np.diag(gram)
    squared = np.maximum(power[:, None] + power[None, :] - 2.0 * gram, 0.0)
    return _restore(squared, 4.0 * precision * float(np.median(power)))


def _restore(square: Floats, error: float) -> Floats:
    """The upper triangle, with distances equal that only rounding keeps apart."""
    row = square[np.triu_indices(len(square), 1)]
    largest = float(np.nanmax(row, initial=0.0)) if np.isfinite(row).any() else 0.0
    return restore_ties(row, error) if error <= _LARGEST_ERROR * largest else row


def _correlation(gram: Floats, sums: Floats, n_units: int, precision: float) -> Floats:
    return _normalised_distance(gram - np.outer(sums, sums) / n_units, np.diag(gram), precision)


def _cosine(gram: Floats, sums: Floats, n_units: int, precision: float) -> Floats:  # noqa: ARG001
    return _normalised_distance(gram, np.diag(gram), precision)


def _cosine_centred(gram: Floats, sums: Floats, n_units: int, precision: float) -> Floats:  # noqa: ARG001
    means = gram.mean(axis=0)
    return _normalised_distance(gram - means[:, None] - means[None, :] + means.mean(), np.diag(gram), precision)


def _euclidean(gram: Floats, sums: Floats, n_units: int, precision: float) -> Floats:  # noqa: ARG001
    return np.sqrt(_squared(gram, precision))


def _sqeuclidean_per_unit(gram: Floats, sums: Floats, n_units: int, precision: float) -> Floats:  # noqa: ARG001
    return _squared(gram, precision) / n_units


ESTIMATORS: dict[str, Callable[[Floats, Floats, int, float], Floats]] = {
    "correlation": _correlation,
    "sqeuclidean_per_unit": _sqeuclidean_per_unit,
    "euclidean": _euclidean,
    "cosine": _cosine,
    "cosine_centred": _cosine_centred,
}


def estimate_from_gram(
    gram: Floats, unit_sums: Floats, n_units: int, *, estimator: str = "correlation", feature_dtype: str = "float64"
) -> Floats:
    """Dissimilarities of all pairs of patterns.

    Parameters
    ----------
    gram : ndarray, float64, shape (n_stimuli, n_stimuli)
        ``X @ X.T`` of the patterns X, not centred.
    unit_sums : ndarray, float64, shape (n_stimuli,)
        ``X.sum(axis=1)``.
    n_units : int
        Number of columns of X.
    estimator : {"correlation", "sqeuclidean_per_unit", "euclidean", "cosine", "cosine_centred"}
        ``correlation`` is 1 - Pearson's r over units; ``sqeuclidean_per_unit`` the squared distance divided by the
        number of units; ``euclidean`` its plain length; ``cosine`` 1 - cosine; ``cosine_centred`` the same after the
        mean pattern over stimuli has been removed.
    feature_dtype : {"float32", "float64"}
        Precision of X, which decides what counts as a constant pattern, and which distances only rounding keeps apart
        where most of them are tied (`restore_ties`).

    Returns
    -------
    ndarray, float64, shape (n_pairs,)
        Upper triangle, in the order of `scipy.spatial.distance.squareform`; NaN for every pair that holds a pattern of
        no spread (correlation) or no length (cosine), never 0.

    Raises
    ------
    NotFoundError
        If there is no such estimator.

    References
    ----------
    Kriegeskorte N, Mur M, Bandettini P (2008), doi:10.3389/neuro.06.004.2008.
    """
    check_choice(feature_dtype, PRECISION, what="feature dtype")
    check_choice(estimator, ESTIMATORS, what="RDM estimator")
    return ESTIMATORS[estimator](gram, unit_sums, n_units, PRECISION[feature_dtype])
