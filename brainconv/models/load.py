"""Models by name: trained, untrained, or from a checkpoint."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from brainconv.errors import BrainconvError, InvalidInputError, ResourceError
from brainconv.io.registries import explain
from brainconv.models.contract import check_module, choose_layers, trace_on_images, unwrap_module
from brainconv.models.model import Model
from brainconv.models.registry import ModelEntry, Registry, import_callable, read_registry
from brainconv.validation import check_choice, check_path, check_text

if TYPE_CHECKING:
    import torch

TIMM = "timm:"


def list_models(pattern: str = "*", *, registry: Registry | None = None) -> list[str]:
    """Names of models that :func:`load_model` knows.

    Parameters
    ----------
    pattern : str
        Glob such as ``"resnet*"``; ``"timm:*"`` lists all that timm offers.
    registry : path of a YAML file, or mapping of the same form, optional
        Rows of yours besides the known ones.

    Returns
    -------
    list of str
        In the order of the registry.
    """
    check_text(pattern, what="pattern")
    if pattern.startswith(TIMM):
        from brainconv.models.families.timm_nets import list_timm_names

        return list_timm_names(pattern)
    return [name for name in read_registry(registry) if fnmatchcase(name, pattern)]


def load_model(
    name: str,
    *,
    weights: str | os.PathLike[str] | None = "default",
    device: str = "auto",
    seed: int | None = None,
    data_dir: str | os.PathLike[str] | None = None,
    registry: Registry | None = None,
) -> Model:
    """Load a network with its preprocessing and default layers.

    Parameters
    ----------
    name : str
        One of :func:`list_models`, or ``timm:<name>`` for any network of timm.
    weights : {"default", "random"}, path or None
        ``"default"``: the trained weights of the registry, downloaded if need be.  None or ``"random"``: the untrained
        twin, drawn as the network's authors initialise it.  A path: a local checkpoint of exactly this network,
        safetensors or a state dict; nothing in it is executed.
    device : str
        ``"auto"`` (CUDA, else MPS, else CPU), ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"``.
    seed : int, optional
        Seed of random weights, 0 if not given.  The same seed gives the same weights; the global random state of torch
        is left as it was.
    data_dir : path, optional
        Where weight files are looked for first; then ``BRAINCONV_DATA`` and ``data``.
    registry : path of a YAML file, or mapping of the same form, optional
        Rows of yours besides the known ones.

    Returns
    -------
    Model
        In evaluation mode; its parameters ask for no gradient.

    Raises
    ------
    NotFoundError
        If no model has this name.
    DataUnavailableError
        If the trained weights cannot be had.
    InvalidInputError
        If a checkpoint does not fit, or the arguments contradict each other.
    MissingDependencyError
        If timm is needed and not installed.
    """
    check_text(name, what="The name of a model")
    if weights is not None:
        check_path(weights, what="weights")
    if data_dir is not None:
        check_path(data_dir, what="data_dir")
    from brainconv.models.weights.checkpoints import apply_state, hash_weights

    entry = find_entry(name, registry=registry)
    source = "random" if weights is None else os.fspath(weights)
    if seed is not None and source != "random":
        msg = f"seed={seed} was given with weights={source!r}; a seed belongs to random weights, weights=None."
        raise InvalidInputError(msg)
    given: Any = seed  # what a caller without a type checker may pass
    if seed is not None and (isinstance(given, bool) or not isinstance(given, (int, np.integer)) or seed < 0):
        msg = f"seed={seed!r}; expected a whole number, at least 0."
        raise InvalidInputError(msg)
    if source == "random" and entry.source == "fixed":
        msg = f"{name} has no trained weights, so it has no untrained twin; load it with weights='default'."
        raise InvalidInputError(msg)
    target = resolve_device(device)
    if source == "random" and seed is None:
        seed = 0
    label = source if source in ("default", "random") else Path(source).name
    state = _read_state(entry, source, data_dir)  # first, so that what cannot be had is said before anything is built
    module = _build(entry, seed=0 if seed is None else seed)
    if state is not None:
        what = "The registered file" if source == "default" else f"Checkpoint {label!r}"
        apply_state(module, state, name=name, source=what, ignore=tuple(entry.weights.get("ignore", ())))
    module.eval().requires_grad_(False)
    preprocessing = entry.preprocessing
    if preprocessing is None:
        from brainconv.models.families.timm_nets import read_preprocessing

        preprocessing = read_preprocessing(module)
    trace, preprocessing = trace_on_images(module, preprocessing)
    layers = choose_layers(module, trace, entry.layers, model_name=name, preprocessing=preprocessing)
    return Model(
        name=name,
        module=module.to(target),
        preprocessing=preprocessing,
        layers=layers.names,
        weights=label,
        seed=seed,
        device=describe_device(target),
        weights_sha256=hash_weights(module),
        degrees=entry.degrees,
        provenance={**_describe(entry, label), "weights_in_no_default_layer": layers.unseen},
        notes=layers.notes,
    )


def find_entry(name: str, *, registry: Registry | None = None) -> ModelEntry:
    """The row of the registry for a name.

    Parameters
    ----------
    name : str
        ``timm:<name>`` makes a row of its own.
    registry : path of a YAML file, or mapping of the same form, optional

    Raises
    ------
    NotFoundError
        If there is none, with the nearest name.
    """
    entries = read_registry(registry)
    if name.startswith(TIMM) and name not in entries:
        timm_name = name.removeprefix(TIMM)
        return replace(
            entries["seresnet50"],
            name=name,
            title=timm_name,
            kwargs={"timm_name": timm_name},
            citation="timm, doi:10.5281/zenodo.4414861",
        )
    return entries[check_choice(name, entries, what="model")]


def resolve_device(device: str = "auto") -> torch.device:
    """The device that a name stands for.

    Parameters
    ----------
    device : str
        ``"auto"``: CUDA, else MPS, else CPU.

    Raises
    ------
    InvalidInputError
        If there is no such kind of device.
    ResourceError
        If this machine does not have it.
    """
    import torch

    has = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if device == "auto":
        return torch.device(next(kind for kind, there in has.items() if there))
    given: Any = device  # what a caller without a type checker may pass
    try:
        target = torch.device(given) if isinstance(given, str | torch.device) else None
    except RuntimeError:
        target = None
    if target is None or target.type not in has:
        msg = f"device={device!r}; expected 'auto', 'cpu', 'cuda', 'cuda:<number>' or 'mps'."
        raise InvalidInputError(msg)
    if target.type == "cpu":
        return torch.device("cpu")
    n_devices = torch.cuda.device_count() if target.type == "cuda" else 1
    if not has[target.type] or (target.index or 0) >= n_devices:
        msg = f"device={device!r} is not on this machine; use device='auto' or 'cpu'."
        raise ResourceError(msg)
    return target


def describe_device(device: torch.device) -> str:
    """Name of a device as a Model has it: ``"cpu"``, ``"cuda"``, ``"cuda:1"``.

    Parameters
    ----------
    device : torch.device
    """
    return device.type if device.type == "cpu" or device.index is None else str(device)


def _build(entry: ModelEntry, *, seed: int) -> torch.nn.Module:
    """The network with random weights, leaving torch's and NumPy's random state as they were."""
    import torch

    builder = import_callable(entry.builder, what=f"builder of {entry.place},", folder=entry.folder)
    numpy_state = np.random.get_state()  # noqa: NPY002  (saved, so that a builder that draws from it cannot disturb it)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            np.random.seed(seed % 2**32)  # noqa: NPY002
            module = builder(**entry.kwargs)
    except (BrainconvError, MemoryError):
        raise
    except TypeError as error:
        msg = f"The builder of {entry.place} does not take {dict(entry.kwargs)}: {error}."
        raise InvalidInputError(msg) from error
    except Exception as error:
        msg = f"The builder of {entry.place} raised {explain(error)}; mend it or its kwargs."
        raise InvalidInputError(msg) from error
    finally:
        np.random.set_state(numpy_state)  # noqa: NPY002
    if not isinstance(module, torch.nn.Module):
        msg = f"The builder of {entry.place} returned {type(module).__name__}; expected a torch.nn.Module."
        raise InvalidInputError(msg)
    module = unwrap_module(module)
    check_module(module, name=entry.name)
    return module


def _read_state(entry: ModelEntry, source: str, data_dir: str | os.PathLike[str] | None) -> Mapping[str, Any] | None:
    """Trained weights; None where those that the network is built with stay."""
    from brainconv.models.weights.checkpoints import read_checkpoint
    from brainconv.models.weights.sources import fetch_state

    if source == "random" or (source == "default" and entry.source == "fixed"):
        return None
    return fetch_state(entry, data_dir=data_dir) if source == "default" else read_checkpoint(source)


def _describe(entry: ModelEntry, label: str) -> dict[str, Any]:
    builder = entry.builder if isinstance(entry.builder, str) else getattr(entry.builder, "__qualname__", "callable")
    source: Any = label
    if label == "default" and entry.source is not None:
        source = {entry.source: entry.weights[entry.source]}
        if entry.source == "file":
            source = {
                "file": {key: entry.weights["file"][key] for key in ("url", "sha256") if key in entry.weights["file"]}
            }
    return {
        "title": entry.title,
        "builder": builder,
        "kwargs": dict(entry.kwargs),
        "weights": source,
        "citation": entry.citation,
    }
