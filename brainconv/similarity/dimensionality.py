"""How many dimensions a layer uses, and how its variance falls off over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student

from brainconv.containers import Representation
from brainconv.containers.checks import check_semidefinite
from brainconv.errors import InvalidInputError
from brainconv.similarity.estimators import PRECISION
from brainconv.similarity.geometry import list_layers
from brainconv.similarity.kernels import centre_gram
from brainconv.validation import check_array, check_choice, check_count, check_instance, check_seed

Floats = NDArray[np.float64]

_LEAST_STIMULI = 4
_GROUPS = 20
_LEAST_FOR_INTERVAL = 80


def compute_dimensionality(
    representations: Representation | Mapping[str, Representation] | Sequence[Representation],
    *,
    random_state: int = 0,
) -> pd.DataFrame:
    """Effective dimensionality and spectral slope of every layer.

    Parameters
    ----------
    representations : Representation, mapping or sequence of Representation
    random_state : int
        Seed of the groups of stimuli behind the interval.

    Returns
    -------
    DataFrame
        One row per layer: ``model, weights, layer, layer_index, n_stimuli, n_units``; ``participation_ratio`` as found
        in these stimuli, ``effective_dimensionality`` corrected for their number, with ``ci_low, ci_high`` (95 %,
        Student's t on the jackknife over 20 groups of stimuli; NaN for fewer than 80); ``spectral_slope`` with the
        ranks ``slope_from, slope_to`` that it was fitted to.

    Raises
    ------
    InvalidInputError
        If a layer has fewer than 4 stimuli.
    """
    check_seed(random_state)
    rows = []
    for layer in list_layers(representations):
        slope, first, last = compute_spectral_slope(layer.gram, feature_dtype=layer.feature_dtype)
        low, high = _interval(layer.gram, random_state)
        rows.append(
            {
                "model": layer.model,
                "weights": layer.weights,
                "layer": layer.layer,
                "layer_index": layer.layer_index,
                "n_stimuli": layer.n_stimuli,
                "n_units": layer.n_units,
                "participation_ratio": compute_participation_ratio(layer.gram),
                "effective_dimensionality": compute_effective_dimensionality(layer.gram),
                "ci_low": low,
                "ci_high": high,
                "spectral_slope": slope,
                "slope_from": first,
                "slope_to": last,
            }
        )
    return pd.DataFrame(rows)


def _interval(gram: Floats, seed: int) -> tuple[float, float]:
    """A bootstrap would hold copies of stimuli, which lie in fewer dimensions than stimuli of their own."""
    n = len(gram)
    if n < _LEAST_FOR_INTERVAL:
        return np.nan, np.nan
    groups = np.array_split(np.random.default_rng(seed).permutation(n), _GROUPS)
    kept = [np.setdiff1d(np.arange(n), group) for group in groups]
    without = np.array([compute_effective_dimensionality(gram[np.ix_(rest, rest)]) for rest in kept])
    error = np.sqrt((_GROUPS - 1) / _GROUPS * np.sum((without - without.mean()) ** 2))
    half = float(student.ppf(0.975, _GROUPS - 1) * error)
    value = compute_effective_dimensionality(gram)
    return value - half, value + half


def _check_gram(gram: Any) -> Floats:
    matrix = check_array(gram, (None, None), what="gram", finite=True)
    if len(matrix) < 2:
        msg = f"gram has shape {matrix.shape}; expected (n_stimuli, n_stimuli) with at least 2 stimuli."
        raise InvalidInputError(msg)
    matrix = check_array(matrix, (len(matrix), len(matrix)), what="gram")
    check_semidefinite(matrix)
    return matrix


def compute_participation_ratio(gram: Floats) -> float:
    """(Σ λ)² / Σ λ² of the covariance over these stimuli; (n - 1) p / (n + p) for p isotropic units.

    Parameters
    ----------
    gram : ndarray, shape (n_stimuli, n_stimuli)
        Not centred.

    Returns
    -------
    float
        NaN for a layer without variance.
    """
    gram = _check_gram(gram)
    centred = centre_gram(gram)
    squared = float(np.einsum("ij,ij->", centred, centred))
    return float(np.trace(centred) ** 2 / squared) if squared > 0 else np.nan


def compute_effective_dimensionality(gram: Floats) -> float:
    """The participation ratio of the population of stimuli, estimated from a sample of them.

    Parameters
    ----------
    gram : ndarray, shape (n_stimuli, n_stimuli)
        Not centred.

    Returns
    -------
    float
        Ratio of the unbiased estimates of (tr Σ)² and tr Σ², means over sets of four different stimuli of products
        of squared distances.  NaN where the second is not above 0.

    Raises
    ------
    InvalidInputError
        If there are fewer than 4 stimuli.

    References
    ----------
    tr Σ²: Song L et al. (2012), JMLR 13:1393, eq. 5.  (tr Σ)² likewise; no distribution is assumed.
    """
    gram = _check_gram(gram)
    n = len(gram)
    if n < _LEAST_STIMULI:
        msg = f"Effective dimensionality needs at least {_LEAST_STIMULI} stimuli; found {n}."
        raise InvalidInputError(msg)
    centred = centre_gram(gram)
    power = np.diag(centred)
    distance = power[:, None] + power[None, :] - 2.0 * centred
    by_stimulus = distance.sum(axis=0)
    squared = np.einsum("ij,ij->", distance, distance)
    quadruples = float(n * (n - 1) * (n - 2) * (n - 3))
    trace_squared = (by_stimulus.sum() ** 2 - 4.0 * (by_stimulus**2).sum() + 2.0 * squared) / (4.0 * quadruples)
    without_diagonal = centred - np.diag(power)
    sums = without_diagonal.sum(axis=0)
    squared_trace = (
        np.einsum("ij,ij->", without_diagonal, without_diagonal)
        + sums.sum() ** 2 / ((n - 1) * (n - 2))
        - 2.0 / (n - 2) * (sums**2).sum()
    ) / (n * (n - 3))
    return float(trace_squared / squared_trace) if squared_trace > 0 else np.nan


def compute_spectral_slope(
    gram: Floats, *, ranks: tuple[int, int] | None = None, feature_dtype: str = "float64"
) -> tuple[float, int, int]:
    """Exponent α of a power law λ_k ∝ k^-α through the eigenvalues of the covariance.

    Parameters
    ----------
    gram : ndarray, shape (n_stimuli, n_stimuli)
        Not centred.
    ranks : (int, int), optional
        First and last k of the fit, from 1; by default the 11th (a tenth of the stimuli if less) to half of the
        stimuli.
    feature_dtype : {"float32", "float64"}
        Precision of the features: eigenvalues below it are left out.

    Returns
    -------
    slope : float
        NaN where fewer than 3 eigenvalues lie in that range.
    first, last : int
        The ranks used.  With few stimuli the tail of a sample falls off faster than that of the population.

    References
    ----------
    Stringer C et al. (2019), doi:10.1038/s41586-019-1346-5: least squares in logarithms, weighted by 1 / k.  There of
    cross-validated variances, for responses are noisy; a layer has no noise.
    """
    gram = _check_gram(gram)
    check_choice(feature_dtype, PRECISION, what="feature dtype")
    if ranks is not None:
        for value in check_instance(ranks, tuple, what="ranks", hint="(first, last)"):
            check_count(value, what="A rank", at_most=len(gram))
        if len(ranks) != 2 or ranks[0] >= ranks[1]:
            msg = f"ranks is {ranks}; expected (first, last), counted from 1, with first < last."
            raise InvalidInputError(msg)
    n = len(gram)
    first, last = ranks or (min(10, n // 10) + 1, n // 2)
    values = np.linalg.eigvalsh(centre_gram(gram))[::-1]
    last = min(last, int((values > 10.0 * PRECISION[feature_dtype] * max(values[0], 1e-300)).sum()))
    if last - first < 2:
        return np.nan, first, last
    k = np.arange(first, last + 1, dtype=np.float64)
    slope = np.polyfit(np.log(k), np.log(values[first - 1 : last]), 1, w=np.sqrt(1.0 / k))[0]
    return -float(slope), first, last
