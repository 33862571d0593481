"""Measured properties of V1 cells, and what the fitted filters predict for the same measurement."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainconv.containers import Properties, Scores
from brainconv.physiology import mark_filters
from brainconv.physiology.tuning import predict_orientation_bandwidth
from brainconv.pipeline.first_layer import FirstLayerFits


def summarise_properties(properties: Properties, *, n_boot: int = 1000, random_state: int = 0) -> Scores:
    """Median of every measured column, with a bootstrap interval over cells.

    Parameters
    ----------
    properties : Properties
    n_boot : int
        Samples of cells.
    random_state : int

    Returns
    -------
    Scores
        One row per column; the unit stands in the definition, ``n_sites`` counts the cells that have a value.
    """
    rng = np.random.default_rng(random_state)
    rows: list[dict[str, Any]] = []
    notes = []
    for column, unit in properties.units.items():
        values = properties.table[column].to_numpy(dtype=np.float64)
        values = np.sort(values[np.isfinite(values)])
        if len(values) < len(properties):
            notes.append(f"{properties.name}: {len(properties) - len(values)} of {len(properties)} have no {column}.")
        drawn = np.median(values[rng.integers(len(values), size=(n_boot, len(values)))], axis=1)
        low, high = np.quantile(drawn, [0.025, 0.975])
        rows.append(
            {
                "recording": properties.name,
                "simulated": properties.simulated,
                "area": properties.area,
                "analysis": "properties",
                "statistic": f"median {column}",
                "definition": f"median over cells, {unit}",
                "value": float(np.median(values)),
                "ci_low": float(low),
                "ci_high": float(high),
                "n_sites": len(values),
            }
        )
    return Scores.from_rows(rows, notes=notes)


def predict_bandwidths(first: FirstLayerFits) -> NDArray[np.float64]:
    """Orientation bandwidth that the fitted filters predict, for those that compare with V1 cells.

    Parameters
    ----------
    first : FirstLayerFits

    Returns
    -------
    ndarray, shape (n_comparable_filters,)
        Half-width at 1/√2 of the amplitude tuning, deg, ascending; filters without a defined one are left out.
    """
    comparable = mark_filters(first.fits, first.gate)["is_comparable"].to_numpy(dtype=bool)
    table = first.fits.table[comparable]
    predicted = predict_orientation_bandwidth(table["n_x"].to_numpy(), table["n_y"].to_numpy())
    return np.sort(predicted[np.isfinite(predicted)])
