"""Layers of a network: what one forward pass runs, in which order, and under which names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from brainconv.errors import InvalidInputError, NotFoundError
from brainconv.validation import check_choice, check_unique

if TYPE_CHECKING:
    import torch

    from brainconv.models.model import Model


_KNOWN_CODE = ("torch.nn.", "torchvision.", "brainconv.models.")


class TracedLayer(NamedTuple):
    """One module output of a forward pass.

    Parameters
    ----------
    name : str
        Module path; ``path:k`` for the k-th call (from 0) of a module that runs several times in one pass.
    layer_index : int
        Place in the order in which outputs are finished, from 0.
    shape : tuple of int
        Shape of the output for one image: (channels, height, width) or (units,).
    """

    name: str
    layer_index: int
    shape: tuple[int, ...]


def trace_layers(model: Model, input_size: int | None = None) -> list[TracedLayer]:
    """Every layer that can be asked for, found by one forward pass of a zero image.

    Parameters
    ----------
    model : Model
    input_size : int, px, optional
        Instead of the preprocessing's.

    Returns
    -------
    list of TracedLayer
        In execution order.  Modules that do not run (auxiliary heads) or do not return one tensor are not in it.

    Raises
    ------
    InvalidInputError
        If the network cannot take an image of this size.
    """
    return trace_module(model.module, input_size or model.preprocessing.input_size)


def trace_module(module: torch.nn.Module, input_size: int) -> list[TracedLayer]:
    """`trace_layers` for a bare module.

    Parameters
    ----------
    module : torch.nn.Module
    input_size : int, px

    Raises
    ------
    InvalidInputError
        If the network cannot take an image of this size, or no module of it returns a tensor.
    """
    was_training = module.training
    module.eval()
    try:
        calls = _record_calls(module, input_size)
    except (RuntimeError, ValueError, TypeError, IndexError, AssertionError) as error:
        first_line = str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__
        msg = (
            f"{type(module).__name__} cannot take an image of shape (1, 3, {input_size}, {input_size}): {first_line}. "
            f"Expected a module that takes float images of that shape; give another input_size."
        )
        raise InvalidInputError(msg) from error
    finally:
        module.train(was_training)
    if not calls:
        msg = (
            f"{type(module).__name__} has no submodule that returns a tensor, so it has no layers; "
            f"put it into a torch.nn.Sequential."
        )
        raise InvalidInputError(msg)
    n_calls = Counter(name for name, _ in calls)
    seen: Counter[str] = Counter()
    traced = []
    for index, (name, shape) in enumerate(calls):
        full = f"{name}:{seen[name]}" if n_calls[name] > 1 else name
        seen[name] += 1
        traced.append(TracedLayer(full, index, shape))
    return traced


def _record_calls(module: torch.nn.Module, input_size: int) -> list[tuple[str, tuple[int, ...]]]:
    """Path and output shape of every submodule call, in execution order.

    Shapes and order are all that is wanted, so networks made of torch's, torchvision's and our own modules run on
    tensors without data ("meta"), which takes no time; any other gets a zero image, since it may look at values or keep
    what it computed.
    """
    import torch

    calls: list[tuple[str, tuple[int, ...]]] = []

    def record(name: str, _call: int, output: torch.Tensor) -> None:
        calls.append((name, tuple(output.shape[1:])))

    state = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    first = next(iter(state.values()), torch.empty(0))
    dtype = first.dtype if first.is_floating_point() else torch.float32
    known = all(type(part).__module__.startswith(_KNOWN_CODE) for part in module.modules())
    device = torch.device("meta") if known else first.device
    image = torch.zeros(1, 3, input_size, input_size, dtype=dtype, device=device)
    with torch.inference_mode(), observe_outputs(module, record):
        if known:
            without_data = {name: torch.empty_like(tensor, device=device) for name, tensor in state.items()}
            torch.func.functional_call(module, without_data, (image,))
        else:
            module(image)
    return calls


@contextmanager
def observe_outputs(
    module: torch.nn.Module,
    observer: Callable[[str, int, torch.Tensor], None],
    names: Sequence[str] | None = None,
) -> Iterator[None]:
    """Call ``observer(path, call, output)`` after each submodule's forward, as long as the context lasts.

    The output is handed over before anything else runs, so an observer that copies it is right even where the next
    module overwrites it in place (``ReLU(inplace=True)``); one that keeps the tensor itself is not.

    Parameters
    ----------
    module : torch.nn.Module
    observer : callable
        ``call`` counts the forward calls of that submodule from 0 since the context began.
    names : sequence of str, optional
        Module paths to observe, without ``:call``; all but the root if not given.
    """
    import torch

    wanted = None if names is None else set(names)
    counts: Counter[str] = Counter()

    def make_hook(name: str) -> Callable[[Any, Any, Any], None]:
        def hook(_module: Any, _inputs: Any, output: Any) -> None:
            call = counts[name]
            counts[name] += 1
            if isinstance(output, torch.Tensor) and output.ndim >= 2:
                observer(name, call, output)

        return hook

    handles = [
        part.register_forward_hook(make_hook(name))
        for name, part in module.named_modules()
        if name and (wanted is None or name in wanted)
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def split_layer_name(layer: str) -> tuple[str, int]:
    """Module path and number of the call that a layer's name stands for.

    Parameters
    ----------
    layer : str
        Such as ``"layer1.0.relu:1"``; without ``:call`` the only one, number 0.
    """
    path, colon, call = layer.rpartition(":")
    return (path, int(call)) if colon and call.isdigit() else (layer, 0)


def check_layers(traced: Sequence[TracedLayer], layers: Sequence[str], *, model_name: str) -> list[TracedLayer]:
    """The layers asked for, in execution order.

    Parameters
    ----------
    traced : sequence of TracedLayer
        What :func:`trace_layers` found.
    layers : sequence of str
        Names, each once.
    model_name : str
        For messages.

    Raises
    ------
    NotFoundError
        If the network has no such layer, with the nearest name; or if it runs several times and no call was named.
    InvalidInputError
        If none is named or one is named twice.
    """
    if isinstance(layers, str):
        msg = f"layers={layers!r} is a single string; expected a sequence of names, such as [{layers!r}]."
        raise InvalidInputError(msg)
    if not layers:
        msg = f"No layer of {model_name} is named; expected at least one."
        raise InvalidInputError(msg)
    by_name = {layer.name: layer for layer in traced}
    for layer in check_unique(layers, what="layer"):
        if layer in by_name:
            continue
        repeated = [name for name in by_name if name.startswith(f"{layer}:")]
        if repeated:
            msg = (
                f"Layer {layer!r} of {model_name} runs {len(repeated)} times in one pass; "
                f"say which call: {' or '.join(map(repr, repeated))}."
            )
            raise NotFoundError(msg)
        check_choice(layer, by_name, what=f"layer of {model_name}")
    return sorted((by_name[layer] for layer in layers), key=lambda layer: layer.layer_index)
