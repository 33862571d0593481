"""Differences between the models of a run: which are tested against which, and on what resamples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from brainconv.containers import Scores
from brainconv.errors import InvalidInputError
from brainconv.predictivity import (
    MIN_TWINS,
    compare_models,
    compare_with_layer,
    compare_with_twins,
    compute_preferred_depth,
    compute_selection_frequency,
    correct_family,
    score_hierarchy,
)
from brainconv.predictivity.area import MEAN, NESTED, NESTED_LAYER

UNTRAINED = "random"
MINUS = " minus "
_BETWEEN_MODELS = ": "
PAIRS = f"{MEAN}{NESTED}{_BETWEEN_MODELS}"
SELECTION = "share of resamples as the best layer"


def find_twins(models: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """The untrained twins of each trained network of a configuration.

    Parameters
    ----------
    models : mapping of key to mapping
        ``models`` of a configuration: ``name`` and ``weights`` of each.

    Returns
    -------
    dict of key to list of keys
    """
    return {
        key: [other for other, twin in models.items() if twin["name"] == spec["name"] and twin["weights"] == UNTRAINED]
        for key, spec in models.items()
        if spec["weights"] != UNTRAINED
    }


def find_replicates(models: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """Networks that were trained from other seeds, by the one that stands for them.

    Parameters
    ----------
    models : mapping of key to mapping
        ``models`` of a configuration; a replicate names the network that it repeats in ``replicate_of``.

    Returns
    -------
    dict of key to list of keys
    """
    found: dict[str, list[str]] = {}
    for key, spec in models.items():
        if spec.get("replicate_of"):
            found.setdefault(spec["replicate_of"], []).append(key)
    return found


def compare_predictivity(
    scores: Mapping[str, Scores],
    twins: Mapping[str, list[str]],
    *,
    replicates: Mapping[str, list[str]] | None = None,
) -> Scores:
    """Test models, layers and training against each other on one recording.

    Parameters
    ----------
    scores : mapping of key to Scores
        Of `score_predictivity` for one recording, with one seed.
    twins : mapping of key to list of keys
        See `find_twins`; those that were not scored on this recording are passed over.
    replicates : mapping of key to list of keys, optional
        See `find_replicates`: with the network that they repeat they are the sample of trained ones.

    Returns
    -------
    Scores
        Rows of analysis ``"comparison"``, differences of the mean r over sites on the same resamples: every layer of a
        network minus its first layer; every layer minus the mean of its untrained twins, where there are five; models
        minus one another, each at the layer chosen inside the training stimuli (without p for a network and one twin of
        its).  q is p corrected after Benjamini and Hochberg over ``n_tests``: all tests of one kind on this recording,
        whatever the network and area.  Rows of analysis ``"selection"``: how often a layer is the best over resamples.
        ``details``: ``preferred_layer`` and ``preferred_depth`` (model, site), see `compute_preferred_depth`.
    """
    notes: list[str] = []
    drawn = {key: one for key, one in scores.items() if one.details is not None and one.details.sizes.get("resample")}
    several = {key: one for key, one in drawn.items() if one.details is not None and one.details.sizes["layer"] > 1}
    again = {name for group in (replicates or {}).values() for name in group}
    extra = again | {twin for group in twins.values() for twin in [name for name in group if name in drawn][1:]}
    first_layers: list[dict[str, Any]] = []
    frequencies: list[dict[str, Any]] = []
    for key, one in several.items():
        if key in extra:
            continue
        first = _list_layers(one)[0]
        first_layers += _differences(one, _records(compare_with_layer(one, first)), f"{MEAN},{MINUS}{first}")
        frequencies += _frequencies(one, compute_selection_frequency(one))
    training: list[dict[str, Any]] = []
    for key, group in twins.items():
        present = [drawn[name] for name in group if name in drawn]
        if key not in drawn or key in again or not present:
            continue
        if len(present) < MIN_TWINS:
            notes.append(
                f"{len(present)} untrained twin(s) of {key}: trained against untrained needs {MIN_TWINS}. One network "
                f"and one twin differ by their seeds too, so that nothing can be concluded about training."
            )
            continue
        trained = [drawn[name] for name in (key, *(replicates or {}).get(key, ())) if name in drawn]
        if len(trained) == 1:
            notes.append(
                f"{key} was trained once: the spread over seeds of its {len(present)} untrained twins stands for that "
                f"of trained networks."
            )
        statistic = f"{MEAN},{MINUS}mean of {len(present)} untrained twins"
        training += _differences(drawn[key], _records(compare_with_twins(trained, present)), statistic)
    pairs: list[dict[str, Any]] = []
    single = {key: one for key, one in drawn.items() if key not in extra}
    if len(single) > 1:
        for row in _records(compare_models(single).assign(layer=NESTED_LAYER)):
            statistic = f"{PAIRS}{row['first']}{MINUS}{row['second']}"
            pairs += _differences(single[row["first"]], [row], statistic)
        if any(pd.isna(row["p"]) for row in pairs):
            notes.append("A network and one untrained twin of its are compared without p: they differ by seeds too.")
    rows = [row for family in (first_layers, training, pairs) for row in _correct(family)]
    return Scores.from_rows([*rows, *frequencies], details=_preferred(several, extra), notes=notes)


def _correct(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of one family, corrected together."""
    table = correct_family(pd.DataFrame(rows))
    more = _records(table[["q", "n_tests"]]) if len(table) else []
    return [row | extra for row, extra in zip(rows, more, strict=True)]


def order_areas_by_depth(scores: Sequence[Scores], *, seed: int = 0) -> Scores:
    """Whether the order of a model's layers follows the order of areas recorded with one stimulus set.

    Parameters
    ----------
    scores : sequence of Scores
        Of `score_predictivity`, one recording each.
    seed : int

    Returns
    -------
    Scores
        The row of `score_hierarchy`; none, and a note with the reason, where nothing can be tested (one layer, one
        area, different stimuli).
    """
    try:
        return score_hierarchy(scores, random_state=seed)
    except InvalidInputError as reason:
        name = str(scores[0].table["model"].iloc[0])
        return Scores.from_rows([], notes=[f"Order of areas by depth in {name} was not tested: {reason}"])


def is_pair(table: pd.DataFrame) -> pd.Series[bool]:
    """Which rows of a table of comparisons hold the difference of two models.

    Parameters
    ----------
    table : DataFrame
        Of `compare_predictivity` or `compare_geometries`.
    """
    return table["statistic"].str.contains(_BETWEEN_MODELS, regex=False).fillna(False).astype(bool)


def read_pairs(scores: Scores) -> pd.DataFrame:
    """Differences between models, from a table of comparisons.

    Parameters
    ----------
    scores : Scores
        Of `compare_predictivity` or `compare_geometries`.

    Returns
    -------
    DataFrame
        Columns ``area``, ``first``, ``second``, ``definition``, ``difference``, ``ci_low``, ``ci_high``, ``p``, ``q``,
        a row per pair.
    """
    table = scores.table[is_pair(scores.table)]
    found = table.rename(columns={"value": "difference"})[
        ["area", "definition", "difference", "ci_low", "ci_high", "p", "q"]
    ]
    if table.empty:
        return found.assign(first=[], second=[])
    named = table["statistic"].str.split(_BETWEEN_MODELS, n=1, expand=True, regex=False)[1]
    pairs = named.str.split(MINUS, n=1, expand=True, regex=False)
    return found.assign(first=pairs[0], second=pairs[1]).reset_index(drop=True)


def _preferred(scores: Mapping[str, Scores], extra: set[str]) -> xr.Dataset | None:
    found = {key: compute_preferred_depth(one) for key, one in scores.items() if key not in extra}
    if not found:
        return None
    first = next(iter(found.values()))
    layers = np.stack([table["layer"].fillna("").to_numpy(dtype=str) for table in found.values()])
    return xr.Dataset(
        {
            "preferred_layer": (("model", "site"), layers),
            "preferred_depth": (("model", "site"), np.stack([table["depth"].to_numpy() for table in found.values()])),
        },
        coords={
            "model": list(found),
            "site": first["site"].to_numpy(dtype=str),
            "site_area": ("site", first["area"].to_numpy(dtype=str)),
        },
        attrs={
            "layers": {key: _list_layers(scores[key]) for key in found},
            "weights": {key: str(scores[key].table["weights"].iloc[0]) for key in found},
        },
    )


def _list_layers(scores: Scores) -> list[str]:
    """In the order of execution."""
    table = scores.table.dropna(subset=["layer_index"]).sort_values("layer_index", kind="stable")
    return [str(layer) for layer in dict.fromkeys(table["layer"])]


_OF_MODEL = ("model", "weights", "seed", "recording", "simulated", "degrees", "regression", "splits", "n_stimuli")


def _labels(scores: Scores, layer: str, area: str) -> dict[str, Any]:
    table = scores.table[(scores.table["area"] == area) & (scores.table["layer"] == layer)]
    row = table.iloc[0]
    return {name: row[name] for name in (*_OF_MODEL, "layer_index", "n_units", "n_repeats", "n_sites")} | {
        "layer": layer,
        "area": area,
    }


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _differences(scores: Scores, found: Sequence[Mapping[str, Any]], statistic: str) -> Iterator[dict[str, Any]]:
    for row in found:
        yield {
            **_labels(scores, row["layer"], row["area"]),
            "analysis": "comparison",
            "statistic": statistic,
            "definition": "difference of r",
            "value": row["difference"],
            **{name: row[name] for name in ("ci_low", "ci_high", "p", "regression") if name in row},
        }


def _frequencies(scores: Scores, table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for row in table.to_dict("records"):
        yield {
            **_labels(scores, row["layer"], row["area"]),
            "analysis": "selection",
            "statistic": SELECTION,
            "definition": "selection frequency",
            "value": row["frequency"],
        }
