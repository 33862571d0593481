"""One batch through a network: outputs are handed over as they appear, and the pass ends at the deepest one wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import torch

from brainconv.errors import InvalidInputError
from brainconv.extraction.plan import LayerSpec, Piece
from brainconv.models.layers import TracedLayer, observe_outputs, split_layer_name

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
    was_training = [part for part in module.modules() if part.training]
    with ExitStack() as stack:
        stack.enter_context(_exact_products())
        stack.enter_context(torch.inference_mode())
        if torch.is_autocast_enabled(torch.device(device).type):
            stack.enter_context(torch.autocast(torch.device(device).type, enabled=False))
        module.eval()
        try:
            yield
        finally:
            for part in was_training:
                part.training = True


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


def to_input(images: torch.Tensor, module: torch.nn.Module, device: str) -> torch.Tensor:
    """Images where the network is, in its precision, channels last.

    Parameters
    ----------
    images : torch.Tensor, float32, shape (n_images, 3, height, width)
    module : torch.nn.Module
    device : str
    """
    dtype = next((p.dtype for p in module.parameters() if p.is_floating_point()), images.dtype)
    layout = torch.contiguous_format if device == "mps" else torch.channels_last
    return images.to(device=device, dtype=dtype, memory_format=layout)


def probe_layers(
    module: torch.nn.Module, images: torch.Tensor, layers: Sequence[TracedLayer], *, units: str, channels_last: bool
) -> tuple[list[LayerSpec], int]:
    """See what the layers give for two images.

    Parameters
    ----------
    module : torch.nn.Module
    images : torch.Tensor, shape (2, 3, height, width)
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

    Raises
    ------
    InvalidInputError
        If a layer's first axis is not the images, or it was not reached.
    """
    wanted = {split_layer_name(layer.name): layer for layer in layers}
    specs: list[LayerSpec] = []
    largest = images.numel() * images.element_size()

    def observe(path: str, call: int, output: torch.Tensor) -> None:
        nonlocal largest
        largest = max(largest, output.numel() * output.element_size())
        layer = wanted.pop((path, call), None)
        if layer is None:
            return
        if len(output) != len(images):
            msg = (
                f"Layer {layer.name!r} gives an output of shape {tuple(output.shape)} for {len(images)} images; "
                f"expected one entry of the first axis per image. Name a layer around it."
            )
            raise InvalidInputError(msg)
        in_memory_order = (
            channels_last
            and units != "spatial_mean"
            and output.ndim == 4
            and output.is_contiguous(memory_format=torch.channels_last)
        )
        dtype = "float64" if output.dtype == torch.float64 else "float32"
        kept = _reduce(output, units)
        specs.append(
            LayerSpec(layer.name, path, call, layer.layer_index, tuple(kept.shape[1:]), dtype, in_memory_order)
        )
        if not wanted:
            raise _PassComplete

    with observe_outputs(module, observe):
        _run(module, images)
    if wanted:
        names = ", ".join(repr(layer.name) for layer in wanted.values())
        msg = f"Layer {names} was not reached when real stimuli were shown; the network takes another path for them."
        raise InvalidInputError(msg)
    return specs, largest // len(images)


def run_batch(
    module: torch.nn.Module, images: torch.Tensor, pieces: Sequence[Piece], deliver: Deliver, units: str
) -> None:
    """Show a batch and hand over what was asked for, at the moment it is computed.

    A later in-place operation cannot change it, as long as ``deliver`` copies.

    Parameters
    ----------
    module : torch.nn.Module
    images : torch.Tensor, shape (n_images, 3, height, width)
    pieces : sequence of Piece
    deliver : callable
        Takes a piece and its values, shape (n_images, piece.n_units).
    units : {"raw", "zscored", "spatial_mean"}

    Raises
    ------
    InvalidInputError
        If a layer changes its shape from image to image, or was not reached.
    """
    waiting: dict[tuple[str, int], list[Piece]] = {}
    for piece in pieces:
        waiting.setdefault((piece.layer.path, piece.layer.call), []).append(piece)

    def observe(path: str, call: int, output: torch.Tensor) -> None:
        for piece in waiting.pop((path, call), ()):
            kept = _reduce(output, units)
            if tuple(kept.shape) != (len(images), *piece.layer.shape):
                msg = (
                    f"Layer {piece.layer.name!r} gave shape {tuple(kept.shape)} for {len(images)} images, but "
                    f"{piece.layer.shape} per image before; expected the same shape for every image."
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
    with suppress(_PassComplete):
        module(images)


def _reduce(output: torch.Tensor, units: str) -> torch.Tensor:
    """Mean over height and width (over tokens, where there are three axes) if that is what a unit is."""
    if units != "spatial_mean" or output.ndim == 2:
        return output
    precise = output if output.dtype == torch.float64 else output.float()
    if output.ndim == 4:
        return precise.mean(dim=(2, 3))
    if output.ndim == 3:
        return precise.mean(dim=1)
    msg = (
        f"units='spatial_mean' met an output of shape {tuple(output.shape)}; expected "
        f"(images, channels, height, width), (images, tokens, width) or (images, units)."
    )
    raise InvalidInputError(msg)


def _flatten(output: torch.Tensor, piece: Piece) -> torch.Tensor:
    """Values of a piece, shape (n_images, n_units): a view where the layout allows it."""
    if not piece.whole:
        output = output[:, piece.start : piece.stop]
    if piece.layer.channels_last:
        output = output.permute(0, 2, 3, 1)
    return output.reshape(len(output), -1)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out, on the CPU or a GPU.

    Parameters
    ----------
    error : BaseException
    """
    if isinstance(error, (MemoryError, torch.cuda.OutOfMemoryError)):
        return True
    text = str(error).lower()
    signs = ("out of memory", "not enough memory", "can't allocate memory", "cannot allocate memory", "alloc_failed")
    return isinstance(error, RuntimeError) and any(sign in text for sign in signs)
