"""State dicts: reading a local checkpoint without executing it, fitting its names to a network, hashing."""

from __future__ import annotations

import os
import pickle
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from brainconv.errors import InvalidInputError

if TYPE_CHECKING:
    import torch

NESTED_UNDER = ("state_dict", "model_state_dict", "model", "module", "net", "network", "weights", "params")
PREFIXES = ("module.", "model.", "_orig_mod.", "net.", "network.", "backbone.", "encoder.", "state_dict.")


def read_checkpoint(path: str | os.PathLike[str]) -> dict[str, torch.Tensor]:
    """Read tensors by name from a file.

    Parameters
    ----------
    path : path
        ``.safetensors``, or what ``torch.save`` wrote of a state dict; it may lie under ``state_dict``, ``model`` and
        similar keys of a training checkpoint.

    Returns
    -------
    dict of str to torch.Tensor
        On the CPU.

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
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            return load_file(path)
        except (SafetensorError, OSError) as error:
            msg = f"{path.name} cannot be read as safetensors: {error}; it is damaged or has another format."
            raise InvalidInputError(msg) from error
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError, AttributeError, TypeError) as error:
        msg = (
            f"{path.name} is no state dict that can be read without executing it; where the network is defined, write "
            f"torch.save(network.state_dict(), path), or use safetensors."
        )
        raise InvalidInputError(msg) from error
    return find_tensors(content, name=path.name)


def find_tensors(content: Any, *, name: str) -> dict[str, torch.Tensor]:
    """The state dict within what a checkpoint file holds.

    Parameters
    ----------
    content : object
        A mapping of names to tensors, or one that holds such a mapping.
    name : str
        For messages.

    Raises
    ------
    InvalidInputError
        If there is none.
    """
    import torch

    while isinstance(content, Mapping):
        tensors = {str(key): value for key, value in content.items() if isinstance(value, torch.Tensor)}
        if tensors:
            return tensors
        inner = next((content[key] for key in NESTED_UNDER if isinstance(content.get(key), Mapping)), None)
        if inner is None:
            break
        content = inner
    found = f"a mapping with keys {', '.join(map(str, list(content)[:5]))}" if isinstance(content, Mapping) else ""
    msg = f"{name} holds {found or type(content).__name__} and no tensors by name; expected a state dict."
    raise InvalidInputError(msg)


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
    module: torch.nn.Module, state: Mapping[str, Any], *, name: str, source: str, ignore: tuple[str, ...] = ()
) -> None:
    """Put weights into a network, all of them and nothing else.

    Parameters
    ----------
    module : torch.nn.Module
    state : mapping of str to tensor or ndarray
    name : str
        Of the model, for messages.
    source : str
        Of the weights, for messages.
    ignore : tuple of str
        Globs over names that may be left out on either side (heads that do not run).

    Raises
    ------
    InvalidInputError
        If a weight is missing, left over or of another shape.
    """
    import torch

    own = module.state_dict()
    fitted = fit_names(state, set(own))
    fitted = {key: value for key, value in fitted.items() if not any(fnmatchcase(key, glob) for glob in ignore)}
    missing = [key for key in own if key not in fitted and not key.endswith("num_batches_tracked")]
    unexpected = [key for key in fitted if key not in own]
    if missing or unexpected:
        parts = []
        if missing:
            parts.append(f"{len(missing)} of {len(own)} weights are missing, for example {missing[0]!r}")
        if unexpected:
            parts.append(f"{len(unexpected)} are not the network's, for example {unexpected[0]!r}")
        msg = f"{source} does not fit {name}: {'; '.join(parts)}. Expected a state dict of exactly this network."
        raise InvalidInputError(msg)
    tensors = {key: torch.as_tensor(np.asarray(v) if not torch.is_tensor(v) else v) for key, v in fitted.items()}
    for key, tensor in tensors.items():
        if tensor.shape != own[key].shape:
            msg = (
                f"{source} does not fit {name}: {key!r} has shape {tuple(tensor.shape)}; "
                f"expected {tuple(own[key].shape)}."
            )
            raise InvalidInputError(msg)
    module.load_state_dict(tensors, strict=False)


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

    state = {key: value.detach().cpu() for key, value in module.state_dict().items() if torch.is_tensor(value)}
    # NumPy has no bfloat16; float32 holds it exactly
    arrays = {key: (v.float() if v.dtype == torch.bfloat16 else v).numpy() for key, v in state.items()}
    return hash_state(arrays) if arrays else None
