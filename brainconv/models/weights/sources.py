"""Trained weights by the kind of their source: torchvision, timm, a registered file, a checkpoint, a function."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from brainconv.errors import BrainconvError, DataUnavailableError, InvalidInputError
from brainconv.io.fetch import RemoteFile, fetch_file
from brainconv.io.registries import explain
from brainconv.models.registry import ModelEntry, import_callable
from brainconv.models.weights.checkpoints import read_checkpoint

DataDir = str | os.PathLike[str] | None


def fetch_state(entry: ModelEntry, *, data_dir: DataDir = None) -> Mapping[str, Any]:
    """The trained weights of a row of the registry, downloaded if need be.

    Parameters
    ----------
    entry : ModelEntry
    data_dir : path, optional
        Where files are looked for first; see :func:`brainconv.io.fetch.fetch_file`.

    Returns
    -------
    mapping of str to tensor or ndarray

    Raises
    ------
    DataUnavailableError
        If they cannot be had; the sentence says where to put them.
    InvalidInputError
        If the row has no weights.
    """
    kind = entry.source
    if kind == "torchvision":
        return _fetch_torchvision(str(entry.weights["torchvision"]), data_dir)
    if kind == "timm":
        from brainconv.models.families.timm_nets import fetch_timm_state

        return fetch_timm_state(str(entry.kwargs["timm_name"]))
    if kind == "file":
        settings = dict(entry.weights["file"])
        reader = import_callable(settings.pop("reader"), what="reader", folder=entry.folder)
        folder = str(settings.pop("folder"))
        settings["mirrors"] = tuple(settings.get("mirrors") or ())
        content = reader(fetch_file(RemoteFile(**settings), folder=folder, data_dir=data_dir))
    elif kind == "checkpoint":
        content = read_checkpoint((entry.folder or Path()) / str(entry.weights["checkpoint"]))
    elif kind == "function":
        function = import_callable(
            entry.weights["function"], what=f"source of weights of {entry.place},", folder=entry.folder
        )
        try:
            content = function()
        except (BrainconvError, MemoryError):
            raise
        except Exception as error:
            msg = f"The source of weights of {entry.place} raised {explain(error)}; mend it."
            raise InvalidInputError(msg) from error
    else:
        msg = (
            f"{entry.name} has no published weights; give weights=None, seed=… for random ones, "
            f"or weights=<path of a checkpoint>."
        )
        raise InvalidInputError(msg)
    if not isinstance(content, Mapping):
        msg = f"The weights of {entry.name} came as {type(content).__name__}; expected a mapping of names to arrays."
        raise InvalidInputError(msg)
    return content


def _fetch_torchvision(member: str, data_dir: DataDir) -> Mapping[str, Any]:
    """Weights of torchvision, from torch.hub's cache, a data folder, or the address that torchvision states."""
    import torch
    import torchvision

    enum, _, version = member.partition(".")
    weights = getattr(torchvision.models, enum)[version]
    name = weights.url.rsplit("/", 1)[1]
    path = Path(torch.hub.get_dir()) / "checkpoints" / name
    if not path.is_file():
        path = fetch_file(RemoteFile(name, weights.url), folder="weights/torchvision", data_dir=data_dir)
    _check_name(path)
    state = read_checkpoint(path)
    # DenseNet's files date from when a module's name could hold a dot
    dotted = re.compile(r"^(.*denselayer\d+\.(?:norm|relu|conv))\.([12]\..*)$")
    return {dotted.sub(r"\1\2", key): tensor for key, tensor in state.items()}


def _check_name(path: Path) -> None:
    """Torchvision's file names end in the first digits of the sha256 of their content."""
    stated = re.search(r"-([0-9a-f]{8})\.pth$", path.name)
    if stated is None:
        return
    with path.open("rb") as file:
        have = hashlib.file_digest(file, "sha256").hexdigest()
    if not have.startswith(stated[1]):
        msg = (
            f"{path} has sha256 {have[:8]}…, expected {stated[1]}…: it is damaged; delete it and load the model again."
        )
        raise DataUnavailableError(msg)
