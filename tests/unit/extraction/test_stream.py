"""`extract`: the Gram of every layer, whatever the batch, the block, the order and the number of passes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import brainconv as bc
from brainconv.errors import InvalidInputError, NotFoundError, ResourceError
from brainconv.extraction import plan, scratch, stream
from brainconv.io import hash_stimuli
from brainconv.models import Preprocessing, prepare_images
from brainconv.stimuli import place_image

PREPROCESSING = Preprocessing(input_size=24, mean=(0.5,) * 3, std=(0.25,) * 3)


class Net(nn.Module):
    """Convolution overwritten by an in-place ReLU, a second one, a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 5, padding=2)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(6, 9, 3, stride=2)
        self.norm2 = nn.BatchNorm2d(9)
        self.relu2 = nn.ReLU(inplace=True)
        self.drop = nn.Dropout(0.5)
        self.fc = nn.Linear(9 * 11 * 11, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.relu1(self.conv1(x))
        x = self.relu2(self.norm2(self.conv2(x)))
        return self.fc(self.drop(x.flatten(1)))


LAYERS = ("conv1", "relu1", "norm2", "relu2", "fc")


def make_model(module: nn.Module | None = None, layers: tuple[str, ...] = LAYERS) -> Any:
    torch.manual_seed(0)
    return bc.wrap_model(module or Net(), name="toy", layers=list(layers), preprocess=PREPROCESSING)


def make_stimuli(n: int = 13, degrees: float | None = None) -> bc.StimulusSet:
    rng = np.random.default_rng(1)
    ids = tuple(f"s{i:03d}" for i in rng.permutation(n))
    return bc.StimulusSet("noise", ids, rng.integers(0, 256, (n, 24, 24, 3), dtype=np.uint8), degrees)


def explicit_features(
    model: Any, stimuli: bc.StimulusSet, images: list[np.ndarray] | None = None
) -> dict[str, np.ndarray]:
    """One plain float64 pass of all images, cloning as it goes."""
    net = model.module.double()
    kept: dict[str, np.ndarray] = {}
    handles = [
        part.register_forward_hook(lambda _m, _i, out, name=name: kept.update({name: out.detach().clone().numpy()}))
        for name, part in net.named_modules()
        if name
    ]
    with torch.no_grad():
        net(prepare_images(images or list(stimuli.images), model.preprocessing).double())
    for handle in handles:
        handle.remove()
    net.float()
    return {name: values.reshape(len(stimuli), -1) for name, values in kept.items()}


def assert_same_gram(found: bc.Representation, wanted: np.ndarray, tolerance: float = 1e-6) -> None:
    assert np.abs(found.gram - wanted).max() <= tolerance * np.abs(wanted).max()


def test_grams_are_those_of_the_explicit_features() -> None:
    model, stimuli = make_model(), make_stimuli()
    found = bc.extract(model, stimuli, progress=False)
    wanted = explicit_features(model, stimuli)
    assert list(found) == list(LAYERS)
    assert [r.layer_index for r in found.values()] == sorted(r.layer_index for r in found.values())
    for layer, representation in found.items():
        x = wanted[layer]
        assert_same_gram(representation, x @ x.T)
        np.testing.assert_allclose(representation.unit_sums, x.sum(1), rtol=1e-5, atol=1e-5 * np.abs(x).sum(1).max())
        assert representation.n_units == x.shape[1]
        assert representation.stimulus_ids == stimuli.ids
        assert representation.feature_dtype == "float32"


def test_a_layer_before_an_inplace_relu_keeps_its_negative_values() -> None:
    found = bc.extract(make_model(), make_stimuli(), keep="features", progress=False)
    assert found["conv1"].features is not None
    assert found["relu1"].features is not None
    assert (found["conv1"].features < 0).any()
    np.testing.assert_array_equal(np.maximum(found["conv1"].features, 0), found["relu1"].features)


@pytest.mark.parametrize("units", ["raw", "zscored", "spatial_mean"])
@pytest.mark.parametrize("block_bytes", [1, 64 * 2**20])
def test_batch_and_block_do_not_matter(units: str, block_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    model, stimuli = make_model(), make_stimuli()
    base = bc.extract(model, stimuli, units=units, progress=False)
    monkeypatch.setattr(scratch, "BLOCK_BYTES", block_bytes)
    monkeypatch.setattr(scratch, "MIN_BLOCK_UNITS", 7)  # divides no layer
    for batch_size in (1, 2, 5, 13, 100):
        other = bc.extract(model, stimuli, units=units, batch_size=batch_size, progress=False)
        for layer in LAYERS:
            assert_same_gram(other[layer], base[layer].gram)


@pytest.mark.parametrize("in_memory", [True, False])
def test_order_of_stimuli_does_not_matter(in_memory: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if not in_memory:
        monkeypatch.setattr(stream, "MEMORY_BYTES", 0)
    model, stimuli = make_model(), make_stimuli(90)
    shuffled = stimuli.select(list(np.random.default_rng(3).permutation(stimuli.ids)))
    base = bc.extract(model, stimuli, batch_size=7, scratch_dir=tmp_path, progress=False)
    other = bc.extract(model, shuffled, batch_size=7, scratch_dir=tmp_path, progress=False)
    for layer in LAYERS:
        assert_same_gram(other[layer].select(stimuli.ids), base[layer].gram)


@pytest.mark.parametrize("units", ["raw", "zscored", "spatial_mean"])
def test_scratch_file_gives_what_memory_gives(units: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    model, stimuli = make_model(), make_stimuli()
    base = bc.extract(model, stimuli, units=units, batch_size=4, progress=False)
    monkeypatch.setattr(stream, "MEMORY_BYTES", 0)
    monkeypatch.setattr(scratch, "BLOCK_BYTES", 1)
    for batch_size in (1, 4, 13):
        other = bc.extract(model, stimuli, units=units, batch_size=batch_size, scratch_dir=tmp_path, progress=False)
        for layer in LAYERS:
            assert_same_gram(other[layer], base[layer].gram)
    assert list(tmp_path.iterdir()) == []


def test_several_passes_and_cut_layers_give_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(stream, "MEMORY_BYTES", 0)
    model, stimuli = make_model(), make_stimuli()
    base = bc.extract(model, stimuli, progress=False)
    assert base["fc"].provenance["n_passes"] == 1
    per_channel = len(stimuli) * 24 * 24 * 4
    # conv1 and relu1 have 6 channels of 24 × 24: 2.5 channels fit, so each is cut into 3 pieces of 2
    other = bc.extract(model, stimuli, scratch_bytes=int(2.5 * per_channel), scratch_dir=tmp_path, progress=False)
    assert other["fc"].provenance["n_passes"] >= 6
    assert list(other) == list(base)
    for layer in LAYERS:
        assert_same_gram(other[layer], base[layer].gram)
        np.testing.assert_allclose(other[layer].unit_sums, base[layer].unit_sums, rtol=1e-5, atol=1e-3)
    zscored = [
        bc.extract(model, stimuli, units="zscored", scratch_bytes=size, scratch_dir=tmp_path, progress=False)
        for size in (int(2.5 * per_channel), None)
    ]
    for layer in LAYERS:
        assert_same_gram(zscored[0][layer], zscored[1][layer].gram)


def test_scratch_is_refused_before_the_first_image(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(stream, "MEMORY_BYTES", 0)
    model, stimuli = make_model(), make_stimuli()
    shown: list[int] = []
    monkeypatch.setattr(stream, "collect_features", lambda *_: shown.append(1))
    with pytest.raises(ResourceError, match=r"'conv1' needs at least 30\.0 kB .* 10\.0 kB may be used"):
        bc.extract(model, stimuli, scratch_bytes=10_000, scratch_dir=tmp_path, progress=False)
    usage = type("Usage", (), {"free": 50_000})
    monkeypatch.setattr(plan.shutil, "disk_usage", lambda _folder: usage)
    with pytest.raises(ResourceError, match=r"needs 4\d\d\.\d kB .* may use 10\.0 GB.* only 50\.0 kB are free"):
        bc.extract(model, stimuli, scratch_bytes=10**10, scratch_dir=tmp_path, progress=False)
    assert shown == []
    with pytest.raises(InvalidInputError, match="scratch_dir"):
        bc.extract(model, stimuli, scratch_dir=tmp_path / "absent", progress=False)


def test_scratch_is_gone_after_an_interruption(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(stream, "MEMORY_BYTES", 0)
    model = make_model()
    calls = 0

    def interrupt(*_: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 6:
            raise KeyboardInterrupt

    handle = model.module.conv2.register_forward_hook(interrupt)
    with pytest.raises(KeyboardInterrupt):
        bc.extract(model, make_stimuli(), batch_size=2, scratch_dir=tmp_path, progress=False)
    handle.remove()
    assert list(tmp_path.iterdir()) == []
    assert all(not part._forward_hooks for part in model.module.modules())


def test_half_the_batch_when_memory_runs_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(stream, "MEMORY_BYTES", 0)
    model, stimuli = make_model(), make_stimuli()
    base = bc.extract(model, stimuli, progress=False)
    shown: list[int] = []

    def fail_above(limit: int) -> Any:
        def hook(_module: Any, inputs: Any) -> None:
            shown.append(len(inputs[0]))
            if len(inputs[0]) > limit and len(shown) > 3:  # before: trace, probe, and the image without its neighbour
                msg = "DefaultCPUAllocator: not enough memory: you tried to allocate 1 bytes."
                raise RuntimeError(msg)

        return model.module.conv2.register_forward_pre_hook(hook)  # conv1 has been stored by then

    handle = fail_above(2)
    other = bc.extract(model, stimuli, batch_size=9, scratch_dir=tmp_path, progress=False)
    handle.remove()
    assert shown[:3] == [2, 2, 1]
    assert shown[3:] == [9, 4, 2, 2, 2, 2, 1, 2, 2]
    assert other["fc"].provenance["batch_size"] == 2
    for layer in LAYERS:
        assert_same_gram(other[layer], base[layer].gram)
    shown.clear()
    handle = fail_above(0)
    with pytest.raises(ResourceError, match="single image"):
        bc.extract(model, stimuli, batch_size=4, progress=False)
    handle.remove()


def test_another_runtime_error_is_not_taken_for_memory() -> None:
    model = make_model()
    calls: list[int] = []

    def fail(*_: Any) -> None:
        calls.append(1)
        if len(calls) > 3:  # trace, probe, and the image without its neighbour
            msg = "something else"
            raise RuntimeError(msg)

    handle = model.module.fc.register_forward_pre_hook(fail)
    with pytest.raises(InvalidInputError, match=r"Net failed on 13 image\(s\): something else\."):
        bc.extract(model, make_stimuli(), progress=False)
    handle.remove()
    assert len(calls) == 4


def test_model_is_left_as_it_was() -> None:
    model = make_model()
    model.module.train()
    model.module.norm2.eval()
    before = {name: tensor.clone() for name, tensor in model.module.state_dict().items()}
    precision = torch.get_float32_matmul_precision()
    base = bc.extract(make_model(), make_stimuli(), progress=False)
    found = bc.extract(model, make_stimuli(), progress=False)
    assert_same_gram(found["fc"], base["fc"].gram)  # dropout and batch statistics were off
    assert model.module.training
    assert model.module.drop.training
    assert not model.module.norm2.training
    assert torch.get_float32_matmul_precision() == precision
    for name, tensor in model.module.state_dict().items():
        assert torch.equal(tensor, before[name])
        assert tensor.stride() == before[name].stride()
    assert all(not part._forward_hooks for part in model.module.modules())


def test_the_pass_ends_at_the_deepest_layer_asked_for() -> None:
    model = make_model()
    deeper: list[int] = []
    handle = model.module.conv2.register_forward_hook(lambda *_: deeper.append(1))
    bc.extract(model, make_stimuli(), layers=["relu1", "conv1"], batch_size=2, progress=False)
    handle.remove()
    assert len(deeper) == 1  # the trace of the layers; neither the probe nor the seven batches


def test_float64_networks_stay_float64() -> None:
    model, stimuli = make_model(Net().double()), make_stimuli()
    found = bc.extract(model, stimuli, batch_size=3, progress=False)
    assert {r.feature_dtype for r in found.values()} == {"float64"}
    x = explicit_features(make_model(model.module), stimuli)["norm2"]
    assert_same_gram(found["norm2"], x @ x.T, 1e-13)


def test_zscored_units_and_constant_ones() -> None:
    model, stimuli = make_model(), make_stimuli()
    with torch.no_grad():
        model.module.conv1.weight[2] = 0
        model.module.conv1.bias[2] = 0.3  # this channel says 0.3 to everything
    found = bc.extract(model, stimuli, units="zscored", keep="features", progress=False)
    x = explicit_features(model, stimuli)["conv1"]
    z = np.where(x.std(0) > 1e-7, (x - x.mean(0)) / np.maximum(x.std(0), 1e-12), 0)
    assert_same_gram(found["conv1"], z @ z.T)
    assert found["conv1"].features is not None
    np.testing.assert_allclose(found["conv1"].features, z, atol=1e-4)
    assert found["conv1"].provenance["n_constant_units"] == 24 * 24
    assert found["conv1"].units == "zscored"


def test_spatial_mean() -> None:
    model, stimuli = make_model(), make_stimuli()
    found = bc.extract(model, stimuli, units="spatial_mean", progress=False)
    x = explicit_features(model, stimuli)
    means = x["norm2"].reshape(len(stimuli), 9, -1).mean(-1)
    assert_same_gram(found["norm2"], means @ means.T)
    assert found["norm2"].n_units == 9
    assert_same_gram(found["fc"], x["fc"] @ x["fc"].T)


def test_features_come_in_the_order_channel_row_column() -> None:
    model, stimuli = make_model(), make_stimuli()
    found = bc.extract(model, stimuli, keep="features", layers=["conv1"], batch_size=5, progress=False)["conv1"]
    assert found.features is not None
    assert found.features.dtype == np.float32
    x = explicit_features(model, stimuli)["conv1"]
    np.testing.assert_allclose(found.features, x, atol=1e-5)
    assert_same_gram(found, x @ x.T)


@pytest.mark.parametrize("model_degrees", [4.0, 16.0])
def test_stimuli_with_a_size_are_placed(model_degrees: float) -> None:
    torch.manual_seed(0)
    model = bc.wrap_model(Net(), name="toy", layers=["conv1"], preprocess=PREPROCESSING, degrees=model_degrees)
    stimuli = make_stimuli(5, degrees=8.0)
    found = bc.extract(model, stimuli, progress=False)["conv1"]
    placed = [place_image(image, 8.0, model_degrees) for image in stimuli.images]
    x = explicit_features(model, stimuli, placed)["conv1"]
    assert_same_gram(found, x @ x.T)
    assert found.degrees == 8.0


def test_one_stimulus_and_another_input_size() -> None:
    model = make_model(layers=("conv1",))
    found = bc.extract(model, make_stimuli(1), progress=False)["conv1"]
    assert found.gram.shape == (1, 1)
    convolutional = bc.wrap_model(
        nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True)), name="two", preprocess=PREPROCESSING, layers=["0"]
    )
    assert bc.extract(convolutional, make_stimuli(4), input_size=31, progress=False)["0"].n_units == 4 * 29 * 29


def test_provenance_says_what_was_done() -> None:
    stimuli = make_stimuli()
    found = bc.extract(make_model(), stimuli, batch_size=4, progress=False)["fc"].provenance
    assert found["stimuli_sha256"] == hash_stimuli(stimuli)
    assert found["batch_size"] == 4
    assert found["tf32"] is False
    assert found["device"] == "cpu"
    assert found["preprocessing"]["input_size"] == 24
    assert len(found["weights_sha256"]) == 64


def test_progress_bar_counts_images(capsys: pytest.CaptureFixture[str]) -> None:
    bc.extract(make_model(), make_stimuli(), progress=False)
    assert capsys.readouterr() == ("", "")
    bc.extract(make_model(), make_stimuli(), progress=True)
    assert "13/13" in capsys.readouterr().err


class Odd(nn.Module):
    """Layers that cannot be had: a pair, one that never runs, one whose first axis is not the images."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.pair = Pair()
        self.unused = nn.Conv2d(4, 4, 3)
        self.merge = Merge()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.merge(self.pair(self.conv(x))[0])


class Pair(nn.Module):
    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return x, x


class Merge(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.flatten(0, 1)


def test_layers_that_cannot_be_had_are_named() -> None:
    model, stimuli = make_model(Odd(), ("conv",)), make_stimuli(4)
    with pytest.raises(NotFoundError, match="Did you mean 'conv'"):
        bc.extract(model, stimuli, layers=["con"], progress=False)
    sentences = {
        "pair": r"Layer 'pair' of toy \(Pair\) returns 2 tensors; expected one tensor with an axis of images",
        "unused": r"Layer 'unused' of toy \(Conv2d\) does not run when stimuli are shown",
        "merge": r"Layer 'merge' of toy \(Merge\) returns \(8, 22, 22\) for 2 images, no axis of which counts them",
    }
    for layer, sentence in sentences.items():
        with pytest.raises(InvalidInputError, match=sentence):
            bc.extract(model, stimuli, layers=[layer], progress=False)
        with pytest.raises(InvalidInputError, match=sentence):
            make_model(Odd(), (layer,))


def test_a_module_that_runs_twice_is_told_apart_by_call() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 3, padding=1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.conv(self.conv(x))

    model, stimuli = make_model(Twice(), ("conv:0", "conv:1")), make_stimuli(4)
    found = bc.extract(model, stimuli, keep="features", batch_size=3, progress=False)
    with torch.no_grad():
        first = model.module.conv(prepare_images(list(stimuli.images), PREPROCESSING))
        second = model.module.conv(first)
    assert found["conv:0"].features is not None
    assert found["conv:1"].features is not None
    np.testing.assert_allclose(found["conv:0"].features, first.flatten(1), atol=1e-5)
    np.testing.assert_allclose(found["conv:1"].features, second.flatten(1), atol=1e-5)


@pytest.mark.parametrize("units", ["raw", "zscored"])
def test_values_that_are_not_finite_are_named(units: str) -> None:
    model, stimuli = make_model(), make_stimuli()
    handle = model.module.norm2.register_forward_hook(
        lambda _m, _i, out: out.index_fill(0, torch.tensor([1]), float("nan")) if len(out) == 13 else out
    )
    with pytest.raises(InvalidInputError, match=rf"'toy:norm2' gives NaN .* for 1 of 13 stimuli, .*'{stimuli.ids[1]}'"):
        bc.extract(model, stimuli, units=units, batch_size=13, progress=False)
    handle.remove()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"batch_size": 0}, "batch_size"),
        ({"batch_size": "many"}, "batch_size"),
        ({"keep": "all"}, "thing to keep"),
        ({"units": "pca"}, "kind of units"),
        ({"scratch_bytes": -1}, "scratch_bytes"),
        ({"layers": []}, "0 layer names were given"),
        ({"layers": "conv1"}, "single string"),
    ],
)
def test_bad_arguments_end_in_a_sentence(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises((InvalidInputError, NotFoundError), match=sentence):
        bc.extract(make_model(), make_stimuli(), progress=False, **arguments)


def test_more_memory_than_there_is_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import psutil

    memory = type("Memory", (), {"available": 100_000})
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    with pytest.raises(ResourceError, match=r"features included.*100\.0 kB are free.*keep='gram'"):
        bc.extract(make_model(), make_stimuli(), keep="features", progress=False)


def test_what_is_mixed_up_is_named() -> None:
    images = np.zeros((1, 8, 8, 3), np.uint8)
    net = bc.wrap_model(torch.nn.Sequential(torch.nn.Conv2d(3, 2, 3)), name="net", input_size=8)
    with pytest.raises(InvalidInputError, match=r"The model is 'alexnet'; expected a Model, from load_model\(name\)"):
        bc.extract("alexnet", bc.StimulusSet("s", ("a",), images))
    with pytest.raises(InvalidInputError, match=r"The model is a Sequential; expected a Model"):
        bc.extract(net.module, bc.StimulusSet("s", ("a",), images))
    with pytest.raises(InvalidInputError, match=r"The stimuli are a ndarray; expected a StimulusSet"):
        bc.extract(net, images)


class Channels(nn.Module):
    """A convolution whose maps go on with their channels last, as in Swin."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv, self.norm, self.mix = nn.Conv2d(3, width, 3, 3), nn.LayerNorm(width), nn.Linear(width, 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.mix(self.norm(self.conv(x).permute(0, 2, 3, 1)))


@pytest.mark.parametrize("width", [5, 8])  # 8: as many channels as the map is wide
def test_spatial_mean_is_over_space_wherever_the_channels_are(width: int) -> None:
    model, stimuli = make_model(Channels(width), ("conv", "norm", "mix")), make_stimuli()
    x = explicit_features(model, stimuli)
    found = bc.extract(model, stimuli, units="spatial_mean", keep="features", batch_size=4, progress=False)
    for layer, channels in (("norm", width), ("mix", 8)):
        means = x[layer].reshape(len(stimuli), 64, channels).mean(1)
        np.testing.assert_allclose(found[layer].features, means, atol=1e-5)  # type: ignore[arg-type]
    conv = x["conv"].reshape(len(stimuli), width, 64).mean(2)
    np.testing.assert_allclose(found["conv"].features, conv, atol=1e-5)  # type: ignore[arg-type]


def test_spatial_mean_is_refused_where_nothing_tells_the_channels() -> None:
    class Cube(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.flatten(1)[:, :512].reshape(-1, 8, 8, 8)

    model = make_model(nn.Sequential(Cube()), ("0",))
    with pytest.raises(InvalidInputError, match=r"layer '0', whose axis of channels cannot be told"):
        bc.extract(model, make_stimuli(), units="spatial_mean", progress=False)
    assert bc.extract(model, make_stimuli(), progress=False)["0"].n_units == 512


class Fourier(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.fft.rfft2(x)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("units", ["raw", "spatial_mean", "zscored"])
def test_complex_outputs_keep_both_parts(units: str, dtype: torch.dtype) -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), Fourier()).to(dtype)
    model, stimuli = make_model(module, ("1",)), make_stimuli()
    with torch.no_grad():
        x = module(prepare_images(list(stimuli.images), PREPROCESSING).to(dtype)).to(torch.complex128).numpy()
    x = x.mean((2, 3)) if units == "spatial_mean" else x.reshape(len(x), -1)
    x = np.concatenate([x.real, x.imag], axis=1)
    if units == "zscored":
        constant = x.std(0) <= 1e-6 * np.abs(x).max(0)
        x = np.where(constant, 0, (x - x.mean(0)) / np.where(constant, 1, x.std(0)))
    for batch_size in (4, 13):
        found = bc.extract(model, stimuli, units=units, batch_size=batch_size, progress=False)["1"]
        assert_same_gram(found, x @ x.T, 1e-4 if units == "zscored" else 1e-6)
        assert found.n_units == x.shape[1]
        assert found.feature_dtype == str(dtype).removeprefix("torch.")


class Gives(nn.Module):
    def __init__(self, function: Any) -> None:
        super().__init__()
        self.conv, self.function = nn.Conv2d(3, 4, 3), function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(self.conv(x))


@pytest.mark.parametrize(
    ("function", "plain"),
    [
        (lambda x: x.to_sparse(), lambda x: x),
        (
            lambda x: torch.quantize_per_tensor(x, 0.25, 0, torch.qint8),
            lambda x: (x / 0.25).round().clamp(-128, 127) / 4,
        ),
        (lambda x: x > 0, lambda x: (x > 0).float()),
        (lambda x: torch.fft.fft(x).conj(), lambda x: torch.view_as_real(torch.fft.fft(x).conj().resolve_conj())),
        (
            lambda x: x.mean((2, 3)).expand(5, -1, -1) * 2,
            lambda x: (x.mean((2, 3)).expand(5, -1, -1) * 2).movedim(1, 0),
        ),
    ],
)
def test_outputs_of_other_kinds_are_read_as_plain_numbers(function: Any, plain: Any) -> None:
    model, stimuli = make_model(nn.Sequential(Gives(function)), ("0",)), make_stimuli()
    with torch.no_grad():
        wanted = plain(model.module[0].conv(prepare_images(list(stimuli.images), PREPROCESSING)))
    found = bc.extract(model, stimuli, keep="features", batch_size=5, progress=False)["0"]
    np.testing.assert_allclose(found.features, wanted.flatten(1), atol=1e-4)  # type: ignore[arg-type]


class Squeezes(nn.Module):
    def __init__(self, norm: nn.Module) -> None:
        super().__init__()
        self.conv, self.pool, self.norm, self.fc = nn.Conv2d(3, 8, 3), nn.AdaptiveAvgPool2d(1), norm, nn.Linear(8, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.norm(self.pool(self.conv(x)).squeeze()))


@pytest.mark.parametrize("norm", [nn.Identity(), nn.BatchNorm1d(8)])
@pytest.mark.parametrize("batch_size", [1, 4, 12, 13])  # 12 and 4 leave a last batch of one image
def test_networks_that_squeeze_are_shown_two_images_at_least(norm: nn.Module, batch_size: int) -> None:
    model, stimuli = make_model(Squeezes(norm), ("pool", "fc")), make_stimuli()
    x = explicit_features(model, stimuli)
    found = bc.extract(model, stimuli, batch_size=batch_size, progress=False)
    for layer in ("pool", "fc"):
        assert_same_gram(found[layer], x[layer] @ x[layer].T)
    assert bc.extract(model, make_stimuli(1), progress=False)["fc"].gram.shape == (1, 1)


def test_networks_that_view_their_maps_get_a_plain_layout() -> None:
    class Views(Net):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.relu2(self.norm2(self.conv2(self.relu1(self.conv1(x)))))
            return self.fc(x.view(-1, 9 * 11 * 11))

    model, stimuli = make_model(Views()), make_stimuli()
    same = Net()
    same.load_state_dict(model.module.state_dict())
    x = explicit_features(make_model(same), stimuli)
    found = bc.extract(model, stimuli, batch_size=5, progress=False)
    for layer in LAYERS:
        assert_same_gram(found[layer], x[layer] @ x[layer].T)


def test_a_fixed_number_of_images_is_one_sentence() -> None:
    class Fixed(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.reshape(2, -1)

    model = make_model(nn.Sequential(Fixed()), ("0",))
    with pytest.raises(InvalidInputError, match=r"gave shape \(2, 11232\) for 13 images.*same shape for every image"):
        bc.extract(model, make_stimuli(), progress=False)


@pytest.mark.parametrize(
    ("device", "sentence"),
    [("cuda:99", "is not on this machine"), ("tpu", "expected 'auto'"), ("meta", "expected 'auto'")],
)
def test_devices_that_are_not_there(device: str, sentence: str) -> None:
    from dataclasses import replace

    with pytest.raises((InvalidInputError, ResourceError), match=sentence):
        bc.extract(replace(make_model(), device=device), make_stimuli(), progress=False)


def test_a_network_that_was_moved_is_named() -> None:
    model = make_model()
    model.module.to("meta")
    with pytest.raises(InvalidInputError, match=r"weights of toy are on meta, but the model says device='cpu'"):
        bc.extract(model, make_stimuli(), progress=False)


def test_memory_that_runs_out_elsewhere_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        msg = "DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes."
        raise RuntimeError(msg)

    monkeypatch.setattr(stream, "add_to_grams", fail)
    with pytest.raises(ResourceError, match=r"Memory ran out on cpu while toy was extracted .*fewer layers"):
        bc.extract(make_model(), make_stimuli(), progress=False)


def test_a_probe_that_is_too_large_shows_one_image() -> None:
    model, stimuli = make_model(), make_stimuli()
    base = bc.extract(model, stimuli, progress=False)
    shown: list[int] = []

    def fail(_module: Any, inputs: Any) -> None:
        shown.append(len(inputs[0]))
        if len(inputs[0]) > 1 and len(shown) > 1:  # not the trace
            raise MemoryError

    handle = model.module.conv2.register_forward_pre_hook(fail)
    other = bc.extract(model, stimuli, progress=False)
    handle.remove()
    assert shown[:4] == [2, 2, 1, 1]
    for layer in LAYERS:
        assert_same_gram(other[layer], base[layer].gram)
