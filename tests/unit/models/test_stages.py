"""Default layers: which outputs of known kinds of networks count as stages."""

from __future__ import annotations

import pytest
import torch
import torchvision
from torch import nn

from brainconv.errors import NotFoundError
from brainconv.models.layers import trace_module
from brainconv.models.stages import find_stages, select_layers

EXPECTED = {
    "alexnet": "features.1 features.4 features.7 features.9 features.11 classifier.2 classifier.5 classifier.6",
    "resnet18": "relu layer1.0 layer1.1 layer2.0 layer2.1 layer3.0 layer3.1 layer4.0 layer4.1 fc",
    "squeezenet1_0": "features.1 features.3 features.4 features.5 features.7 features.8 features.9 features.10 "
    "features.12 classifier.2",
    "googlenet": "conv1 conv2 conv3 inception3a inception3b inception4a inception4b inception4c inception4d "
    "inception4e inception5a inception5b fc",
    "densenet121": "features.relu0 features.denseblock1 features.transition1 features.denseblock2 features.transition2 "
    "features.denseblock3 features.transition3 features.denseblock4 classifier",
}


def build(name: str) -> nn.Module:
    options = {"aux_logits": False, "init_weights": False} if name == "googlenet" else {}
    with torch.device("meta"):  # structure only
        return getattr(torchvision.models, name)(**options).eval()


@pytest.mark.parametrize("name", EXPECTED)
def test_torchvision(name: str) -> None:
    module = build(name)
    assert find_stages(module, trace_module(module, 224)) == EXPECTED[name].split()


@pytest.mark.parametrize(("name", "n_stages"), [("vgg11", 11), ("vgg16", 16), ("vgg19", 19)])
def test_vgg_has_a_stage_per_layer_with_weights(name: str, n_stages: int) -> None:
    module = build(name)
    stages = find_stages(module, trace_module(module, 224))
    assert len(stages) == n_stages
    assert all(isinstance(module.get_submodule(stage), nn.ReLU) for stage in stages[:-1])


@pytest.mark.parametrize(
    ("name", "n_blocks"),
    [("resnet34", 16), ("resnet50", 16), ("resnet101", 33), ("wide_resnet50_2", 16), ("resnext50_32x4d", 16)],
)
def test_residual_networks_have_a_stage_per_block(name: str, n_blocks: int) -> None:
    module = build(name)
    assert len(find_stages(module, trace_module(module, 64))) == n_blocks + 2


@pytest.mark.parametrize(
    ("name", "n_stages"),
    [("densenet169", 9), ("squeezenet1_1", 10), ("mobilenet_v3_large", 19), ("convnext_base", 42)],
)
def test_larger_sisters(name: str, n_stages: int) -> None:
    module = build(name)
    assert len(find_stages(module, trace_module(module, 64))) == n_stages


def test_a_backbone_is_looked_into() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.backbone = build("resnet18")
            self.head = nn.Linear(1000, 3, device="meta")

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.head(self.backbone(x))

    module = Net().to_empty(device="cpu").eval()
    stages = find_stages(module, trace_module(module, 64))
    assert stages[:2] == ["backbone.relu", "backbone.layer1.0"]
    assert stages[-1] == "head"


def test_norm_and_nonlinearity_belong_to_the_layer_before_and_pooling_ends_it() -> None:
    module = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.GELU(), nn.MaxPool2d(2), nn.Dropout(), nn.Conv2d(4, 4, 1),
        nn.MaxPool2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(4, 2),
    ).eval()  # fmt: skip
    assert find_stages(module, trace_module(module, 6)) == ["2", "5", "7", "9"]


def test_a_network_without_weights_has_its_last_layer() -> None:
    module = nn.Sequential(nn.AvgPool2d(2), nn.Flatten())
    assert find_stages(module, trace_module(module, 4)) == ["1"]


def test_patterns_select_in_execution_order() -> None:
    module = build("densenet121")
    traced = trace_module(module, 64)
    chosen = select_layers(module, traced, ["features.norm5", "stages"], model_name="net")
    assert chosen[-2:] == ("features.norm5", "classifier")
    assert select_layers(module, traced, ["features.trans*1"], model_name="net") == ("features.transition1",)
    with pytest.raises(NotFoundError, match=r"layer or pattern of layers of net 'fetures.norm5'. Did you mean"):
        select_layers(module, traced, ["fetures.norm5"], model_name="net")
