"""What a schema cannot see in a configuration: names that must lead somewhere, and models that look alike."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from brainconv.errors import BrainconvError, InvalidInputError
from brainconv.io.registries import check_key, read_yaml
from brainconv.models.registry import read_registry
from brainconv.pipeline.schema import check_schema, read_command_line
from brainconv.recordings.registry import RecordingRow, load_registry
from brainconv.validation import check_choice

MIN_SITES = 20  # of a recording, for an RDM
TIMM = "timm:"

#: Brain-Score's procedure: the settings of predictivity that a run by it fixes.
BRAINSCORE = {"regression": "pls25-sklearn", "splits": "brainscore"}


def read_configuration(
    config: dict[str, Any], *, given: Mapping[str, Any], files: Iterable[Path | str], schema: Mapping[str, Any]
) -> None:
    """Read numbers that the command line gave inside mappings, and refuse what the schema does not allow.

    Parameters
    ----------
    config : dict
        As Snakemake merged it; changed in place.
    given : mapping
        What of it the command line gave.
    files : iterable of path
        The files that it was read from: a key that stands twice in one of them is refused.
    schema : mapping

    Raises
    ------
    InvalidInputError
        In one sentence, before the first job.
    """
    for path in files:
        read_yaml(path, what=f"The configuration {path}")
    read_command_line(config, given, schema)
    check_schema(config, schema)


def quote_interpreter(path: str) -> str:
    """The interpreter as Snakemake must have it, which puts it into its commands as it is.

    Parameters
    ----------
    path : str
        ``sys.executable``.

    Returns
    -------
    str
        In quotes where its folder has a space or another character that means something to a shell.
    """
    return path if path[:1] in ("'", '"') else shlex.quote(path)


def check_configuration(config: Mapping[str, Any]) -> None:
    """Refuse a configuration that would fail, or mix things up, only after hours.

    Parameters
    ----------
    config : mapping
        As the schema checked it, with its defaults filled in.

    Raises
    ------
    InvalidInputError
        If a key could not name a file, a model or a recording is not registered, a model names a data set that is not
        configured, a recording stands in two data sets or does not allow its analyses, a simulation names a model or
        an area that is not there, reweighting has no categories, or two models could not be told apart in tables.
    """
    models, datasets = config["models"], config["datasets"]
    _check_keys(models, datasets)
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
    _check_registered(config)


def _check_keys(models: Mapping[Any, Any], datasets: Mapping[Any, Mapping[str, Any]]) -> None:
    """Keys become names of files: of one pattern, and none twice where upper and lower case are one."""
    for what, keys in (("model", models), ("data set", datasets)):
        folded: dict[str, str] = {}
        for key in keys:
            name = check_key(key, what=f"key of a {what} in the configuration")
            if name.lower() in folded:
                msg = (
                    f"The {what}s {folded[name.lower()]!r} and {name!r} of the configuration differ in upper and lower "
                    f"case only; on some disks their files would be the same. Rename one."
                )
                raise InvalidInputError(msg)
            folded[name.lower()] = name
    for key in models:
        if key.removesuffix(".fits") != key and key.removesuffix(".fits") in models:
            msg = f"The model key {key!r} would share files with {key.removesuffix('.fits')!r}; rename one."
            raise InvalidInputError(msg)
    for dataset, spec in datasets.items():
        for area in spec.get("simulate", {}).get("areas", ()):
            check_key(area, what=f"area in `simulate` of data set {dataset!r}")
        for recording in spec["recordings"]:
            check_key(recording, what=f"recording of data set {dataset!r}")


def _check_registered(config: Mapping[str, Any]) -> None:
    """What is not registered, or does not allow what is asked of it, is said before anything is downloaded."""
    registered = read_registry(config.get("models_registry"))
    for key, model in config["models"].items():
        if not model["name"].startswith(TIMM):
            _check_name(model["name"], registered, where=f"Model {key!r} of the configuration", what="model")
        weights = model.get("weights", "default")
        source = registered[model["name"]].source if model["name"] in registered else "timm"
        if weights == "default" and source is None:
            msg = f"Model {key!r} of the configuration: {model['name']} has no published weights; set weights: random."
            raise InvalidInputError(msg)
        if model.get("seed") is not None and weights != "random":
            where = f"Model {key!r} of the configuration"
            msg = f"{where} has a seed and the weights {weights!r}; a seed belongs to `weights: random`."
            raise InvalidInputError(msg)
    rows = load_registry(config.get("recordings_registry"))
    for dataset, spec in config["datasets"].items():
        for recording in () if "simulate" in spec else spec["recordings"]:
            where = f"Data set {dataset!r} of the configuration"
            _check_name(recording, rows, where=where, what="recording")
            problem = _why_impossible(rows[recording], spec)
            if problem:
                msg = f"{where}: {recording} {problem}."
                raise InvalidInputError(msg)
        _check_components(config, dataset, spec, rows)
    for name in config.get("properties", ()):
        cells = {key for key, row in rows.items() if row.kind == "properties"}
        _check_name(name, sorted(cells), where="`properties` of the configuration", what="table of cell properties")


def _why_impossible(row: RecordingRow, spec: Mapping[str, Any]) -> str | None:
    analyses, wanted = spec.get("analyses", ()), spec.get("n_stimuli")
    if row.kind == "properties":
        return "is a table of cell properties; name it under `properties`"
    if row.kind == "rdms" and {"predictivity", "brainscore"} & set(analyses):
        return "holds RDMs and no responses; leave predictivity and brainscore out"
    few = row.kind == "responses" and row.n_sites is not None and row.n_sites < MIN_SITES
    if few and {"rsa", "reweighting"} & set(analyses):
        return f"has {row.n_sites} sites and an RDM needs {MIN_SITES}; leave rsa and reweighting out"
    if wanted is not None and row.n_stimuli is not None and wanted > row.n_stimuli:
        return f"has {row.n_stimuli} stimuli; n_stimuli is {wanted}"
    degrees = spec.get("degrees")
    if degrees is not None and row.degrees is not None and degrees != row.degrees:
        return f"has stimuli {row.degrees:g}° wide; degrees is {degrees:g}, leave it out"
    return None


def _check_components(
    config: Mapping[str, Any], dataset: str, spec: Mapping[str, Any], rows: Mapping[str, RecordingRow]
) -> None:
    """More components than stimuli cannot be fitted."""
    regressions = [{**config.get("predictivity", {}), **spec.get("predictivity", {})}.get("regression", "ridge")]
    regressions = regressions if "predictivity" in spec.get("analyses", ()) else []
    regressions += [BRAINSCORE["regression"]] if "brainscore" in spec.get("analyses", ()) else []
    counts = [rows[name].n_stimuli for name in spec["recordings"] if name in rows]
    counts += [spec.get("n_stimuli"), spec.get("simulate", {}).get("n_stimuli")]
    n_stimuli = min((count for count in counts if count is not None), default=None)
    for regression in regressions:
        components = re.fullmatch(r"(?:pls|pcr)(\d+)", regression)
        if components is not None and n_stimuli is not None and int(components[1]) >= n_stimuli:
            msg = (
                f"Data set {dataset!r} of the configuration has {n_stimuli} stimuli; {regression} needs more of them "
                f"than components. Take fewer components."
            )
            raise InvalidInputError(msg)


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
