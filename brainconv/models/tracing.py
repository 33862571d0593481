"""One forward pass of a network, watched: which of its parts give what, and which weights they use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from brainconv.errors import InvalidInputError, ResourceError
from brainconv.models.axes import Channels, describe_channels, find_channel_axis, find_image_axis
from brainconv.models.outputs import evaluation_mode, is_out_of_memory, list_tensors, observe_outputs

if TYPE_CHECKING:
    import torch

N_IMAGES = 2
"""Images that a trace shows: with one, ``squeeze()`` takes their axis away and batch norm of vectors fails."""
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
        Shape of the output for one image, such as (channels, height, width), (tokens, width) or (units,).
    channel_axis : int, optional
        Which axis of ``shape`` is that of channels, the others being space or tokens; None if it cannot be told.
    image_axis : int
        Which axis of the whole output counts the images: 0, or 1 for (tokens, images, width).
    """

    name: str
    layer_index: int
    shape: tuple[int, ...]
    channel_axis: int | None = None
    image_axis: int = 0


@dataclass(frozen=True, eq=False)
class Trace:
    """What one forward pass showed of a network.

    Parameters
    ----------
    layers : list of TracedLayer
        In execution order.
    n_channels : int
        Of the image that the network took: 3, or 1 for luminance.
    without : mapping of str to str
        Parts that ran and are no layers: what they give instead.
    used : frozenset of str
        Names of the parameters that the pass used.
    """

    layers: list[TracedLayer]
    n_channels: int = 3
    without: dict[str, str] = field(default_factory=dict)
    used: frozenset[str] = frozenset()


def trace_pass(module: torch.nn.Module, input_size: int, n_channels: Sequence[int] = (3,)) -> Trace:
    """Show a module two zero images and see what its parts give.

    Parameters
    ----------
    module : torch.nn.Module
    input_size : int, px
    n_channels : sequence of int
        Numbers of channels to try, in this order.

    Raises
    ------
    InvalidInputError
        If the network cannot take an image of this size, or no module of it returns a tensor.
    ResourceError
        If memory runs out.
    """
    first: Exception | None = None
    for count in n_channels:
        try:
            trace = _record_pass(module, input_size, count)
        except Exception as error:  # whatever a network's own code may raise
            if is_out_of_memory(error):
                msg = f"Memory ran out while {type(module).__name__} was shown {N_IMAGES} images; lower input_size."
                raise ResourceError(msg) from error
            first = first or error
            continue
        if not trace.layers:
            msg = (
                f"{type(module).__name__} has no submodule that returns a tensor, so it has no layers; "
                f"put it into a torch.nn.Sequential."
            )
            raise InvalidInputError(msg)
        return trace
    shape = (N_IMAGES, n_channels[0], input_size, input_size)
    msg = (
        f"{type(module).__name__} cannot take images of shape {shape}: {describe_error(first)}. Expected a module "
        f"that takes a batch of float images and nothing else; give another input_size, or wrap what it needs besides "
        f"into a torch.nn.Module."
    )
    raise InvalidInputError(msg) from first


def describe_error(error: BaseException | None) -> str:
    """First line of an error, with its kind where the text alone would say too little (``KeyError: 'pixels'``).

    Parameters
    ----------
    error : BaseException or None
    """
    lines = str(error).strip().splitlines()
    text = lines[0].rstrip(".") if lines else ""
    kind = type(error).__name__
    return text if text and isinstance(error, (RuntimeError, ValueError, TypeError)) else f"{kind}: {text}".rstrip(": ")


def input_dtype(module: torch.nn.Module) -> torch.dtype:
    """Precision of the images that a network takes: that of its first floating-point weight, else float32.

    Parameters
    ----------
    module : torch.nn.Module
    """
    import torch

    tensors = [*module.parameters(), *module.buffers()]
    return next((tensor.dtype for tensor in tensors if tensor.is_floating_point()), torch.float32)


def _record_pass(module: torch.nn.Module, input_size: int, n_channels: int) -> Trace:
    """Outputs and used weights of every submodule call, in execution order.

    Shapes and order are all that is wanted, so networks made of torch's, torchvision's and our own modules run on
    tensors without data ("meta"), which takes no time; any other gets zero images, since it may look at values or keep
    what it computed.
    """
    import torch

    state = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    home = next(iter(state.values()), torch.empty(0)).device
    shape, dtype = (N_IMAGES, n_channels, input_size, input_size), input_dtype(module)
    if all(type(part).__module__.startswith(_KNOWN_CODE) for part in module.modules()):
        try:
            without_data = {name: torch.empty_like(tensor, device="meta") for name, tensor in state.items()}
            return _Recorder(module, without_data).run(torch.zeros(shape, dtype=dtype, device="meta"))
        except Exception:  # what needs values, or is not called through its own forward, gets an image
            if home.type == "meta":
                raise
    return _Recorder(module, None).run(torch.zeros(shape, dtype=dtype, device=home))


class _Recorder:
    """One traced pass of a module; with ``state``, of its twin that has these weights."""

    def __init__(self, module: torch.nn.Module, state: dict[str, torch.Tensor] | None) -> None:
        import torch

        self.module = module
        self.state = state
        weights = dict(module.named_parameters())
        self.names = {id(tensor if state is None else state[name]): name for name, tensor in weights.items()}
        self.parts = dict(module.named_modules())
        self.calls: list[tuple[str, int, tuple[int, ...], int | None, int]] = []
        self.without: dict[str, str] = {}
        scripts = tuple(f"{path}." for path, part in self.parts.items() if isinstance(part, torch.jit.ScriptModule))
        self.used = {name for name in weights if name.startswith(scripts)}  # which of them run cannot be watched
        self.before: Channels | None = None

    def run(self, images: torch.Tensor) -> Trace:
        import torch

        observed = observe_outputs(self.module, self._observe, without=self.without.__setitem__)
        with evaluation_mode(self.module), torch.inference_mode(), observed, self._watch_weights():
            if self.state is None:
                self.module(images)
            else:
                torch.func.functional_call(self.module, self.state, (images,))
        n_calls = Counter(name for name, *_ in self.calls)
        layers = [
            TracedLayer(f"{name}:{call}" if n_calls[name] > 1 or call else name, index, shape, channel_axis, image_axis)
            for index, (name, call, shape, channel_axis, image_axis) in enumerate(self.calls)
        ]
        return Trace(layers, images.shape[1], self.without, frozenset(self.used))

    def _observe(self, name: str, call: int, output: torch.Tensor) -> None:
        part = self.parts[name]
        image_axis = find_image_axis(part, output, N_IMAGES)
        if not any(part.children()):
            self.before = describe_channels(part, output) or self.before
        if image_axis is None:
            self.without[name] = f"returns {tuple(output.shape)} for {N_IMAGES} images, no axis of which counts them"
            return
        shape = tuple(output.movedim(image_axis, 0).shape[1:])
        self.calls.append((name, call, shape, find_channel_axis(part, shape, self.before), image_axis))

    def _watch_weights(self) -> Any:
        """A context in which every function of torch's says which parameters it takes."""
        from torch.overrides import TorchFunctionMode

        names, used = self.names, self.used
        if not names:
            return nullcontext()

        class Watch(TorchFunctionMode):
            def __torch_function__(
                self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
            ) -> Any:
                result = func(*args, **(kwargs or {}))
                taken = {names[id(t)] for t in list_tensors([args, kwargs or {}]) if id(t) in names}
                if taken - used and list_tensors(result):  # asking for a shape or a dtype is no use
                    used.update(taken)
                return result

        return Watch()
