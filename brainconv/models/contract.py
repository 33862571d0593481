"""What a network must be to be shown stimuli: plain weights on one device, images in, parts that can be observed."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from brainconv.errors import BrainconvWarning, InvalidInputError
from brainconv.models.preprocessing import Preprocessing
from brainconv.models.stages import MUCH, measure_unseen, select_layers
from brainconv.models.tracing import Trace, trace_pass

if TYPE_CHECKING:
    import torch


class DefaultLayers(NamedTuple):
    """Layers that count where none are named, and what a reader of their numbers must know.

    Parameters
    ----------
    names : tuple of str
    unseen : float, optional
        Share of the weights that lie in none of them; None where they were named one by one.
    notes : tuple of str
    """

    names: tuple[str, ...]
    unseen: float | None
    notes: tuple[str, ...]


def unwrap_module(module: torch.nn.Module) -> torch.nn.Module:
    """The network inside ``DataParallel``, ``DistributedDataParallel`` and what ``torch.compile`` made.

    Parameters
    ----------
    module : torch.nn.Module
    """
    from torch import nn

    while True:
        inner = (
            module.module
            if isinstance(module, (nn.DataParallel, nn.parallel.DistributedDataParallel))
            else getattr(module, "_orig_mod", None)
        )
        if not isinstance(inner, nn.Module):
            return module
        module = inner


def check_module(module: torch.nn.Module, *, name: str) -> None:
    """Refuse networks whose parts cannot be observed or whose weights are not plain numbers.

    Parameters
    ----------
    module : torch.nn.Module
    name : str
        Of the model, for messages.

    Raises
    ------
    InvalidInputError
        If it is TorchScript, quantised, without data (meta, lazy), sparse, or spread over devices.
    """
    reason = _why_not(module)
    if reason:
        msg = f"{name} ({type(module).__name__}) {reason}."
        raise InvalidInputError(msg)


def _why_not(module: torch.nn.Module) -> str | None:
    import torch
    from torch.nn.parameter import is_lazy

    if isinstance(module, torch.jit.ScriptModule):
        return "is TorchScript, whose parts cannot be observed; give the Python module that it was made from"
    quantised = [part for part in module.modules() if ".quantized" in type(part).__module__]
    tensors = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    if quantised or any(tensor.is_quantized for tensor in tensors.values()):
        return "is quantised; give the network with floating-point weights that it was made from"
    devices: set[str] = set()
    for key, tensor in tensors.items():
        if is_lazy(tensor):
            return f"has weights without a shape yet ({key!r}, a lazy layer); run it once on a batch of images first"
        if tensor.is_meta:
            return f"has weights without data ({key!r} is on 'meta'); load its weights first"
        if tensor.layout is not torch.strided:
            return f"has sparse weights ({key!r}); make them dense with .to_dense() first"
        devices.add(str(tensor.device))
    if len(devices) > 1:
        return f"is spread over {' and '.join(sorted(devices))}; move all of it to one device with .to(…)"
    return None


def trace_on_images(module: torch.nn.Module, preprocessing: Preprocessing) -> tuple[Trace, Preprocessing]:
    """A traced pass on colour or, where the network takes one channel, on luminance; and the preprocessing for it.

    Parameters
    ----------
    module : torch.nn.Module
    preprocessing : Preprocessing

    Raises
    ------
    InvalidInputError
        If the network takes neither.
    """
    n_channels = preprocessing.n_channels
    trace = trace_pass(module, preprocessing.input_size, (n_channels,) if n_channels == 1 else (n_channels, 1))
    return trace, (preprocessing if trace.n_channels == n_channels else preprocessing.on_luminance())


def choose_layers(
    module: torch.nn.Module,
    trace: Trace,
    patterns: Sequence[str],
    *,
    model_name: str,
    preprocessing: Preprocessing,
) -> DefaultLayers:
    """Default layers after the patterns of a registry's row, with a warning where many weights lie in none of them.

    Parameters
    ----------
    module : torch.nn.Module
    trace : Trace
    patterns : sequence of str
        See :func:`brainconv.models.stages.select_layers`.
    model_name : str
    preprocessing : Preprocessing
        What the network is shown.

    Raises
    ------
    NotFoundError
        If a pattern matches nothing.
    """
    names = select_layers(module, trace.layers, patterns, model_name=model_name)
    notes = describe_input(model_name, preprocessing)
    if "stages" not in patterns:
        return DefaultLayers(names, None, notes)
    unseen = measure_unseen(module, trace, names)
    if unseen >= MUCH:
        share = math.floor(100 * unseen)
        note = (
            f"No default layer of {model_name} sees {share}% of its weights ({_name_parts(trace)}); name layers to see "
            f"more of it: brainconv.models.trace_layers(model) lists them."
        )
        warnings.warn(note, BrainconvWarning, stacklevel=3)
        notes = (*notes, note)
    return DefaultLayers(names, round(unseen, 4), notes)


def describe_input(model_name: str, preprocessing: Preprocessing) -> tuple[str, ...]:
    """A note on networks that see no colour.

    Parameters
    ----------
    model_name : str
    preprocessing : Preprocessing
    """
    if preprocessing.n_channels == 3:
        return ()
    return (f"{model_name} takes one channel: it was shown the luminance of the images, 0.299 R + 0.587 G + 0.114 B.",)


def _name_parts(trace: Trace) -> str:
    """The first part that ran and is no layer, with what it gives instead."""
    for path, given in trace.without.items():
        return f"{path!r} {given}" + (f", and {len(trace.without) - 1} more" if len(trace.without) > 1 else "")
    return "they lie outside of the parts that give one tensor"
