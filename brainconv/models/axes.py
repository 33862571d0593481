"""Which axis of an output counts the images, which its channels, and which are space."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import torch

FIRST, LAST = "first", "last"


class Channels(NamedTuple):
    """What the last part that defines channels said of them.

    Parameters
    ----------
    layout : {"first", "last"}
    n_channels : int
    n_axes : int
        Of its output, without that of the images.
    """

    layout: str
    n_channels: int
    n_axes: int


def find_image_axis(part: torch.nn.Module, output: torch.Tensor, n_images: int) -> int | None:
    """The axis that counts the images: the first, or the second of (tokens, images, width).

    Parameters
    ----------
    part : torch.nn.Module
        Whose output it is; torch's sequence layers state ``batch_first``.
    output : torch.Tensor
    n_images : int

    Returns
    -------
    int or None
        None where neither is as long as the images are many.
    """
    axes = [axis for axis in (0, 1) if output.shape[axis] == n_images and (axis == 0 or output.ndim == 3)]
    if len(axes) == 2 and getattr(part, "batch_first", True) is False:
        return 1
    return axes[0] if axes else None


def describe_channels(part: torch.nn.Module, output: torch.Tensor) -> Channels | None:
    """What a part without children says of channels; None for one that works on any axes (an activation).

    Parameters
    ----------
    part : torch.nn.Module
    output : torch.Tensor
    """
    layout = find_layout(part)
    if layout is None or output.ndim < 2:
        return None
    return Channels(layout, int(output.shape[1 if layout == FIRST else -1]), output.ndim - 1)


def find_layout(part: torch.nn.Module) -> str | None:
    """Whether a kind of part has its channels on the first axis after the images, or on the last.

    Parameters
    ----------
    part : torch.nn.Module
    """
    from torch import nn

    first = (
        nn.modules.conv._ConvNd,
        nn.modules.batchnorm._NormBase,
        nn.modules.pooling._MaxPoolNd,
        nn.modules.pooling._AvgPoolNd,
        nn.modules.pooling._AdaptiveAvgPoolNd,
        nn.modules.pooling._AdaptiveMaxPoolNd,
        nn.modules.pooling._LPPoolNd,
        nn.GroupNorm,
        nn.LocalResponseNorm,
        nn.PixelShuffle,
        nn.PixelUnshuffle,
        nn.Upsample,
    )
    last = (nn.Linear, nn.Bilinear, nn.LayerNorm, nn.Embedding, nn.RNNBase, nn.MultiheadAttention)
    if isinstance(part, first):
        return FIRST
    if "2d" in type(part).__name__.lower() and not any(part.children()):  # LayerNorm2d of torchvision and timm
        return FIRST
    rms_norm = getattr(nn, "RMSNorm", nn.LayerNorm)  # since torch 2.4
    return LAST if isinstance(part, (*last, rms_norm)) else None


def find_channel_axis(part: torch.nn.Module, shape: tuple[int, ...], before: Channels | None) -> int | None:
    """The axis of channels in an output; all others are space, or tokens.

    A convolution, a linear layer and their like state it.  Else a map is as high as it is wide, because the input is;
    else the axis is as long as the last part before, or within, has channels; else it is where that part has it.

    Parameters
    ----------
    part : torch.nn.Module
        Whose output it is.
    shape : tuple of int
        Of the output for one image.
    before : Channels, optional
        Of the last part that stated them.

    Returns
    -------
    int or None
        None where nothing tells.
    """
    n_axes = len(shape)
    if n_axes == 1:
        return 0
    layout = find_layout(part)
    if layout is not None:
        return 0 if layout == FIRST else n_axes - 1
    if n_axes == 3 and (shape[0] == shape[1]) != (shape[1] == shape[2]):
        return 2 if shape[0] == shape[1] else 0
    if before is not None:
        fitting = [axis for axis, length in enumerate(shape) if length == before.n_channels]
        if len(fitting) == 1:
            return fitting[0]
        if before.n_axes == n_axes:
            return 0 if before.layout == FIRST else n_axes - 1
    return 1 if n_axes == 2 else None
