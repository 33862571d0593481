"""What a schema cannot see in a configuration: names that must lead somewhere, and models that look alike."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from brainconv.errors import BrainconvError, InvalidInputError
from brainconv.validation import check_choice

#: Brain-Score's procedure: the settings of predictivity that a run by it fixes.
BRAINSCORE = {"regression": "pls25-sklearn", "splits": "brainscore"}


def check_configuration(config: Mapping[str, Any]) -> None:
    """Refuse a configuration that would fail, or mix things up, only after hours.

    Parameters
    ----------
    config : mapping
        As the schema checked it, with its defaults filled in.

    Raises
    ------
    InvalidInputError
        If a model names a data set that is not configured, a recording stands in two data sets, a simulation names a
        model or an area that is not there, reweighting has no categories, or two models could not be told apart in
        tables.
    """
    models, datasets = config["models"], config["datasets"]
    for name, model in models.items():
        for dataset in model.get("datasets") or ():
            _check_name(dataset, datasets, where=f"Model {name!r} of the configuration", what="data set")
        if model.get("replicate_of") is not None:
            _check_replicate(name, models)
    home: dict[str, str] = {}
    for dataset, spec in datasets.items():
        where = f"Data set {dataset!r} of the configuration"
        for recording in spec["recordings"]:
            if recording in home:
                msg = (
                    f"Recording {recording!r} stands in the data sets {home[recording]!r} and {dataset!r}; name it in "
                    f"one of them."
                )
                raise InvalidInputError(msg)
            home[recording] = dataset
        if "reweighting" in spec.get("analyses", ()) and not spec.get("categories"):
            msg = f"{where} asks for reweighting but names no `categories`; name columns of its table of stimuli."
            raise InvalidInputError(msg)
        if "simulate" in spec:
            _check_name(spec["simulate"]["model"], models, where=where, what="generating model")
            known = [f"simulated.{area}" for area in spec["simulate"]["areas"]]
            for recording in spec["recordings"]:
                _check_name(recording, known, where=where, what="simulated recording")
    _check_distinct(models)


def leave_out(config: Mapping[str, Any]) -> dict[str, Any]:
    """Do without the data sets that ``without`` names, for example because their host is down.

    Parameters
    ----------
    config : mapping
        As the schema checked it, with its defaults filled in.

    Returns
    -------
    dict
        The configuration as if they were not in it, and their recordings as ``left_out``.

    Raises
    ------
    InvalidInputError
        If ``without`` names what is not configured.
    """
    for name in config["without"]:
        _check_name(
            name,
            [*config["datasets"], *config["properties"]],
            where="`without` of the configuration",
            what="data set",
        )
    models = {
        model: {**spec, "datasets": _remove(spec["datasets"], config["without"])}
        if spec["datasets"] is not None
        else spec
        for model, spec in config["models"].items()
    }
    left_out = [config["datasets"].get(name, {"recordings": [name]})["recordings"] for name in config["without"]]
    return {
        **config,
        "left_out": list(chain.from_iterable(left_out)),
        "models": models,
        "datasets": {name: spec for name, spec in config["datasets"].items() if name not in config["without"]},
        "properties": _remove(config["properties"], config["without"]),
    }


def _remove(names: Iterable[str], without: Collection[str]) -> list[str]:
    return [name for name in names if name not in without]


def _check_name(name: str, known: Any, *, where: str, what: str) -> None:
    try:
        check_choice(name, known, what=what)
    except BrainconvError as error:
        msg = f"{where}: {error}"
        raise InvalidInputError(msg) from error


def _check_replicate(name: str, models: Mapping[str, Mapping[str, Any]]) -> None:
    where, spec = f"Model {name!r} of the configuration", models[name]
    _check_name(spec["replicate_of"], models, where=where, what="model to repeat")
    first = models[spec["replicate_of"]]
    if first["name"] != spec["name"] or "random" in (first.get("weights"), spec.get("weights")):
        msg = (
            f"{where} is a replicate of {spec['replicate_of']!r}; both must be trained networks of one name. Untrained "
            f"twins are found by `weights: random` and need no `replicate_of`."
        )
        raise InvalidInputError(msg)
    if first.get("replicate_of") is not None:
        msg = f"{where} is a replicate of {spec['replicate_of']!r}, which is one itself; name the first network."
        raise InvalidInputError(msg)


def _check_distinct(models: Mapping[str, Mapping[str, Any]]) -> None:
    """Tables and figures know a model by its registered name, its weights (the file's name) and their seed."""
    seen: dict[tuple[str, str, int | None], str] = {}
    for key, spec in models.items():
        weights = spec.get("weights", "default")
        label = weights if weights in ("default", "random") else Path(weights).name
        seed = (spec.get("seed") or 0) if label == "random" else None
        identity = (spec["name"], label, seed)
        if identity in seen:
            msg = (
                f"Models {seen[identity]!r} and {key!r} of the configuration are both {spec['name']} with weights "
                f"{label!r}{'' if seed is None else f', seed {seed}'}: tables could not tell them apart. Rename one "
                f"checkpoint's file, give another seed, or drop one of them."
            )
            raise InvalidInputError(msg)
        seen[identity] = key
