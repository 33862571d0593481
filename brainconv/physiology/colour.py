"""Colour and space of a filter: one colour direction, one spatial profile, and how well the two explain it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainconv.arrays import read_array
from brainconv.errors import InvalidInputError

Array = NDArray[np.float64]

ACHROMATIC_ABOVE = 0.8
OPPONENT_BELOW = 0.5

# Luminance, red against green, blue against yellow: the three orthogonal axes of RGB space.
COLOUR_AXES: Array = np.array([[1.0, 1.0, 1.0], [1.0, -1.0, 0.0], [1.0, 1.0, -2.0]])
COLOUR_AXES /= np.linalg.norm(COLOUR_AXES, axis=1, keepdims=True)
COLOUR_AXES.setflags(write=False)


@dataclass(frozen=True, eq=False)
class ColourReduction:
    """Filters as colour direction times spatial profile.

    Parameters
    ----------
    profiles : ndarray, shape (n_filters, k, k)
        First right singular vector times the first singular value: the weight per pixel along ``directions``.
    directions : ndarray, shape (n_filters, 3)
        Unit vectors in RGB.
    separability : ndarray, shape (n_filters,)
        Share of the squared weights that the product explains, s1² / Σ s²; NaN for a filter of zeros.
    axis_indices : ndarray, shape (n_filters, 3)
        |direction · axis| for luminance, red–green and blue–yellow.
    classes : ndarray of str, shape (n_filters,)
        ``"achromatic"`` (luminance index above .8), ``"opponent"`` (below .5), ``"mixed"``, or ``"none"`` for a
        filter of zeros.
    """

    profiles: Array
    directions: Array
    separability: Array
    axis_indices: Array
    classes: NDArray[Any]


def check_filters(filters: Any) -> Array:
    """Return the filters as float64 with a channel axis.

    Parameters
    ----------
    filters : array_like, shape (n_filters, n_channels, k, k) or (n_filters, k, k)
        Three channels are read as R, G, B; a single one as luminance.

    Returns
    -------
    ndarray, shape (n_filters, n_channels, k, k)

    Raises
    ------
    InvalidInputError
        If the filters are not square, not finite, or have another number of channels than 1 or 3.
    """
    array: Array = read_array(filters, what="The array of filters")
    if array.ndim == 3:
        array = array[:, None]
    if array.ndim != 4 or array.shape[0] == 0 or array.shape[2] != array.shape[3]:
        msg = (
            f"The filters have shape {np.shape(filters)}; expected (n_filters, n_channels, k, k) or (n_filters, k, k) "
            "with at least one filter and square kernels."
        )
        raise InvalidInputError(msg)
    if array.shape[1] not in (1, 3):
        msg = (
            f"The filters have {array.shape[1]} channels; expected 3 (R, G, B) or 1, because only the first layer's "
            "filters are pictures. Pass the weights of the layer that sees the image."
        )
        raise InvalidInputError(msg)
    if not np.isfinite(array).all():
        bad = np.flatnonzero(~np.isfinite(array).all(axis=(1, 2, 3)))
        msg = (
            f"{bad.size} filter(s) hold NaN or infinite weights, first of them filter {bad[0]}; load the weights again."
        )
        raise InvalidInputError(msg)
    return array


def reduce_colour(filters: Any) -> ColourReduction:
    """Split every filter into one colour direction and one spatial profile.

    The filter is written as a 3 × k² matrix W = Σ s_i u_i v_iᵀ; the first term is kept.  The sign is fixed so that
    the colour direction has a positive luminance part (without one: a positive largest component).

    Parameters
    ----------
    filters : array_like, shape (n_filters, n_channels, k, k) or (n_filters, k, k)
        Weights on RGB pixels, the input normalisation undone.  Filters of one channel are taken to act on luminance.

    Returns
    -------
    ColourReduction

    Raises
    ------
    InvalidInputError
        If the filters are not square, not finite, or have another number of channels than 1 or 3.
    """
    weights = check_filters(filters)
    n_filters, n_channels, size, _ = weights.shape
    if n_channels == 1:
        directions = np.repeat(COLOUR_AXES[:1], n_filters, axis=0)
        profiles = weights[:, 0].copy()
        separability = np.ones(n_filters)
    else:
        u, s, vt = np.linalg.svd(weights.reshape(n_filters, 3, size * size), full_matrices=False)
        directions = u[:, :, 0]
        light = directions.sum(axis=1)
        largest = np.take_along_axis(directions, np.abs(directions).argmax(axis=1)[:, None], axis=1)[:, 0]
        sign = np.where(np.where(np.abs(light) > 1e-9, light, largest) < 0, -1.0, 1.0)
        directions = directions * sign[:, None]
        profiles = ((sign * s[:, 0])[:, None] * vt[:, 0]).reshape(n_filters, size, size)
        total = (s**2).sum(axis=1)
        separability = np.divide(s[:, 0] ** 2, total, out=np.full(n_filters, np.nan), where=total > 0)
    axis_indices = np.abs(directions @ COLOUR_AXES.T)
    luminance = axis_indices[:, 0]
    classes = np.where(
        luminance > ACHROMATIC_ABOVE, "achromatic", np.where(luminance < OPPONENT_BELOW, "opponent", "mixed")
    ).astype(object)
    blank = ~weights.any(axis=(1, 2, 3))
    separability[blank] = np.nan
    axis_indices[blank] = np.nan
    directions[blank] = np.nan
    classes[blank] = "none"
    return ColourReduction(profiles, directions, separability, axis_indices, classes)
