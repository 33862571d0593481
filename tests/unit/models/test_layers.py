"""Tracing one pass: order, shapes, repeated calls, and what happens to bad names."""

from __future__ import annotations

from collections import OrderedDict

import pytest
import torch
from torch import nn

from brainconv.errors import InvalidInputError, NotFoundError
from brainconv.models import trace_layers, wrap_model
from brainconv.models.layers import check_layers, split_layer_name, trace_module


class OutOfOrder(nn.Module):
    """Runs its children in another order than it lists them, one of them three times, one never."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Conv2d(4, 2, 3)
        self.never = nn.Linear(3, 3)
        self.relu = nn.ReLU(inplace=True)
        self.first = nn.Conv2d(3, 4, 3, stride=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.relu(self.first(self.relu(x.clone())))
        return self.relu(self.last(x))


class LooksAtValues(nn.Module):
    """A network that only a real image can be traced through."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 2, 1)
        self.kept: list[torch.Tensor] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv(x)
        self.kept.append(x)
        return x if float(x.sum()) > -1e9 else -x


def test_execution_order_shapes_and_repeated_calls() -> None:
    traced = trace_module(OutOfOrder().eval(), 9)
    assert [(layer.name, layer.shape) for layer in traced] == [
        ("relu:0", (3, 9, 9)),
        ("first", (4, 4, 4)),
        ("relu:1", (4, 4, 4)),
        ("last", (2, 2, 2)),
        ("relu:2", (2, 2, 2)),
    ]
    assert [layer.layer_index for layer in traced] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("name", "expected"), [("a.b", ("a.b", 0)), ("a.relu:2", ("a.relu", 2)), ("x:y", ("x:y", 0))])
def test_layer_names_are_split(name: str, expected: tuple[str, int]) -> None:
    assert split_layer_name(name) == expected


def test_a_layer_that_runs_repeatedly_needs_its_call() -> None:
    traced = trace_module(OutOfOrder().eval(), 9)
    with pytest.raises(NotFoundError, match=r"runs 3 times in one pass; say which call: 'relu:0' or 'relu:1'"):
        check_layers(traced, ["relu"], model_name="net")
    assert [layer.name for layer in check_layers(traced, ["last", "relu:1"], model_name="net")] == ["relu:1", "last"]


def test_bad_names() -> None:
    traced = trace_module(OutOfOrder().eval(), 9)
    with pytest.raises(NotFoundError, match=r"Unknown layer of net 'frist'. Did you mean 'first'"):
        check_layers(traced, ["frist"], model_name="net")
    with pytest.raises(NotFoundError, match="never"):
        check_layers(traced, ["never"], model_name="net")
    with pytest.raises(InvalidInputError, match="single string"):
        check_layers(traced, "first", model_name="net")
    with pytest.raises(InvalidInputError, match=r"at least (one|1)"):
        check_layers(traced, [], model_name="net")
    with pytest.raises(InvalidInputError, match="more than once"):
        check_layers(traced, ["first", "first"], model_name="net")


def test_known_and_unknown_code_are_traced_alike() -> None:
    known = nn.Sequential(OrderedDict(conv=nn.Conv2d(3, 4, 3), norm=nn.BatchNorm2d(4), pool=nn.MaxPool2d(2)))

    class Unknown(nn.Sequential):
        pass

    unknown = Unknown(OrderedDict(known.named_children()))
    assert trace_module(known, 12) == trace_module(unknown, 12)


def test_a_network_that_looks_at_values_is_traced_with_a_real_image() -> None:
    module = LooksAtValues()
    assert trace_module(module, 5)[0].shape == (2, 5, 5)
    assert module.kept[0].device.type == "cpu", "no tensor without data may stay behind"


def test_tracing_changes_nothing() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.5)).train()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    state = torch.get_rng_state()
    trace_module(module, 8)
    assert module.training
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())
    assert torch.equal(state, torch.get_rng_state())
    assert not any(part._forward_hooks for part in module.modules())


def test_a_wrong_size_is_one_sentence() -> None:
    with pytest.raises(InvalidInputError, match=r"cannot take images of shape \(2, 3, 8, 8\)"):
        trace_module(nn.Sequential(nn.Flatten(), nn.Linear(3 * 4 * 4, 2)), 8)
    with pytest.raises(InvalidInputError, match="no submodule"):
        trace_module(nn.Conv2d(3, 2, 3), 8)


def test_input_size_overrides_the_models() -> None:
    model = wrap_model(nn.Sequential(nn.Conv2d(3, 2, 1)), name="net", input_size=20)
    assert trace_layers(model)[0].shape == (2, 20, 20)
    assert trace_layers(model, input_size=7)[0].shape == (2, 7, 7)
