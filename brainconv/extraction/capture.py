"""One batch through a network: outputs are handed over as they appear, and the pass ends at the deepest one wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch

from brainconv.errors import BrainconvError, InvalidInputError
from brainconv.extraction.plan import LayerSpec, Piece
from brainconv.models.layers import split_layer_name
from brainconv.models.outputs import evaluation_mode, is_out_of_memory, observe_outputs
from brainconv.models.tracing import TracedLayer, describe_error, input_dtype

Deliver = Callable[[Piece, torch.Tensor], None]


class _PassComplete(BaseException):
    """Ends a forward pass; no Exception, so that a network's own ``except Exception`` does not swallow it."""


@contextmanager
def prepare_network(module: torch.nn.Module, device: str) -> Iterator[None]:
    """Evaluation and inference mode, no autocast, exact float32 products; everything is put back at the end.

    Parameters
    ----------
    module : torch.nn.Module
    device : str
    """
    with ExitStack() as stack:
        stack.enter_context(_exact_products())
        stack.enter_context(torch.inference_mode())
        if torch.is_autocast_enabled(torch.device(device).type):
            stack.enter_context(torch.autocast(torch.device(device).type, enabled=False))
        stack.enter_context(evaluation_mode(module))
        yield


@contextmanager
def _exact_products() -> Iterator[None]:
    """No TF32 (GPU) and no bfloat16 (CPU) inside float32 products.

    torch >= 2.9 has a second set of switches and complains where the two disagree: the older ones are set, which keeps
    both in step, and both are put back.
    """
    backends: Any = torch.backends
    places: list[Any] = []
    if hasattr(backends.cuda.matmul, "fp32_precision"):
        mkldnn = backends.mkldnn
        places = [backends.cuda.matmul, backends.cudnn.conv, backends.cudnn.rnn, mkldnn.matmul, mkldnn.conv, mkldnn.rnn]
    newer = [place.fp32_precision for place in places]
    matmul = _read_switch(torch.get_float32_matmul_precision)
    cudnn = _read_switch(lambda: backends.cudnn.allow_tf32)
    torch.set_float32_matmul_precision("highest")
    backends.cudnn.allow_tf32 = False
    for place in places[3:]:
        place.fp32_precision = "ieee"
    try:
        yield
    finally:
        if matmul is not None:
            torch.set_float32_matmul_precision(matmul)
        if cudnn is not None:
            backends.cudnn.allow_tf32 = cudnn
        for place, value in zip(places, newer, strict=True):
            place.fp32_precision = value


def _read_switch(read: Callable[[], Any]) -> Any:
    """Value of an older switch; None where the newer ones were set to something that it cannot express."""
    try:
        return read()
    except RuntimeError:
        return None


def to_input(images: torch.Tensor, module: torch.nn.Module, device: str, *, channels_last: bool = True) -> torch.Tensor:
    """Images where the network is, in its precision, channels last in memory (which is faster) if that is wanted.

    Parameters
    ----------
    images : torch.Tensor, float32, shape (n_images, n_channels, height, width)
    module : torch.nn.Module
    device : str
    channels_last : bool
        Not for networks that call ``view`` on maps, which fails on this layout.
    """
    dtype = input_dtype(module)
    layout = torch.channels_last if channels_last and device != "mps" else torch.contiguous_format
    return images.to(device=device, dtype=dtype, memory_format=layout)


def probe_layers(
    module: torch.nn.Module, images: torch.Tensor, layers: Sequence[TracedLayer], *, units: str, channels_last: bool
) -> tuple[list[LayerSpec], int, dict[str, torch.Tensor]]:
    """See what the layers give for one or two images.

    Parameters
    ----------
    module : torch.nn.Module
    images : torch.Tensor, shape (n_images, n_channels, height, width)
        On the network's device.
    layers : sequence of TracedLayer
        In execution order.
    units : {"raw", "zscored", "spatial_mean"}
    channels_last : bool
        Layers may be stored as they lie in memory.

    Returns
    -------
    specs : list of LayerSpec
    bytes_per_image : int
        Size of the largest output on the way to the deepest layer.
    values : dict of str to torch.Tensor, shape (n_images, n_units)
        What the layers gave, by name.

    Raises
    ------
    InvalidInputError
        If a layer's first axis is not the images, or it was not reached.
    """
    wanted = {split_layer_name(layer.name): layer for layer in layers}
    specs: list[LayerSpec] = []
    values: dict[str, torch.Tensor] = {}
    largest = images.numel() * images.element_size()

    def observe(path: str, call: int, output: torch.Tensor) -> None:
        nonlocal largest
        largest = max(largest, output.numel() * output.element_size())
        layer = wanted.pop((path, call), None)
        if layer is None:
            return
        plain = _arrange(output, layer.image_axis)
        if len(plain) != len(images):
            msg = (
                f"Layer {layer.name!r} gives an output of shape {tuple(output.shape)} for {len(images)} images; "
                f"expected one entry of the first axis per image. Name a layer around it."
            )
            raise InvalidInputError(msg)
        kept = _reduce(plain, units, layer.channel_axis, layer.name)
        in_memory_order = (
            channels_last
            and units != "spatial_mean"
            and kept.ndim == 4
            and kept.is_contiguous(memory_format=torch.channels_last)
        )
        dtype = "float64" if kept.dtype == torch.float64 else "float32"
        spec = LayerSpec(
            *(layer.name, path, call, layer.layer_index, tuple(kept.shape[1:]), dtype, in_memory_order),
            channel_axis=layer.channel_axis,
            image_axis=layer.image_axis,
        )
        specs.append(spec)
        values[layer.name] = _flatten(kept, Piece(spec, 0, spec.shape[0])).clone()
        if not wanted:
            raise _PassComplete

    with observe_outputs(module, observe):
        _run(module, images)
    if wanted:
        names = ", ".join(repr(layer.name) for layer in wanted.values())
        msg = f"Layer {names} was not reached when real stimuli were shown; the network takes another path for them."
        raise InvalidInputError(msg)
    return specs, largest // len(images), values


def run_batch(
    module: torch.nn.Module, images: torch.Tensor, pieces: Sequence[Piece], deliver: Deliver, units: str
) -> None:
    """Show a batch and hand over what was asked for, at the moment it is computed.

    A later in-place operation cannot change it, as long as ``deliver`` copies.

    Parameters
    ----------
    module : torch.nn.Module
    images : torch.Tensor, shape (n_images, n_channels, height, width)
    pieces : sequence of Piece
    deliver : callable
        Takes a piece and its values, shape (n_images, piece.n_units).
    units : {"raw", "zscored", "spatial_mean"}

    Raises
    ------
    InvalidInputError
        If the network fails, or a layer changes its shape from image to image or was not reached.
    """
    waiting: dict[tuple[str, int], list[Piece]] = {}
    for piece in pieces:
        waiting.setdefault((piece.layer.path, piece.layer.call), []).append(piece)

    def observe(path: str, call: int, output: torch.Tensor) -> None:
        for piece in waiting.pop((path, call), ()):
            layer = piece.layer
            kept = _reduce(_arrange(output, layer.image_axis), units, layer.channel_axis, layer.name)
            if tuple(kept.shape) != (len(images), *layer.shape):
                msg = (
                    f"Layer {layer.name!r} gave shape {tuple(kept.shape)} for {len(images)} images, but "
                    f"{layer.shape} per image before; expected the same shape for every image."
                )
                raise InvalidInputError(msg)
            deliver(piece, _flatten(kept, piece))
        if not waiting:
            raise _PassComplete

    with observe_outputs(module, observe, [path for path, _ in waiting]):
        _run(module, images)
    if waiting:
        msg = f"Layer {', '.join(repr(path) for path, _ in waiting)} was not reached for some stimuli."
        raise InvalidInputError(msg)


def _run(module: torch.nn.Module, images: torch.Tensor) -> None:
    """One forward pass; what a network's own code raises becomes a sentence."""
    try:
        module(images)
    except _PassComplete:
        return
    except (BrainconvError, OSError):  # of an observer that stores
        raise
    except Exception as error:
        if is_out_of_memory(error):
            raise
        msg = (
            f"{type(module).__name__} failed on {len(images)} image(s): {describe_error(error)}. Expected a network "
            f"that takes a batch of any number of images."
        )
        raise InvalidInputError(msg) from error


def _arrange(output: torch.Tensor, image_axis: int) -> torch.Tensor:
    """An output as plain numbers with the images first."""
    if output.is_quantized:
        output = output.dequantize()
    if output.layout is not torch.strided:
        output = output.to_dense()
    return output.movedim(image_axis, 0) if image_axis else output


def _reduce(output: torch.Tensor, units: str, channel_axis: int | None, layer: str) -> torch.Tensor:
    """Mean over space (over tokens, where there are three axes) if that is what a unit is; complex as pairs of real."""
    if units == "spatial_mean" and output.ndim > 2:
        if channel_axis is None or output.ndim > 4:
            msg = (
                f"units='spatial_mean' met an output of shape {tuple(output.shape)} in layer {layer!r}, whose axis of "
                f"channels cannot be told; expected (images, channels, height, width), (images, height, width, "
                f"channels), (images, tokens, width) or (images, units). Ask for units='raw' of this layer."
            )
            raise InvalidInputError(msg)
        precise = output if output.dtype in (torch.float64, torch.complex64, torch.complex128) else output.float()
        output = precise.mean(dim=[axis for axis in range(1, output.ndim) if axis != channel_axis + 1])
    return torch.view_as_real(output.resolve_conj()) if output.is_complex() else output


def _flatten(output: torch.Tensor, piece: Piece) -> torch.Tensor:
    """Values of a piece, shape (n_images, n_units): a view where the layout allows it."""
    if not piece.whole:
        output = output[:, piece.start : piece.stop]
    if piece.layer.channels_last:
        output = output.permute(0, 2, 3, 1)
    return output.reshape(len(output), -1)
