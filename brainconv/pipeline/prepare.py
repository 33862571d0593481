"""From a line of the configuration to a recording or a model that is ready to be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from brainconv.containers import Properties, RDMs, Recording
from brainconv.errors import InvalidInputError
from brainconv.io.hashing import hash_stimuli
from brainconv.io.netcdf import open_rdms, open_recording, save_properties, save_rdms, save_recording
from brainconv.io.provenance import collect_provenance
from brainconv.pipeline.simulate import simulate_area
from brainconv.recordings import load_recording
from brainconv.validation import check_choice

if TYPE_CHECKING:
    from brainconv.models import Model


def load_target(
    name: str,
    *,
    n_stimuli: int | None = None,
    random_state: int = 0,
    data_dir: Path | str | None = None,
    registry: Path | str | None = None,
) -> Recording | RDMs:
    """Load what layers are compared with, or a seeded draw of its stimuli.

    Parameters
    ----------
    name : str
        A registered recording (`list_recordings`).
    n_stimuli : int, optional
        Draw that many stimuli, over sorted ids; None takes all.
    random_state : int
        Seed of the draw.
    data_dir : path, optional
        Folder searched first.
    registry : path, optional
        YAML file with recordings of your own.

    Returns
    -------
    Recording or RDMs

    Raises
    ------
    InvalidInputError
        If more stimuli are asked for than there are, or the recording is a table of cell properties.
    """
    target = load_recording(name, data_dir=data_dir, registry=registry)
    if isinstance(target, Properties):
        msg = f"{name!r} is a table of cell properties; layers are compared with responses or RDMs."
        raise InvalidInputError(msg)
    if n_stimuli is None or n_stimuli == target.n_stimuli:
        return target
    ids = target.stimulus_ids if isinstance(target, RDMs) else target.stimuli.ids
    if n_stimuli > len(ids):
        msg = f"{n_stimuli} stimuli of {name!r} were asked for; it has {len(ids)}."
        raise InvalidInputError(msg)
    drawn = set(np.random.default_rng(random_state).choice(sorted(ids), n_stimuli, replace=False))
    kept = [stimulus for stimulus in ids if stimulus in drawn]
    return target.reorder(kept) if isinstance(target, RDMs) else target.select(stimuli=kept)


def prepare_recording(
    name: str,
    dataset: Mapping[str, Any] | None,
    *,
    models: Mapping[str, Mapping[str, Any]] | None = None,
    random_state: int = 0,
    data_dir: Path | str | None = None,
    registry: Path | str | None = None,
    models_registry: Path | str | None = None,
) -> Recording | RDMs | Properties:
    """Read or simulate the recording that one entry under ``datasets:`` (or ``properties:``) names.

    Parameters
    ----------
    name : str
        One of ``dataset["recordings"]``; ``simulated.<area>`` where the data set is simulated.
    dataset : mapping
        ``n_stimuli``, ``degrees`` and, for a simulated one, ``simulate``, as in the configuration; None for
        properties of cells.
    models : mapping, optional
        The configured models, among them the one that generates simulated responses.
    random_state : int
        Seed of the draw of stimuli or of the simulation.
    data_dir : path, optional
        Folder searched first.
    registry, models_registry : path, optional
        YAML files with recordings and models of your own.

    Returns
    -------
    Recording, RDMs or Properties
    """
    if dataset is None:
        return load_recording(name, data_dir=data_dir, registry=registry)
    settings = dataset.get("simulate")
    if settings is None:
        target = load_target(
            name,
            n_stimuli=dataset.get("n_stimuli"),
            random_state=random_state,
            data_dir=data_dir,
            registry=registry,
        )
        return _assume_width(target, dataset.get("degrees"))
    generator = check_choice(settings["model"], models or {}, what="generating model")
    model = load_configured_model((models or {})[generator], data_dir=data_dir, registry=models_registry)
    return simulate_area(name.removeprefix("simulated."), model, settings, random_state=random_state)


def _assume_width(target: Recording | RDMs, degrees: float | None) -> Recording | RDMs:
    """Stimuli as wide as somebody says who knows or wants to see what it would change; never over a stated width."""
    if degrees is None or target.stimuli is None:
        return target
    known = target.stimuli.degrees
    if known is not None and known != degrees:
        msg = f"The stimuli of {target.name!r} are {known:g}° wide, the configuration says {degrees:g}; leave it out."
        raise InvalidInputError(msg)
    return replace(target, stimuli=replace(target.stimuli, degrees=float(degrees)))


def save_target(path: Path | str, target: Recording | RDMs | Properties, *, seed: int | None = None) -> None:
    """Write a prepared recording, whichever kind it is.

    Parameters
    ----------
    path : path
    target : Recording, RDMs or Properties
    seed : int, optional
        Of the draw of stimuli or of the simulation, for the provenance.
    """
    if isinstance(target, Properties):
        save_properties(path, target, provenance=collect_provenance(seed=seed))
        return
    shown = None if target.stimuli is None else hash_stimuli(target.stimuli)
    provenance = collect_provenance(seed=seed, stimuli_sha256=shown)
    if isinstance(target, RDMs):
        save_rdms(path, target, provenance=provenance)
    else:
        save_recording(path, target, provenance=provenance)


def open_target(path: Path | str) -> Recording | RDMs:
    """Read a prepared recording, whichever kind it is.

    Parameters
    ----------
    path : path
        File written by `brainconv.io.netcdf.save_recording` or `save_rdms`.

    Returns
    -------
    Recording or RDMs
    """
    try:
        return open_recording(path)
    except InvalidInputError:
        return open_rdms(path)


def check_layer_names(spec: Mapping[str, Any], *, registry: Path | str | None = None) -> None:
    """Refuse layers that a network does not have, before its weights are downloaded.

    Parameters
    ----------
    spec : mapping
        ``name``, ``weights`` and ``layers``, as in the configuration.
    registry : path, optional
        YAML file with models of your own.

    Raises
    ------
    NotFoundError
        If there is no such model or it has no such layer.
    """
    from brainconv.models.layers import check_layers, trace_layers
    from brainconv.models.load import find_entry, load_model

    entry = find_entry(spec["name"], registry=registry)
    if spec.get("layers"):
        weights = "default" if entry.source == "fixed" else None
        untrained = load_model(spec["name"], weights=weights, device="cpu", registry=registry)
        check_layers(trace_layers(untrained), spec["layers"], model_name=spec["name"])


def load_configured_model(
    spec: Mapping[str, Any],
    *,
    device: str = "auto",
    data_dir: Path | str | None = None,
    registry: Path | str | None = None,
) -> Model:
    """Load the model that one entry under ``models:`` describes.

    Parameters
    ----------
    spec : mapping
        ``name``, ``weights``, ``seed`` and ``layers``, as in the configuration.
    device : {"auto", "cpu", "cuda", "mps"}
    data_dir : path, optional
        Folder searched first for weights.
    registry : path, optional
        YAML file with models of your own.

    Returns
    -------
    Model
    """
    from brainconv.models import load_model

    weights = spec.get("weights", "default")
    model = load_model(
        spec["name"],
        weights=None if weights == "random" else weights,
        device=device,
        seed=spec.get("seed"),
        data_dir=data_dir,
        registry=registry,
    )
    return replace(model, layers=tuple(spec["layers"])) if spec.get("layers") else model
