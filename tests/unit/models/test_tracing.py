"""The watched pass: two images, the weights that it uses, and networks that do not take an image."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from brainconv.errors import InvalidInputError, ResourceError
from brainconv.models.tracing import describe_error, trace_pass


class Calls(nn.Module):
    """A convolution, and any function of it and the input."""

    def __init__(self, function: Callable[..., Any], part: nn.Module | None = None) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.part = part or nn.Identity()
        self.function = function

    def forward(self, *inputs: Any) -> Any:
        return self.function(self, *inputs)


@pytest.mark.parametrize("norm", [nn.Identity(), nn.BatchNorm1d(4), nn.BatchNorm1d(4, track_running_stats=False)])
def test_squeezing_networks_are_traced_as_they_run(norm: nn.Module) -> None:
    module = Calls(lambda net, x: net.part(net.conv(x).mean((2, 3), keepdim=True).squeeze()), norm)
    assert [(layer.name, layer.shape) for layer in trace_pass(module, 8).layers][-1] == ("part", (4,))


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda net, x, y: net.conv(x) + y, r"missing 1 required positional argument: 'y'"),
        (lambda net, x: net.conv(x["image"]), "(too many indices|image)"),
        (lambda net, x: net.conv(x.pixel_values), "AttributeError: 'Tensor' object has no attribute 'pixel_values'"),
        (lambda net, x: {"a": net.conv(x)}["b"], "KeyError: 'b'"),
        (lambda net, x: net.absent(x), "AttributeError: 'Calls' object has no attribute 'absent'"),
        (lambda net, x: net.conv(x) / 0 if 1 // 0 else x, "ZeroDivisionError"),
        (lambda net, x: net.conv(x).reshape(1, -1) @ torch.ones(36, 2), "mat1 and mat2 shapes"),
        (lambda net, x: net.part(net.conv(x)), "expected input"),
    ],
)
def test_what_takes_more_than_images_is_one_sentence(function: Callable[..., Any], reason: str) -> None:
    module = Calls(function, nn.Conv2d(9, 2, 1))
    with pytest.raises(InvalidInputError, match=rf"^Calls cannot take images of shape \(2, 3, 5, 5\): .*{reason}"):
        trace_pass(module, 5, (3, 1))


def test_memory_that_runs_out_is_told_apart() -> None:
    def fail(_net: nn.Module, _x: torch.Tensor) -> torch.Tensor:
        raise MemoryError

    with pytest.raises(ResourceError, match="lower input_size"):
        trace_pass(Calls(fail), 5)


def test_weights_that_a_pass_uses() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.kernel = nn.Parameter(torch.zeros(4, 3, 3, 3))
            self.position = nn.Parameter(torch.zeros(4, 1, 1))
            self.asked = nn.Parameter(torch.zeros(9))
            self.turned = nn.Parameter(torch.zeros(2, 4))
            self.lstm = nn.LSTM(2, 2)
            self.auxiliary = nn.Linear(4, 4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = nn.functional.conv2d(x, self.kernel) + self.position
            x = x.mean((2, 3))[:, : self.asked.shape[0]] @ self.turned.T
            return self.lstm(x[None])[0]

    lstm = {f"lstm.{name}_l0" for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
    assert trace_pass(Net(), 8).used == {"kernel", "position", "turned", *lstm}


def test_known_networks_use_the_same_weights_without_data() -> None:
    known = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(144, 2))

    class Unknown(nn.Sequential):
        pass

    assert trace_pass(known, 8).used == trace_pass(Unknown(*known), 8).used == {*dict(known.named_parameters())}


def test_one_channel_is_tried_after_three() -> None:
    grey = nn.Sequential(nn.Conv2d(1, 4, 3))
    assert trace_pass(grey, 8, (3, 1)).n_channels == 1
    assert trace_pass(nn.Sequential(nn.AvgPool2d(2)), 8, (3, 1)).n_channels == 3
    with pytest.raises(InvalidInputError, match="to have 1 channels, but got 3"):
        trace_pass(grey, 8)


def test_parts_that_are_no_layers_say_what_they_give() -> None:
    class Several(nn.Module):
        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return x, x

    class Number(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.mean()

    class Nothing(nn.Module):
        def forward(self, x: torch.Tensor) -> None:
            return None

    module = nn.ModuleDict({"several": Several(), "number": Number(), "nothing": Nothing(), "folded": nn.Flatten(0, 1)})

    def run(net: nn.Module, x: torch.Tensor) -> torch.Tensor:
        x = net.conv(x)
        for part in net.part.values():
            part(x)
        return x

    assert trace_pass(Calls(run, module), 5).without == {
        "part.several": "returns 2 tensors",
        "part.number": "returns a tensor of shape ()",
        "part.nothing": "returns NoneType",
        "part.folded": "returns (8, 3, 3) for 2 images, no axis of which counts them",
    }


def test_errors_are_described_in_one_line() -> None:
    assert describe_error(ValueError("a wrong value.\nmore")) == "a wrong value"
    assert describe_error(KeyError("x")) == "KeyError: 'x'"
    assert describe_error(MemoryError()) == "MemoryError"
