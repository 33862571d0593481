"""Stages of a network: which of its layers are the default ones."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from brainconv.models.layers import TracedLayer, split_layer_name
from brainconv.validation import check_choice

if TYPE_CHECKING:
    import torch


def select_layers(
    module: torch.nn.Module, traced: Sequence[TracedLayer], patterns: Sequence[str], *, model_name: str
) -> tuple[str, ...]:
    """Layers that a registry's row names, in execution order.

    Parameters
    ----------
    module : torch.nn.Module
    traced : sequence of TracedLayer
    patterns : sequence of str
        ``"stages"`` for :func:`find_stages`; else a name, or a glob over names such as ``"features.*"``.
    model_name : str
        For messages.

    Raises
    ------
    NotFoundError
        If a pattern matches nothing.
    """
    names = [layer.name for layer in traced]
    chosen: set[str] = set()
    for pattern in patterns:
        hits = (
            find_stages(module, traced)
            if pattern == "stages"
            else [name for name in names if fnmatchcase(name, pattern)]
        )
        if not hits:
            check_choice(pattern, names, what=f"layer or pattern of layers of {model_name}")
        chosen.update(hits)
    return tuple(name for name in names if name in chosen)


def find_stages(module: torch.nn.Module, traced: Sequence[TracedLayer]) -> list[str]:
    """Distinct stage outputs of a network, in execution order.

    A stage is one layer with weights, or one block of them (residual, inception, fire, dense …), together with the
    normalisation and nonlinearity that directly follow.  Pooling, dropout and flattening repeat what a stage said and
    are not stages of their own; any of them can still be asked for by name.

    Parameters
    ----------
    module : torch.nn.Module
    traced : sequence of TracedLayer

    Returns
    -------
    list of str
        For AlexNet: the five convolutions and two linear layers after their ReLU, and the last linear layer.

    Notes
    -----
    Containers (``Sequential``, ``ModuleList``, ``ModuleDict``) and any part that holds more than half of the network's
    weight layers (a wrapped backbone) are looked into; every other composite module is one block.
    """
    visible = _list_parts(module)
    stages: list[str] = []
    open_for: tuple[str, ...] = ()
    for layer in traced:
        part = visible.get(split_layer_name(layer.name)[0])
        if part is None:
            continue
        kind = _classify(part)
        if kind in ("weights", "block"):
            stages.append(layer.name)
            open_for = ("norm", "nonlinearity") if kind == "weights" else ("nonlinearity",)
        elif kind in open_for:
            stages[-1] = layer.name
        elif kind == "pooling":
            open_for = ()
        elif kind in ("norm", "nonlinearity") and not open_for:
            stages.append(layer.name)
            open_for = ("norm", "nonlinearity")
    return stages or [traced[-1].name]


def _list_parts(module: torch.nn.Module) -> dict[str, torch.nn.Module]:
    """Modules that may be a stage: children, with containers and backbones opened."""
    total = _count_weight_layers(module)
    parts: dict[str, torch.nn.Module] = {}

    def descend(parent: torch.nn.Module, prefix: str) -> None:
        for name, child in parent.named_children():
            path = f"{prefix}{name}"
            if _is_container(child) or (any(child.children()) and 2 * _count_weight_layers(child) > total):
                descend(child, f"{path}.")
            else:
                parts[path] = child

    descend(module, "")
    return parts


def _is_container(module: torch.nn.Module) -> bool:
    """Whether it is a plain container (a subclass of one, such as torchvision's blocks, is not)."""
    import torch

    return type(module) in (torch.nn.Sequential, torch.nn.ModuleList, torch.nn.ModuleDict)


def _has_weights(module: torch.nn.Module) -> bool:
    """Whether the module itself holds a weight matrix or kernel; registered buffers count, for fixed filters."""
    own = [*module.parameters(recurse=False), *module.buffers(recurse=False)]
    return any(tensor.ndim >= 2 for tensor in own)


def _count_weight_layers(module: torch.nn.Module) -> int:
    return sum(_has_weights(part) for part in module.modules())


def _classify(module: torch.nn.Module) -> str:
    """``weights``, ``block``, ``norm``, ``nonlinearity``, ``pooling`` or ``other``."""
    kind = type(module).__name__.lower()
    home = type(module).__module__
    if _count_weight_layers(module):
        return "block" if any(module.children()) else "weights"
    if "pool" in kind:
        return "pooling"
    if "norm" in kind:
        return "norm"
    activations = ("torch.nn.modules.activation", "timm.layers.activations")
    parts = [type(part).__module__ for part in module.modules()]
    if home.startswith(activations) or any(part.startswith(activations) for part in parts):
        return "nonlinearity"
    return "other"
