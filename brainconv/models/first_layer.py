"""The first layer's filters as they act on RGB pixels, for comparison with V1 receptive fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from brainconv.errors import InvalidInputError
from brainconv.models.model import Model
from brainconv.validation import check_array

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class FirstLayer:
    """Filters of a network's first convolution.

    Parameters
    ----------
    model : str
        Label of the model.
    layer : str
        Path of the convolution.
    weights : ndarray, float64, shape (n_filters, 3, size, size)
        In R, G, B order, acting on pixels 0..1: the input's normalisation is undone.
    stride : int, px
        Distance between units.
    px_per_degree : float, px/deg
        Resolution of the network's input.

    Raises
    ------
    InvalidInputError
        If the weights have another shape or are not finite.
    """

    model: str
    layer: str
    weights: NDArray[np.float64]
    stride: int
    px_per_degree: float

    def __post_init__(self) -> None:
        weights = check_array(
            self.weights, (None, 3, None, None), what=f"First-layer filters of {self.model}", finite=True
        )
        object.__setattr__(self, "weights", weights)

    @property
    def n_filters(self) -> int:
        """Number of filters."""
        return int(self.weights.shape[0])

    @property
    def size(self) -> int:
        """Width of a filter, px."""
        return int(self.weights.shape[-1])


def first_layer_filters(model: Model) -> FirstLayer:
    """Filters of the first convolution that runs, in terms of RGB pixels 0..1.

    The network sees ``(scale * pixel - mean) / std``; so a weight is multiplied by scale / std of its channel, and the
    channels are put into R, G, B order.  A network on luminance has its single channel spread over R, G and B by the
    luminance weights.

    Parameters
    ----------
    model : Model

    Raises
    ------
    InvalidInputError
        If the network's first convolution does not act on the image.
    """
    import torch

    name, convolution, mixing = _find_first_convolution(model)
    kernels = convolution.weight.detach().to("cpu", torch.float64).numpy()
    if mixing is not None:
        kernels = kernels * mixing[None, :, None, None]
    settings = model.preprocessing
    kernels = kernels * (settings.scale / np.asarray(settings.std))[None, :, None, None]
    if settings.channel_order == "BGR":
        kernels = kernels[:, ::-1]
    stride = convolution.stride
    return FirstLayer(
        model=model.label,
        layer=name,
        weights=np.ascontiguousarray(kernels),
        stride=int(stride[0]) if isinstance(stride, tuple) else int(stride),
        px_per_degree=settings.input_size / model.degrees,
    )


def _find_first_convolution(model: Model) -> tuple[str, torch.nn.Conv2d, NDArray[np.float64] | None]:
    """Path, module, and the weights of R, G and B where it acts on luminance."""
    import torch

    from brainconv.models.families.small import Luminance
    from brainconv.models.layers import split_layer_name, trace_layers
    from brainconv.models.preprocessing import LUMINANCE

    mixing = np.asarray(LUMINANCE) if model.preprocessing.n_channels == 1 else None
    for layer in trace_layers(model):
        path = split_layer_name(layer.name)[0]
        part = model.module.get_submodule(path)
        if isinstance(part, Luminance):
            mixing = part.weights.detach().to("cpu", torch.float64).numpy()
        elif isinstance(part, torch.nn.Conv2d):
            if part.in_channels == model.preprocessing.n_channels == 3 and part.groups == 1:
                return path, part, None
            if part.in_channels == 1 and mixing is not None:
                return path, part, mixing
            msg = (
                f"The first convolution of {model.name}, {path!r}, takes {part.in_channels} channels in {part.groups} "
                f"group(s); expected the three of the image, so its filters cannot be shown as RGB."
            )
            raise InvalidInputError(msg)
    msg = f"{model.name} has no convolution; first-layer filters need one."
    raise InvalidInputError(msg)
