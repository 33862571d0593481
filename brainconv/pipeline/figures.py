"""The figures of a comparison: which rows each one shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from brainconv.containers import RDMs, Recording
from brainconv.physiology import RINGACH_NX_NY, render_gabors
from brainconv.pipeline.configuration import BRAINSCORE
from brainconv.pipeline.differences import draw_differences
from brainconv.pipeline.pictures import list_images
from brainconv.pipeline.properties import predict_bandwidths
from brainconv.pipeline.reweighting import ANALYSIS as REWEIGHTING
from brainconv.pipeline.similarities import draw_similarities
from brainconv.plotting import (
    plot_bandwidths,
    plot_best_layers,
    plot_filters,
    plot_layer_profiles,
    plot_layer_recovery,
    plot_rdms,
    plot_reweighting,
    plot_shape_plane,
    plot_site_scatter,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from brainconv.pipeline.results import Comparison

_PREDICTIVITY = ("median over sites", "median over sites, mean over splits")
_RSA_STATISTICS = ("mean over subjects", "single RDM")


def draw_figures(comparison: Comparison) -> dict[str, Figure]:
    """Draw everything that the report shows.

    Parameters
    ----------
    comparison : Comparison

    Returns
    -------
    dict of str to Figure
        By file name without ending.
    """
    figures: dict[str, Figure] = {}
    for analysis, best in _BEST_TITLES.items():
        rows = select_layer_rows(comparison.scores.table, analysis)
        for name, target in comparison.targets.items():
            here = rows[rows["recording"] == name]
            for area in here["area"].dropna().unique():
                figures[f"{analysis}_{name}_{area}"] = _draw_profile(here[here["area"] == area], target, analysis)
        if not rows.empty and len(rows["model"].unique()) > 1:
            figures[f"{analysis}_best_layers"] = plot_best_layers(rows, title=best)
        figures |= _draw_recovery(comparison, rows, analysis)
    weighted = comparison.scores.table[comparison.scores.table["analysis"] == REWEIGHTING]
    for name in dict.fromkeys(weighted["recording"]):
        figures[f"{REWEIGHTING}_{name}"] = plot_reweighting(weighted[weighted["recording"] == name], title=name)
    figures |= _draw_sites(comparison) | draw_differences(comparison)
    for name, rdms in comparison.rdms.items():
        target = comparison.targets[name]
        figures[f"rdms_{name}"] = plot_rdms(
            rdms, images=list_images(target), categories=_categories(target), title=name
        )
    figures |= draw_similarities(comparison) | _draw_first_layers(comparison)
    return figures


_BEST_TITLES = {
    "predictivity": "Predictivity of each model's best layer (plain maximum over layers)",
    "brainscore": "Predictivity of each model's best layer by Brain-Score's procedure (plain maximum over layers)",
    "rsa": "Similarity of each model's best layer (plain maximum over layers)",
}

_RECOVERED_BY = {"predictivity": "predictivity", "brainscore": "Brain-Score's procedure", "rsa": "RSA"}


def select_layer_rows(table: pd.DataFrame, analysis: str) -> pd.DataFrame:
    """Rows of single layers, of one formula per recording: what profiles show.

    Parameters
    ----------
    table : DataFrame
        All scores.
    analysis : {"predictivity", "brainscore", "rsa"}

    Returns
    -------
    DataFrame
    """
    rows = table[(table["analysis"] == ("rsa" if analysis == "rsa" else "predictivity")) & table["value"].notna()]
    if analysis != "rsa":
        fixed = np.logical_and.reduce([rows[column] == value for column, value in BRAINSCORE.items()])
        rows = rows[fixed if analysis == "brainscore" else ~fixed]
        return rows[rows["statistic"].isin(_PREDICTIVITY) & (rows["definition"] == "r")]
    rows = rows[rows["statistic"].isin(_RSA_STATISTICS)]
    return rows[rows["comparator"] == rows["comparator"].iloc[0]] if len(rows) else rows


def _draw_profile(rows: pd.DataFrame, target: Recording | RDMs, analysis: str) -> Figure:
    true_layer = target.metadata.get("true_layer") if isinstance(target, Recording) else None
    recovered = None
    trained = rows[rows["weights"] != "random"]
    generators = trained.loc[trained["layer"] == true_layer, "model"]
    if true_layer is not None and len(generators):
        own = trained[trained["model"] == generators.iloc[0]]
        recovered = str(own.sort_values("value")["layer"].iloc[-1])
    return plot_layer_profiles(
        rows,
        recording=target.name,
        true_layer=true_layer,
        recovered_layer=recovered,
        ceiling_reason=explain_missing_ceiling(target, analysis),
    )


def explain_missing_ceiling(target: Recording | RDMs, analysis: str) -> str:
    """Why there is no noise ceiling, where there is none.

    Parameters
    ----------
    target : Recording or RDMs
    analysis : {"predictivity", "brainscore", "rsa"}

    Returns
    -------
    str
    """
    if analysis != "rsa":
        return "only averages over repeats are published"
    if isinstance(target, RDMs):
        return "one RDM"
    return "one animal" + (
        ": both halves of its trials share the noise bias" if target.has_repeats else ", averages only"
    )


def _draw_recovery(comparison: Comparison, rows: pd.DataFrame, analysis: str) -> dict[str, Figure]:
    truths = {
        str(area): str(target.metadata["true_layer"])
        for target in comparison.targets.values()
        if isinstance(target, Recording) and "true_layer" in target.metadata
        for area in target.areas
    }
    makers = {
        str(target.metadata["true_model"])
        for target in comparison.targets.values()
        if isinstance(target, Recording) and "true_model" in target.metadata
    }
    made_by = rows[rows["simulated"].fillna(False) & rows["model"].isin(makers)]
    if not truths or made_by.empty:
        return {}
    model, weights = made_by[["model", "weights"]].iloc[0]
    figure = plot_layer_recovery(
        made_by,
        true_layers=truths,
        model=model,
        weights=weights,
        title=f"Recovery of the generating layer by {_RECOVERED_BY[analysis]}",
    )
    return {f"{analysis}_recovery": figure}


def _draw_first_layers(comparison: Comparison) -> dict[str, Figure]:
    figures = {}
    for name, first in comparison.first_layers.items():
        fitted = render_gabors(first.fits, colour=True)
        title = f"{name}, {first.layer}: filters and their Gabor fits"
        figures[f"filters_{name}"] = plot_filters(first.filters, first.fits, fitted, gate=first.gate, title=title)
    if comparison.first_layers:
        by_model = {(first.model, first.weights): first for first in comparison.first_layers.values()}
        figures["shape_plane"] = plot_shape_plane(
            {key: first.fits for key, first in by_model.items()},
            RINGACH_NX_NY.counts,
            RINGACH_NX_NY.edges,
            gates={key: first.gate for key, first in by_model.items()},
        )
        for name, properties in comparison.properties.items():
            if "bandwidth" in properties.table:
                figures[f"bandwidths_{name}"] = plot_bandwidths(
                    properties.table["bandwidth"].to_numpy(dtype=float),
                    {key: predict_bandwidths(first) for key, first in by_model.items()},
                    cells_label=f"macaque {properties.area} cells ({name})",
                )
    return figures


def _draw_sites(comparison: Comparison) -> dict[str, Figure]:
    """Sites of the first model's best layer, for recordings whose reliability is known."""
    figures = {}
    for (analysis, model, recording), details in comparison.details.items():
        target = comparison.targets[recording]
        done = f"sites_{recording}" in figures
        if analysis != "predictivity" or done or not isinstance(target, Recording) or not target.has_repeats:
            continue
        best = details["site_r"].median("site").idxmax("layer").item()
        sites = details.sel(layer=best)[["site_r", "reliability"]].drop_vars(["layer"])
        figures[f"sites_{recording}"] = plot_site_scatter(
            sites,
            score="site_r",
            title=f"{recording}: sites, predicted from {model} {best}",
            simulated=target.simulated,
        )
    return figures


def _categories(target: Recording | RDMs) -> dict[str, str] | None:
    stimuli = target.stimuli
    if stimuli is None or "category" not in stimuli.table:
        return None
    return {str(name): str(category) for name, category in stimuli.table["category"].items()}
