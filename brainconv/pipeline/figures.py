"""The figures of a comparison: which rows each one shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from brainconv.containers import Properties, RDMs, Recording
from brainconv.io.registries import explain
from brainconv.physiology import RINGACH_NX_NY, render_gabors
from brainconv.pipeline.configuration import BRAINSCORE
from brainconv.pipeline.differences import PREFERRED, draw_differences
from brainconv.pipeline.first_layer import FirstLayerFits
from brainconv.pipeline.pictures import list_images
from brainconv.pipeline.properties import predict_bandwidths
from brainconv.pipeline.reweighting import ANALYSIS as REWEIGHTING
from brainconv.pipeline.similarities import plan_similarities
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
    import xarray as xr
    from matplotlib.figure import Figure

    from brainconv.pipeline.results import Comparison

_PREDICTIVITY = ("median over sites", "median over sites, mean over splits")
_RSA_STATISTICS = ("mean over subjects", "single RDM")


#: Figures by name, each drawn when it is asked for.
Plan = Iterator[tuple[str, Callable[[], "Figure"]]]


def draw_figures(comparison: Comparison) -> tuple[dict[str, Figure], tuple[str, ...]]:
    """Draw everything that the report shows.

    Parameters
    ----------
    comparison : Comparison

    Returns
    -------
    figures : dict of str to Figure
        By file name without ending.
    notes : tuple of str
        What could not be drawn, and why: the scores and the other figures are not lost to it.
    """
    figures: dict[str, Figure] = {}
    notes: list[str] = []
    for what, plan in _PLANS.items():
        try:
            for name, draw in plan(comparison):
                try:
                    figures[name] = draw()
                except Exception as error:  # whatever it is, it concerns one figure
                    notes.append(f"The figure {name} cannot be drawn ({explain(error)}); the tables have its numbers.")
        except Exception as error:
            notes.append(f"Figures of {what} cannot be drawn ({explain(error)}); the tables have their numbers.")
    return figures, tuple(notes)


def _plan_profiles(comparison: Comparison) -> Plan:
    for analysis, best in _BEST_TITLES.items():
        rows = select_layer_rows(comparison.scores.table, analysis)
        for name, target in comparison.targets.items():
            here = rows[rows["recording"] == name]
            for area in here["area"].dropna().unique():
                own = here[here["area"] == area]
                yield f"{analysis}_{name}_{area}", partial(_draw_profile, own, target, analysis)
        if not rows.empty and len(rows["model"].unique()) > 1:
            yield f"{analysis}_best_layers", partial(plot_best_layers, rows, title=best)
        yield from _plan_recovery(comparison, rows, analysis)


def _plan_reweighting(comparison: Comparison) -> Plan:
    weighted = comparison.scores.table[comparison.scores.table["analysis"] == REWEIGHTING]
    for name in dict.fromkeys(weighted["recording"]):
        own = weighted[weighted["recording"] == name]
        yield f"{REWEIGHTING}_{name}", partial(plot_reweighting, own, title=name)


def _plan_differences(comparison: Comparison) -> Plan:
    """All of them; where one cannot be drawn, those of each recording by themselves."""
    try:
        drawn = draw_differences(comparison)
    except Exception as whole:
        drawn, failed = {}, False
        for key, one in comparison.comparisons.items():
            try:
                part = draw_differences(replace(comparison, comparisons={key: one}))
                # preferred layers are counted over all recordings
                drawn |= {name: figure for name, figure in part.items() if name != PREFERRED}
            except Exception as error:
                failed = True
                yield "differences_" + "_".join(key), partial(_raise, error)
        if not failed:  # each recording by itself is drawn: what fails is the count over all of them
            yield PREFERRED, partial(_raise, whole)
    yield from ((name, partial(_keep, figure)) for name, figure in drawn.items())


def _raise(error: Exception) -> Figure:
    raise error


def _keep(figure: Figure) -> Figure:
    return figure


def _plan_rdms(comparison: Comparison) -> Plan:
    for name, rdms in comparison.rdms.items():
        target = comparison.targets[name]
        draw = partial(plot_rdms, rdms, images=list_images(target), categories=_categories(target), title=name)
        yield f"rdms_{name}", draw


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


def _plan_recovery(comparison: Comparison, rows: pd.DataFrame, analysis: str) -> Plan:
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
        return
    model, weights = made_by[["model", "weights"]].iloc[0]
    title = f"Recovery of the generating layer by {_RECOVERED_BY[analysis]}"
    draw = partial(plot_layer_recovery, made_by, true_layers=truths, model=model, weights=weights, title=title)
    yield f"{analysis}_recovery", draw


def _plan_first_layers(comparison: Comparison) -> Plan:
    for name, first in comparison.first_layers.items():
        yield f"filters_{name}", partial(_draw_filters, name, first)
    if not comparison.first_layers:
        return
    by_model = {(first.model, first.weights): first for first in comparison.first_layers.values()}
    yield (
        "shape_plane",
        partial(
            plot_shape_plane,
            {key: first.fits for key, first in by_model.items()},
            RINGACH_NX_NY.counts,
            RINGACH_NX_NY.edges,
            gates={key: first.gate for key, first in by_model.items()},
        ),
    )
    for name, properties in comparison.properties.items():
        if "bandwidth" in properties.table:
            yield f"bandwidths_{name}", partial(_draw_bandwidths, name, properties, by_model)


def _draw_filters(name: str, first: FirstLayerFits) -> Figure:
    fitted = render_gabors(first.fits, colour=True)
    title = f"{name}, {first.layer}: filters and their Gabor fits"
    return plot_filters(first.filters, first.fits, fitted, gate=first.gate, title=title)


def _draw_bandwidths(name: str, properties: Properties, by_model: Mapping[tuple[str, str], FirstLayerFits]) -> Figure:
    return plot_bandwidths(
        properties.table["bandwidth"].to_numpy(dtype=float),
        {key: predict_bandwidths(first) for key, first in by_model.items()},
        cells_label=f"macaque {properties.area} cells ({name})",
    )


def _plan_sites(comparison: Comparison) -> Plan:
    """Sites of the first model's best layer, for recordings whose reliability is known."""
    done = set()
    for (analysis, model, recording), details in comparison.details.items():
        target = comparison.targets[recording]
        if analysis != "predictivity" or recording in done or not isinstance(target, Recording):
            continue
        if target.has_repeats:
            done.add(recording)
            yield f"sites_{recording}", partial(_draw_sites, details, model, target)


def _draw_sites(details: xr.Dataset, model: str, target: Recording) -> Figure:
    best = details["site_r"].median("site").idxmax("layer").item()
    sites = details.sel(layer=best)[["site_r", "reliability"]].drop_vars(["layer"])
    title = f"{target.name}: sites, predicted from {model} {best}"
    return plot_site_scatter(sites, score="site_r", title=title, simulated=target.simulated)


def _categories(target: Recording | RDMs) -> dict[str, str] | None:
    stimuli = target.stimuli
    if stimuli is None or "category" not in stimuli.table:
        return None
    return {str(name): str(category) for name, category in stimuli.table["category"].items()}


_PLANS: dict[str, Callable[[Comparison], Plan]] = {
    "layers": _plan_profiles,
    "reweighting": _plan_reweighting,
    "sites": _plan_sites,
    "differences": _plan_differences,
    "RDMs": _plan_rdms,
    "similarities": plan_similarities,
    "first layers": _plan_first_layers,
}
