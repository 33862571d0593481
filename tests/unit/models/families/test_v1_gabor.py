"""The fixed V1 bank: tuning to what its list of units says, phases, energy, and no response to uniform fields."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import brainconv as bc
from brainconv.errors import InvalidInputError
from brainconv.models import prepare_images, trace_layers
from brainconv.models.families.v1_gabor import V1Gabor, convolve_at_stride, make_gabor


@pytest.fixture(scope="module")
def bank() -> V1Gabor:
    return V1Gabor().eval()


def grating(frequency: float, orientation: float, phase: float, *, n: int = 224) -> torch.Tensor:
    """Cycles/deg over 8 degrees, degrees counter-clockwise, contrast 1 about 0."""
    place = torch.arange(n) / 28.0
    y, x = torch.meshgrid(-place, place, indexing="ij")
    angle = math.radians(orientation)
    wave = torch.cos(2 * math.pi * frequency * (x * math.cos(angle) + y * math.sin(angle)) - math.radians(phase))
    return (0.5 * wave).expand(1, 3, n, n).contiguous()


def run(bank: V1Gabor, image: torch.Tensor) -> dict[str, torch.Tensor]:
    seen: dict[str, torch.Tensor] = {}
    hooks = [
        bank.get_submodule(name).register_forward_hook(lambda _m, _i, out, name=name: seen.update({name: out[0]}))
        for name in ("simple", "complex")
    ]
    with torch.inference_mode():
        bank(image)
    for hook in hooks:
        hook.remove()
    return seen


@pytest.mark.parametrize(("frequency", "orientation"), [(1.0, 0.0), (2.0, 45.0), (4.0, 112.5), (2.0, 157.5)])
def test_a_grating_drives_the_unit_that_is_listed_for_it(bank: V1Gabor, frequency: float, orientation: float) -> None:
    centre = run(bank, grating(frequency, orientation, 30.0))["complex"][:, 28, 28]
    units = bank.list_units().query("layer == 'complex'").reset_index(drop=True)
    # low frequencies see more pixels; within one frequency the orientation must be right, and vice versa
    same_frequency = units.index[units["frequency"] == frequency]
    best = units.loc[same_frequency[int(centre[same_frequency].argmax())]]
    assert best["orientation"] == orientation
    contrast_gain = centre / torch.tensor(units["sigma_x"].to_numpy())  # unit norm: gain grows with the envelope
    same_orientation = units.index[units["orientation"] == orientation]
    assert units.loc[same_orientation[int(contrast_gain[same_orientation].argmax())], "frequency"] == frequency


def test_complex_units_do_not_care_for_phase_and_simple_units_do(bank: V1Gabor) -> None:
    responses = [run(bank, grating(2.0, 0.0, phase)) for phase in (0.0, 60.0, 120.0, 180.0, 240.0, 300.0)]
    unit = 8  # 2 cycles/deg, 0 degrees
    complex_ones = torch.stack([r["complex"][unit, 28, 28] for r in responses])
    simple_ones = torch.stack([r["simple"][unit, 28, 28] for r in responses])
    assert complex_ones.std() / complex_ones.mean() < 0.1
    assert simple_ones.min() == 0.0
    assert simple_ones.max() > complex_ones.mean() * 0.8


def test_list_of_units_matches_the_layers(bank: V1Gabor) -> None:
    units = bank.list_units()
    seen = run(bank, grating(2.0, 0.0, 0.0))
    for layer, n_channels in (("simple", 128), ("complex", 32)):
        part = units[units["layer"] == layer]
        assert seen[layer].shape == (n_channels, 56, 56)
        assert part["channel"].tolist() == list(range(n_channels))
    assert np.allclose(units["sigma_x"] * units["frequency"], 0.365)
    # the phase that is listed is the phase of the grating that drives a simple unit best
    for phase in (0.0, 90.0, 180.0, 270.0):
        channel = units.query("layer == 'simple' and frequency == 2 and orientation == 0 and phase == @phase")[
            "channel"
        ]
        drive = []
        for shown in (0.0, 90.0, 180.0, 270.0):
            centred = (shown + 360.0 * 2.0 * 28 * 4 / 28.0) % 360  # phase at the unit's place: x = 28 × 4 px
            drive.append(float(run(bank, grating(2.0, 0.0, centred))["simple"][int(channel.iloc[0]), 28, 28]))
        assert int(np.argmax(drive)) == int(phase // 90)


def test_uniform_fields_give_nothing() -> None:
    model = bc.load_model("v1_gabor", device="cpu")
    assert isinstance(model.module, V1Gabor)
    grey = np.full((224, 224, 3), 128, dtype=np.uint8)
    white = np.full((224, 224, 3), 255, dtype=np.uint8)
    assert run(model.module, prepare_images([grey], model.preprocessing))["complex"].abs().max() < 0.2
    centre = run(model.module, prepare_images([white], model.preprocessing))["complex"][:, 20:36, 20:36]
    assert centre.abs().max() < 1e-3


def test_filters_have_no_mean_and_unit_norm() -> None:
    for phase in (0.0, 90.0):
        gabor = make_gabor(0.1, 30.0, phase)
        assert abs(float(gabor.sum())) < 1e-5
        assert float(gabor.norm()) == pytest.approx(1.0, abs=1e-6)


def test_it_is_fixed() -> None:
    one, two = bc.load_model("v1_gabor"), bc.load_model("v1_gabor")
    assert one.weights_sha256 == two.weights_sha256
    assert one.weights_sha256 is not None
    assert one.layers == ("simple", "complex")
    assert {layer.name for layer in trace_layers(one)} == {"luminance", "simple", "complex"}


def test_what_cannot_be_shown_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="less than half a cycle per pixel"):
        V1Gabor(input_size=64, frequencies=(1.0, 4.0))


@pytest.mark.parametrize(
    ("height", "width", "size", "stride"),
    [(64, 61, 11, 4), (33, 30, 7, 3), (16, 17, 5, 1), (20, 23, 9, 2), (9, 9, 15, 4)],
)
def test_the_fast_convolution_is_a_convolution(height: int, width: int, size: int, stride: int) -> None:
    torch.manual_seed(0)
    images, filters = torch.randn(2, 1, height, width).double(), torch.randn(3, 1, size, size).double()
    plain = torch.nn.functional.conv2d(images, filters, stride=stride, padding=size // 2)
    assert torch.allclose(convolve_at_stride(images, filters, stride), plain, atol=1e-12)
