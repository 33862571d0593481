"""All that is measured of a model's geometry beside one recording: every similarity, and the layers' dimensionality."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from brainconv.containers import RDMs, Recording, Representation, Scores
from brainconv.pipeline.gather import join_scores
from brainconv.similarity import compute_dimensionality, score_measures

DIMENSIONALITY = "dimensionality"


#: Bootstrap samples for few and for many stimuli: the panel shows values, and tests have intervals of their own.
_MAX_SAMPLES, _MANY_STIMULI = (200, 100), 500


def measure_geometries(
    models: Mapping[str, Mapping[str, Representation]],
    target: Recording | RDMs,
    *,
    estimator: str = "correlation",
    n_boot: int = 200,
    target_estimator: str | None = None,
    random_state: int = 0,
) -> Scores:
    """Score the layers of models by every measure, and say how many dimensions they use.

    Parameters
    ----------
    models : mapping of str to mapping of str to Representation
        Layers of each model.
    target : Recording or RDMs
    estimator : str
        For RDMs.
    n_boot : int
        Bootstrap samples of the stimuli; at most 200 are drawn, above 500 stimuli 100.
    target_estimator : str, optional
        For the RDMs of a Recording; by default that of the layers.
    random_state : int

    Returns
    -------
    Scores
        Rows of `score_measures`; rows of analysis ``"dimensionality"`` over the target's stimuli: ``effective
        dimensionality`` and ``spectral slope`` of every layer.
    """
    ids = target.stimulus_ids if isinstance(target, RDMs) else target.stimuli.ids
    drawn = min(n_boot, _MAX_SAMPLES[len(ids) > _MANY_STIMULI])
    parts = []
    for layers in models.values():
        found = score_measures(
            layers,
            target,
            estimator=estimator,
            n_boot=drawn,
            target_estimator=target_estimator,
            random_state=random_state,
        )
        table = compute_dimensionality([layer.select(ids) for layer in layers.values()], random_state=random_state)
        first = found.table.iloc[0]
        shared = {name: first[name] for name in ("recording", "simulated", "degrees", "seed")}
        rows = [{**shared, **row} for row in _dimensions(table.to_dict("records"))]
        parts += [found, Scores.from_rows(rows)]
    return join_scores(parts)


def _dimensions(records: list[dict[Any, Any]]) -> Iterator[dict[str, Any]]:
    for record in records:
        named = {name: record[name] for name in ("model", "weights", "layer", "layer_index", "n_stimuli", "n_units")}
        ranks = f"eigenvalues {record['slope_from']} to {record['slope_to']}"
        for definition, statistic, value, low, high in (
            ("effective dimensionality", "over the stimuli", *_three(record)),
            ("spectral slope", ranks, record["spectral_slope"], None, None),
        ):
            yield {
                **named,
                "analysis": DIMENSIONALITY,
                "definition": definition,
                "statistic": statistic,
                "value": value,
                "ci_low": low,
                "ci_high": high,
            }


def _three(record: Mapping[Any, Any]) -> tuple[float, float, float]:
    return record["effective_dimensionality"], record["ci_low"], record["ci_high"]
