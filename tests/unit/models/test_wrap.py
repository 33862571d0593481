"""Any module as a Model."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import brainconv as bc
from brainconv.errors import InvalidInputError, NotFoundError
from brainconv.models import Preprocessing, prepare_images


def net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 6 * 6, 2)).train()


def test_wrapped_with_default_layers() -> None:
    module = net()
    model = bc.wrap_model(module, name="mine", input_size=8, degrees=4.0)
    assert model.module is module
    assert not module.training
    assert model.layers == ("1", "3")
    assert model.preprocessing == Preprocessing(input_size=8)
    assert (model.name, model.degrees, model.device) == ("mine", 4.0, "cpu")
    assert len(model.weights_sha256 or "") == 64


def test_layers_are_sorted_and_checked() -> None:
    assert bc.wrap_model(net(), name="mine", input_size=8, layers=["3", "0"]).layers == ("0", "3")
    with pytest.raises(NotFoundError, match="Unknown layer of mine '7'"):
        bc.wrap_model(net(), name="mine", input_size=8, layers=["7"])


def test_preprocessing_is_data() -> None:
    settings = {"mean": [0.0, 0.0, 0.0], "std": [1.0, 1.0, 1.0]}
    model = bc.wrap_model(net(), name="mine", input_size=8, preprocess=settings)
    assert model.preprocessing == Preprocessing(input_size=8, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    assert bc.wrap_model(net(), name="mine", preprocess=model.preprocessing).preprocessing is model.preprocessing
    with pytest.raises(InvalidInputError, match="preprocess is function"):
        bc.wrap_model(net(), name="mine", preprocess=lambda image: image)


def test_what_is_no_module_or_takes_no_such_image() -> None:
    with pytest.raises(InvalidInputError, match=r"given str; expected a torch.nn.Module"):
        bc.wrap_model("alexnet", name="mine")
    with pytest.raises(InvalidInputError, match="give another input_size"):
        bc.wrap_model(net(), name="mine")


def test_a_second_normalisation_is_refused_and_ours_is_the_same() -> None:
    from torchvision.models import googlenet

    module = googlenet(aux_logits=False, init_weights=False, transform_input=True).eval()
    with pytest.raises(InvalidInputError, match="normalise its input a second time"):
        bc.wrap_model(module, name="mine")
    import numpy as np

    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    half = Preprocessing(input_size=64, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
    hidden = module._transform_input(prepare_images([image], Preprocessing(input_size=64)))
    assert torch.allclose(prepare_images([image], half), hidden, atol=1e-5)
    assert bc.load_model("googlenet", weights=None).preprocessing.mean == half.mean
    assert bc.load_model("googlenet", weights=None).module.transform_input is False
