"""Areas that were recorded with one stimulus set, beside each other: how alike they are, and which layers part them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from brainconv.containers import RDMs, Recording, Representation, Scores
from brainconv.pipeline.pictures import average_subjects, find_most_similar_layer
from brainconv.predictivity import AREA_ORDER
from brainconv.similarity import (
    adjust_p,
    compare_models,
    compare_rdms,
    compare_resampled,
    compute_rdms,
    draw_multiplicities,
)

BETWEEN, DISSOCIATION = "between areas", "double dissociation"

Areas = dict[tuple[str, str], RDMs]


def split_areas(targets: Sequence[Recording | RDMs], *, estimator: str = "correlation") -> Areas:
    """The RDMs of every area of some recordings.

    Parameters
    ----------
    targets : sequence of Recording or RDMs
        Of one stimulus set.
    estimator : str
        For the RDMs of recordings of responses.

    Returns
    -------
    dict of (str, str) to RDMs
        By recording and area, in the order of the areas.
    """
    found: Areas = {}
    for target in targets:
        rdms = compute_rdms(target, estimator=estimator) if isinstance(target, Recording) else target
        named = rdms.metadata.get("areas") or [rdms.metadata.get("area") or rdms.name]
        known = rdms.labels["area"] if "area" in rdms.labels else pd.Series([None] * len(rdms))
        areas = known.astype(object).fillna(named[0]).astype(str).to_numpy()
        for area in dict.fromkeys(areas.tolist()):
            found[rdms.name, area] = rdms.select(areas == area)
    place = {area: k for k, area in enumerate(AREA_ORDER)}
    return dict(sorted(found.items(), key=lambda item: place.get(item[0][1], len(place))))


def compare_areas(
    areas: Areas,
    *,
    comparators: Sequence[str] = ("rho-a", "pearson"),
    n_boot: int = 1000,
    random_state: int = 0,
) -> Scores:
    """Similarity of the RDMs of areas with one another.

    Parameters
    ----------
    areas : dict of (str, str) to RDMs
        See `split_areas`; of several subjects the mean RDM is taken.
    comparators : sequence of str
    n_boot : int
        Bootstrap samples of the stimuli.
    random_state : int

    Returns
    -------
    Scores
        Rows of analysis ``"between areas"``: a row per pair and comparator, under the name of the first; ``statistic``
        names the second.  ``ci_low, ci_high``: 2.5 and 97.5 % quantiles.
    """
    rdms = {key: one.reorder(sorted(one.stimulus_ids)) for key, one in areas.items()}
    rdms = {key: average_subjects(one) for key, one in rdms.items()}
    rows = []
    for ((name, area), a), ((other, other_area), b) in combinations(rdms.items(), 2):
        drawn = draw_multiplicities(a.n_stimuli, n_boot, np.random.default_rng(random_state))
        boot = compare_resampled(a.dissimilarities, b.dissimilarities, drawn, comparators=list(comparators))
        for comparator in comparators:
            low, high = np.quantile(boot[comparator][:, 0, 0], [0.025, 0.975]) if n_boot else (None, None)
            rows.append(
                {
                    "recording": name,
                    "area": area,
                    "simulated": bool(a.metadata.get("simulated", False)),
                    "analysis": BETWEEN,
                    "estimator": a.estimator,
                    "comparator": comparator,
                    "statistic": f"with the RDM of {_label(other, other_area)}",
                    "definition": comparator,
                    "value": float(compare_rdms(a, b, comparator=comparator)[0, 0]),
                    "ci_low": low,
                    "ci_high": high,
                    "n_stimuli": a.n_stimuli,
                }
            )
    return Scores.from_rows(rows)


def find_dissociations(
    layers: Mapping[str, Representation],
    scores: Mapping[str, Scores],
    areas: Areas,
    *,
    estimator: str = "correlation",
    comparator: str = "rho-a",
    n_boot: int = 1000,
    random_state: int = 0,
) -> Scores:
    """Test whether two areas are each more alike to another layer than the other area is.

    Parameters
    ----------
    layers : mapping of str to Representation
        Of one network.
    scores : mapping of recording to Scores
        Of `score_rsa` of this network, by the same comparator.
    areas : dict of (str, str) to RDMs
        See `split_areas`.
    estimator, comparator : str
    n_boot : int
        At least 100.
    random_state : int

    Returns
    -------
    Scores
        Rows of analysis ``"double dissociation"``, two per pair of areas whose best layers differ: each area's best
        layer minus the other area's (p: one-sided).  ``q``: the larger p of the two, for both must hold, corrected over
        pairs after Benjamini and Hochberg.  The layers are best on these very stimuli, which favours a dissociation.
    """
    own = {key: _select(scores[key[0]], key[1]) for key in areas}
    best = {key: find_most_similar_layer(table) for key, table in own.items()}
    pairs: list[list[dict[str, Any]]] = []
    notes = []
    for one, other in combinations(areas, 2):
        first, second = best[one], best[other]
        if first is None or second is None or first == second:
            names = f"{_label(*one)} and {_label(*other)}"
            notes.append(f"{names}: both are most alike to one layer ({first}), so that no layer parts them.")
            continue
        both = []
        for key, beside, layer, strange in ((one, other, first, second), (other, one, second, first)):
            found = compare_models(
                [layers[layer], layers[strange]],
                areas[key],
                estimator=estimator,
                comparator=comparator,
                n_boot=max(n_boot, 100),
                random_state=random_state,
            )
            test = found.pairs.iloc[0]
            table = own[key].table
            row = table[table["layer"] == layer].iloc[0]
            both.append(
                {
                    **{column: row[column] for column in _OF_LAYER},
                    "analysis": DISSOCIATION,
                    "comparator": comparator,
                    "statistic": f"minus {strange}, beside {_label(*beside)}",
                    "definition": f"difference of {comparator}",
                    "value": test["difference"],
                    "ci_low": test["ci_low"],
                    "ci_high": test["ci_high"],
                    "p": test["p"] / 2.0 if test["difference"] > 0 else 1.0 - test["p"] / 2.0,
                }
            )
        pairs.append(both)
    return Scores.from_rows(_corrected(pairs), notes=notes)


_OF_LAYER = ("model", "weights", "seed", "recording", "simulated", "area", "layer", "layer_index", "n_stimuli")


def _select(scores: Scores, area: str) -> Scores:
    table = scores.table
    return Scores(table[(table["area"] == area).fillna(False).astype(bool)])


def _label(recording: str, area: str) -> str:
    return recording if area in recording else f"{recording} {area}"


def _corrected(pairs: list[list[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    q = adjust_p(np.array([max(row["p"] for row in both) for both in pairs], dtype=np.float64))
    for both, corrected in zip(pairs, q, strict=True):
        for row in both:
            yield row | {"q": float(corrected)}
