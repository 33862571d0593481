"""The same Grams on a GPU as on the CPU: 1e-4 of the largest entry (DESIGN), with TF32 switched off."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import brainconv as bc
from brainconv.extraction.gram import GramSum
from brainconv.models import Preprocessing

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(
        not torch.cuda.is_available(),
        reason="compares a CUDA device with the CPU; this machine has no CUDA device",
    ),
]


def make_net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 32, 7, stride=2), nn.ReLU(inplace=True), nn.Conv2d(32, 64, 3), nn.ReLU(inplace=True),
        nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(1024, 100),
    )  # fmt: skip


def make_stimuli() -> bc.StimulusSet:
    images = np.random.default_rng(0).integers(0, 256, (150, 64, 64, 3), dtype=np.uint8)
    return bc.StimulusSet("noise", tuple(f"s{i:03d}" for i in range(150)), images)


def extract(device: str, **arguments: object) -> dict[str, bc.Representation]:
    layers = ["0", "1", "2", "6"]
    model = bc.wrap_model(make_net().to(device), name="net", layers=layers, preprocess=Preprocessing(input_size=64))
    return bc.extract(model, make_stimuli(), progress=False, **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("units", ["raw", "zscored", "spatial_mean"])
@pytest.mark.parametrize("on_disk", [False, True])
def test_grams_agree(units: str, on_disk: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cpu = extract("cpu", units=units)
    matmul = torch.backends.cuda.matmul
    monkeypatch.setattr(matmul, "fp32_precision", "tf32")  # somebody's setting, which extraction must not obey
    if on_disk:
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _device=None: (0, 0))
    gpu = extract("cuda", units=units, batch_size=64, scratch_dir=tmp_path)
    for layer, representation in cpu.items():
        difference = np.abs(gpu[layer].gram - representation.gram).max()
        assert difference <= 1e-4 * np.abs(representation.gram).max()
        assert gpu[layer].provenance["device"].startswith("cuda")
        assert gpu[layer].provenance["tf32"] is False
    assert matmul.fp32_precision == "tf32"


def test_features_come_back_to_the_cpu() -> None:
    cpu, gpu = extract("cpu", keep="features"), extract("cuda", keep="features")
    for layer, representation in cpu.items():
        assert representation.features is not None
        assert gpu[layer].features is not None
        np.testing.assert_allclose(gpu[layer].features, representation.features, atol=1e-4)


def test_block_sum_on_the_gpu_is_exact() -> None:
    x = (1 + 1e-3 * np.random.default_rng(0).standard_normal((70, 4000))).astype(np.float32)
    gram_sum = GramSum([f"{i:02d}" for i in range(70)], device="cuda")
    gram_sum.add(torch.from_numpy(x).cuda())
    gram, sums = gram_sum.finish()
    exact = x.astype(np.float64) @ x.astype(np.float64).T
    assert np.abs(gram - exact).max() < 1e-9 * exact.max()
    np.testing.assert_allclose(sums, x.astype(np.float64).sum(1), rtol=1e-12)
