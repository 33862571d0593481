"""Models by name: twins, checkpoints, what is refused, and that every family can be shown images."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import brainconv as bc
from brainconv.errors import (
    DataUnavailableError,
    InvalidInputError,
    MissingDependencyError,
    NotFoundError,
    ResourceError,
)
from brainconv.models import trace_layers
from brainconv.models.load import describe_device, resolve_device

SMALL = "lecture_convnet"
FAMILIES: dict[str, int | None] = {  # the width of image at which the family is tested; None: its own
    "lenet5": None, "lecture_convnet": None, "pixels": 32, "v1_gabor": 64, "bvlc_alexnet_conv1": 64,
    "squeezenet1_0_deepcompression": 64, "alexnet": None, "vgg11": 32, "googlenet": 64, "inception_v3": 96,
    "resnet18": None, "wide_resnet50_2": 32, "resnext50_32x4d": 32, "densenet121": 32, "squeezenet1_0": None,
    "mobilenet_v3_small": 32, "convnext_tiny": 32, "seresnet50": 32, "inception_resnet_v2": 80,
}  # fmt: skip
STRUCTURE_ONLY = {  # larger sisters of the above; their stages are tested
    "vgg16", "vgg19", "resnet34", "resnet50", "resnet101", "densenet169", "squeezenet1_1", "mobilenet_v3_large",
    "convnext_base",
}  # fmt: skip


def state_of(model: Any) -> dict[str, torch.Tensor]:
    return model.module.state_dict()


def same(a: Any, b: Any) -> bool:
    return all(torch.equal(value, state_of(b)[name]) for name, value in state_of(a).items())


def test_every_row_is_tested_somewhere() -> None:
    assert set(bc.list_models()) - {"quickstart"} == set(FAMILIES) | STRUCTURE_ONLY


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_extracts_its_default_layers(name: str) -> None:
    fixed = name in ("pixels", "v1_gabor")
    if name in ("seresnet50", "inception_resnet_v2"):
        pytest.importorskip("timm")
    model = bc.load_model(name, weights="default" if fixed else None, device="cpu")
    size = FAMILIES[name] or model.preprocessing.input_size
    images = np.random.default_rng(0).integers(0, 256, (3, 40, 50, 3), dtype=np.uint8)
    stimuli = bc.StimulusSet("noise", ("a", "b", "c"), images)
    found = bc.extract(model, stimuli, input_size=FAMILIES[name], progress=False)
    assert tuple(found) == model.layers
    shapes = {layer.name: layer.shape for layer in trace_layers(model, size)}
    for layer, representation in found.items():
        assert representation.n_units == int(np.prod(shapes[layer]))
        assert np.isfinite(representation.gram).all()
    first = found[model.layers[0]].gram
    assert np.linalg.matrix_rank(first / np.abs(first).max()) == len(stimuli), (
        "three images must differ in the first layer"
    )


def test_the_same_seed_gives_the_same_weights_and_leaves_the_random_state_alone() -> None:
    torch.manual_seed(1)
    before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    one, again, other = (bc.load_model(SMALL, weights=None, seed=seed) for seed in (3, 3, 4))
    assert torch.equal(before, torch.get_rng_state())
    assert np.array_equal(numpy_before, np.random.get_state()[1])  # noqa: NPY002
    torch.manual_seed(99)
    later = bc.load_model(SMALL, weights="random", seed=3)
    assert same(one, again)
    assert same(one, later)
    assert one.weights_sha256 == later.weights_sha256
    assert not same(one, other)
    assert one.weights_sha256 != other.weights_sha256
    assert (one.weights, one.seed) == ("random", 3)
    assert bc.load_model(SMALL, weights=None).seed == 0


def test_a_model_is_in_evaluation_mode_and_asks_for_no_gradient() -> None:
    model = bc.load_model("squeezenet1_1", weights=None)
    assert not any(part.training for part in model.module.modules())
    assert not any(parameter.requires_grad for parameter in model.module.parameters())
    assert model.provenance["builder"] == "torchvision.models:squeezenet1_1"


@pytest.mark.parametrize("prefix", ["", "module.", "model.", "module._orig_mod.", "module.model."])
@pytest.mark.parametrize("nested", [None, "state_dict", "model"])
def test_checkpoint_round_trip(tmp_path: Path, prefix: str, nested: str | None) -> None:
    trained = bc.load_model(SMALL, weights=None, seed=5)
    state: Any = {prefix + name: value for name, value in state_of(trained).items()}
    path = tmp_path / "mine.pt"
    torch.save({nested: state, "epoch": 3, "optimizer": {"state": {}}} if nested else state, path)
    loaded = bc.load_model(SMALL, weights=path)
    assert same(trained, loaded)
    assert (loaded.weights, loaded.seed) == ("mine.pt", None)
    assert loaded.weights_sha256 == trained.weights_sha256


def test_safetensors_round_trip(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    trained = bc.load_model(SMALL, weights=None, seed=5)
    save_file(
        {f"module.{name}": value.contiguous() for name, value in state_of(trained).items()}, tmp_path / "a.safetensors"
    )
    assert same(trained, bc.load_model(SMALL, weights=str(tmp_path / "a.safetensors")))
    (tmp_path / "b.safetensors").write_bytes(b"\x10" * 100)
    with pytest.raises(InvalidInputError, match=r"b.safetensors cannot be read as safetensors"):
        bc.load_model(SMALL, weights=tmp_path / "b.safetensors")


class Executes:
    """A pickle that writes a file when it is opened."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (Path.write_text, (self.path, "executed"))


def test_a_pickle_is_refused_and_not_executed(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    torch.save({"state_dict": Executes(trace)}, tmp_path / "evil.pt")
    (tmp_path / "evil.pkl").write_bytes(pickle.dumps(Executes(trace)))
    torch.save(bc.load_model(SMALL, weights=None).module, tmp_path / "whole.pt")
    for name in ("evil.pt", "evil.pkl", "whole.pt"):
        with pytest.raises(InvalidInputError, match=r"no state dict that can be read without executing it"):
            bc.load_model(SMALL, weights=tmp_path / name)
    assert not trace.exists()


def test_checkpoints_that_do_not_fit(tmp_path: Path) -> None:
    state = dict(state_of(bc.load_model(SMALL, weights=None)))
    path = tmp_path / "x.pt"
    torch.save({name: value for name, value in state.items() if name != "conv2.bias"}, path)
    with pytest.raises(InvalidInputError, match=r"1 of 12 weights are missing, for example 'conv2.bias'"):
        bc.load_model(SMALL, weights=path)
    torch.save({**state, "head.weight": torch.zeros(2)}, path)
    with pytest.raises(InvalidInputError, match=r"1 are not the network's, for example 'head.weight'"):
        bc.load_model(SMALL, weights=path)
    torch.save({**state, "conv2.bias": torch.zeros(7)}, path)
    with pytest.raises(InvalidInputError, match=r"'conv2.bias' has shape \(7,\); expected \(5,\)"):
        bc.load_model(SMALL, weights=path)
    torch.save({"epoch": 3}, path)
    with pytest.raises(InvalidInputError, match="no tensors by name"):
        bc.load_model(SMALL, weights=path)
    with pytest.raises(InvalidInputError, match=r"no checkpoint 'gone.pt'"):
        bc.load_model(SMALL, weights=tmp_path / "gone.pt")


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"name": "alexnt"}, NotFoundError, "Unknown model 'alexnt'. Did you mean 'alexnet'"),
        ({"name": SMALL}, InvalidInputError, "no published weights; give weights=None"),
        ({"name": "pixels", "weights": None}, InvalidInputError, "no untrained twin"),
        ({"name": SMALL, "weights": "default", "seed": 1}, InvalidInputError, "a seed belongs to random weights"),
        ({"name": SMALL, "weights": None, "seed": 1.5}, InvalidInputError, "seed=1.5; expected a whole number"),
        ({"name": SMALL, "weights": None, "seed": -1}, InvalidInputError, "seed=-1; expected a whole number"),
        ({"name": SMALL, "weights": None, "device": "tpu9"}, InvalidInputError, "expected 'auto', 'cpu'"),
    ],
)
def test_what_is_refused(arguments: dict, error: type, match: str) -> None:
    with pytest.raises(error, match=match):
        bc.load_model(**arguments)


def test_weights_that_cannot_be_downloaded_are_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))
    monkeypatch.delenv("BRAINCONV_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataUnavailableError) as caught:
        bc.load_model("squeezenet1_1", data_dir=tmp_path)
    for part in ("squeezenet1_1-b8a52dc0.pth", "https://", str(tmp_path)):
        assert part in str(caught.value)


def test_torchvision_weights_from_a_data_folder_are_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))
    folder = tmp_path / "weights" / "torchvision"
    folder.mkdir(parents=True)
    torch.save(state_of(bc.load_model("squeezenet1_1", weights=None)), folder / "squeezenet1_1-b8a52dc0.pth")
    with pytest.raises(DataUnavailableError, match=r"expected b8a52dc0"):
        bc.load_model("squeezenet1_1", data_dir=tmp_path)


def test_timm_by_name() -> None:
    timm = pytest.importorskip("timm")
    model = bc.load_model("timm:test_resnet.r160_in1k", weights=None, device="cpu")
    settings = timm.create_model("test_resnet.r160_in1k").pretrained_cfg
    assert model.preprocessing.input_size == settings["input_size"][1]
    assert model.preprocessing.mean == tuple(settings["mean"])
    assert model.preprocessing.interpolation == settings["interpolation"]
    assert model.name == "timm:test_resnet.r160_in1k"
    assert "timm:test_resnet.r160_in1k" in bc.list_models("timm:test_resnet*")
    with pytest.raises(NotFoundError, match="Did you mean 'resnet18'"):
        bc.load_model("timm:resnt18", weights=None)


def test_without_timm_the_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'brainconv\[timm\]'"):
        bc.load_model("seresnet50", weights=None)


def test_names_are_listed_by_globs() -> None:
    assert bc.list_models("resnet*") == ["resnet18", "resnet34", "resnet50", "resnet101"]
    assert bc.list_models("nothing*") == []


def test_devices() -> None:
    assert resolve_device("cpu").type == "cpu"
    assert resolve_device("auto").type in ("cpu", "cuda", "mps")
    if not torch.cuda.is_available():
        with pytest.raises(ResourceError, match="'cuda' is not on this machine"):
            resolve_device("cuda")


@pytest.mark.parametrize(
    "device", [None, 3, True, "", "CPU", "gpu", "meta", "xla", "cuda:-1", "cuda:x", "cpu;", ["cpu"]]
)
def test_what_is_no_device_is_one_sentence(device: Any) -> None:
    with pytest.raises(InvalidInputError, match="expected 'auto', 'cpu', 'cuda', 'cuda:<number>' or 'mps'"):
        bc.load_model("lenet5", weights=None, device=device)


@pytest.mark.parametrize("device", ["cuda:99", "mps:7", "mps"])
def test_devices_that_are_not_there_are_one_sentence(device: str) -> None:
    if device.startswith("mps") and torch.backends.mps.is_available():
        pytest.skip("this machine has one")
    with pytest.raises(ResourceError, match=f"'{device}' is not on this machine"):
        bc.load_model("lenet5", weights=None, device=device)


def test_devices_are_named_as_models_have_them() -> None:
    assert resolve_device("cpu:3") == torch.device("cpu")
    assert [describe_device(torch.device(name)) for name in ("cpu", "cuda", "cuda:1")] == ["cpu", "cuda", "cuda:1"]


@pytest.mark.parametrize("wrap", [nn.DataParallel, torch.compile, lambda module: module])
def test_builders_may_return_wrapped_networks_and_networks_on_one_channel(wrap: Any) -> None:
    def build() -> nn.Module:
        return wrap(nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU()))

    rows = {"models": {"mine": {"builder": build, "preprocessing": {"input_size": 8}}}}
    model = bc.load_model("mine", weights=None, registry=rows, device="cpu")
    assert model.layers == ("1",)
    assert model.preprocessing.channel_order == "luminance"
    assert "takes one channel" in model.notes[0]


def test_builders_that_return_what_cannot_be_observed_are_named() -> None:
    rows = {"models": {"mine": {"builder": lambda: nn.Sequential(nn.LazyConv2d(4, 3))}}}
    with pytest.raises(InvalidInputError, match=r"mine \(Sequential\) has weights without a shape yet"):
        bc.load_model("mine", weights=None, registry=rows, device="cpu")
