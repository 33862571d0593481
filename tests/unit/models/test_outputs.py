"""Outputs of parts: which tensor is meant, and when it is handed over."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from brainconv.models.outputs import evaluation_mode, find_output, is_out_of_memory, list_tensors, observe_outputs

X = torch.zeros(2, 3)


@pytest.mark.parametrize(
    "output",
    [X, (X, None), [X], {"x": X, "loss": torch.tensor(1.0)}, (X, (4, 4)), ((X,), torch.zeros(5)), {"a": {"b": [X]}}],
)
def test_the_only_tensor_of_two_axes_is_the_output(output: object) -> None:
    assert find_output(nn.Identity(), output)[0] is X


@pytest.mark.parametrize(
    ("output", "given"),
    [
        ((X, X), "returns 2 tensors"),
        ({"a": X, "b": [X, X]}, "returns 3 tensors"),
        (None, "returns NoneType"),
        ((), "returns tuple"),
        (torch.zeros(4), "returns a tensor of shape (4,)"),
    ],
)
def test_anything_else_is_none(output: object, given: str) -> None:
    assert find_output(nn.Identity(), output) == (None, given)
    assert [tensor.shape for tensor in list_tensors(output)] == [
        tensor.shape for tensor in list_tensors((None, {"x": output}))
    ]


@pytest.mark.parametrize("part", [nn.LSTM(3, 3), nn.GRU(3, 3), nn.RNN(3, 3), nn.LSTMCell(3, 3)])
def test_recurrent_layers_return_their_output_first(part: nn.Module) -> None:
    output = part(X)
    expected = output if isinstance(output, torch.Tensor) else output[0]
    assert find_output(part, output)[0] is expected
    attention = nn.MultiheadAttention(4, 1)
    tokens = torch.zeros(5, 2, 4)
    assert find_output(attention, attention(tokens, tokens, tokens))[0].shape == (5, 2, 4)  # type: ignore[union-attr]


def test_every_part_is_in_evaluation_mode_whatever_its_own_eval_does() -> None:
    class Stubborn(nn.BatchNorm2d):
        def eval(self) -> Stubborn:
            return self

        def train(self, mode: bool = True) -> Stubborn:
            return super().train(True)

    module = nn.Sequential(nn.Conv2d(3, 2, 1), Stubborn(2), nn.DataParallel(nn.Sequential(nn.Dropout()))).train()
    module[0].eval()
    module[2].device_ids = [0, 1]  # as on a machine with two GPUs
    mean = module[1].running_mean.clone()
    with evaluation_mode(module), torch.no_grad():
        module(torch.rand(4, 3, 5, 5))
        assert not any(part.training for part in module.modules())
    assert torch.equal(module[1].running_mean, mean)
    assert [part.training for part in module] == [False, True, True]
    assert module[2].device_ids == [0, 1]


def test_outputs_are_observed_before_they_are_overwritten() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU(inplace=True)).eval()
    seen: dict[str, torch.Tensor] = {}
    with torch.inference_mode(), observe_outputs(module, lambda name, _call, x: seen.update({name: x.clone()}), ["0"]):
        module(torch.randn(1, 3, 5, 5, generator=torch.Generator().manual_seed(0)))
    assert list(seen) == ["0"]
    assert seen["0"].min() < 0


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (torch.cuda.OutOfMemoryError("CUDA out of memory"), True),
        (RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"), True),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate"), True),
        (RuntimeError("MPS backend out of memory"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_memory_errors_are_told_apart(error: BaseException, expected: bool) -> None:
    assert is_out_of_memory(error) is expected


def test_real_allocation_failure_is_one() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(10**15)
    assert is_out_of_memory(caught.value)
