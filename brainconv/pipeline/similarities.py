"""What the report shows of geometries beyond profiles: other measures, maps of images, areas beside each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from brainconv.containers import RDMs
from brainconv.pipeline import captions
from brainconv.pipeline.areas import BETWEEN, DISSOCIATION
from brainconv.pipeline.comparisons import UNTRAINED
from brainconv.pipeline.measures import DIMENSIONALITY
from brainconv.pipeline.pictures import MAX_IMAGES, list_images
from brainconv.plotting import plot_image_map, plot_layer_area_matrix, plot_measures
from brainconv.report import TableItem
from brainconv.similarity import rank_agreement
from brainconv.similarity.measures import ANALYSIS as MEASURES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from brainconv.pipeline.results import Comparison


def plan_similarities(comparison: Comparison) -> Iterator[tuple[str, Callable[[], Figure]]]:
    """Panels of measures, maps of images and matrices of layers and areas.

    Parameters
    ----------
    comparison : Comparison

    Yields
    ------
    name : str
        ``measures_<recording>_<area>``, ``map_<recording>``, ``matrix_<analysis>_<model>``.
    draw : callable
        Makes the figure.
    """
    table = comparison.scores.table
    measured = table[table["analysis"] == MEASURES]
    for (recording, area), rows in measured.groupby(["recording", "area"], sort=False):
        title = f"{recording} · {area}"
        yield f"measures_{recording}_{area}", partial(plot_measures, rows, title=title, simulated=_is_simulated(rows))
    for name, rdms in comparison.rdms.items():
        target = comparison.targets[name]
        trained = [one for one in rdms[1:] if len(one) and one.labels["weights"].iloc[0] != UNTRAINED]
        if trained and target.n_stimuli <= MAX_IMAGES:
            yield f"map_{name}", partial(plot_image_map, [rdms[0], trained[0]], images=list_images(target), title=name)
    yield from _plan_matrices(comparison)


def _plan_matrices(comparison: Comparison) -> Iterator[tuple[str, Callable[[], Figure]]]:
    """One for each trained network and analysis whose areas were recorded with one stimulus set."""
    from brainconv.pipeline.figures import select_layer_rows

    for analysis, label in (("rsa", "similarity"), ("predictivity", "median r over sites")):
        rows = select_layer_rows(comparison.scores.table, analysis)
        rows = rows[rows["weights"] != UNTRAINED]
        for shared in _one_stimulus_set(comparison, rows):
            here = rows[rows["recording"].isin(shared)]
            if len(here[["recording", "area"]].drop_duplicates()) < 2:
                continue
            for model, own in here.groupby("model", sort=False):
                if len(set(own["layer"])) > 2:
                    title = f"Layers of {model} and areas"
                    draw = partial(plot_layer_area_matrix, own, title=title, label=label, simulated=_is_simulated(own))
                    yield f"matrix_{analysis}_{model}_{shared[0]}", draw


def _one_stimulus_set(comparison: Comparison, rows: pd.DataFrame) -> Iterator[list[str]]:
    sets: dict[frozenset[str], list[str]] = {}
    for name in dict.fromkeys(rows["recording"].dropna()):
        target = comparison.targets[name]
        ids = target.stimulus_ids if isinstance(target, RDMs) else target.stimuli.ids
        sets.setdefault(frozenset(ids), []).append(name)
    yield from sets.values()


def list_measures(comparison: Comparison, recording: str) -> list[TableItem]:
    """Tables of one recording: agreement of measures, cross-validated similarity, dimensionality.

    Parameters
    ----------
    comparison : Comparison
    recording : str

    Returns
    -------
    list of TableItem
    """
    table = comparison.scores.table
    own = table[table["recording"] == recording]
    items = []
    for _, rows in own[own["analysis"] == MEASURES].groupby("area", sort=False):
        items.append(
            TableItem(
                rank_agreement(rows),
                captions.AGREEMENT_TABLE,
                labels={"definition": "measure", "n": "layers"},
                digits=2,
            )
        )
    bounded = own[(own["analysis"] == MEASURES) & own["ceiling_high"].notna()]
    columns = ["model", "weights", "layer", "definition", "value", "ci_low", "ci_high"]
    columns += ["ceiling_low", "ceiling_high", "ceiling_ci_low", "ceiling_ci_high"]
    if not bounded.empty:
        items.append(TableItem(bounded[[*columns, "simulated"]], captions.CROSS_VALIDATED_TABLE))
    dimensions = own[own["analysis"] == DIMENSIONALITY]
    if not dimensions.empty and recording == _first_with_these_stimuli(comparison, table, recording):
        keys = ["model", "weights", "seed", "layer"]
        slopes = dimensions[dimensions["definition"] == "spectral slope"][[*keys, "value"]]
        shown = dimensions[dimensions["definition"] == "effective dimensionality"]
        shown = shown.merge(slopes.rename(columns={"value": "spectral_slope"}), on=keys, how="left")
        columns = [*keys, "definition", "value", "ci_low", "ci_high", "spectral_slope", "n_units", "n_stimuli"]
        items.append(TableItem(shown[columns], captions.DIMENSIONS_TABLE, digits=2))
    return items


def _first_with_these_stimuli(comparison: Comparison, table: pd.DataFrame, recording: str) -> str:
    rows = table[table["analysis"] == DIMENSIONALITY]
    return next(names[0] for names in _one_stimulus_set(comparison, rows) if recording in names)


def list_areas(comparison: Comparison) -> list[TableItem]:
    """Tables of areas beside each other: similarity of their RDMs, and double dissociations.

    Parameters
    ----------
    comparison : Comparison

    Returns
    -------
    list of TableItem
    """
    table = comparison.scores.table
    shared = ["statistic", "definition", "value", "ci_low", "ci_high"]
    items = []
    between = table[table["analysis"] == BETWEEN]
    if not between.empty:
        items.append(
            TableItem(between[["recording", "area", *shared, "n_stimuli", "simulated"]], captions.BETWEEN_TABLE)
        )
    parted = table[table["analysis"] == DISSOCIATION]
    if not parted.empty:
        columns = ["recording", "area", "model", "layer", *shared, "p", "q", "n_tests", "simulated"]
        items.append(TableItem(parted[columns], captions.DISSOCIATION_TABLE))
    return items


def _is_simulated(table: pd.DataFrame) -> bool:
    return bool(table["simulated"].fillna(False).astype(bool).any())
