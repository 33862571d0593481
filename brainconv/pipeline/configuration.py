"""What a schema cannot see in a configuration: names that must lead somewhere, and models that look alike."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from brainconv.errors import BrainconvError, InvalidInputError
from brainconv.validation import check_choice

#: Brain-Score's procedure: the settings of predictivity that a run by it fixes.
BRAINSCORE = {"regression": "pls25", "splits": "brainscore"}


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


def _check_name(name: str, known: Any, *, where: str, what: str) -> None:
    try:
        check_choice(name, known, what=what)
    except BrainconvError as error:
        msg = f"{where}: {error}"
        raise InvalidInputError(msg) from error


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
