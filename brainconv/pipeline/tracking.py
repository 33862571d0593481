"""What a model or a recording of a run is made of, as one hash: when it changes, its jobs run again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from brainconv.errors import BrainconvError, InvalidInputError
from brainconv.io.hashing import hash_files
from brainconv.io.own_code import hash_code
from brainconv.models.registry import read_registry
from brainconv.recordings.registry import load_registry


def hash_model(spec: Mapping[str, Any], registry: Path | str | None) -> str | None:
    """Hash of a model's row, of the code that builds it and of a checkpoint that the row names.

    Parameters
    ----------
    spec : mapping
        ``name`` and ``weights``, as in the configuration.
    registry : path, optional
        YAML file with models of the user's own.

    Returns
    -------
    str or None
        None for a name that stands in no registry (``timm:…``).

    Raises
    ------
    InvalidInputError
        If a row is not as it should be or its checkpoint is not there.
    """
    row = read_registry(registry).get(spec["name"])
    if row is None:
        return None
    used = dict(row.weights) if spec.get("weights", "default") == "default" else {}
    references = [row.builder, used.get("function"), (used.get("file") or {}).get("reader")]
    folder = row.folder or Path()
    facts = (row.builder, dict(row.kwargs), used, row.preprocessing, row.layers, row.degrees)
    files = [folder / used["checkpoint"]] if "checkpoint" in used else []
    code = hash_code([reference for reference in references if isinstance(reference, str)], folder)
    return _join(f"Model {row.place}", facts, code, files)


def hash_recording(name: str, registry: Path | str | None) -> str | None:
    """Hash of a recording's row, of the code that reads it and of the files of the user's that the row names.

    Parameters
    ----------
    name : str
    registry : path, optional
        YAML file with recordings of the user's own.

    Returns
    -------
    str or None
        None for a name that stands in no registry (a simulated recording).

    Raises
    ------
    InvalidInputError
        If a row is not as it should be or a file of it is not there.
    """
    row = load_registry(registry).get(name)
    if row is None:
        return None
    files = [file.path for file in row.files.values() if file.path is not None]
    remote = [(key, file.remote, file.otherwise) for key, file in row.files.items()]
    facts = (row.dataset, row.kind, row.areas, row.degrees, row.time_window, row.unit, row.options, remote, row.reader)
    counts = (row.n_sites, row.n_stimuli, row.n_rdms, row.title, row.species, row.citation)
    code = hash_code([row.reader] if ":" in row.reader else [], row.registry.parent)
    return _join(f"Recording {name!r} in {row.registry}", (*facts, *counts), code, files)


def _join(where: str, facts: tuple[Any, ...], code: str, files: list[Path]) -> str:
    try:
        contents = hash_files(*files)
    except (BrainconvError, OSError) as error:
        msg = f"{where}: {error}"
        raise InvalidInputError(msg) from error
    return hashlib.sha256(repr((facts, code, contents)).encode("utf-8", "backslashreplace")).hexdigest()
