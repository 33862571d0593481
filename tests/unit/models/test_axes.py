"""Which axis counts images, which channels, and which are space."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from brainconv.models.axes import Channels, find_channel_axis, find_image_axis, find_layout
from brainconv.models.tracing import trace_pass


class Permute(nn.Module):
    def __init__(self, *axes: int) -> None:
        super().__init__()
        self.axes = axes

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.permute(self.axes)


CHANNELS_LAST = nn.Sequential(
    nn.Conv2d(3, 5, 4, 4),  # 8 × 8 maps
    Permute(0, 2, 3, 1),
    nn.LayerNorm(5),
    nn.GELU(),
    nn.Linear(5, 8),  # as many channels as the map is wide
    nn.GELU(),
    Permute(0, 3, 1, 2),
    nn.Conv2d(8, 8, 1),
    nn.ReLU(),
)


def test_channels_of_maps_stated_first_and_last() -> None:
    """The last six are cubes of 8 × 8 × 8, where only the parts themselves can tell."""
    layers = trace_pass(CHANNELS_LAST, 32).layers
    assert [layer.channel_axis for layer in layers] == [0, 2, 2, 2, 2, 2, 2, 0, 0]
    assert [layer.shape for layer in layers[3:6]] == [(8, 8, 5), (8, 8, 8), (8, 8, 8)]


def test_channels_of_sequences() -> None:
    module = nn.Sequential(
        nn.Conv2d(3, 6, 8, 8), nn.Flatten(2), nn.ReLU(), nn.Conv1d(6, 7, 1), nn.BatchNorm1d(7), Permute(0, 2, 1),
        nn.Linear(7, 16), nn.GELU(),
    )  # fmt: skip
    layers = trace_pass(module, 32).layers
    assert [layer.shape for layer in layers[1:]] == [(6, 16)] * 2 + [(7, 16)] * 2 + [(16, 7)] + [(16, 16)] * 2
    assert [layer.channel_axis for layer in layers] == [0, 0, 0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize(
    ("shape", "before", "expected"),
    [
        ((5,), None, 0),
        ((4, 7, 7), None, 0),
        ((7, 7, 4), None, 2),
        ((7, 7, 7), None, None),
        ((7, 7, 7), Channels("last", 7, 3), 2),
        ((6, 3, 4), Channels("first", 4, 3), 2),  # neither high as wide: the axis that is as long as there are channels
        ((6, 3, 4), None, None),
        ((16, 16), None, 1),  # tokens and width
        ((9, 16), Channels("first", 9, 3), 0),
    ],
)
def test_shapes_of_parts_that_state_nothing(
    shape: tuple[int, ...], before: Channels | None, expected: int | None
) -> None:
    assert find_channel_axis(nn.Identity(), shape, before) == expected


def test_layer_norms_for_maps_have_channels_first() -> None:
    from torchvision.models.convnext import LayerNorm2d

    assert find_layout(LayerNorm2d(4)) == "first"
    assert find_layout(nn.LayerNorm(4)) == "last"
    assert find_layout(nn.ReLU()) is None


@pytest.mark.parametrize(
    ("part", "shape", "expected"),
    [
        (nn.Identity(), (2, 5), 0),
        (nn.Identity(), (7, 2, 5), 1),
        (nn.Identity(), (2, 2, 5), 0),
        (nn.LSTM(5, 5), (2, 2, 5), 1),  # batch_first=False
        (nn.LSTM(5, 5, batch_first=True), (2, 2, 5), 0),
        (nn.Identity(), (7, 2), None),
        (nn.Identity(), (98, 49, 5), None),  # windows of two images on one axis
        (nn.Identity(), (4, 2, 5, 5), None),
    ],
)
def test_the_axis_of_images(part: nn.Module, shape: tuple[int, ...], expected: int | None) -> None:
    assert find_image_axis(part, torch.zeros(shape), 2) == expected
