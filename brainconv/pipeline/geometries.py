"""Differences between layers and models in representational similarity: which are tested, and against what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from brainconv.containers import RDMs, Recording, Representation, Scores
from brainconv.pipeline.comparisons import MINUS, UNTRAINED
from brainconv.predictivity import MIN_TWINS
from brainconv.predictivity.area import NESTED_LAYER
from brainconv.similarity import correct_family
from brainconv.similarity.contrasts import Estimate, ResampledArea, add_seeds, describe_errors, resample_similarities
from brainconv.similarity.inference import describe_choice, group_layers

BEST_PAIRS = "similarity of chosen layers: "
BELOW, EQUIVALENT = "chosen layer minus lower ceiling", "chosen layer minus 90 % of the lower ceiling"
CHOSEN = "share of halves of the stimuli on which the layer is chosen"

Row = dict[str, Any]


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
        See `find_twins`; of several twins the first is compared with other models.
    estimator, comparator : str
    n_boot : int
        At least 100.
    target_estimator : str, optional
        For the RDMs of a Recording; by default that of the layers.
    random_state : int

    Returns
    -------
    Scores
        Rows of analysis ``"comparison"``: every layer of a trained network minus its first layer, and minus the mean of
        its untrained twins where there are five; models minus one another and, with several subjects, minus the lower
        ceiling (p: one-sided, small where a model stays below it) and minus 90 % of it (p: one-sided, small where a
        model is shown to reach them), each at the layer chosen on other stimuli, see `compare_best_layers`.  For new
        stimuli; with several subjects for new subjects too.  A pair that holds an untrained network has no p: it is one
        seed.  q is p corrected after Benjamini and Hochberg over each of these five kinds, all areas together
        (``n_tests``).  Rows of analysis ``"selection"``: how often a layer is chosen.
    """
    areas, labels, notes = resample_similarities(
        [replace(layer, model=key) for key, own in layers.items() for layer in own.values() if key in scores],
        target,
        estimator=estimator,
        comparator=comparator,
        generalise="both" if (several := _has_subjects(target)) else "stimuli",
        n_boot=max(n_boot, 100),
        target_estimator=target_estimator,
        random_state=random_state,
    )
    models = group_layers(labels)
    rows: list[Row] = []
    families: dict[str, list[Row]] = {name: [] for name in ("first", "twins", "pairs", "below", "equivalent")}
    for area in areas:
        run = _Run(area, labels, models, scores, twins, comparator)
        for family, found in run.test():
            families[family].append(found)
        rows += run.frequencies()
    for tested in families.values():
        correct_family(tested)
    rows = [row for tested in families.values() for row in tested] + rows
    for key, group in twins.items():
        if key in models and 0 < (present := sum(name in models for name in group)) < MIN_TWINS:
            notes.append(
                f"{present} untrained twin(s) of {key}: trained against untrained needs {MIN_TWINS}, and the "
                f"difference from one of them has no p, for its seed alone may have made it."
            )
    generalise = "both" if several else "stimuli"
    notes += [
        f"Tests: Student's t, standard error from {describe_errors(generalise, max(n_boot, 100), random_state)}; q: p "
        f"corrected after Benjamini and Hochberg for each kind of test, over all areas (n_tests).",
        describe_choice(generalise),
    ]
    return Scores.from_rows(rows, notes=notes)


def _has_subjects(target: Recording | RDMs) -> bool:
    return isinstance(target, RDMs) and "subject" in target.labels and len(set(target.labels["subject"])) > 1


_OF_MODEL = ("weights", "seed", "recording", "simulated", "area", "degrees", "n_stimuli", "n_sites", "n_repeats")
_OF_LAYER = ("layer_index", "n_units")


@dataclass(frozen=True)
class _Run:
    """One area: its samples, and which rows belong to which model."""

    area: ResampledArea
    labels: list[Row]
    models: Mapping[str, list[int]]
    scores: Mapping[str, Scores]
    twins: Mapping[str, list[str]]
    comparator: str

    def test(self) -> Iterator[tuple[str, Row]]:
        """Every test, with the name of its family."""
        for key in self.models:
            if not self._is_untrained(key):
                yield from (("first", row) for row in self._minus_first(key))
                yield from (("twins", row) for row in self._minus_twins(key))
        shown = self._list_shown()
        for one, other in combinations(shown, 2):
            found = self.area.compare_best([(self.models[one], 1.0), (self.models[other], -1.0)])
            p = np.nan if self._is_untrained(one) or self._is_untrained(other) else found.p
            yield "pairs", self._row(one, None, f"{BEST_PAIRS}{one}{MINUS}{other}", found, p)
        lower = self.area.lower_ceiling
        if len(self.area.target.rows) > 1:
            for key in shown:
                found = self.area.compare_best([(self.models[key], 1.0), (lower, -1.0)])
                yield "below", self._row(key, None, BELOW, found, found.p_below)
                found = self.area.compare_best([(self.models[key], 1.0), (lower, -0.9)])
                yield "equivalent", self._row(key, None, EQUIVALENT, found, found.p_above)

    def frequencies(self) -> Iterator[Row]:
        """How often each layer is chosen on a half, where there are several."""
        for key in self._list_shown():
            choice = self.area.choose(self.models[key])
            for row in self.models[key] if len(self.models[key]) > 1 else ():
                label = self._label(key, self.labels[row]["layer"])
                yield label | {
                    "analysis": "selection",
                    "comparator": self.comparator,
                    "statistic": CHOSEN,
                    "definition": "selection frequency",
                    "value": float((choice == row).mean()),
                }

    def _is_untrained(self, key: str) -> bool:
        return bool(self.scores[key].table["weights"].iloc[0] == UNTRAINED)

    def _list_shown(self) -> list[str]:
        """The models that are compared with others: of several twins the first."""
        again = {name for group in self.twins.values() for name in [one for one in group if one in self.models][1:]}
        return [key for key in self.models if key not in again]

    def _minus_first(self, key: str) -> Iterator[Row]:
        first, *others = self.models[key]
        if self.labels[first]["layer_index"] != self.scores[key].table["layer_index"].min():
            return  # the first layer has no score: its patterns are constant
        for row in others:
            found = self.area.estimate([(row, 1.0), (first, -1.0)])
            statistic = f"similarity,{MINUS}{self.labels[first]['layer']}"
            yield self._row(key, self.labels[row]["layer"], statistic, found, found.p)

    def _minus_twins(self, key: str) -> Iterator[Row]:
        """At the layers that five twins have."""
        for row in self.models[key]:
            layer = self.labels[row]["layer"]
            same = [
                other
                for name in self.twins.get(key, ())
                for other in self.models.get(name, ())
                if self.labels[other]["layer"] == layer
            ]
            if len(same) >= MIN_TWINS:
                found = self.area.estimate([(row, 1.0), *((other, -1.0 / len(same)) for other in same)])
                found = add_seeds(found, self.area.values[same].mean(axis=1).tolist())
                yield self._row(key, layer, f"similarity,{MINUS}mean of {len(same)} untrained twins", found, found.p)

    def _row(self, key: str, layer: str | None, statistic: str, found: Estimate, p: float) -> Row:
        low, high = found.interval
        return self._label(key, layer) | {
            "analysis": "comparison",
            "comparator": self.comparator,
            "statistic": statistic,
            "definition": f"difference of {self.comparator}",
            "value": found.value,
            "ci_low": low,
            "ci_high": high,
            "p": p if np.isfinite(p) else None,
        }

    def _label(self, key: str, layer: str | None) -> Row:
        """Columns that say what a row is about; without a layer the one that is chosen on other stimuli."""
        table = self.scores[key].table
        table = table[table["area"].fillna("") == (self.area.target.area or "")]
        own = table.iloc[0] if layer is None else table[table["layer"] == layer].iloc[0]
        label = {name: own[name] for name in ("model", *_OF_MODEL, "estimator")}
        if layer is None:
            return label | {"layer": NESTED_LAYER}
        return label | {"layer": layer} | {name: own[name] for name in _OF_LAYER}
