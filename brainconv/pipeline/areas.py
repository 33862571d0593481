"""Areas that were recorded with one stimulus set, beside each other: how alike they are, and which layers part them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from brainconv.containers import RDMs, Recording, Representation, Scores
from brainconv.pipeline.pictures import average_subjects
from brainconv.predictivity import AREA_ORDER
from brainconv.predictivity.area import NESTED_LAYER
from brainconv.similarity import (
    compare_rdms,
    compare_resampled,
    compute_rdms,
    correct_family,
    draw_multiplicities,
)
from brainconv.similarity.contrasts import Estimate, resample_similarities

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
    networks: Mapping[str, Mapping[str, Representation]],
    scores: Mapping[str, Mapping[str, Scores]],
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
    networks : mapping of key to mapping of str to Representation
        Layers of each.
    scores : mapping of key to mapping of recording to Scores
        Of `score_rsa` of these networks.
    areas : dict of (str, str) to RDMs
        See `split_areas`.
    estimator, comparator : str
    n_boot : int
        At least 100.
    random_state : int

    Returns
    -------
    Scores
        Rows of analysis ``"double dissociation"``, two per network and pair of areas whose best layers differ: each
        area's layer minus the other area's, both chosen on the other half of the stimuli (p: one-sided).  ``q``: the
        larger p of the two, for both must hold, corrected over networks and pairs after Benjamini and Hochberg.
    """
    pairs: list[list[dict[str, Any]]] = []
    notes: list[str] = []
    for key, layers in networks.items():
        sampled = {}
        for area, rdms in areas.items():
            resampling = resample_similarities(
                layers,
                rdms,
                estimator=estimator,
                comparator=comparator,
                n_boot=max(n_boot, 100),
                random_state=random_state,
            )
            sampled[area] = resampling.areas[0]
        names = [label["layer"] for label in resampling.labels] if sampled else []
        chosen = {area: sample.choose(range(len(names))) for area, sample in sampled.items()} if names else {}
        for one, other in combinations(chosen, 2):
            most = [names[int(np.bincount(chosen[area].ravel()).argmax())] for area in (one, other)]
            said = f"{key}, {_label(*one)} and {_label(*other)}"
            if (chosen[one] == chosen[other]).all():
                notes.append(f"{said}: both are most alike to one layer ({most[0]}), so that no layer parts them.")
                continue
            notes.append(f"{said}: the layers chosen most often are {most[0]} and {most[1]}.")
            pairs.append(
                [
                    {
                        **_describe(scores[key][own[0]], own[1]),
                        "analysis": DISSOCIATION,
                        "comparator": comparator,
                        "statistic": f"minus the layer of {_label(*beside)}",
                        "definition": f"difference of {comparator}",
                        **_test(sampled[own].estimate([(chosen[own], 1.0), (chosen[beside], -1.0)])),
                    }
                    for own, beside in ((one, other), (other, one))
                ]
            )
    return Scores.from_rows(_corrected(pairs), notes=notes)


def _test(found: Estimate) -> dict[str, float]:
    low, high = found.interval
    return {"value": found.value, "ci_low": low, "ci_high": high, "p": found.p_above}


def _describe(scores: Scores, area: str) -> dict[str, Any]:
    table = scores.table
    row = table[(table["area"] == area).fillna(False).astype(bool)].iloc[0]
    named = ("model", "weights", "seed", "recording", "simulated", "area", "estimator", "n_stimuli")
    return {name: row[name] for name in named} | {"layer": NESTED_LAYER}


def _label(recording: str, area: str) -> str:
    return recording if area in recording else f"{recording} {area}"


def _corrected(pairs: list[list[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    both = [{"p": max(row["p"] for row in pair)} for pair in pairs]
    correct_family(both)
    for pair, tested in zip(pairs, both, strict=True):
        for row in pair:
            yield row | {"q": tested["q"], "n_tests": tested["n_tests"]}
