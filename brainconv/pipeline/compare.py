"""The whole comparison of one model, in one call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brainconv.containers import RDMs, Recording, Representation, Scores
from brainconv.errors import BrainconvError, InvalidInputError
from brainconv.extraction import extract
from brainconv.io.hashing import hash_stimuli
from brainconv.io.provenance import collect_provenance
from brainconv.pipeline.comparisons import compare_predictivity
from brainconv.pipeline.first_layer import measure_first_layer
from brainconv.pipeline.gather import join_scores
from brainconv.pipeline.geometries import compare_geometries
from brainconv.pipeline.measures import measure_geometries
from brainconv.pipeline.pictures import choose_rdms, find_most_similar_layer
from brainconv.pipeline.prepare import load_target
from brainconv.pipeline.results import Comparison
from brainconv.predictivity import score_predictivity
from brainconv.similarity import score_rsa
from brainconv.validation import (
    check_choice,
    check_choices,
    check_count,
    check_instance,
    check_path,
    check_seed,
    check_unique,
)

if TYPE_CHECKING:
    import xarray as xr

    from brainconv.models import Model

ANALYSES = ("rsa", "predictivity", "first_layer")
MIN_SITES = 20  # of a recording, for an RDM


def compare(
    model: Model,
    recordings: str | Recording | RDMs | Sequence[str | Recording | RDMs],
    *,
    analyses: Sequence[str] | None = None,
    layers: Sequence[str] | None = None,
    n_boot: int = 1000,
    random_state: int = 0,
    data_dir: Path | str | None = None,
) -> Comparison:
    """Compare one model with recordings: extract, score, and hold everything that a report shows.

    Parameters
    ----------
    model : Model
        From `load_model` or `wrap_model`.
    recordings : str, Recording, RDMs, or a sequence of them
        Names (`list_recordings`) or containers of your own.
    analyses : sequence of {"rsa", "predictivity", "first_layer"}, optional
        By default all that a recording allows: responses get predictivity, and RSA from 20 sites on; RDMs get RSA.
        What was left out stands in the notes.
    layers : sequence of str, optional
        By default the model's.
    n_boot : int
        Bootstrap samples.
    random_state : int
        Seed of every random step.
    data_dir : path, optional
        Folder searched first for recordings.

    Returns
    -------
    Comparison
        ``.scores.table`` is the tidy table, ``.figures`` the figures, ``.save_report(path)`` writes the page.

    Raises
    ------
    NotFoundError
        If there is no such recording or analysis.
    InvalidInputError
        If no recording is given, one is given twice, or one comes without its stimuli.
    """
    from brainconv.models import Model

    check_instance(model, Model, what="model", hint="from load_model or wrap_model")
    check_count(n_boot, what="n_boot", at_least=20, or_zero=True)
    check_seed(random_state)
    if analyses is not None:
        check_choices(analyses, ANALYSES, what="analysis")
    if layers is not None:
        check_unique(layers, what="layer")
    if data_dir is not None:
        check_path(data_dir, what="data_dir")
    chosen = [analyses] if isinstance(analyses, str) else analyses or ANALYSES
    wanted = [check_choice(name, ANALYSES, what="analysis") for name in chosen]
    named = _list_recordings(recordings)
    targets: list[Recording | RDMs] = [
        load_target(item, data_dir=data_dir) if isinstance(item, str) else item for item in named
    ]
    parts: dict[tuple[str, ...], Scores] = {}
    details: dict[tuple[str, str, str], xr.Dataset] = {}
    rdms: dict[str, tuple[RDMs, ...]] = {}
    comparisons: dict[tuple[str, str], Scores] = {}
    notes: list[str] = []
    extracted: dict[str, dict[str, Representation]] = {}
    for target in targets:
        if target.stimuli is None:
            msg = f"{target.name!r} has no stimuli to show to {model.name}; give its StimulusSet."
            raise InvalidInputError(msg)
        key = hash_stimuli(target.stimuli)
        if key not in extracted:
            extracted[key] = extract(model, target.stimuli, layers=layers)
        for analysis in ("rsa", "predictivity"):
            if analysis not in wanted:
                continue
            reason = _why_not(analysis, target)
            if reason:
                notes.append(f"{analysis} of {target.name} was left out: {reason}.")
                continue
            score: Any = score_rsa if analysis == "rsa" else score_predictivity
            scores = score(extracted[key], target, n_boot=n_boot, random_state=random_state)
            parts[analysis, model.name, target.name] = scores
            if scores.details is not None:
                details[analysis, model.name, target.name] = scores.details
            if analysis == "rsa":
                measured = measure_geometries({model.name: extracted[key]}, target, n_boot=n_boot)
                parts["measures", model.name, target.name] = measured
                best = find_most_similar_layer(scores)
                if best is not None:
                    rdms[target.name] = choose_rdms(target, [extracted[key][best]], estimator="correlation")
            if n_boot:
                tested = _test_layers(
                    analysis, model.name, extracted[key], scores, target, n_boot=n_boot, seed=random_state
                )
                parts[f"{analysis} compared", model.name, target.name] = comparisons[analysis, target.name] = tested
    first_layers = {}
    if "first_layer" in wanted:
        try:
            first_layers[model.name], scores = measure_first_layer(model, random_state=random_state)
            parts["first_layer", model.name] = scores
        except BrainconvError as error:
            notes.append(f"first_layer of {model.name} was left out: {error}")
    scores = join_scores(parts)
    return Comparison(
        title=f"{model.name} and {', '.join(target.name for target in targets)}",
        scores=replace(scores, notes=(*notes, *scores.notes)),
        targets={target.name: target for target in targets},
        details=details,
        first_layers=first_layers,
        rdms=rdms,
        comparisons=comparisons,
        settings=_describe_settings(n_boot, random_state),
        provenance={"run": collect_provenance(seed=random_state), model.name: _first_provenance(extracted)},
    )


def _test_layers(
    analysis: str,
    name: str,
    layers: Mapping[str, Representation],
    scores: Scores,
    target: Recording | RDMs,
    *,
    n_boot: int,
    seed: int,
) -> Scores:
    """The layers of the one model against its first."""
    if analysis == "predictivity":
        return compare_predictivity({name: scores}, {})
    return compare_geometries({name: layers}, {name: scores}, target, twins={}, n_boot=n_boot, random_state=seed)


def _list_recordings(recordings: Any) -> list[str | Recording | RDMs]:
    """One recording or several, each a name, a Recording or RDMs, and each once."""
    single = isinstance(recordings, (str, Recording, RDMs)) or not isinstance(recordings, Iterable)
    named = [recordings] if single else list(recordings)
    for item in named:
        if not isinstance(item, (str, Recording, RDMs)):
            msg = f"A {type(item).__name__} cannot be compared with layers; expected a name, a Recording or RDMs."
            raise InvalidInputError(msg)
    if not named:
        msg = "No recording is given; expected at least one: `list_recordings()` names those that can be had."
        raise InvalidInputError(msg)
    check_unique([item if isinstance(item, str) else item.name for item in named], what="recording")
    return named


def _why_not(analysis: str, target: Recording | RDMs) -> str | None:
    if analysis == "predictivity" and isinstance(target, RDMs):
        return "it holds RDMs, not responses"
    if analysis == "rsa" and isinstance(target, Recording) and target.n_sites < MIN_SITES:
        return f"it has {target.n_sites} sites; an RDM needs at least {MIN_SITES}"
    return None


def _describe_settings(n_boot: int, random_state: int) -> Mapping[str, Any]:
    return {
        "rsa": {"n_boot": n_boot},
        "predictivity": {"n_boot": n_boot},
        "first_layer": {},
        "seed": random_state,
        "n_boot": n_boot,
    }


def _first_provenance(extracted: Mapping[str, Mapping[str, Representation]]) -> dict[str, Any]:
    first = next((next(iter(layers.values())) for layers in extracted.values() if layers), None)
    return {} if first is None else dict(first.provenance)
