"""Layers of a network: what can be asked for, in which order, and under which names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from brainconv.errors import InvalidInputError, NotFoundError
from brainconv.models.tracing import Trace, TracedLayer, trace_pass
from brainconv.validation import check_choice, check_unique

if TYPE_CHECKING:
    import torch

    from brainconv.models.model import Model


def trace_layers(model: Model, input_size: int | None = None) -> list[TracedLayer]:
    """Every layer that can be asked for, found by one forward pass of zero images.

    Parameters
    ----------
    model : Model
    input_size : int, px, optional
        Instead of the preprocessing's.

    Returns
    -------
    list of TracedLayer
        In execution order.  Modules that do not run (auxiliary heads), or do not return one tensor with an axis of
        images, are not in it.

    Raises
    ------
    InvalidInputError
        If the network cannot take an image of this size.
    """
    return trace_model(model, input_size).layers


def trace_model(model: Model, input_size: int | None = None) -> Trace:
    """`trace_layers`, with what the pass showed besides.

    Parameters
    ----------
    model : Model
    input_size : int, px, optional
        Instead of the preprocessing's.

    Raises
    ------
    InvalidInputError
        If the network cannot take an image of this size.
    """
    settings = model.preprocessing
    return trace_pass(model.module, input_size or settings.input_size, (settings.n_channels,))


def trace_module(module: torch.nn.Module, input_size: int) -> list[TracedLayer]:
    """`trace_layers` for a bare module on RGB.

    Parameters
    ----------
    module : torch.nn.Module
    input_size : int, px

    Raises
    ------
    InvalidInputError
        If the network cannot take an image of this size, or no module of it returns a tensor.
    """
    return trace_pass(module, input_size).layers


def split_layer_name(layer: str) -> tuple[str, int]:
    """Module path and number of the call that a layer's name stands for.

    Parameters
    ----------
    layer : str
        Such as ``"layer1.0.relu:1"``; without ``:call`` the only one, number 0.
    """
    path, colon, call = layer.rpartition(":")
    return (path, int(call)) if colon and call.isdigit() else (layer, 0)


def check_layers(
    trace: Trace | Sequence[TracedLayer], layers: Any, *, model_name: str, module: torch.nn.Module | None = None
) -> list[TracedLayer]:
    """The layers asked for, in execution order.

    Parameters
    ----------
    trace : Trace or sequence of TracedLayer
        What :func:`trace_model` or :func:`trace_layers` found.
    layers : sequence of str
        Names, each once.
    model_name : str
        For messages.
    module : torch.nn.Module, optional
        The network, to say of a part of it why it is no layer.

    Raises
    ------
    NotFoundError
        If the network has no such layer, with the nearest name; or if it runs several times and no call was named.
    InvalidInputError
        If none is named, one is named twice, or a part of the network is named that is no layer.
    """
    if isinstance(layers, str):
        msg = f"layers={layers!r} is a single string; expected a sequence of names, such as [{layers!r}]."
        raise InvalidInputError(msg)
    if not isinstance(layers, Iterable):
        msg = f"layers={layers!r} is no sequence of names; expected one such as ['conv1', 'fc']."
        raise InvalidInputError(msg)
    named = check_unique(list(layers), what="layer")
    if not named:
        msg = f"No layer of {model_name} is named; expected at least one."
        raise InvalidInputError(msg)
    found = trace if isinstance(trace, Trace) else Trace(list(trace))
    by_name = {layer.name: layer for layer in found.layers}
    for layer in named:
        if layer in by_name:
            continue
        repeated = [name for name in by_name if name.startswith(f"{layer}:")]
        if repeated:
            msg = (
                f"Layer {layer!r} of {model_name} runs {len(repeated)} times in one pass; "
                f"say which call: {' or '.join(map(repr, repeated))}."
            )
            raise NotFoundError(msg)
        if module is not None:
            _explain_part(found, layer, module, model_name)
        check_choice(layer, by_name, what=f"layer of {model_name}")
    return sorted((by_name[layer] for layer in named), key=lambda layer: layer.layer_index)


def _explain_part(trace: Trace, layer: str, module: torch.nn.Module, model_name: str) -> None:
    """Say of a part of the network why it is no layer; nothing of a name that is no part's."""
    part = dict(module.named_modules(remove_duplicate=False)).get(layer)
    if not layer or part is None:
        return
    own = next(name for name, other in module.named_modules() if other is part)
    if own != layer:
        reason = f"is the same module as {own!r}; name that"
    elif layer in trace.without:
        reason = f"{trace.without[layer]}; expected one tensor with an axis of images. Name a layer inside or around it"
    else:
        reason = "does not run when stimuli are shown; name a layer inside or around it"
    msg = f"Layer {layer!r} of {model_name} ({type(part).__name__}) {reason}."
    raise InvalidInputError(msg)
