"""Names of a state dict are fitted to the network's, and hashes are of contents."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file, save_model
from torch import nn

import brainconv as bc
from brainconv.errors import InvalidInputError
from brainconv.models.weights.checkpoints import (
    apply_state,
    find_state,
    fit_names,
    hash_weights,
    list_states,
    read_checkpoint,
)


def test_prefixes_go_only_where_that_makes_names_fit() -> None:
    assert fit_names({"module.a": 1, "module.b": 2}, {"a", "b"}) == {"a": 1, "b": 2}
    assert fit_names({"model.a": 1, "b": 2}, {"model.a", "b"}) == {"model.a": 1, "b": 2}
    assert fit_names({"module._orig_mod.model.a": 1}, {"a"}) == {"a": 1}
    assert fit_names({"x": 1}, {"a"}) == {"x": 1}
    assert fit_names({}, {"a"}) == {}


def test_hash_is_of_values_and_names() -> None:
    torch.manual_seed(0)
    one = nn.Linear(2, 3)
    before = hash_weights(one)
    assert before == hash_weights(one)
    with torch.no_grad():
        one.bias[0] += 1e-6
    assert hash_weights(one) != before
    assert hash_weights(nn.Flatten()) is None
    assert hash_weights(nn.Linear(2, 2).to(torch.bfloat16)) is not None


def net() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))


STATE = {key: torch.full_like(value, k + 1) for k, (key, value) in enumerate(net().state_dict().items())}
WRAPPED = {f"module.{key}": value for key, value in STATE.items()}
OTHER = {key: value + 100 for key, value in STATE.items()}
ADAM = {"state": {0: {"exp_avg": torch.zeros(4, 3, 3, 3), "step": torch.tensor(1.0)}}, "param_groups": [{"lr": 0.1}]}


def loops() -> dict[str, Any]:
    content: dict[str, Any] = {"state_dict": dict(STATE), "epoch": 3}
    content["self"] = content["state_dict"]["self"] = content
    return content


@pytest.mark.parametrize(
    "content",
    [
        STATE,
        {"state_dict": WRAPPED, "epoch": 9, "best_acc1": torch.tensor(55.3)},
        {"model": STATE, "loss": torch.zeros(7), "rng_state": torch.get_rng_state(), "optimizer": ADAM},
        {"model_state_dict": STATE, "optimizer_state_dict": ADAM, "scaler": {"scale": torch.tensor(2.0)}},
        {"my_net": STATE, "seen": torch.tensor(5)},
        {"checkpoint": {"weights": WRAPPED, "accuracy": torch.ones(3)}, "mean": torch.ones(3)},
        {"state_dict": STATE, "state_dict_ema": OTHER, "loss": torch.tensor(0.1)},
        {"teacher": {"head.weight": torch.zeros(2)}, "student": STATE},
        {**STATE, "optimizer": ADAM},
        loops(),
    ],
)
def test_the_state_dict_is_found_beside_whatever_else(content: dict[str, Any], tmp_path: Path) -> None:
    torch.save(content, tmp_path / "net.pt")
    module = net()
    apply_state(module, read_checkpoint(tmp_path / "net.pt"), name="net", source="net.pt")
    assert all(torch.equal(value, STATE[key]) for key, value in module.state_dict().items())


def test_two_state_dicts_that_fit_alike_are_named() -> None:
    with pytest.raises(InvalidInputError, match="holds 2 state dicts that fit, 'student' and 'teacher'; save the one"):
        find_state({"student": STATE, "teacher": OTHER, "epoch": 3}, set(STATE), source="dino.pt")


def only_itself() -> dict[str, Any]:
    content: dict[str, Any] = {"epoch": 1}
    content["state_dict"] = content["model"] = content
    return content


def deep() -> dict[str, Any]:
    content: dict[str, Any] = {"weight": torch.zeros(1)}
    for _ in range(40):
        content = {"model": content}
    return content


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (only_itself, "a mapping with keys epoch, state_dict, model"),
        (deep, "a mapping with keys model"),
        (lambda: {"epoch": 3}, "a mapping with keys epoch"),
        (lambda: [torch.zeros(3)], "list"),
        (lambda: torch.zeros(3), "Tensor"),
    ],
)
def test_what_holds_no_weights_is_refused(make: Callable[[], Any], found: str, tmp_path: Path) -> None:
    torch.save(make(), tmp_path / "net.pt")
    with pytest.raises(InvalidInputError, match=rf"net.pt holds {found} and no tensors by name"):
        read_checkpoint(tmp_path / "net.pt")


@pytest.mark.parametrize("name", ["net.pt", "net.safetensors"])
@pytest.mark.parametrize("content", [b"", b"garbage", b"PK\x03\x04" + b"\0" * 99, b"\xff" * 64, b"\x80\x02."])
def test_damaged_files_are_one_sentence(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidInputError, match=rf"{name} (is no state dict|cannot be read|holds)"):
        read_checkpoint(tmp_path / name)


def replaced(value: Any) -> dict[str, Any]:
    return {**STATE, "0.weight": value}


WEIGHT = STATE["0.weight"]


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (WEIGHT.to(torch.complex64), "is complex64; expected float32"),
        (WEIGHT.to(torch.int64), "is int64; expected float32"),
        (WEIGHT > 0, "is bool; expected float32"),
        (WEIGHT.to_sparse(), "is sparse; save it dense"),
        (WEIGHT.to("meta"), "has no data"),
        (torch.quantize_per_tensor(WEIGHT, 0.1, 0, torch.qint8), "is quantised"),
        (WEIGHT[:2], r"has shape \(2, 3, 3, 3\); expected \(4, 3, 3, 3\)"),
        (torch.zeros(1).expand(10**6, 10**6), "has shape"),
        (WEIGHT.numpy().astype(str), "is an array of <U"),
        (WEIGHT.numpy().astype(complex), "is complex128"),
    ],
)
def test_weights_of_another_kind_are_refused(value: Any, reason: str) -> None:
    module = net()
    before = module[0].weight.clone()
    with pytest.raises(InvalidInputError, match=f"net.pt does not fit net: '0.weight' {reason}"):
        apply_state(module, replaced(value), name="net", source="net.pt")
    assert torch.equal(module[0].weight, before)


@pytest.mark.parametrize(
    "value", [WEIGHT.double(), WEIGHT.to(torch.bfloat16), WEIGHT.half(), WEIGHT.numpy().astype(">f4")]
)
def test_weights_of_another_precision_are_read(value: Any) -> None:
    module = net()
    apply_state(module, replaced(value), name="net", source="net.pt")
    assert torch.equal(module[0].weight, WEIGHT)


def test_complex_networks_take_complex_weights() -> None:
    module = nn.Linear(2, 2, dtype=torch.complex64)
    state = {key: value + 1j for key, value in module.state_dict().items()}
    apply_state(module, state, name="net", source="net.pt")
    assert torch.equal(module.weight, state["weight"])
    assert len(hash_weights(module) or "") == 64


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1)
        self.second.weight = self.first.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.second(self.first(x))


@pytest.mark.parametrize("absent", ["first.weight", "second.weight", None])
def test_tied_weights_may_be_written_once(absent: str | None, tmp_path: Path) -> None:
    torch.manual_seed(0)
    source, target = Tied(), Tied()
    if absent is None:
        save_model(source, str(tmp_path / "net.safetensors"))
    else:
        state = {key: value for key, value in source.state_dict().items() if key != absent}
        save_file(state, str(tmp_path / "net.safetensors"))
    apply_state(target, read_checkpoint(tmp_path / "net.safetensors"), name="net", source="file")
    assert all(torch.equal(value, source.state_dict()[key]) for key, value in target.state_dict().items())
    wrong = {**source.state_dict(), "second.weight": source.second.weight + 1}
    with pytest.raises(
        InvalidInputError, match=r"'first.weight' and 'second.weight' are one weight in the network and"
    ):
        apply_state(target, wrong, name="net", source="file")
    with pytest.raises(InvalidInputError, match=r"2 of 4 weights are missing, for example 'first.weight'"):
        apply_state(target, {"first.bias": torch.zeros(3), "second.bias": torch.zeros(3)}, name="net", source="file")


def test_states_are_listed_from_the_outside_in() -> None:
    content = {"a": {"b": STATE, "x": np.zeros(2)}, "y": torch.zeros(1), 3: STATE, "text": "no"}
    assert {place: list(state) for place, state in list_states(content).items()} == {
        "": ["y"], "a": ["x"], "a.b": list(STATE),
    }  # fmt: skip


def test_a_row_of_a_registry_reads_such_a_checkpoint(tmp_path: Path) -> None:
    torch.save({"state_dict": WRAPPED, "best": torch.tensor(1.0)}, tmp_path / "net.pt")
    rows = {"models": {"mine": {"builder": net, "weights": {"checkpoint": str(tmp_path / "net.pt")}, "layers": ["1"]}}}
    model = bc.load_model("mine", registry=rows, device="cpu")
    assert torch.equal(model.module[0].weight, WEIGHT)
