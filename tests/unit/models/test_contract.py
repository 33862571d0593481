"""What a network must be: wrappers are taken off, what cannot be observed is refused, what is lost is said."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from torch import nn

import brainconv as bc
from brainconv.errors import BrainconvWarning, InvalidInputError
from brainconv.models.contract import check_module, unwrap_module
from brainconv.models.preprocessing import LUMINANCE


def net(n_channels: int = 3) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(n_channels, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 6 * 6, 2)).eval()


class Distributed(nn.parallel.DistributedDataParallel):
    """As it is without a process group, which the real one asks for when it is made."""

    def __init__(self, module: nn.Module) -> None:
        nn.Module.__init__(self)
        self.module = module

    def __getattr__(self, name: str) -> object:
        return nn.Module.__getattr__(self, name)


@pytest.mark.parametrize(
    "wrap", [nn.DataParallel, Distributed, torch.compile, lambda inner: nn.DataParallel(torch.compile(inner))]
)
def test_wrappers_stand_for_the_network_inside(wrap: object) -> None:
    inner = net()
    wrapped = wrap(inner)  # type: ignore[operator]
    assert unwrap_module(wrapped) is inner
    plain = bc.wrap_model(net(), name="plain", input_size=8)
    model = bc.wrap_model(wrapped, name="wrapped", input_size=8)
    assert model.layers == plain.layers == ("1", "3")
    assert model.weights_sha256 == plain.weights_sha256


def test_a_parallel_part_is_looked_into() -> None:
    """As in torch's ImageNet example: ``model.features = DataParallel(model.features)``."""
    module = net()
    module[0] = nn.DataParallel(nn.Sequential(module[0], nn.BatchNorm2d(4)))
    assert bc.wrap_model(module, name="net", input_size=8).layers == ("1", "3")
    module[0].device_ids = [0, 1]  # two GPUs, of which the parts inside would each see half a batch
    assert bc.wrap_model(module, name="net", input_size=8, layers=["0.module.1"]).layers == ("0.module.1",)
    assert module[0].device_ids == [0, 1]


def quantise_weights() -> nn.Module:
    return torch.ao.quantization.quantize_dynamic(net(), {nn.Linear})


def quantise_all() -> nn.Module:
    module = nn.Sequential(torch.ao.quantization.QuantStub(), *net(), torch.ao.quantization.DeQuantStub()).eval()
    module.qconfig = torch.ao.quantization.get_default_qconfig("fbgemm")
    torch.ao.quantization.prepare(module, inplace=True)
    module(torch.rand(2, 3, 8, 8))
    return torch.ao.quantization.convert(module, inplace=True)


def sparse() -> nn.Module:
    module = net()
    module.mixing = nn.Parameter(torch.eye(4).to_sparse())
    return module


def spread() -> nn.Module:
    module = net()
    module[3].to("meta")
    return module


class Partly(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lazy = nn.LazyLinear(3)
        self.conv = nn.Conv2d(3, 2, 1)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: torch.jit.script(net()), r"net \(RecursiveScriptModule\) is TorchScript, .*give the Python module"),
        (lambda: torch.jit.trace(net(), torch.zeros(1, 3, 8, 8)), r"net \(TopLevelTracedModule\) is TorchScript"),
        (quantise_weights, r"net \(Sequential\) is quantised; give the network with floating-point weights"),
        (quantise_all, r"net \(Sequential\) is quantised"),
        (lambda: net().to("meta"), r"weights without data \('0.weight' is on 'meta'\)"),
        (spread, r"weights without data \('3.weight' is on 'meta'\)"),
        (sparse, r"sparse weights \('mixing'\)"),
        (lambda: nn.Sequential(nn.LazyConv2d(4, 3)), r"weights without a shape yet \('0.weight', a lazy layer\)"),
        (Partly, r"weights without a shape yet \('lazy.weight'"),
    ],
)
def test_what_cannot_be_observed_is_refused(make: object, sentence: str) -> None:
    module = make()  # type: ignore[operator]
    with pytest.raises(InvalidInputError, match=sentence):
        check_module(module, name="net")
    with pytest.raises(InvalidInputError, match=sentence):
        bc.wrap_model(module, name="net", input_size=8)


@pytest.mark.parametrize("given", [None, {"mean": [0.4] * 3, "std": [0.2] * 3}, {"mean": [0.4], "std": [0.2]}])
def test_networks_on_one_channel_see_luminance(given: dict[str, list[float]] | None) -> None:
    settings = given and (given if len(given["mean"]) == 3 else {**given, "channel_order": "luminance"})
    model = bc.wrap_model(net(1), name="grey", input_size=8, preprocess=settings)
    assert model.preprocessing.channel_order == "luminance"
    assert model.notes == (
        "grey takes one channel: it was shown the luminance of the images, 0.299 R + 0.587 G + 0.114 B.",
    )
    images = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 3), dtype=np.uint8)
    found = bc.extract(model, bc.StimulusSet("s", tuple("abcde"), images), progress=False, keep="features")["1"]
    mean, std = (0.4, 0.2) if given else (np.dot(LUMINANCE, v) for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    grey = torch.from_numpy(((images / 255) @ np.array(LUMINANCE) - mean) / std).float()[:, None]
    with torch.no_grad():
        expected = model.module[:2](grey).flatten(1)
    np.testing.assert_allclose(found.features, expected, atol=1e-5)  # type: ignore[arg-type]
    assert found.provenance["preprocessing"]["channel_order"] == "luminance"
    assert found.notes == model.notes


def test_other_numbers_of_channels_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="to have 4 channels, but got 3 channels"):
        bc.wrap_model(net(4), name="net", input_size=8)


class Functional(nn.Module):
    """Most of its weights are used outside of any part."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel = nn.Parameter(torch.randn(50, 3, 3, 3))
        self.head = nn.Linear(50, 3)
        self.auxiliary = nn.Linear(50, 1000)  # never runs, and so is nobody's loss

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(nn.functional.conv2d(x, self.kernel).relu().mean((2, 3)))


class Folds(nn.Module):
    """A part whose outputs have patches and images on one axis."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.head = nn.Linear(48, 64), nn.Linear(64, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        patches = x.unfold(2, 4, 4).unfold(3, 4, 4).reshape(-1, 48)
        return self.head(self.inner(patches).reshape(len(x), -1, 64).mean(1))


class Scripted(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.inner = torch.jit.script(net())
        self.head = nn.Linear(2, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.inner(x))


@pytest.mark.parametrize(
    ("make", "share", "reason"),
    [
        (Functional, 1350 / (1350 + 153), "they lie outside of the parts that give one tensor"),
        (Folds, 3136 / (3136 + 195), r"'inner' returns \(8, 64\) for 2 images, no axis of which counts them"),
        (Scripted, 402 / 408, "'inner' is TorchScript, whose output cannot be observed"),
    ],
)
def test_weights_that_no_default_layer_sees_are_told(make: type[nn.Module], share: float, reason: str) -> None:
    with pytest.warns(BrainconvWarning, match=rf"of net sees {int(100 * share)}% of its weights \({reason}") as caught:
        model = bc.wrap_model(make(), name="net", input_size=8)
    assert model.provenance["weights_in_no_default_layer"] == pytest.approx(share, abs=1e-4)
    assert model.notes == (str(caught[0].message),)
    stimuli = bc.StimulusSet("s", tuple("abcde"), np.random.default_rng(0).integers(0, 256, (5, 8, 8, 3), np.uint8))
    assert bc.extract(model, stimuli, progress=False)["head"].notes == model.notes
    assert bc.extract(model, stimuli, layers=["head"], progress=False)["head"].notes == ()
    assert bc.wrap_model(make(), name="net", input_size=8, layers=["head"]).notes == ()


@pytest.mark.parametrize("name", ["alexnet", "squeezenet1_1", "lenet5", "googlenet", "resnet18"])
def test_no_alarm_for_networks_that_lose_nothing(name: str) -> None:
    model = bc.load_model(name, weights=None)  # GoogLeNet's auxiliary heads do not run
    assert model.notes == ()
    assert model.provenance["weights_in_no_default_layer"] == 0
