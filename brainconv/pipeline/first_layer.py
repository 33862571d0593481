"""First-layer filters of one model: Gabor fits, the noise gate, and what they come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from brainconv.containers import Properties, Scores
from brainconv.io.atomic import write_atomically
from brainconv.io.datasets import read_dataset, write_dataset
from brainconv.io.provenance import collect_provenance
from brainconv.physiology import compute_gabor_gate, fit_gabors, summarise_first_layer

if TYPE_CHECKING:
    from brainconv.models import Model


@dataclass(frozen=True, eq=False)
class FirstLayerFits:
    """Filters, their Gabor fits and the gate that noise of the same size sets.

    Parameters
    ----------
    filters : ndarray, shape (n_filters, n_channels, k, k)
        Acting on RGB pixels 0..1.
    fits : Properties
        One row per filter.
    gate : float
        R² that 5 % of noise filters exceed.
    model, weights, layer : str
        Where the filters come from.
    """

    filters: NDArray[np.float64]
    fits: Properties
    gate: float
    model: str
    weights: str
    layer: str


def measure_first_layer(
    model: Model, *, n_starts: int = 8, n_noise: int = 300, random_state: int = 0
) -> tuple[FirstLayerFits, Scores]:
    """Fit Gabors to a model's first-layer filters and summarise them beside V1 receptive fields.

    Parameters
    ----------
    model : Model
    n_starts : int
        Starts of every fit, of the noise filters' too.
    n_noise : int
        Noise filters behind the gate.
    random_state : int

    Returns
    -------
    FirstLayerFits, Scores

    Raises
    ------
    InvalidInputError
        If the filters are too small to be fitted (fewer than 5 × 5 pixels).
    """
    from brainconv.models import first_layer_filters

    first = first_layer_filters(model)
    filters = np.asarray(first.weights, dtype=np.float64)
    fits = fit_gabors(filters, n_starts=n_starts, random_state=random_state)
    gate = compute_gabor_gate(
        filters.shape[-1], filters.shape[1], n_noise=n_noise, n_starts=n_starts, random_state=random_state
    )
    rows = [
        {
            "model": model.name,
            "weights": model.weights,
            "layer": first.layer,
            "layer_index": 0,
            "analysis": "first_layer",
            "n_units": len(filters),
            "seed": model.seed,
            **row,
        }
        for row in summarise_first_layer(fits, gate, random_state=random_state)
    ]
    measured = FirstLayerFits(filters, fits, float(gate), model.name, model.weights, first.layer)
    return measured, Scores.from_rows(rows)


def save_first_layer(
    path: Path | str, measured: FirstLayerFits, *, provenance: Mapping[str, Any] | None = None
) -> None:
    """Write filters and fits to one netCDF file.

    Parameters
    ----------
    path : path
    measured : FirstLayerFits
    provenance : mapping, optional
        Default: `collect_provenance()`; `brainconv.io.read_provenance` gives it back.
    """
    table = measured.fits.table.reset_index(drop=True).rename_axis("filter")
    dataset = xr.Dataset.from_dataframe(table)
    dataset["weights"] = (("filter", "channel", "y", "x"), measured.filters)
    for column, unit in measured.fits.units.items():
        dataset[column].attrs["units"] = unit
    dataset.attrs.update(gate=measured.gate, model=measured.model, state=measured.weights, layer=measured.layer)
    with write_atomically(path) as partial:
        write_dataset(
            partial, dataset, {"provenance": dict(collect_provenance() if provenance is None else provenance)}
        )


def open_first_layer(path: Path | str) -> FirstLayerFits:
    """Read what `save_first_layer` wrote.

    Parameters
    ----------
    path : path

    Returns
    -------
    FirstLayerFits
    """
    dataset = read_dataset(Path(path))
    filters = dataset["weights"].to_numpy()
    table: pd.DataFrame = dataset.drop_vars("weights").to_dataframe().reset_index(drop=True)
    units = {str(name): str(dataset[name].attrs["units"]) for name in table.columns if "units" in dataset[name].attrs}
    attributes = dataset.attrs
    fits = Properties(f"{attributes['model']}.{attributes['layer']}", table, units)
    return FirstLayerFits(
        filters, fits, float(attributes["gate"]), attributes["model"], attributes["state"], attributes["layer"]
    )
