"""First-layer filters: acting on RGB pixels 0..1 they must give what the network computes, but for a constant."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import brainconv as bc
from brainconv.errors import InvalidInputError
from brainconv.models import Model, Preprocessing, first_layer_filters, prepare_images

PREPROCESSINGS = {
    "imagenet": Preprocessing(input_size=12),
    "caffe": Preprocessing(
        input_size=12, mean=(104.0, 117.0, 123.0), std=(1.0, 1.0, 1.0), channel_order="BGR", scale=255.0
    ),
    "odd": Preprocessing(input_size=12, mean=(1.0, 2.0, 3.0), std=(2.0, 3.0, 4.0), channel_order="BGR"),
}


def responses(model: Model, image: np.ndarray, layer: str) -> torch.Tensor:
    found: list[torch.Tensor] = []
    hook = model.module.get_submodule(layer).register_forward_hook(lambda _m, _i, out: found.append(out.clone()))
    with torch.inference_mode():
        model.module(prepare_images([image], model.preprocessing))
    hook.remove()
    return found[0][0].double()


def check_filters_predict_responses(model: Model) -> None:
    first = first_layer_filters(model)
    size = model.preprocessing.input_size
    images = np.random.default_rng(0).integers(0, 256, (2, size, size, 3), dtype=np.uint8)
    measured = responses(model, images[0], first.layer) - responses(model, images[1], first.layer)
    pixels = torch.from_numpy(images / 255.0).permute(0, 3, 1, 2)
    predicted = nn.functional.conv2d(pixels, torch.from_numpy(first.weights), stride=first.stride)
    difference = predicted[0] - predicted[1]  # mean and bias cancel
    assert torch.allclose(difference, measured, atol=1e-4 * float(measured.abs().max()))


@pytest.mark.parametrize("kind", PREPROCESSINGS)
def test_any_preprocessing_is_undone(kind: str) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 5, 4, stride=2), nn.ReLU(), nn.Conv2d(5, 2, 1))
    model = bc.wrap_model(net, name="net", preprocess=PREPROCESSINGS[kind], degrees=4.0)
    check_filters_predict_responses(model)
    first = first_layer_filters(model)
    assert (first.layer, first.stride, first.n_filters, first.size) == ("0", 2, 5, 4)
    assert first.px_per_degree == 3.0


@pytest.mark.parametrize("scale", [1.0, 255.0])
def test_filters_on_luminance_are_spread_over_rgb(scale: float) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 5, 4, stride=2), nn.ReLU())
    settings = Preprocessing(input_size=12, mean=(0.1,), std=(0.3,), channel_order="luminance", scale=scale)
    model = bc.wrap_model(net, name="grey", preprocess=settings)
    check_filters_predict_responses(model)
    assert first_layer_filters(model).weights.shape == (5, 3, 4, 4)


def test_by_hand() -> None:
    net = nn.Sequential(nn.Conv2d(3, 1, 1, bias=False))
    with torch.no_grad():
        net[0].weight.copy_(torch.tensor([1.0, 2.0, 3.0]).view(1, 3, 1, 1))
    rgb = bc.wrap_model(net, name="net", preprocess=Preprocessing(input_size=4, std=(0.5, 0.25, 0.1)))
    assert first_layer_filters(rgb).weights.ravel().tolist() == pytest.approx([2.0, 8.0, 30.0])
    bgr = bc.wrap_model(net, name="net", preprocess={**PREPROCESSINGS["caffe"].to_dict(), "input_size": 4})
    assert first_layer_filters(bgr).weights.ravel().tolist() == pytest.approx([3 * 255, 2 * 255, 255])


@pytest.mark.parametrize("name", ["lenet5", "lecture_convnet", "bvlc_alexnet_conv1"])
def test_of_registered_networks(name: str) -> None:
    model = bc.load_model(name, weights=None, device="cpu")
    if name == "lecture_convnet":  # its first layer pads
        model.module.conv1.padding = (0, 0)
        model = bc.wrap_model(nn.Sequential(model.module.conv1), name=name, preprocess=model.preprocessing)
    check_filters_predict_responses(model)


def test_networks_without_such_a_layer() -> None:
    with pytest.raises(InvalidInputError, match="has no convolution"):
        first_layer_filters(bc.load_model("pixels"))
    net = nn.Sequential(nn.Conv2d(3, 3, 3, groups=3))
    with pytest.raises(InvalidInputError, match="3 group"):
        first_layer_filters(bc.wrap_model(net, name="net", input_size=8))
