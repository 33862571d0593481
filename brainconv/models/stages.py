"""Stages of a network: which of its layers are the default ones."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from brainconv.models.layers import split_layer_name
from brainconv.models.tracing import Trace, TracedLayer
from brainconv.validation import check_choice

if TYPE_CHECKING:
    import torch

MUCH = 0.1
"""Share of the weights that no default layer sees from which on it is worth a warning (positions of a transformer and
the norm before its classifier hold less)."""


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
    Containers (``Sequential``, ``ModuleList``, ``ModuleDict``), any part that holds more than half of the network's
    weight layers (a wrapped backbone), and any part that gives no tensor to compare (it returns several, or only holds
    others) are looked into; every other composite module is one block.  A part that was looked into in vain, but gives
    a tensor itself, is a block after all.
    """
    return list(_group_stages(module, traced)) or [traced[-1].name]


def measure_unseen(module: torch.nn.Module, trace: Trace, layers: Sequence[str]) -> float:
    """Share of the weights that lie in none of the stages, nor in any of the other layers.

    Parameters
    ----------
    module : torch.nn.Module
    trace : Trace
    layers : sequence of str
        Default layers, the stages among them.

    Returns
    -------
    float
        Of the values of all parameters that the traced pass used; so auxiliary heads, which do not run, do not count.
        0 where it used none.
    """
    grouped = _group_stages(module, trace.layers)
    homes = {path for layer in layers for path in (*grouped.get(layer, ()), split_layer_name(layer)[0])}
    sizes = {name: weight.numel() for name, weight in module.named_parameters() if name in trace.used}
    unseen = sum(size for name, size in sizes.items() if not homes.intersection(_list_ancestors(name)))
    total = sum(sizes.values())
    return unseen / total if total else 0.0


def _list_ancestors(name: str) -> list[str]:
    """``"a.b.weight"`` to ``["a", "a.b"]``."""
    parts = name.split(".")
    return [".".join(parts[:depth]) for depth in range(1, len(parts))]


def _group_stages(module: torch.nn.Module, traced: Sequence[TracedLayer]) -> dict[str, list[str]]:
    """Stages by the name of their output, in execution order, each with the paths of the parts it is made of."""
    visible = _list_parts(module, {split_layer_name(layer.name)[0] for layer in traced})
    stages: dict[str, list[str]] = {}
    name = ""
    open_for: tuple[str, ...] = ()
    for layer in traced:
        path = split_layer_name(layer.name)[0]
        part = visible.get(path)
        if part is None:
            continue
        kind = _classify(part)
        if kind in ("weights", "block"):
            name = layer.name
            stages[name] = [path]
            open_for = ("norm", "nonlinearity") if kind == "weights" else ("nonlinearity",)
        elif kind in open_for:
            stages[layer.name] = [*stages.pop(name), path]
            name = layer.name
        elif kind == "pooling":
            open_for = ()
        elif kind in ("norm", "nonlinearity") and not open_for:
            name = layer.name
            stages[name] = [path]
            open_for = ("norm", "nonlinearity")
    return stages


def _list_parts(module: torch.nn.Module, running: set[str]) -> dict[str, torch.nn.Module]:
    """Modules that may be a stage: children, with containers, backbones and what gives no tensor opened."""
    total = _count_weight_layers(module)

    def descend(parent: torch.nn.Module, prefix: str) -> dict[str, torch.nn.Module]:
        parts: dict[str, torch.nn.Module] = {}
        for name, child in parent.named_children():
            path = f"{prefix}{name}"
            n_weights = _count_weight_layers(child)
            hidden = path not in running or 2 * n_weights > total
            if not _is_container(child) and not (any(child.children()) and hidden):
                parts[path] = child
                continue
            inner = descend(child, f"{path}.")
            seen = any(_count_weight_layers(part) for where, part in inner.items() if where in running)
            parts |= {path: child} if path in running and n_weights and not seen else inner
        return parts

    return descend(module, "")


def _is_container(module: torch.nn.Module) -> bool:
    """Whether it is a plain container (a subclass of one, such as torchvision's blocks, is not)."""
    from torch import nn

    return type(module) in (nn.Sequential, nn.ModuleList, nn.ModuleDict, nn.DataParallel)


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
