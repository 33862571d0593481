"""What the report shows of tests: between layers, between models, and which layer each site prefers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import xarray as xr

from brainconv.containers import Recording, Scores
from brainconv.errors import InvalidInputError
from brainconv.pipeline.comparisons import UNTRAINED, is_pair, read_pairs
from brainconv.pipeline.geometries import BELOW, EQUIVALENT
from brainconv.plotting import plot_layer_differences, plot_model_differences, plot_preferred_layers
from brainconv.predictivity import AREA_ORDER
from brainconv.predictivity.hierarchy import DIFFERENT_STIMULI
from brainconv.report import TableItem

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from brainconv.pipeline.results import Comparison

LAYERS, MODELS, PREFERRED = "layer_differences", "model_differences", "preferred_layers"

TABLE = (
    "Differences of the mean r over sites, on the same resamples of stimuli and sites. p: two-sided, "
    "Student's t; q: p corrected after Benjamini and Hochberg over all tests of one kind on this recording (n_tests). "
    "A network and one untrained twin of its have no p: they differ by their seeds too. Selection frequency: how "
    "often a layer is the best over resamples, which is not the probability that it is the right one."
)

RSA_TABLE = (
    "Differences of similarity; Student's t. Models are compared with one another and with the ceiling at the layer "
    "chosen on the other half of the stimuli (`nested`; random splits), a network's layers with its first one and, "
    "where there are five, with the mean of its untrained twins, whose spread over seeds counts for the trained "
    "network too. p: two-sided, but one-sided for the lower ceiling (small where a model stays below it) and for 90 % "
    "of it (small where a model is shown to reach it); none for pairs with a single untrained network. q: p corrected "
    "after Benjamini and Hochberg for each of these kinds, over all areas (n_tests tests). For new stimuli and, where "
    "there are several subjects, for new subjects too. Selection: how often a layer is chosen."
)

_CAPTIONS = {
    LAYERS: "Each layer's mean r over sites, minus the network's first layer and, where there are five, minus the mean "
    "of its untrained twins. Bars: 95 % over stimuli and sites (and seeds); filled: q < 0.05 after "
    "Benjamini and Hochberg, two-sided.",
    MODELS: "Mean r over sites, row minus column, each model at the layer chosen inside the training folds. "
    "●: q < 0.05, paired over stimuli and sites, two-sided, corrected after Benjamini and Hochberg.",
    PREFERRED: "How many of each area's sites are predicted best from each layer, chosen inside the training folds.",
}

_RSA_CAPTIONS = {
    LAYERS: "Each layer's similarity minus that of the network's first layer and, where there are five, minus the mean "
    "of its untrained twins. Bars: 95 %, Student's t on resampled stimuli (and subjects, where there are several; and "
    "seeds, for twins); filled: q < 0.05 after Benjamini and Hochberg over all layers and areas, two-sided.",
    MODELS: "Similarity, row minus column, each model at the layer chosen on the other half of the stimuli (mean over "
    "random splits). ●: q < 0.05, paired, two-sided, Student's t on resampled stimuli (and subjects, where there are "
    "several), corrected after Benjamini and Hochberg over all pairs and areas; never with an untrained network, which "
    "is a single seed.",
}


def caption_of(kind: str, analysis: str) -> str:
    """What is written under a figure of differences.

    Parameters
    ----------
    kind : str
        `LAYERS`, `MODELS` or `PREFERRED`.
    analysis : str
    """
    return (_RSA_CAPTIONS if analysis == "rsa" else _CAPTIONS)[kind]


def draw_differences(comparison: Comparison) -> dict[str, Figure]:
    """Figures of what was tested, by kind, analysis and recording.

    Parameters
    ----------
    comparison : Comparison

    Returns
    -------
    dict of str to Figure
    """
    figures: dict[str, Figure] = {}
    for (analysis, recording), scores in comparison.comparisons.items():
        table = scores.table[(scores.table["analysis"] == "comparison") & (scores.table["weights"] != UNTRAINED)]
        layers = table[~is_pair(table) & ~table["statistic"].isin([BELOW, EQUIVALENT])]
        for (model, area), rows in layers.groupby(["model", "area"], sort=False):
            if len(set(rows["layer"])) > 1:
                figures["_".join([LAYERS, analysis, recording, str(area), str(model)])] = plot_layer_differences(
                    rows,
                    title=f"{recording} · {area} · {model}",
                    ylabel=str(rows["definition"].iloc[0]),
                    simulated=_is_simulated(rows),
                )
        pairs = read_pairs(scores)
        for area in map(str, dict.fromkeys(pairs["area"])):
            figures["_".join([MODELS, analysis, recording, area])] = plot_model_differences(
                pairs[pairs["area"] == area],
                title=f"{recording} · {area}",
                label=f"{pairs['definition'].iloc[0]}, row minus column",
                simulated=_is_simulated(scores.table),
            )
    return figures | _draw_preferred(comparison)


def list_differences(comparison: Comparison, analysis: str, recording: str) -> TableItem | None:
    """The table of what was tested on one recording.

    Parameters
    ----------
    comparison : Comparison
    analysis, recording : str

    Returns
    -------
    TableItem or None
    """
    scores = comparison.comparisons.get((analysis, recording))
    if scores is None or not len(scores):
        return None
    shown = ["value", "ci_low", "ci_high", "p", "q", "n_tests"]
    columns = ["area", "model", "weights", "layer", "statistic", *shown, "simulated"]
    return TableItem(scores.table[columns], RSA_TABLE if analysis == "rsa" else TABLE)


def _draw_preferred(comparison: Comparison) -> dict[str, Figure]:
    """Preferred layers of the sites of every recording, for the first network that was not made at random."""
    found = {
        recording: scores
        for (analysis, recording), scores in comparison.comparisons.items()
        if analysis == "predictivity" and scores.details is not None
    }
    networks = [(str(key), scores) for scores in found.values() for key in _details(scores)["model"].to_numpy()]
    deep = [(key, scores) for key, scores in networks if len(_list_layers(scores, key)) > 2]
    chosen = next((pair for pair in deep if _weights_of(pair[1], pair[0]) != UNTRAINED), deep[0] if deep else None)
    if chosen is None:
        return {}
    parts, sets = [], set()
    for recording, scores in found.items():
        details = _details(scores)
        target = comparison.targets[recording]
        if chosen[0] not in details["model"].to_numpy() or not isinstance(target, Recording):
            continue
        own = details.sel(model=chosen[0])
        areas = own["site_area"].to_numpy().astype(str)
        parts.append(pd.DataFrame({"area": areas, "layer": own["preferred_layer"].to_numpy(), "recording": recording}))
        sets.add(frozenset(target.stimuli.ids))
    table = pd.concat(parts, ignore_index=True)
    table["layer"] = table["layer"].replace("", None)
    place = {name: k for k, name in enumerate(AREA_ORDER)}
    table = table.sort_values("area", key=lambda names: names.map(lambda name: place.get(name, 9)), kind="stable")
    if len(sets) > 1:
        table["area"] = table["area"] + " · " + table["recording"]
    figure = plot_preferred_layers(
        table,
        layers=_list_layers(chosen[1], chosen[0]),
        title=f"Preferred layer of each site, {chosen[0]}",
        simulated=any(getattr(comparison.targets[name], "simulated", False) for name in found),
        note=DIFFERENT_STIMULI if len(sets) > 1 else "",
    )
    return {PREFERRED: figure}


def _details(scores: Scores) -> xr.Dataset:
    if scores.details is None:
        msg = "This table of comparisons has no preferred layers; make it with compare_predictivity."
        raise InvalidInputError(msg)
    return scores.details


def _list_layers(scores: Scores, key: str) -> list[str]:
    """All layers of a model in the order of execution."""
    layers: list[str] = _details(scores).attrs["layers"][key]
    return layers


def _weights_of(scores: Scores, key: str) -> str:
    return str(_details(scores).attrs["weights"][key])


def _is_simulated(table: pd.DataFrame) -> bool:
    return bool(table["simulated"].fillna(False).astype(bool).any())
