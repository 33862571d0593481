"""Differences between layers and models in representational similarity: which are tested, and against what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from brainconv.containers import RDMs, Recording, Representation, Scores
from brainconv.pipeline.comparisons import MINUS, UNTRAINED
from brainconv.pipeline.pictures import find_most_similar_layer
from brainconv.similarity import adjust_p, compare_models

BEST_PAIRS = "similarity of best layers: "
BELOW, EQUIVALENT = "best layer minus lower ceiling", "best layer minus 90 % of the lower ceiling"

_UNCORRECTED = "p are not corrected."
_TESTED = ("difference", "ci_low", "ci_high", "p")


def compare_geometries(
    layers: Mapping[str, Mapping[str, Representation]],
    scores: Mapping[str, Scores],
    target: Recording | RDMs,
    *,
    twins: Mapping[str, list[str]],
    estimator: str = "correlation",
    comparator: str = "rho-a",
    n_boot: int = 1000,
    target_estimator: str | None = None,
    random_state: int = 0,
) -> Scores:
    """Test layers against a network's first one, models against one another, and both against the ceiling.

    Parameters
    ----------
    layers : mapping of key to mapping of str to Representation
        Of every model.
    scores : mapping of key to Scores
        Of `score_rsa` on this target, by the same comparator.
    target : Recording or RDMs
    twins : mapping of key to list of keys
        See `find_twins`; of several twins the first is compared.
    estimator, comparator : str
    n_boot : int
        At least 100.
    target_estimator : str, optional
        For the RDMs of a Recording; by default that of the layers.
    random_state : int

    Returns
    -------
    Scores
        Rows of analysis ``"comparison"``: every layer of a trained network minus its first layer; models minus one
        another, each at its best layer (a plain maximum on these stimuli); with several subjects each model's best
        layer minus the lower ceiling (p: one-sided, small where it stays below) and minus 90 % of it (p: one-sided,
        small where it is shown to reach them).  For new stimuli; with several subjects for new subjects too.  q is p
        corrected after Benjamini and Hochberg for each kind.
    """
    again = {name for group in twins.values() for name in group[1:]}
    best = {
        key: layer
        for key, one in scores.items()
        if key not in again and (layer := find_most_similar_layer(one)) is not None
    }
    candidates = []
    for key, layer in best.items():
        trained = scores[key].table["weights"].iloc[0] != UNTRAINED
        wanted = list(layers[key]) if trained else [layer]
        candidates += [replace(layers[key][name], model=key) for name in wanted]
    several = isinstance(target, RDMs) and "subject" in target.labels and len(set(target.labels["subject"])) > 1
    found = compare_models(
        candidates,
        target,
        estimator=estimator,
        comparator=comparator,
        generalise="both" if several else "stimuli",
        correction="none",
        n_boot=max(n_boot, 100),
        target_estimator=target_estimator,
        random_state=random_state,
    )
    rows: list[dict[str, Any]] = []
    by_area = found.pairs.fillna({"area": ""}).groupby("area", sort=False) if len(found.pairs) else ()
    for area, pairs in by_area:
        rows += _named(_minus_first(pairs, layers), scores, area, comparator)
        rows += _named(_minus_one_another(pairs, best), scores, area, comparator)
    for area, models in found.models.fillna({"area": ""}).groupby("area", sort=False):
        chosen = models[[best.get(row["model"]) == row["layer"] for row in models.to_dict("records")]]
        rows += _named(_minus_ceiling(chosen), scores, area, comparator)
    corrected = found.notes[-1].replace(_UNCORRECTED, "q: p corrected after Benjamini and Hochberg for each kind.")
    return Scores.from_rows(rows, notes=[*found.notes[:-1], corrected])


def _minus_first(pairs: pd.DataFrame, layers: Mapping[str, Mapping[str, Representation]]) -> pd.DataFrame:
    first = {key: next(iter(own)) for key, own in layers.items()}
    same = pairs[pairs["model_a"] == pairs["model_b"]]
    rows = []
    for row in same.to_dict("records"):
        reference = first[row["model_a"]]
        if reference in (row["layer_a"], row["layer_b"]):
            turned = row if row["layer_b"] == reference else _turn(row)
            rows.append(_kept(turned) | {"statistic": f"similarity,{MINUS}{reference}"})
    return pd.DataFrame(rows)


def _minus_one_another(pairs: pd.DataFrame, best: Mapping[str, str]) -> pd.DataFrame:
    rows = []
    for row in pairs.to_dict("records"):
        a, b = row["model_a"], row["model_b"]
        if a != b and best[a] == row["layer_a"] and best[b] == row["layer_b"]:
            rows.append(_kept(row) | {"statistic": f"{BEST_PAIRS}{a}{MINUS}{b}"})
    return pd.DataFrame(rows)


def _minus_ceiling(models: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for statistic, share, name in ((BELOW, 1.0, "p_below_ceiling"), (EQUIVALENT, 0.9, "p_equivalent")):
        for row in models.to_dict("records"):
            if np.isfinite(row["ceiling_low"]):
                missed = row["value"] - share * row["ceiling_low"]
                kept = {"key": row["model"], "layer": row["layer"], "difference": missed, "p": row[name]}
                rows.append(kept | {"ci_low": None, "ci_high": None, "statistic": statistic})
    return pd.DataFrame(rows)


def _turn(row: Mapping[Any, Any]) -> dict[Any, Any]:
    """B minus a instead of a minus b."""
    turned = {"difference": -row["difference"], "ci_low": -row["ci_high"], "ci_high": -row["ci_low"], "p": row["p"]}
    return turned | {"model_a": row["model_b"], "layer_a": row["layer_b"]}


def _kept(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {"key": row["model_a"], "layer": row["layer_a"]} | {name: row[name] for name in _TESTED}


_OF_LAYER: tuple[str, ...] = (
    *("model", "weights", "seed", "recording", "simulated", "area", "degrees", "layer", "layer_index"),
    *("n_units", "n_stimuli", "n_sites", "n_repeats", "estimator"),
)


def _named(
    found: pd.DataFrame, scores: Mapping[str, Scores], area: object, comparator: str
) -> Iterator[dict[str, Any]]:
    """Rows of a score table, corrected for each kind."""
    if found.empty:
        return
    kind = found["statistic"].str.split(": ", regex=False).str[0]
    for _, group in found.groupby(kind, sort=False):
        q = adjust_p(group["p"].to_numpy(dtype=float))
        for record, corrected in zip(group.to_dict("records"), q, strict=True):
            table = scores[record["key"]].table
            own = table[(table["layer"] == record["layer"]) & (table["area"].fillna("") == area)].iloc[0]
            yield {
                **{name: own[name] for name in _OF_LAYER},
                "analysis": "comparison",
                "comparator": comparator,
                "definition": f"difference of {comparator}",
                "statistic": record["statistic"],
                "value": record["difference"],
                **{name: record[name] for name in ("ci_low", "ci_high", "p")},
                "q": float(corrected),
            }
