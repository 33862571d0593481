"""Whether the activations of an image depend on that image alone."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from brainconv.errors import InvalidInputError

if TYPE_CHECKING:
    import torch

    from brainconv.extraction.plan import LayerSpec

RELEVANT = 1e-3
"""Of the distance of two images to a layer: what changes by less changes no distance that anybody reads."""
ROUNDING = {"float64": 1e-10, "float32": 2e-5, "bfloat16": 5e-2, "float16": 1e-2}
"""Of an image's own pattern: what differs by less, by the precision of the network, may be rounding."""


class Dependence(NamedTuple):
    """What was found.

    Parameters
    ----------
    notes : tuple of str
        One sentence, or none where every image speaks for itself.
    n_least : int
        Number of images that a batch must have for the network to take it: 1, or 2 (``squeeze()`` without an axis).
    """

    notes: tuple[str, ...]
    n_least: int


def find_dependence(
    module: torch.nn.Module,
    pair: torch.Tensor,
    values: Mapping[str, torch.Tensor],
    layers: Sequence[LayerSpec],
    *,
    units: str,
    model_name: str,
) -> Dependence:
    """Show an image again without its neighbour, and compare; at most two passes of one or two images.

    Parameters
    ----------
    module : torch.nn.Module
    pair : torch.Tensor, shape (2, n_channels, height, width)
        Two stimuli, on the network's device.  One alone: there is no neighbour, and only chance can be found.
    values : mapping of str to torch.Tensor, shape (2, n_units)
        What the layers gave for the two, by name.
    layers : sequence of LayerSpec
        In execution order.
    units : {"raw", "zscored", "spatial_mean"}
    model_name : str
        For the sentence.
    """
    image = pair[-1:]
    n_least = 1
    try:
        again = _show(module, image, layers, units)
    except InvalidInputError:  # the network does not take a single image
        n_least = 2
        again = _show(module, image.expand(2, -1, -1, -1), layers, units)
    precision = str(pair.dtype).removeprefix("torch.")
    changed = [layer for layer in layers if _differs(values[layer.name], again[layer.name][0], precision)]
    if not changed:
        return Dependence((), n_least)
    repeated = _show(module, pair, layers, units)
    by_chance = [
        layer for layer in changed if _differs(values[layer.name], repeated[layer.name][len(pair) - 1], precision)
    ]
    where = f"Layer {changed[0].name!r}" + (f" and {len(changed) - 1} after it" if len(changed) > 1 else "")
    if by_chance:
        note = (
            f"{where} of {model_name}: the same image gives other activations each time that it is shown (dropout, "
            f"noise or a mask drawn at random, or a state that is kept), so that these numbers are not reproducible; "
            f"switch that off in evaluation mode."
        )
    else:
        note = (
            f"{where} of {model_name}: the activations of an image depend on the other images of its batch"
            f"{_name_suspects(module)}, so that these numbers change with batch_size and the order of the stimuli; "
            f"give the network fixed statistics, or use batch_size=1."
        )
    return Dependence((note,), n_least)


def _show(
    module: torch.nn.Module, images: torch.Tensor, layers: Sequence[LayerSpec], units: str
) -> dict[str, torch.Tensor]:
    """What the layers give for these images, by name."""
    from brainconv.extraction.capture import run_batch
    from brainconv.extraction.plan import Piece

    given: dict[str, torch.Tensor] = {}
    pieces = [Piece(layer, 0, layer.shape[0]) for layer in layers]
    run_batch(module, images, pieces, lambda piece, rows: given.update({piece.layer.name: rows.clone()}), units)
    return given


def _differs(before: torch.Tensor, again: torch.Tensor, precision: str) -> bool:
    """Whether the last row of ``before`` and ``again`` differ by more than rounding, and by enough to matter."""
    last, other = before[-1].double(), again.double()
    change = float((last - other).norm())
    if math.isnan(change):  # refused with a sentence of its own, when all stimuli have been shown
        return False
    between = float((before[0].double() - last).norm())
    return change > max(RELEVANT * between, ROUNDING.get(precision, 5e-2) * float(last.norm()))


def _name_suspects(module: torch.nn.Module) -> str:
    """Batch norms that have no statistics of their own, in parentheses."""
    from torch.nn.modules.batchnorm import _BatchNorm

    names = [
        name for name, part in module.named_modules() if isinstance(part, _BatchNorm) and part.running_mean is None
    ]
    return f" ({names[0]!r} is a batch norm without running statistics)" if names else ""
