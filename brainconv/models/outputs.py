"""Outputs of a network's parts as they appear: which tensor is a part's output, and a pass in evaluation mode."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

_FIRST_OF_SEVERAL = ("torch.nn.modules.rnn", "torch.nn.modules.activation")
"""Homes of torch's own parts whose first output is the sequence (recurrent layers, attention); the rest is state."""


@contextmanager
def observe_outputs(
    module: torch.nn.Module,
    observer: Callable[[str, int, torch.Tensor], None],
    names: Sequence[str] | None = None,
    *,
    without: Callable[[str, str], None] | None = None,
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
    without : callable, optional
        Takes the path of a part that gives no tensor to compare, and what it gives.
    """
    import torch

    wanted = None if names is None else set(names)
    counts: Counter[str] = Counter()

    def make_hook(name: str) -> Callable[[Any, Any, Any], None]:
        def hook(part: Any, _inputs: Any, output: Any) -> None:
            call = counts[name]
            counts[name] += 1
            tensor, given = find_output(part, output)
            if tensor is not None:
                observer(name, call, tensor)
            elif without is not None:
                without(name, given)

        return hook

    handles = []
    try:
        for name, part in module.named_modules():
            if name and (wanted is None or name in wanted):
                if not isinstance(part, torch.jit.ScriptModule):
                    handles.append(part.register_forward_hook(make_hook(name)))
                elif without is not None:
                    without(name, "is TorchScript, whose output cannot be observed")
        yield
    finally:
        for handle in handles:
            handle.remove()


def find_output(part: torch.nn.Module, output: Any) -> tuple[torch.Tensor | None, str]:
    """The tensor that is a part's output: the only one of at least two axes in what it returns.

    Torch's recurrent layers and its attention return states and weights after their output, which is the first.

    Parameters
    ----------
    part : torch.nn.Module
    output : object
        What its forward returned: a tensor, or tuples, lists and mappings of them.

    Returns
    -------
    tensor : torch.Tensor or None
    given : str
        What there is instead, as a clause for a sentence.
    """
    tensors = [tensor for tensor in list_tensors(output) if tensor.ndim >= 2 and not tensor.is_nested]
    if len(tensors) == 1 or (tensors and type(part).__module__.startswith(_FIRST_OF_SEVERAL)):
        return tensors[0], ""
    if tensors:
        return None, f"returns {len(tensors)} tensors"
    shapes = [tuple(tensor.shape) for tensor in list_tensors(output)]
    return None, f"returns a tensor of shape {shapes[0]}" if shapes else f"returns {type(output).__name__}"


def list_tensors(output: Any) -> list[torch.Tensor]:
    """Every tensor in tuples, lists and mappings, in their order.

    Parameters
    ----------
    output : object
    """
    import torch

    if isinstance(output, torch.Tensor):
        return [output]
    inner: Any = output.values() if isinstance(output, Mapping) else output
    if isinstance(output, Mapping | tuple | list):
        return [tensor for item in inner for tensor in list_tensors(item)]
    return []


@contextmanager
def evaluation_mode(module: torch.nn.Module) -> Iterator[None]:
    """Every part in evaluation mode, whatever its own ``eval`` does, and every one as it was afterwards.

    ``DataParallel`` inside a network calls its module directly meanwhile: replicas would be observed one by one.

    Parameters
    ----------
    module : torch.nn.Module
    """
    import torch

    parts = list(module.modules())
    was_training = [part for part in parts if part.training]
    devices = {part: part.device_ids for part in parts if isinstance(part, torch.nn.DataParallel)}
    module.eval()
    for part in parts:
        part.training = False
    for part in devices:
        part.device_ids = []
    try:
        yield
    finally:
        for part in was_training:
            part.training = True
        for part, ids in devices.items():
            part.device_ids = ids


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out, on the CPU or a GPU.

    Parameters
    ----------
    error : BaseException
    """
    import torch

    if isinstance(error, (MemoryError, torch.cuda.OutOfMemoryError)):
        return True
    text = str(error).lower()
    signs = ("out of memory", "not enough memory", "can't allocate memory", "cannot allocate memory", "alloc_failed")
    return isinstance(error, RuntimeError) and any(sign in text for sign in signs)
