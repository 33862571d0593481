"""Default layers: which outputs of known kinds of networks count as stages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torchvision
from torch import nn

from brainconv.errors import NotFoundError
from brainconv.models.layers import trace_module
from brainconv.models.stages import find_stages, measure_unseen, select_layers
from brainconv.models.tracing import trace_pass

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


class Block(nn.Module):
    """A residual block of tokens that returns whatever else besides its output."""

    def __init__(self, wrap: Callable[[torch.Tensor], Any]) -> None:
        super().__init__()
        self.up, self.down, self.wrap = nn.Linear(8, 16), nn.Linear(16, 8), wrap

    def forward(self, x: Any) -> Any:
        return self.wrap(x + self.down(self.up(x).relu()))


class Tokens(nn.Module):
    """Patches, four blocks, a classifier."""

    def __init__(self, *blocks: nn.Module, take: Callable[[Any], Any] = lambda x: x) -> None:
        super().__init__()
        self.patch, self.blocks = nn.Conv2d(3, 8, 4, 4), nn.ModuleList(blocks)
        self.norm, self.head, self.take = nn.LayerNorm(8), nn.Linear(8, 2), take

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.patch(x).flatten(2).transpose(1, 2)
        for block in self.blocks:
            x = self.take(block(x))
        return self.head(self.norm(x).mean(1))


@pytest.mark.parametrize(
    ("wrap", "take"),
    [
        (lambda x: (x, None), lambda y: y[0]),
        (lambda x: [x], lambda y: y[0]),
        (lambda x: {"x": x, "loss": x.mean()}, lambda y: y["x"]),
        (lambda x: ((x,), (4, 4)), lambda y: y[0][0]),
    ],
)
def test_a_block_that_returns_one_tensor_among_other_things_is_a_stage(wrap: Any, take: Any) -> None:
    module = Tokens(*(Block(wrap) for _ in range(4)), take=take).eval()
    trace = trace_pass(module, 16)
    stages = find_stages(module, trace.layers)
    assert stages == ["patch", "blocks.0", "blocks.1", "blocks.2", "blocks.3", "head"]
    assert measure_unseen(module, trace, stages) < 0.02  # the norm before the head


@pytest.mark.parametrize(
    ("wrap", "take"), [(lambda x: (x, x), lambda y: y[1]), (lambda x: {"a": x, "b": [x]}, lambda y: y["a"])]
)
def test_a_block_that_returns_several_tensors_is_looked_into(wrap: Any, take: Any) -> None:
    module = Tokens(*(Block(wrap) for _ in range(4)), take=take).eval()
    trace = trace_pass(module, 16)
    stages = find_stages(module, trace.layers)
    assert stages[:3] == ["patch", "blocks.0.up", "blocks.0.down"]
    assert len(stages) == 1 + 2 * 4 + 1
    assert measure_unseen(module, trace, stages) < 0.02


class Branches(nn.Module):
    """Two resolutions side by side, as HRNet and CrossViT hand them from stage to stage."""

    def __init__(self) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU()) for _ in range(2)
        )

    def forward(self, maps: list[torch.Tensor]) -> list[torch.Tensor]:
        return [branch(x) for branch, x in zip(self.branches, maps, strict=True)]


def test_stages_that_hand_on_lists_are_looked_into() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem, self.pool = nn.Conv2d(3, 8, 3, padding=1), nn.MaxPool2d(2)
            self.stage2, self.stage3 = nn.Sequential(Branches()), nn.Sequential(Branches(), Branches())

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.stem(x)
            return self.stage3(self.stage2([x, self.pool(x)]))[0]

    module = Net().eval()
    trace = trace_pass(module, 8)
    places = ["stage2.0", "stage3.0", "stage3.1"]
    stages = find_stages(module, trace.layers)
    assert stages == ["stem", *(f"{place}.branches.{i}.2" for place in places for i in (0, 1))]
    assert measure_unseen(module, trace, stages) == 0


def test_modules_that_only_hold_others_are_looked_into() -> None:
    class Holder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1, self.conv2 = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.held, self.head = Holder(), nn.Linear(4, 2)
            self.more = nn.ModuleDict({"last": Holder()})

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.held.conv2(self.held.conv1(x)) + self.more["last"].conv2(self.more["last"].conv1(x))
            return self.head(x.mean((2, 3)))

    module = Net().eval()
    trace = trace_pass(module, 12)
    stages = find_stages(module, trace.layers)
    assert sorted(stages) == ["head", "held.conv1", "held.conv2", "more.last.conv1", "more.last.conv2"]
    assert measure_unseen(module, trace, stages) == 0


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
@pytest.mark.parametrize("options", [{"batch_first": True}, {}, {"bidirectional": True, "num_layers": 2}])
def test_recurrent_layers_are_stages(kind: type[nn.RNNBase], options: dict[str, Any]) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.rnn = nn.Conv2d(3, 8, 4, 4), kind(8, 5, **options)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.conv(x).flatten(2)
            return self.rnn(x.permute(0, 2, 1) if options.get("batch_first") else x.permute(2, 0, 1))[0]

    module = Net().eval()
    trace = trace_pass(module, 16)
    assert find_stages(module, trace.layers) == ["conv", "rnn"]
    assert trace.layers[-1].shape == (16, 10 if "bidirectional" in options else 5)  # steps, width
    assert trace.layers[-1].channel_axis == 1
    assert measure_unseen(module, trace, ["conv", "rnn"]) == 0


def test_traced_graphs_have_the_stages_of_their_network() -> None:
    module = torchvision.models.resnet18(weights=None).eval()
    graph = torch.fx.symbolic_trace(module)
    trace = trace_pass(graph, 64)
    stages = find_stages(graph, trace.layers)
    assert stages[0] == "relu"
    assert stages[-1] == "fc"
    assert {stage.rsplit(".", 1)[0] for stage in stages[1:-1]} >= {"layer1.0", "layer2.1", "layer4.1"}
    assert measure_unseen(graph, trace, stages) == 0


@pytest.mark.parametrize("first", [True, False])
def test_encoders_of_torch_have_a_stage_per_layer(first: bool) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=first)
            self.patch, self.encoder = (
                nn.Conv2d(3, 8, 4, 4),
                nn.TransformerEncoder(layer, 3, enable_nested_tensor=False),
            )

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.patch(x).flatten(2)
            return self.encoder(x.permute(0, 2, 1) if first else x.permute(2, 0, 1))

    module = Net().eval()
    trace = trace_pass(module, 16)
    assert find_stages(module, trace.layers) == ["patch", *(f"encoder.layers.{i}" for i in range(3))]
    assert {layer.shape for layer in trace.layers if layer.name.count(".") == 2} == {(16, 8)}


@pytest.mark.parametrize(
    ("name", "n_stages"),
    [("fcn_resnet50", 18), ("deeplabv3_mobilenet_v3_large", 18), ("lraspp_mobilenet_v3_large", 18)],
)
def test_segmentation(name: str, n_stages: int) -> None:
    with torch.device("meta"):
        module = getattr(torchvision.models.segmentation, name)(weights=None, weights_backbone=None).eval()
    trace = trace_pass(module, 64)
    stages = find_stages(module, trace.layers)
    assert len(stages) == n_stages
    assert stages[-1] == "classifier"
    assert measure_unseen(module, trace, stages) == 0


def test_swin_keeps_its_blocks_and_knows_its_channels() -> None:
    with torch.device("meta"):
        module = torchvision.models.swin_t(weights=None).eval()
    trace = trace_pass(module, 64)
    stages = find_stages(module, trace.layers)
    assert len(stages) == 1 + 12 + 3 + 1
    widths = {layer.shape[layer.channel_axis or 0] for layer in trace.layers if layer.name in stages}
    assert widths == {96, 192, 384, 768, 1000}
    assert measure_unseen(module, trace, stages) < 0.01


@pytest.mark.parametrize(("name", "n_stages"), [("ViT", 5), ("Swin", 6)])
def test_hugging_face(name: str, n_stages: int) -> None:
    transformers = pytest.importorskip("transformers", reason="pip install transformers to run this")
    if name == "ViT":
        settings = transformers.ViTConfig(
            hidden_size=16,
            num_hidden_layers=3,
            num_attention_heads=2,
            intermediate_size=32,
            image_size=32,
            patch_size=8,
        )
        module = transformers.ViTModel(settings)
    else:
        settings = transformers.SwinConfig(
            image_size=32, patch_size=4, embed_dim=8, depths=[2, 2], num_heads=[2, 2], window_size=2
        )
        module = transformers.SwinModel(settings)
    trace = trace_pass(module.eval(), 32)
    stages = find_stages(module, trace.layers)
    assert len(stages) == n_stages
    assert measure_unseen(module, trace, stages) < 0.1
