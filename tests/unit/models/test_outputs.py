"""Outputs of parts: which tensor is meant, and when it is handed over."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from brainconv.models.outputs import evaluation_mode, find_output, is_out_of_memory, list_tensors, observe_outputs


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
