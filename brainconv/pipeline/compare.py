"""The whole comparison of one model, in one call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from brainconv.containers import RDMs, Recording, Representation, Scores
from brainconv.errors import BrainconvError, InvalidInputError
from brainconv.extraction import extract
from brainconv.io.hashing import hash_stimuli
from brainconv.io.provenance import collect_provenance
from brainconv.io.registries import shorten
from brainconv.pipeline.comparisons import compare_predictivity
from brainconv.pipeline.configuration import MIN_SITES
from brainconv.pipeline.first_layer import measure_first_layer
from brainconv.pipeline.gather import join_scores
from brainconv.pipeline.geometries import compare_geometries
from brainconv.pipeline.measures import measure_geometries
from brainconv.pipeline.pictures import choose_rdms, find_most_similar_layer
from brainconv.pipeline.prepare import load_target
from brainconv.pipeline.results import Comparison
from brainconv.predictivity import score_predictivity
from brainconv.recordings.registry import load_registry
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
MAX_NAME = 200  # characters: longer names leave no room for anything else in a figure
Result = TypeVar("Result")


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
    check_names([item for item in named if isinstance(item, str)])
    _check_model(model, layers)
    for item in named:
        if not isinstance(item, str):
            _check_container(item, model)
    targets: list[Recording | RDMs] = [
        load_target(item, data_dir=data_dir) if isinstance(item, str) else item for item in named
    ]
    for target in targets:
        _check_container(target, model)
    parts: dict[tuple[str, ...], Scores] = {}
    details: dict[tuple[str, str, str], xr.Dataset] = {}
    rdms: dict[str, tuple[RDMs, ...]] = {}
    comparisons: dict[tuple[str, str], Scores] = {}
    notes: list[str] = []
    errors: list[BrainconvError] = []

    def attempt(what: str, run: Callable[[], Result]) -> Result | None:
        """What cannot be computed is left out with a note: the rest of hours of work is not lost to it."""
        try:
            return run()
        except BrainconvError as error:
            notes.append(f"{what} was left out: {error}")
            errors.append(error)
            return None

    extracted: dict[str, dict[str, Representation]] = {}
    for target in targets:
        shown: Any = target.stimuli
        key = hash_stimuli(shown)
        if key not in extracted:
            extracted[key] = extract(model, shown, layers=layers)
        for analysis in ("rsa", "predictivity"):
            if analysis not in wanted:
                continue
            reason = _why_not(analysis, target)
            if reason:
                notes.append(f"{analysis} of {target.name} was left out: {reason}.")
                continue
            score: Any = score_rsa if analysis == "rsa" else score_predictivity
            layered = extracted[key]
            run = partial(score, layered, target, n_boot=n_boot, random_state=random_state)
            scores = attempt(f"{analysis} of {target.name}", run)
            if scores is None:
                continue
            parts[analysis, model.name, target.name] = scores
            if scores.details is not None:
                details[analysis, model.name, target.name] = scores.details
            if analysis == "rsa":
                run = partial(
                    measure_geometries, {model.name: layered}, target, n_boot=n_boot, random_state=random_state
                )
                measured = attempt(f"measures of {target.name}", run)
                if measured is not None:
                    parts["measures", model.name, target.name] = measured
                best = find_most_similar_layer(scores)
                if best is not None:
                    run = partial(choose_rdms, target, [layered[best]], estimator="correlation")
                    rdms[target.name] = attempt(f"the RDMs of {target.name}", run) or ()
            if n_boot:
                run = partial(
                    _test_layers, analysis, model.name, layered, scores, target, n_boot=n_boot, seed=random_state
                )
                tested = attempt(f"the tests by {analysis} of {target.name}", run)
                if tested is not None:
                    parts[f"{analysis} compared", model.name, target.name] = comparisons[analysis, target.name] = tested
    first_layers = {}
    if "first_layer" in wanted:
        found = attempt(f"first_layer of {model.name}", partial(measure_first_layer, model, random_state=random_state))
        if found is not None:
            first_layers[model.name], parts["first_layer", model.name] = found
    if not parts and errors:
        raise errors[0]
    scores = join_scores(parts)
    return Comparison(
        title=f"{model.name} and {', '.join(target.name for target in targets)}",
        scores=replace(scores, notes=(*notes, *scores.notes)),
        targets={target.name: target for target in targets},
        details=details,
        first_layers=first_layers,
        rdms={name: shown for name, shown in rdms.items() if shown},
        comparisons=comparisons,
        settings=_describe_settings(n_boot, random_state),
        provenance={"run": collect_provenance(seed=random_state), model.name: _first_provenance(extracted)},
    )


def check_names(recordings: Iterable[str]) -> None:
    """Refuse what is no recording that layers can be compared with, before anything is downloaded.

    Parameters
    ----------
    recordings : iterable of str

    Raises
    ------
    NotFoundError
        If there is none of that name.
    InvalidInputError
        If it is a table of cell properties.
    """
    rows = load_registry()
    for name in recordings:
        if rows[check_choice(name, rows, what="recording")].kind == "properties":
            msg = f"{name!r} is a table of cell properties; layers are compared with responses or RDMs."
            raise InvalidInputError(msg)


def _check_model(model: Any, layers: Sequence[str] | None) -> None:
    from brainconv.models import Model
    from brainconv.models.layers import check_layers, trace_layers

    if not isinstance(model, Model):
        msg = f"model is {shorten(model)}; expected a Model, from load_model or wrap_model."
        raise InvalidInputError(msg)
    _check_readable(model.name, "model")
    if layers is not None:
        check_layers(trace_layers(model), layers, model_name=model.name)


def _check_container(target: Recording | RDMs, model: Model) -> None:
    """What the report writes can be written, and there is something to show to the network."""
    _check_readable(target.name, "recording")
    areas = target.areas if isinstance(target, Recording) else target.labels.get("area", ())
    for area in dict.fromkeys(map(str, areas)):
        _check_readable(area, f"area of {target.name}")
    if target.stimuli is None:
        msg = f"{target.name!r} has no stimuli to show to {model.name}; give its StimulusSet."
        raise InvalidInputError(msg)


def _check_readable(name: str, what: str) -> None:
    strange = [c for c in name if ord(c) < 32 or 0xD800 <= ord(c) < 0xE000]
    if not name.strip() or strange or len(name) > MAX_NAME:
        why = f"holds {strange[0]!r}" if strange else f"has {len(name)} characters"
        msg = f"The name of the {what}, {shorten(name)}, {why}; expected 1 to {MAX_NAME} that can be read."
        raise InvalidInputError(msg)


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
