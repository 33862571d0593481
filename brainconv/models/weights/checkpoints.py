"""State dicts: reading a local checkpoint without executing it, fitting its names to a network, hashing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from brainconv.errors import InvalidInputError
from brainconv.models.tracing import describe_error

if TYPE_CHECKING:
    import torch

NESTED_UNDER = ("state_dict", "model_state_dict", "model", "module", "net", "network", "weights", "params")
MAX_DEPTH = 4
"""Of mappings within mappings that are looked through for weights."""
PREFIXES = ("module.", "model.", "_orig_mod.", "net.", "network.", "backbone.", "encoder.", "state_dict.")


def read_checkpoint(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read what a file holds, a state dict or a training checkpoint around one.

    Parameters
    ----------
    path : path
        ``.safetensors``, or what ``torch.save`` wrote.

    Returns
    -------
    dict
        On the CPU.  :func:`find_state` finds a network's weights in it.

    Raises
    ------
    InvalidInputError
        If there is no such file, it holds Python objects (a whole pickled network), or no tensors.

    Notes
    -----
    Nothing in the file is executed: safetensors holds numbers only, and ``torch.load`` runs with
    ``weights_only=True``.
    """
    import torch

    path = Path(path)
    if not path.is_file():
        msg = f"There is no checkpoint {path.name!r} at the path given; expected a .safetensors file or a state dict."
        raise InvalidInputError(msg)
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        try:
            return dict(load_file(path))
        except Exception as error:  # SafetensorError and whatever else a damaged file brings about
            msg = f"{path.name} cannot be read as safetensors: {describe_error(error)}; it is damaged or no such file."
            raise InvalidInputError(msg) from error
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file makes torch, zipfile and pickle raise nearly anything
        msg = (
            f"{path.name} is no state dict that can be read without executing it; where the network is defined, write "
            f"torch.save(network.state_dict(), path), or use safetensors."
        )
        raise InvalidInputError(msg) from error
    if not list_states(content):
        found = f"a mapping with keys {', '.join(map(str, list(content)[:5]))}" if isinstance(content, Mapping) else ""
        msg = f"{path.name} holds {found or type(content).__name__} and no tensors by name; expected a state dict."
        raise InvalidInputError(msg)
    return dict(content)


def list_states(content: Any) -> dict[str, dict[str, Any]]:
    """Every mapping of names to tensors in what a checkpoint holds.

    Parameters
    ----------
    content : object
        A mapping, which may hold mappings, itself among them.

    Returns
    -------
    dict of str to dict
        By its place: ``""`` for the content itself, ``"model.encoder"`` for one within; outer ones first.  Settings
        and numbers beside the tensors are left out; mappings whose keys are no text (an optimiser's state) too.
    """
    import torch

    found: dict[str, dict[str, Any]] = {}
    waiting: list[tuple[str, Any, int]] = [("", content, 0)]
    seen: set[int] = set()
    for place, mapping, depth in waiting:
        if not isinstance(mapping, Mapping) or id(mapping) in seen or depth > MAX_DEPTH:
            continue
        seen.add(id(mapping))
        inner = {key: value for key, value in mapping.items() if isinstance(key, str)}
        tensors = {key: value for key, value in inner.items() if isinstance(value, torch.Tensor | np.ndarray)}
        if tensors:
            found[place] = tensors
        waiting += [(f"{place}.{key}".lstrip("."), value, depth + 1) for key, value in inner.items()]
    return found


def find_state(content: Mapping[str, Any], names: set[str], *, source: str) -> dict[str, Any]:
    """The state dict of a network within what a checkpoint holds: the one that has most of its names.

    Best accuracies, losses, random states and other networks may lie beside it.

    Parameters
    ----------
    content : mapping
        What :func:`read_checkpoint` gives, or names to arrays.
    names : set of str
        Names of the network.
    source : str
        Of the weights, for messages.

    Returns
    -------
    dict of str to tensor or ndarray
        By the names of the network, as far as dropping prefixes such as ``module.`` makes them fit.

    Raises
    ------
    InvalidInputError
        If two state dicts under names that say nothing fit alike (a teacher's and a student's).
    """
    fitted = {place: fit_names(state, names) for place, state in list_states(content).items()}
    hits = {place: len(names & state.keys()) for place, state in fitted.items()}
    most = max(hits.values(), default=0)
    best = [place for place, count in hits.items() if count == most]
    usual = [place for place in best if place in ("", *NESTED_UNDER)]
    if not best or not most:
        place = max(fitted, key=lambda place: (place in NESTED_UNDER, len(fitted[place])), default="")
        return fitted.get(place, dict(content))
    if not usual and len(best) > 1:
        msg = (
            f"{source} holds {len(best)} state dicts that fit, {' and '.join(map(repr, best))}; save the one that is "
            f"meant alone."
        )
        raise InvalidInputError(msg)
    return fitted[min(usual, key=("", *NESTED_UNDER).index) if usual else best[0]]


def fit_names(state: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    """Drop prefixes such as ``module.`` that a wrapper left on a network's names, where that makes them fit.

    Parameters
    ----------
    state : mapping of str to tensor
    names : set of str
        Names of the network.
    """
    fitted = dict(state)
    for _ in range(4):  # wrappers nest: module._orig_mod.model. …
        best, hits = fitted, len(names & fitted.keys())
        for prefix in PREFIXES:
            shorter = {key.removeprefix(prefix): value for key, value in fitted.items()}
            if len(shorter) == len(fitted) and len(names & shorter.keys()) > hits:
                best, hits = shorter, len(names & shorter.keys())
        if best is not fitted:
            fitted = best
            continue
        common = next((p for p in PREFIXES if fitted and all(key.startswith(p) for key in fitted)), None)
        if hits or common is None:
            break
        fitted = {key.removeprefix(common): value for key, value in fitted.items()}
    return fitted


def apply_state(
    module: torch.nn.Module, content: Mapping[str, Any], *, name: str, source: str, ignore: tuple[str, ...] = ()
) -> None:
    """Put weights into a network, all of them and nothing else.

    Parameters
    ----------
    module : torch.nn.Module
    content : mapping
        Names to tensors or arrays, or a training checkpoint that holds them.
    name : str
        Of the model, for messages.
    source : str
        Of the weights, for messages.
    ignore : tuple of str
        Globs over names that may be left out on either side (heads that do not run).

    Raises
    ------
    InvalidInputError
        If a weight is missing, left over, of another shape, or no plain numbers of the network's kind.
    """
    import torch

    own = {key: value for key, value in module.state_dict(keep_vars=True).items() if isinstance(value, torch.Tensor)}
    state = find_state(content, set(own), source=source)
    fitted = {key: value for key, value in state.items() if not any(fnmatchcase(key, glob) for glob in ignore)}
    groups = _group_tied(own)
    missing = [
        key
        for key in own
        if not any(other in fitted for other in groups[key]) and not key.endswith("num_batches_tracked")
    ]
    unexpected = [key for key in fitted if key not in own]
    if missing or unexpected:
        parts = []
        if missing:
            parts.append(f"{len(missing)} of {len(own)} weights are missing, for example {missing[0]!r}")
        if unexpected:
            parts.append(f"{len(unexpected)} are not the network's, for example {unexpected[0]!r}")
        msg = f"{source} does not fit {name}: {'; '.join(parts)}. Expected a state dict of exactly this network."
        raise InvalidInputError(msg)
    tensors = {
        key: _read_weight(value, own[key], f"{source} does not fit {name}: {key!r}") for key, value in fitted.items()
    }
    for key, tensor in tensors.items():
        other = next((other for other in groups[key] if other in tensors), key)
        if other != key and not torch.equal(tensor, tensors[other]):
            msg = (
                f"{source} does not fit {name}: {other!r} and {key!r} are one weight in the network and differ in the "
                f"file. Expected a state dict of exactly this network."
            )
            raise InvalidInputError(msg)
    module.load_state_dict(tensors, strict=False)


def _group_tied(own: Mapping[str, torch.Tensor]) -> dict[str, list[str]]:
    """Names that stand for the same weight, by each of them: safetensors writes it under one only."""
    groups: dict[int, list[str]] = {}
    for key, tensor in own.items():
        groups.setdefault(id(tensor), []).append(key)
    return {key: groups[id(tensor)] for key, tensor in own.items()}


def _read_weight(value: Any, own: torch.Tensor, where: str) -> torch.Tensor:
    """One weight as a plain tensor that fits into the network's without loss."""
    import torch

    expected = f"expected {tuple(own.shape)}"
    reason = ""
    if not isinstance(value, torch.Tensor):
        if value.dtype.kind not in "biufc":
            msg = f"{where} is an array of {value.dtype}; {expected} of numbers."
            raise InvalidInputError(msg)
        value = torch.as_tensor(np.ascontiguousarray(value).astype(value.dtype.newbyteorder("="), copy=False))
    if tuple(value.shape) != tuple(own.shape):
        reason = f"has shape {tuple(value.shape)}; {expected}"
    elif value.is_meta:
        reason = "has no data (it was saved on 'meta'); save the network after its weights are loaded"
    elif value.layout is not torch.strided:
        reason = "is sparse; save it dense, with .to_dense()"
    elif value.is_quantized:
        reason = "is quantised; save the weights of the floating-point network"
    elif value.is_complex() != own.is_complex() or value.is_floating_point() != own.is_floating_point():
        reason = f"is {_name_kind(value)}; expected {_name_kind(own)}, as in the network"
    if reason:
        msg = f"{where} {reason}."
        raise InvalidInputError(msg)
    tensor: torch.Tensor = value
    return tensor


def _name_kind(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def hash_weights(module: torch.nn.Module) -> str | None:
    """Hash of all parameters and buffers.

    Parameters
    ----------
    module : torch.nn.Module

    Returns
    -------
    str or None
        sha256 in hexadecimal; None where the module has neither.
    """
    import torch

    from brainconv.io.hashing import hash_state

    arrays = {}
    for key, value in module.state_dict().items():
        if torch.is_tensor(value):
            plain = value.detach().cpu().resolve_conj()
            # NumPy has no bfloat16 and no float of 8 bits; float32 holds them exactly
            if plain.is_floating_point() and plain.dtype not in (torch.float16, torch.float32, torch.float64):
                plain = plain.float()
            arrays[key] = plain.numpy()
    return hash_state(arrays) if arrays else None
