"""Grating tuning: indices of orientation tuning and modulation from responses, and what a Gabor's shape predicts.

Angles are orientations in deg: 0 and 180 are the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainconv.arrays import check_broadcast, read_array
from brainconv.errors import InvalidInputError
from brainconv.validation import check_flag

Array = NDArray[np.float64]

_SMOOTHING = np.array([0.4, 1.0, 0.4]) / 1.8
_MIN_ORIENTATIONS = 4


def compute_circular_variance(responses: Any, orientations: Any) -> Array:
    """Circular variance of orientation tuning: 0 for one orientation only, 1 for none preferred.

    CV = 1 - |Σ R_k exp(2iθ_k)| / Σ R_k, without subtraction of a baseline.

    Parameters
    ----------
    responses : array_like, shape (..., n_orientations)
        Mean rates, not negative, in spikes/s or any unit.
    orientations : array_like, shape (n_orientations,)
        Evenly spaced over 180 deg, at least 4.

    Returns
    -------
    ndarray, shape (...)
        In units of 1; NaN for a unit that never responds or has a NaN.

    Raises
    ------
    InvalidInputError
        If orientations are not evenly spaced over 180 deg, or a response is negative.

    References
    ----------
    Ringach DL, Shapley RM, Hawken MJ (2002), J Neurosci 22:5639-5651, doi:10.1523/JNEUROSCI.22-13-05639.2002.
    """
    rates, angles = _check_tuning(responses, orientations)
    total = rates.sum(axis=-1)
    vector = np.abs((rates * np.exp(2j * np.deg2rad(angles))).sum(axis=-1))
    return 1.0 - _divide(vector, total)


def compute_preferred_orientation(responses: Any, orientations: Any) -> Array:
    """Orientation of the vector sum of responses.

    Parameters
    ----------
    responses : array_like, shape (..., n_orientations)
        Mean rates, not negative.
    orientations : array_like, shape (n_orientations,)
        Evenly spaced over 180 deg.

    Returns
    -------
    ndarray, shape (...)
        In deg, 0 to 180; NaN where the sum is zero to rounding, so that nothing is preferred.

    Raises
    ------
    InvalidInputError
        If orientations are not evenly spaced over 180 deg, or a response is negative.
    """
    rates, angles = _check_tuning(responses, orientations)
    vector = (rates * np.exp(2j * np.deg2rad(angles))).sum(axis=-1)
    preferred = np.mod(np.rad2deg(np.angle(vector)) / 2, 180.0)
    return np.where(np.abs(vector) > 1e-12 * rates.sum(axis=-1), preferred, np.nan)


def compute_orientation_bandwidth(responses: Any, orientations: Any, *, smooth: bool = True) -> Array:
    """Half-width of the tuning curve at 1/√2 of its peak, the mean of its two sides.

    Parameters
    ----------
    responses : array_like, shape (..., n_orientations)
        Mean rates, not negative.
    orientations : array_like, shape (n_orientations,)
        Ascending and evenly spaced over 180 deg.
    smooth : bool
        First smooth with the Hanning weights .4, 1, .4 (normalised), as the paper does.

    Returns
    -------
    ndarray, shape (...)
        In deg; NaN where the curve does not fall to 1/√2 on both sides within 90 deg, and where it holds a NaN.

    Raises
    ------
    InvalidInputError
        If orientations are not evenly spaced over 180 deg, or a response is negative.

    References
    ----------
    Ringach DL, Shapley RM, Hawken MJ (2002), J Neurosci 22:5639-5651, doi:10.1523/JNEUROSCI.22-13-05639.2002.
    Difference from the paper: crossings are interpolated linearly between the orientations shown.
    """
    check_flag(smooth, what="smooth")
    rates, angles = _check_tuning(responses, orientations)
    if smooth:
        left, middle, right = _SMOOTHING
        rates = left * np.roll(rates, 1, axis=-1) + middle * rates + right * np.roll(rates, -1, axis=-1)
    shape, n = rates.shape[:-1], rates.shape[-1]
    curves = rates.reshape(-1, n)
    step = float(angles[1] - angles[0])
    widths = np.array([_measure_half_width(curve, step) for curve in curves])
    return widths.reshape(shape)


def compute_orthogonal_ratio(responses: Any, orientations: Any) -> Array:
    """Response at the orthogonal over that at the preferred orientation (the orientation of the largest response).

    Parameters
    ----------
    responses : array_like, shape (..., n_orientations)
        Mean rates, not negative; an even number of orientations.
    orientations : array_like, shape (n_orientations,)
        Evenly spaced over 180 deg.

    Returns
    -------
    ndarray, shape (...)
        In units of 1; NaN for a unit that never responds.

    Raises
    ------
    InvalidInputError
        If orientations are not evenly spaced over 180 deg, or odd in number so that none is orthogonal to another;
        or a response is negative.
    """
    rates, _ = _check_tuning(responses, orientations)
    n = rates.shape[-1]
    if n % 2:
        msg = f"There are {n} orientations; expected an even number, so that the orthogonal one was shown."
        raise InvalidInputError(msg)
    best = rates.argmax(axis=-1)[..., None]
    peak = np.take_along_axis(rates, best, axis=-1)[..., 0]
    orthogonal = np.take_along_axis(rates, (best + n // 2) % n, axis=-1)[..., 0]
    return _divide(orthogonal, peak)


def compute_modulation_ratio(responses: Any) -> Array:
    """F1/F0 over the phases of a drifting grating; a unit above 1 is called simple.

    F1/F0 = 2 |Σ R_j exp(-2πi j / n)| / Σ R_j.

    Parameters
    ----------
    responses : array_like, shape (..., n_phases)
        Rates at evenly spaced phases over one cycle, at least 3.

    Returns
    -------
    ndarray, shape (...)
        In units of 1; NaN for a unit that never responds.

    Raises
    ------
    InvalidInputError
        If there are fewer than 3 phases, or a response is negative.

    References
    ----------
    Skottun BC et al. (1991), Vision Res 31:1079-1086, doi:10.1016/0042-6989(91)90033-2.
    """
    rates = _check_rates(responses)
    if rates.shape[-1] < 3:
        msg = f"There are {rates.shape[-1]} phases; expected at least 3, evenly spaced over one cycle."
        raise InvalidInputError(msg)
    total = rates.sum(axis=-1)
    first = np.abs(np.fft.fft(rates, axis=-1)[..., 1])
    return 2.0 * _divide(first, total)


def predict_orientation_bandwidth(n_x: Any, n_y: Any) -> Array:
    """Half-width at 1/√2 of the orientation tuning of a complex Gabor's amplitude, at its own frequency.

    Solves n_x² (1 - cos θ)² + n_y² sin² θ = ln 2 / 4π².

    Parameters
    ----------
    n_x, n_y : array_like, shape (...)
        Shape of the Gabor, in units of 1, as `fit_gabors` measures it.

    Returns
    -------
    ndarray, shape (...)
        In deg; NaN where the amplitude does not fall to 1/√2 within 90 deg.
    """
    n_x, n_y = _check_sizes(n_x, "n_x"), _check_sizes(n_y, "n_y")
    check_broadcast(n_x=n_x, n_y=n_y)
    x2, y2 = np.asarray(n_x, dtype=np.float64) ** 2, np.asarray(n_y, dtype=np.float64) ** 2
    level = np.log(2) / (4 * np.pi**2)
    with np.errstate(invalid="ignore", divide="ignore"):
        fall = level / (y2 + np.sqrt(y2**2 + (x2 - y2) * level))  # 1 - cos θ
        return np.where(fall <= 1.0, np.rad2deg(np.arccos(1.0 - np.minimum(fall, 1.0))), np.nan)


def predict_frequency_band(n_x: Any) -> tuple[Array, Array]:
    """Frequencies at which a complex Gabor's amplitude is half its peak, as multiples of its own frequency.

    1 ± √(2 ln 2) / (2π n_x).

    Parameters
    ----------
    n_x : array_like, shape (...)
        In units of 1.

    Returns
    -------
    low, high : ndarray, shape (...)
        In units of 1; ``low`` is NaN where the band reaches zero (a low-pass unit).
    """
    n_x = _check_sizes(n_x, "n_x")
    half = np.sqrt(2 * np.log(2)) / (2 * np.pi * np.asarray(n_x, dtype=np.float64))
    return np.where(half < 1.0, 1.0 - half, np.nan), 1.0 + half


def _divide(part: Array, whole: Array) -> Array:
    """Ratio that is NaN for a unit that never responds."""
    ratio: Array = np.full(np.shape(whole), np.nan)
    return np.divide(part, whole, out=ratio, where=whole > 0)


def _check_sizes(values: Any, what: str) -> Array:
    """Sizes in cycles, of any shape; an unknown one is NaN."""
    sizes = read_array(values, what=what, axes={"filter": None})
    if (sizes <= 0).any() or np.isinf(sizes).any():
        msg = f"{what} runs from {np.nanmin(sizes):g} to {np.nanmax(sizes):g} cycles; expected finite sizes above 0."
        raise InvalidInputError(msg)
    return sizes


def _check_rates(responses: Any) -> Array:
    rates: Array = read_array(responses, what="The array of responses")
    if rates.ndim == 0 or np.isinf(rates).any():
        found = "hold infinite values" if rates.ndim else "are a single number"
        msg = f"The responses {found}; expected a finite one per orientation or phase along the last axis."
        raise InvalidInputError(msg)
    if (rates < 0).any():
        msg = (
            f"{int((rates < 0).sum())} response(s) are negative; tuning indices are defined for rates. Rectify the "
            "activations, and do not subtract a baseline."
        )
        raise InvalidInputError(msg)
    return rates


def _check_tuning(responses: Any, orientations: Any) -> tuple[Array, Array]:
    rates = _check_rates(responses)
    angles: Array = read_array(orientations, what="The array of orientations")
    n = angles.size
    if angles.ndim != 1 or n < _MIN_ORIENTATIONS or not np.allclose(np.diff(angles), 180.0 / n):
        msg = (
            f"The orientations are {np.array2string(angles, threshold=8)} deg; expected at least {_MIN_ORIENTATIONS}, "
            "ascending and evenly spaced over 180 deg. Average the two directions of each orientation first."
        )
        raise InvalidInputError(msg)
    if rates.shape[-1] != n:
        msg = f"The responses hold {rates.shape[-1]} values per unit for {n} orientations; expected as many of each."
        raise InvalidInputError(msg)
    return rates, angles


def _measure_half_width(curve: Array, step: float) -> float:
    """Mean distance from the peak to the crossing of 1/√2 on either side, NaN without one."""
    if not np.isfinite(curve).all() or curve.max() <= 0:
        return float("nan")
    n = curve.size
    best = int(curve.argmax())
    level = curve[best] / np.sqrt(2)
    distances = []
    for side in (1, -1):
        walk = curve[(best + side * np.arange(n // 2 + 1)) % n]
        below = np.flatnonzero(walk < level)
        if not below.size:
            return float("nan")
        i = int(below[0])
        distances.append(step * (i - 1 + (walk[i - 1] - level) / (walk[i - 1] - walk[i])))
    return float(np.mean(distances))
