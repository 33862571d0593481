"""Gabor fits of first-layer filters: shape, symmetry, colour and how good the fit is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brainconv.containers import Properties
from brainconv.errors import InvalidInputError
from brainconv.physiology.colour import check_filters, reduce_colour
from brainconv.physiology.gabor import SHAPE_PARAMETERS, compute_bounds, compute_gabors, compute_starts
from brainconv.physiology.gabor_solver import solve_gabors
from brainconv.validation import check_count, check_flag, check_instance, check_seed

Array = NDArray[np.float64]

MIN_KERNEL_SIZE = 5
MIN_STARTS = 6
MIN_NX_FOR_PHASE = 0.15
N_STARTS = 12

GABOR_UNITS = {
    "kernel_size": "px",
    "r2": "1",
    "amplitude": "weight",
    "x0": "px",
    "y0": "px",
    "sigma_x": "px",
    "sigma_y": "px",
    "orientation": "deg",
    "frequency": "cycles/px",
    "phase": "deg",
    "n_x": "1",
    "n_y": "1",
    "symmetry_phase": "deg",
    "separability": "1",
    "luminance_index": "1",
    "red_green_index": "1",
    "blue_yellow_index": "1",
    "colour_r": "1",
    "colour_g": "1",
    "colour_b": "1",
}
"""Measured columns of a table of Gabor fits and their units."""


def fit_gabors(filters: Any, *, n_starts: int = N_STARTS, random_state: int = 0) -> Properties:
    """Fit a Gabor function to the spatial profile of every first-layer filter.

    A filter of three channels is first reduced to one colour direction times one spatial profile by its singular
    value decomposition (`reduce_colour`); the profile v is fitted by bounded least squares from several starts:

    h(x', y') = A exp(-x'² / 2σ_x² - y'² / 2σ_y²) cos(2π f x' + φ);  R² = 1 - Σ (v - h)² / Σ (v - mean v)².

    Parameters
    ----------
    filters : array_like, shape (n_filters, 3, k, k), (n_filters, 1, k, k) or (n_filters, k, k)
        Weights on R, G, B pixels with the input normalisation undone; k of at least 5 px.
    n_starts : int
        Starts per filter, at least 6.
    random_state : int
        Seed of the starts beyond the first five.

    Returns
    -------
    Properties
        One row per filter, in order: ``kernel_size`` (px); ``r2``; ``amplitude``; ``x0, y0`` (px from the kernel's
        centre, y upwards); ``sigma_x, sigma_y`` (px, across and along the bars); ``orientation`` (deg, of the bars,
        anticlockwise from horizontal, 0 to 180); ``frequency`` (cycles/px); ``phase`` (deg, at the envelope's centre);
        ``n_x = σ_x f``, ``n_y = σ_y f``; ``symmetry_phase`` (deg, 0 even to 90 odd; NaN where n_x < .15, because
        envelope and phase then trade off); colour: ``separability``, ``luminance_index``, ``red_green_index``,
        ``blue_yellow_index``, ``colour_class``, ``colour_r, colour_g, colour_b``; ``at_bound``, the parameters that
        ended on a bound of the fit (``"sigma_y_high"``, several joined by a comma, empty for none); and ``truncated``,
        true where σ_x or σ_y exceeds k/2 so that the window cuts the envelope and n_x, n_y are unreliable.
        A constant profile has NaN throughout.

    Raises
    ------
    InvalidInputError
        If the filters are not square, not finite, smaller than 5 × 5, or have another number of channels than 1 or 3;
        or if fewer than 6 starts are asked for.

    References
    ----------
    Ringach DL (2002), J Neurophysiol 88:455-463, doi:10.1152/jn.2002.88.1.455, equation 1 and figure 4.
    Differences from the paper: filters of a network are fitted instead of measured receptive fields, the profile is
    the first singular vector over colour, and all parameters are bounded.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(11) - 5
    >>> bar = np.exp(-(x[:, None] ** 2 + x**2) / 8) * np.cos(2 * np.pi * 0.2 * x)
    >>> fits = fit_gabors(bar[None])
    >>> float(fits.table.loc[0, "orientation"].round(1)), float(fits.table.loc[0, "n_x"].round(2))
    (90.0, 0.4)
    """
    check_count(n_starts, what="n_starts", at_least=0, at_most=10_000)
    check_seed(random_state)
    weights = check_filters(filters)
    n_filters, n_channels, size, _ = weights.shape
    if size < MIN_KERNEL_SIZE:
        msg = (
            f"The filters are {size} × {size} px: {size * size} pixels against the 8 parameters of a Gabor, which fits "
            f"anything; expected at least {MIN_KERNEL_SIZE} × {MIN_KERNEL_SIZE}. Leave the first-layer analysis out "
            "for this network."
        )
        raise InvalidInputError(msg)
    if n_starts < MIN_STARTS:
        msg = f"n_starts is {n_starts}; expected at least {MIN_STARTS}, because a Gabor fit has many local optima."
        raise InvalidInputError(msg)
    colour = reduce_colour(weights)
    flat = colour.profiles.reshape(n_filters, -1)
    deviation = ((flat - flat.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    power = (flat**2).sum(axis=1)
    fitted = np.flatnonzero(deviation > 1e-20 * power)

    values = {name: np.full(n_filters, np.nan) for name in ("r2", "amplitude", "phase", *SHAPE_PARAMETERS)}
    if fitted.size:
        profiles = colour.profiles[fitted]
        starts = compute_starts(profiles, n_starts, random_state)
        shapes, cosine, sine, error = solve_gabors(profiles, starts)
        values["r2"][fitted] = 1.0 - error * power[fitted] / deviation[fitted]
        values["amplitude"][fitted] = np.hypot(cosine, sine)
        values["phase"][fitted] = np.arctan2(-sine, cosine)
        for i, name in enumerate(SHAPE_PARAMETERS):
            values[name][fitted] = shapes[:, i]
    table = _tabulate(values, size)
    table["separability"] = colour.separability
    for i, name in enumerate(("luminance_index", "red_green_index", "blue_yellow_index")):
        table[name] = colour.axis_indices[:, i]
    table["colour_class"] = colour.classes.astype(str)
    for i, name in enumerate(("colour_r", "colour_g", "colour_b")):
        table[name] = colour.directions[:, i]
    metadata = {
        "method": "gabor",
        "doi": "10.1152/jn.2002.88.1.455",
        "kernel_size": size,
        "n_channels": n_channels,
        "n_starts": n_starts,
        "random_state": random_state,
    }
    return Properties("gabor_fits", table, GABOR_UNITS, metadata=metadata)


def render_gabors(fits: Properties, *, colour: bool = False) -> Array:
    """Pictures of the fitted Gabor functions.

    Parameters
    ----------
    fits : Properties
        From `fit_gabors`.
    colour : bool
        Times the colour direction of each filter.

    Returns
    -------
    ndarray, shape (n_filters, k, k), or (n_filters, 3, k, k) with ``colour``
        NaN where there is no fit.

    Raises
    ------
    InvalidInputError
        If a column of the fit is missing, or the kernels are not all of one size.
    """
    check_instance(fits, Properties, what="fits", hint="of `fit_gabors`")
    check_flag(colour, what="colour")
    table = fits.table
    missing = [name for name in GABOR_UNITS if name not in table]
    if missing:
        msg = f"{fits.name!r} has no column {missing[0]!r}; expected the table that fit_gabors returns."
        raise InvalidInputError(msg)
    sizes = table["kernel_size"].unique()
    if len(sizes) != 1:
        msg = (
            f"{fits.name!r} holds {len(sizes)} kernel sizes; expected one. Render the filters of each model by itself."
        )
        raise InvalidInputError(msg)
    theta = np.deg2rad(np.mod(table["orientation"].to_numpy(float) - 90.0, 180.0))
    columns = [table[name].to_numpy(float) for name in SHAPE_PARAMETERS if name != "theta"]
    shapes = np.stack([*columns[:4], theta, columns[4]], axis=1)
    phase = np.deg2rad(table["phase"].to_numpy(float))
    pictures = compute_gabors(shapes, table["amplitude"].to_numpy(float), phase, int(sizes[0]))
    if not colour:
        return pictures
    directions = table[["colour_r", "colour_g", "colour_b"]].to_numpy(float)
    return directions[:, :, None, None] * pictures[:, None]


def _tabulate(values: dict[str, Array], size: int) -> pd.DataFrame:
    """Bring the parameters into their canonical ranges and derive shape, symmetry and flags."""
    bounds = compute_bounds(size)
    at_bound = np.full(len(values["r2"]), "", dtype=object)
    for i, name in enumerate(SHAPE_PARAMETERS):
        for side, limit in (("low", bounds.low[i]), ("high", bounds.high[i])):
            reached = np.isfinite(limit) & (np.abs(values[name] - limit) <= 1e-6 * abs(limit))
            for row in np.flatnonzero(reached):
                at_bound[row] += f",{name}_{side}" if at_bound[row] else f"{name}_{side}"
    theta = np.mod(values["theta"], 2 * np.pi)
    turned = theta >= np.pi  # the same wave seen from the other side: the phase changes its sign
    phase = np.where(turned, -values["phase"], values["phase"])
    theta = np.where(turned, theta - np.pi, theta)
    phase_deg = np.rad2deg(phase)
    n_x, n_y = values["sigma_x"] * values["frequency"], values["sigma_y"] * values["frequency"]
    folded = np.rad2deg(np.arccos(np.clip(np.abs(np.cos(phase)), 0.0, 1.0)))
    folded[~(n_x >= MIN_NX_FOR_PHASE)] = np.nan
    return pd.DataFrame(
        {
            "kernel_size": size,
            "r2": values["r2"],
            "amplitude": values["amplitude"],
            "x0": values["x0"],
            "y0": values["y0"],
            "sigma_x": values["sigma_x"],
            "sigma_y": values["sigma_y"],
            "orientation": np.mod(np.rad2deg(theta) + 90.0, 180.0),
            "frequency": values["frequency"],
            "phase": phase_deg,
            "n_x": n_x,
            "n_y": n_y,
            "symmetry_phase": folded,
            "at_bound": at_bound.astype(str),
            "truncated": np.fmax(values["sigma_x"], values["sigma_y"]) > size / 2,
        }
    )
