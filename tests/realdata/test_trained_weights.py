"""The two trained files: read whole, with known numbers, and the network knows a cat."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import brainconv as bc
from brainconv.errors import InvalidInputError
from brainconv.models import first_layer_filters, prepare_images
from brainconv.models.weights.bvlc_alexnet import read_bvlc_alexnet_conv1
from brainconv.models.weights.deep_compression import read_deep_compression

pytestmark = pytest.mark.realdata
SQUEEZENET = "weights/squeezenet1_0_deepcompression/compressed_SqueezeNet.net"
BVLC = "weights/bvlc_alexnet_conv1/bvlc_alexnet_conv1.npy"
CATS = set(range(281, 286))  # tabby, tiger cat, Persian, Siamese, Egyptian cat


@pytest.fixture(scope="module")
def squeezenet(data_dir: Path) -> bc.models.Model:
    return bc.load_model("squeezenet1_0_deepcompression", data_dir=data_dir, device="cpu")


def test_the_compressed_file_is_consumed_to_its_last_byte(data_dir: Path, tmp_path: Path) -> None:
    state = read_deep_compression(data_dir / SQUEEZENET)
    assert sum(values.size for values in state.values()) == 1_248_424
    assert len(state) == 52
    content = (data_dir / SQUEEZENET).read_bytes()
    for changed in (content[:-1], content + b"\0"):
        (tmp_path / "x.net").write_bytes(changed)
        with pytest.raises(InvalidInputError):
            read_deep_compression(tmp_path / "x.net")


def test_it_knows_a_cat(squeezenet: bc.models.Model) -> None:
    data = pytest.importorskip("skimage.data")
    image = data.chelsea()
    with torch.inference_mode():
        p = squeezenet.module(prepare_images([image], squeezenet.preprocessing)).softmax(1)[0]
    assert set(p.topk(3).indices.tolist()) <= CATS
    assert float(p[sorted(CATS)].sum()) > 0.9
    # BGR and 0..255 matter: as RGB 0..1 the same network does not know it so well
    wrong = prepare_images([image], bc.models.Preprocessing(input_size=227))
    with torch.inference_mode():
        q = squeezenet.module(wrong).softmax(1)[0]
    assert float(q[sorted(CATS)].sum()) < 0.5


def test_layers_and_twin(squeezenet: bc.models.Model) -> None:
    assert squeezenet.layers == ("conv1", *(f"fire{k}" for k in range(2, 10)), "conv_final")
    shapes = {layer.name: layer.shape for layer in bc.models.trace_layers(squeezenet)}
    assert shapes["conv1"] == (96, 111, 111)  # 1.18 million units
    assert shapes["fire9"] == (512, 13, 13)
    twin = bc.load_model("squeezenet1_0_deepcompression", weights=None, seed=1)
    assert twin.layers == squeezenet.layers
    assert twin.weights_sha256 != squeezenet.weights_sha256


def test_bvlc_filters(data_dir: Path) -> None:
    raw = np.load(data_dir / BVLC, allow_pickle=True, encoding="latin1")  # our copy, whose checksum is known
    state = read_bvlc_alexnet_conv1(data_dir / BVLC)
    assert np.array_equal(state["conv1.conv.weight"], raw[0].transpose(3, 2, 0, 1))
    first = first_layer_filters(bc.load_model("bvlc_alexnet_conv1", data_dir=data_dir, device="cpu"))
    assert first.weights.shape == (96, 3, 11, 11)
    assert np.allclose(first.weights[:, 0], 255.0 * raw[0][:, :, 2].transpose(2, 0, 1)), "R is Caffe's last channel"
    colour = first.weights - first.weights.mean(axis=1, keepdims=True)
    share = (colour**2).sum(axis=(1, 2, 3)) / (first.weights**2).sum(axis=(1, 2, 3))
    groups = sorted([np.median(share[:48]), np.median(share[48:])])
    assert groups[0] < 0.1, "one of the two groups is mostly achromatic"
    assert groups[1] > 3 * groups[0], "the other mostly coloured"
