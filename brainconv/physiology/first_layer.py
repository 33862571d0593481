"""What a first layer's Gabor fits say beside V1: how many are Gabors, how many coloured, and of which shape."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from brainconv.containers import Properties
from brainconv.errors import InvalidInputError
from brainconv.physiology.gabor_fit import MIN_NX_FOR_PHASE
from brainconv.physiology.gabor_gate import GaborGate
from brainconv.physiology.ringach import RINGACH_NX_NY, ShapeTable
from brainconv.validation import check_array, check_count, check_instance, check_number, check_seed

Array = NDArray[np.float64]

_NEEDED = ("r2", "n_x", "n_y", "symmetry_phase", "colour_class")


def mark_filters(fits: Properties, gate: GaborGate | float) -> pd.DataFrame:
    """Which filters are Gabors, and which of them may be compared with simple cells.

    Parameters
    ----------
    fits : Properties
        From `fit_gabors`.
    gate : GaborGate or float
        R² that a Gabor exceeds.

    Returns
    -------
    DataFrame
        One row per filter, boolean columns: ``is_gabor`` (R² above the gate), ``is_oriented`` (and n_x at least .15),
        ``is_achromatic``, and ``is_comparable``, all of them: Ringach's stimuli were achromatic and his cells oriented.

    Raises
    ------
    InvalidInputError
        If the table lacks a column of `fit_gabors`, or the gate was computed for another kernel size, number of
        channels or number of starts.
    """
    check_instance(fits, Properties, what="fits", hint="of `fit_gabors`")
    if not isinstance(gate, GaborGate):
        check_number(gate, what="gate", at_least=0, at_most=1)
    table = fits.table
    missing = [name for name in _NEEDED if name not in table]
    if missing:
        msg = f"{fits.name!r} has no column {missing[0]!r}; expected the table that fit_gabors returns."
        raise InvalidInputError(msg)
    if isinstance(gate, GaborGate):
        for name in ("kernel_size", "n_channels", "n_starts"):
            have, want = fits.metadata.get(name), getattr(gate, name)
            if have is not None and int(have) != want:
                msg = (
                    f"The gate was computed for {name} = {want}, the filters have {have}; compute a gate that matches."
                )
                raise InvalidInputError(msg)
    is_gabor = table["r2"].to_numpy(float) > float(gate)
    is_oriented = is_gabor & (table["n_x"].to_numpy(float) >= MIN_NX_FOR_PHASE)
    is_achromatic = (table["colour_class"] == "achromatic").to_numpy(bool)
    return pd.DataFrame(
        {
            "is_gabor": is_gabor,
            "is_oriented": is_oriented,
            "is_achromatic": is_achromatic,
            "is_comparable": is_oriented & is_achromatic,
        },
        index=table.index,
    )


def summarise_first_layer(
    fits: Properties,
    gate: GaborGate | float,
    *,
    reference: ShapeTable = RINGACH_NX_NY,
    n_boot: int = 2000,
    random_state: int = 0,
) -> list[dict[str, Any]]:
    """Rows for a table of scores: what share of the filters are Gabors, their shape, and their distance from V1.

    Parameters
    ----------
    fits : Properties
        From `fit_gabors`.
    gate : GaborGate or float
        R² that a Gabor exceeds.
    reference : ShapeTable
        Binned shapes of neurons.
    n_boot : int
        Resamples of filters for the medians, and permutations of filters and neurons for the distance.
    random_state : int
        Seed.

    Returns
    -------
    list of dict
        Keys ``analysis, statistic, definition, value, ci_low, ci_high, p, n_units`` (and ``n_sites`` and ``area`` for
        the distance).  Fractions carry Wilson intervals and medians bootstrap intervals over filters: they say how
        well so few filters pin down what the training produces.  A median or distance of fewer than two filters is NaN.

    Raises
    ------
    InvalidInputError
        If the table is not that of `fit_gabors` or does not match the gate.

    References
    ----------
    Wilson EB (1927), doi:10.1080/01621459.1927.10502953.
    Ringach DL (2002), J Neurophysiol 88:455-463, doi:10.1152/jn.2002.88.1.455.
    """
    check_instance(reference, ShapeTable, what="reference")
    check_count(n_boot, what="n_boot", at_least=20)
    check_seed(random_state)
    marks = mark_filters(fits, gate)
    table = fits.table
    n_filters = len(table)
    rows: list[dict[str, Any]] = [{"statistic": "gabor_gate", "value": float(gate), **_describe_gate(gate)}]

    def add_fraction(statistic: str, definition: str, hits: NDArray[np.bool_], n: int) -> None:
        low, high = compute_wilson_interval(int(hits.sum()), n)
        value = hits.sum() / n if n else np.nan
        rows.append(
            {
                "statistic": statistic,
                "definition": definition,
                "value": value,
                "ci_low": low,
                "ci_high": high,
                "n_units": n,
            }
        )

    colour = table["colour_class"].to_numpy(str)
    is_gabor, comparable = marks["is_gabor"].to_numpy(bool), marks["is_comparable"].to_numpy(bool)
    add_fraction("fraction_above_gate", "filters with R2 > gate / filters", is_gabor, n_filters)
    add_fraction(
        "fraction_coloured",
        "filters with luminance index <= .8 / filters",
        np.isin(colour, ["mixed", "opponent"]),
        n_filters,
    )
    add_fraction("fraction_opponent", "filters with luminance index < .5 / filters", colour == "opponent", n_filters)
    add_fraction(
        "fraction_comparable", "filters above the gate, achromatic and n_x >= .15 / filters", comparable, n_filters
    )
    rng = np.random.default_rng(random_state)
    among = f"of filters above the gate, achromatic and n_x >= {MIN_NX_FOR_PHASE}"
    for name in ("n_x", "n_y"):
        values = np.sort(table[name].to_numpy(float)[comparable])
        rows.append(
            {
                "statistic": f"median_{name}",
                "definition": f"median {name} {among}",
                **_bootstrap_median(values, n_boot, rng),
            }
        )
    phase = table["symmetry_phase"].to_numpy(float)[comparable]
    add_fraction(
        "fraction_clear_symmetry",
        f"symmetry phase < 15 or > 75 deg (uniform: 1/3), {among}",
        (phase < 15) | (phase > 75),
        len(phase),
    )
    n_x, n_y = table["n_x"].to_numpy(float)[comparable], table["n_y"].to_numpy(float)[comparable]
    rows += compare_shapes(n_x, n_y, reference=reference, n_samples=n_boot, random_state=random_state)
    return [{"analysis": "first_layer", **row} for row in rows]


def compare_shapes(
    n_x: Array, n_y: Array, *, reference: ShapeTable = RINGACH_NX_NY, n_samples: int = 2000, random_state: int = 0
) -> list[dict[str, Any]]:
    """Distance between the shapes of filters and of neurons on the neurons' own bins.

    D = ½ Σ |q̂ - p̂| over bins, q̂ the share of filters and p̂ of neurons in a bin (total variation: 0 the same, 1 apart).
    Filters and neurons are two samples: p is how often the pooled cells and filters, dealt anew into groups of these
    sizes, lie at least as far apart (a permutation test, exact whatever the common distribution is).

    Parameters
    ----------
    n_x, n_y : ndarray, shape (n_filters,)
        Shapes, in units of 1.  Those outside the table's range count in its nearest bin.
    reference : ShapeTable
        Binned shapes of neurons.
    n_samples : int
        Permutations of the labels.
    random_state : int
        Seed.

    Returns
    -------
    list of dict
        Three rows: the distance with its p; the floor, the mean distance of two samples of these sizes from one
        distribution, with its 2.5 and 97.5 % points (over the same permutations); and the share of filters outside the
        table's range.  With fewer than two filters all are NaN.

    Notes
    -----
    Filters count as independent draws of what training produces.  Filters that training makes alike are fewer draws
    than their number; p is then too small.

    Two samples with replacement from the pooled bins would give too low a floor: they miss the rare bins.
    """
    n_x = check_array(n_x, (None,), what="n_x", finite=True)
    n_y = check_array(n_y, (len(n_x),), what="n_y", finite=True)
    check_instance(reference, ShapeTable, what="reference")
    check_count(n_samples, what="n_samples", at_least=20)
    check_seed(random_state)
    counts, outside = reference.bin_shapes(n_x, n_y)
    filters, cells = counts.ravel(), reference.counts.ravel()
    n_filters, n_cells = int(filters.sum()), reference.n_cells
    shared = {"area": "V1", "n_units": n_filters, "n_sites": n_cells}
    value = p = floor = low = high = share = np.nan
    if n_filters >= 2:
        pooled = filters + cells
        drawn = np.random.default_rng(random_state).multivariate_hypergeometric(pooled, n_filters, size=n_samples)
        value = float(_total_variation(filters, cells))
        null = _total_variation(drawn, pooled - drawn)
        p = (1 + int((null >= value - 1e-12).sum())) / (1 + n_samples)
        floor, low, high = float(null.mean()), *map(float, np.quantile(null, [0.025, 0.975]))
        share = float(outside.mean())
    return [
        {
            "statistic": "shape_distance",
            "definition": "total variation, bins of (n_x, n_y), p from permuted labels of filters and neurons",
            "value": value,
            "p": p,
            **shared,
        },
        {
            "statistic": "shape_distance_floor",
            "definition": "total variation expected of two samples of these sizes from one distribution",
            "value": floor,
            "ci_low": low,
            "ci_high": high,
            **shared,
        },
        {
            "statistic": "fraction_outside_table",
            "definition": "comparable filters with n_x or n_y outside the table's range",
            "value": share,
            **shared,
        },
    ]


def _total_variation(a: NDArray[np.int64], b: NDArray[np.int64]) -> Array:
    """Of the shares of two samples, counted in bins along the last axis."""
    shares_a, shares_b = (sample / sample.sum(axis=-1, keepdims=True) for sample in (a, b))
    distance: Array = 0.5 * np.abs(shares_a - shares_b).sum(axis=-1)
    return distance


def compute_wilson_interval(n_hits: int, n: int, *, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a proportion.

    Parameters
    ----------
    n_hits, n : int
        Hits and trials.
    level : float
        Coverage.

    Returns
    -------
    low, high : float
        NaN without trials.

    References
    ----------
    Wilson EB (1927), doi:10.1080/01621459.1927.10502953.
    """
    if n == 0:
        return float("nan"), float("nan")
    z = float(norm.ppf(0.5 + level / 2))
    share = n_hits / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return float(max(0.0, centre - half)), float(min(1.0, centre + half))


def _describe_gate(gate: GaborGate | float) -> dict[str, Any]:
    if not isinstance(gate, GaborGate):
        return {"definition": "R2, given"}
    what = f"{gate.n_noise} fits of {gate.n_channels}-channel 1/f noise, {gate.kernel_size} px, {gate.n_starts} starts"
    return {
        "definition": f"{100 * gate.quantile:g} % point of R2 over {what}",
        "ci_low": gate.ci_low,
        "ci_high": gate.ci_high,
    }


def _bootstrap_median(values: Array, n_boot: int, rng: np.random.Generator) -> dict[str, Any]:
    n = len(values)
    if n < 2:
        return {"value": np.nan, "ci_low": np.nan, "ci_high": np.nan, "n_units": n}
    medians = np.median(values[rng.integers(0, n, size=(n_boot, n))], axis=1)
    low, high = np.quantile(medians, [0.025, 0.975])
    return {"value": float(np.median(values)), "ci_low": float(low), "ci_high": float(high), "n_units": n}
