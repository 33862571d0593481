"""Activations of an image that depend on more than the image are found, and every table says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import brainconv as bc
from brainconv.errors import BrainconvWarning
from brainconv.io.netcdf import load_representations, save_representations
from brainconv.io.provenance import inherit_provenance


class Does(nn.Module):
    """A part that is one function."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x)


class Remembers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.last: torch.Tensor | None = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mixed = x if self.last is None else x + 0.5 * self.last.mean(0)
        self.last = x.clone()
        return mixed


def seeded_noise(x: torch.Tensor) -> torch.Tensor:
    """The same for every pass, another for each place in the batch."""
    return x + 0.1 * torch.randn(x.shape, generator=torch.Generator().manual_seed(0))


def make(part: nn.Module) -> Any:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 6, 5, stride=3), part, nn.ReLU(), nn.Flatten(), nn.Linear(6 * 6 * 6, 5))
    return bc.wrap_model(module, name="net", input_size=20, layers=["0", "1", "4"])


def make_stimuli(n: int = 24) -> bc.StimulusSet:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (n, 20, 20, 3)) * np.linspace(0.2, 1, n)[:, None, None, None]
    return bc.StimulusSet("s", tuple(f"i{k:02d}" for k in range(n)), images.astype(np.uint8))


NEIGHBOURS = {
    "batch norm without running statistics": nn.BatchNorm2d(6, track_running_stats=False),
    "mean over the batch": Does(lambda x: x - x.mean(0, keepdim=True)),
    "softmax over the batch": Does(lambda x: x.softmax(0)),
    "largest of the batch": Does(lambda x: x / x.abs().max()),
    "noise by place": Does(seeded_noise),
}
CHANCE = {
    "noise": Does(lambda x: x + 0.05 * torch.randn_like(x)),
    "dropout": Does(lambda x: nn.functional.dropout(x, 0.3, training=True)),
    "mask": Does(lambda x: x * (torch.rand(x.shape[-2:]) > 0.2)),
    "state": Remembers(),
}
INNOCENT = {
    "nothing": nn.Identity(),
    "batch norm": nn.BatchNorm2d(6),
    "group norm": nn.GroupNorm(2, 6),
    "instance norm": nn.InstanceNorm2d(6),
    "dropout in evaluation mode": nn.Dropout(),
    "constant": Does(torch.ones_like),
    "tiny differences": Does(lambda x: 100 + 1e-3 * x),
}


@pytest.mark.parametrize("name", NEIGHBOURS)
def test_neighbours_are_found(name: str) -> None:
    with pytest.warns(
        BrainconvWarning, match=r"Layer '1' and 1 after it of net: .* depend on the other images of its "
    ):
        found = bc.extract(make(NEIGHBOURS[name]), make_stimuli(), progress=False)
    assert len(found["0"].notes) == 1
    assert ("'1' is a batch norm without running statistics" in found["0"].notes[0]) is (name in list(NEIGHBOURS)[:1])


@pytest.mark.parametrize("name", CHANCE)
def test_chance_is_found(name: str) -> None:
    with pytest.warns(
        BrainconvWarning, match=r"Layer '1' and 1 after it of net: the same image gives other activations"
    ):
        found = bc.extract(make(CHANCE[name]), make_stimuli(), progress=False)
    assert len(found["4"].notes) == 1


@pytest.mark.parametrize("name", INNOCENT)
@pytest.mark.parametrize("n", [1, 2, 24])
def test_nothing_is_said_of_what_is_sound(name: str, n: int) -> None:
    model, stimuli = make(INNOCENT[name]), make_stimuli(n)
    assert bc.extract(model, stimuli, progress=False)["4"].notes == ()  # a warning would be an error here


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_rounding_of_other_precisions_is_no_dependence(dtype: torch.dtype) -> None:
    model = make(nn.Identity())
    model.module.to(dtype)
    assert bc.extract(model, make_stimuli(), progress=False)["4"].notes == ()


def test_layers_before_the_fault_are_not_accused() -> None:
    model = make(Does(torch.rand_like))
    assert bc.extract(model, make_stimuli(), layers=["0"], progress=False)["0"].notes == ()
    with pytest.warns(BrainconvWarning, match=r"^Layer '4' of net"):
        bc.extract(model, make_stimuli(), layers=["0", "4"], progress=False)


def test_at_most_two_passes_more() -> None:
    for part, n_more in (
        (nn.Identity(), 1),
        (Does(torch.rand_like), 2),
        (nn.BatchNorm2d(6, track_running_stats=False), 2),
    ):
        model, shown = make(part), []
        handle = model.module[0].register_forward_hook(lambda _m, _i, output, shown=shown: shown.append(len(output)))
        if n_more == 1:
            bc.extract(model, make_stimuli(), progress=False)
        else:
            with pytest.warns(BrainconvWarning):
                bc.extract(model, make_stimuli(), progress=False)
        handle.remove()
        assert shown[-1] == 24
        assert shown[-2 - n_more :][:-1] == [2, 1, 2][: 1 + n_more]  # the probe, the image alone, the probe again


def test_the_note_is_in_tables_and_files(tmp_path: Path) -> None:
    stimuli = make_stimuli()
    sites = pd.DataFrame({"area": ["V4"] * 20}, index=[f"n{k}" for k in range(20)])
    responses = np.random.default_rng(1).normal(size=(24, 3, 20))
    recording = bc.Recording("cells", stimuli, responses, sites)
    with pytest.warns(BrainconvWarning):
        found = bc.extract(make(NEIGHBOURS["mean over the batch"]), stimuli, progress=False)
    note = found["4"].notes[0]
    save_representations(tmp_path / "layers.nc", found)
    stored = load_representations(tmp_path / "layers.nc")
    assert stored["0"].notes == (note,)
    assert inherit_provenance(stored)["notes"] == [note]
    assert note in bc.score_rsa(stored, recording, n_boot=0, n_permutations=0).notes
    assert note in bc.score_predictivity(stored, recording, splits="kfold4", n_boot=0).notes
    with pytest.warns(BrainconvWarning, match="depend on the other images"):
        compared = bc.compare(make(NEIGHBOURS["mean over the batch"]), recording, analyses=["rsa"], n_boot=0)
    assert any(text.startswith(note) for text in compared.scores.notes)
    assert compared.provenance["net"]["notes"] == [note]
