"""The network that is trained on the spot: reproducible, saved, loaded by name; its first layer looks like V1."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from brainconv.errors import InvalidInputError
from brainconv.models import first_layer_filters, load_model, quickstart
from brainconv.models.quickstart import (
    build_quickstart,
    fit_first_layer,
    load_quickstart_state,
    save_quickstart,
    train_quickstart,
)
from brainconv.physiology import fit_gabors
from brainconv.stimuli.photographs import load_training_crops

GATE_R2 = 0.80
"""Above the 95 % point of fits to three-channel noise of this size (.72 to .80, by the number of starts)."""


def train_briefly(seed=0):
    return train_quickstart(n_crops=384, n_epochs=10, random_state=seed)


@pytest.fixture(scope="module")
def trained():
    return train_briefly()


def test_same_seed_gives_the_same_network_on_any_number_of_threads(trained):
    before = torch.get_num_threads()
    torch.set_num_threads(1 if before > 1 else 2)
    try:
        again = train_briefly()
        assert torch.get_num_threads() != before
    finally:
        torch.set_num_threads(before)
    for name, tensor in trained.state_dict().items():
        torch.testing.assert_close(again.state_dict()[name], tensor, rtol=0, atol=0, msg=name)


def test_seed_decides_and_the_random_state_is_left_alone(trained):
    torch.manual_seed(5)
    state = torch.get_rng_state()
    other = train_quickstart(n_crops=128, n_epochs=1, random_state=1)
    assert torch.equal(torch.get_rng_state(), state)
    assert not torch.equal(other.conv1.conv.weight, trained.conv1.conv.weight)


def test_training_learns(trained):
    assert not trained.training
    assert not any(parameter.requires_grad for parameter in trained.parameters())
    crops = load_training_crops(256)
    labels = torch.from_numpy(np.unique(crops.groups, return_inverse=True)[1])
    images = quickstart._normalise(torch.from_numpy(crops.images).permute(0, 3, 1, 2))
    told = (trained(images)[:, : quickstart.N_PHOTOGRAPHS].argmax(dim=1) == labels).float().mean()
    assert told > 3 / quickstart.N_PHOTOGRAPHS


def test_saved_and_loaded_by_name(trained, tmp_path):
    path = tmp_path / "quickstart.safetensors"
    save_quickstart(path, trained)
    model = load_model("quickstart", weights=path)
    assert model.layers == ("conv1", "conv2", "conv3", "conv4", "fc")
    images = torch.rand(2, 3, 64, 64)
    torch.testing.assert_close(model.module(images), trained(images))


def test_default_weights_are_trained_once_and_kept(trained, tmp_path, monkeypatch):
    calls = []
    monkeypatch.setenv("BRAINCONV_DATA", str(tmp_path))
    monkeypatch.setattr(quickstart, "train_quickstart", lambda **_: calls.append(1) or trained)
    first, second = load_quickstart_state(), load_quickstart_state()
    assert len(calls) == 1
    assert [path.parent.name for path in tmp_path.rglob("*.safetensors")] == ["quickstart"]
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_folder_that_cannot_be_written_is_no_obstacle(trained, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setattr(quickstart, "list_data_dirs", lambda: [tmp_path / "file"])
    monkeypatch.setattr(quickstart, "train_quickstart", lambda **_: trained)
    assert load_quickstart_state().keys() == trained.state_dict().keys()


def test_half_of_the_filters_resemble_gabors_and_the_untrained_ones_do_not():
    filters = fit_first_layer(load_training_crops(1024).images)
    assert filters.shape == (48, 3, 11, 11)
    np.testing.assert_allclose(filters.sum(axis=(1, 2, 3)), 0, atol=1e-9)
    untrained = first_layer_filters(load_model("quickstart", weights=None, seed=0)).weights
    fraction = [(fit_gabors(w[::2], n_starts=6).table["r2"] > GATE_R2).mean() for w in (filters, untrained)]
    assert fraction[0] >= 0.5
    assert fraction[1] <= 0.1


def test_every_layer_of_the_untrained_twin_responds():
    network = build_quickstart().eval()
    x = torch.rand(4, 3, 64, 64)
    for name in ("conv1", "conv2", "conv3", "conv4", "fc"):
        x = network.get_submodule(name)(x)
        assert x.std(dim=0).max() > 0, name
    assert network.head(x).shape == (4, 20)


def test_too_little_to_train_on():
    with pytest.raises(InvalidInputError, match="n_crops=10"):
        train_quickstart(n_crops=10)
