"""Preprocessing against values computed by hand and against torchvision's transforms."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from brainconv.errors import InvalidInputError, NotFoundError
from brainconv.models import Preprocessing, prepare_images
from brainconv.models.preprocessing import resize_image

PLAIN = Preprocessing(input_size=2, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))


def uniform(red: int, green: int, blue: int, *, height: int = 2, width: int = 2) -> np.ndarray:
    return np.full((height, width, 3), (red, green, blue), dtype=np.uint8)


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_imagenet_by_hand() -> None:
    x = prepare_images([uniform(255, 0, 51)], Preprocessing(input_size=2))
    assert x.shape == (1, 3, 2, 2)
    assert x.dtype == torch.float32
    expected = [(1 - 0.485) / 0.229, (0 - 0.456) / 0.224, (0.2 - 0.406) / 0.225]
    assert x[0, :, 1, 0].tolist() == pytest.approx(expected, abs=1e-6)


def test_caffe_by_hand_is_bgr_and_0_to_255() -> None:
    caffe = Preprocessing(
        input_size=2, mean=(104.0, 117.0, 123.0), std=(1.0, 1.0, 1.0), channel_order="BGR", scale=255.0
    )
    x = prepare_images([uniform(200, 100, 50)], caffe)
    assert x[0, :, 0, 0].tolist() == [50 - 104, 100 - 117, 200 - 123]


def test_mean_and_std_are_in_the_channel_order() -> None:
    bgr = Preprocessing(input_size=2, mean=(0.1, 0.2, 0.3), std=(1.0, 2.0, 4.0), channel_order="BGR")
    x = prepare_images([uniform(255, 51, 0)], bgr)
    assert x[0, :, 0, 0].tolist() == pytest.approx([-0.1, 0.0, (1 - 0.3) / 4], abs=1e-7)


def test_pixels_keep_their_place() -> None:
    image = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    x = prepare_images([image], PLAIN)
    assert torch.equal(x[0] * 255, torch.from_numpy(image).permute(2, 0, 1).float())


@pytest.mark.parametrize("resize", ["squash", "crop"])
@pytest.mark.parametrize("shape", [(60, 100), (100, 61), (33, 33), (20, 25), (64, 64), (45, 77)])
def test_equals_torchvision(resize: str, shape: tuple[int, int]) -> None:
    from PIL import Image
    from torchvision import transforms

    image = noise(*shape)
    ours = Preprocessing(input_size=32, resize=resize, resize_size=40 if resize == "crop" else None)
    steps = [transforms.Resize((32, 32))] if resize == "squash" else [transforms.Resize(40), transforms.CenterCrop(32)]
    theirs = transforms.Compose([*steps, transforms.ToTensor(), transforms.Normalize(ours.mean, ours.std)])
    assert (prepare_images([image], ours)[0] - theirs(Image.fromarray(image))).abs().max() < 1e-6


def test_shrinking_antialiases() -> None:
    stripes = np.zeros((64, 64, 3), dtype=np.uint8)
    stripes[:, ::2] = 255
    small = resize_image(stripes, Preprocessing(input_size=16))
    inner = small[:, 1:-1].astype(int)  # at the border the filter is cut off
    assert np.abs(inner - 127).max() <= 2, "one-pixel stripes must turn grey, not black or white"


def test_an_image_of_the_right_size_is_left_alone() -> None:
    image = noise(32, 32)
    assert np.array_equal(resize_image(image, Preprocessing(input_size=32)), image)
    assert not np.array_equal(resize_image(noise(33, 32), Preprocessing(input_size=32)), image)


def test_crop_takes_the_centre_and_squash_everything() -> None:
    image = np.zeros((10, 30, 3), dtype=np.uint8)
    image[:, 10:20] = 255
    crop = resize_image(image, Preprocessing(input_size=10, resize="crop"))
    squash = resize_image(image, Preprocessing(input_size=10))
    assert crop.min() == 255
    assert squash[:, 0].max() == 0


def test_grouping_into_batches_does_not_matter() -> None:
    images = [noise(40, 50, seed) for seed in range(5)]
    together = prepare_images(images, Preprocessing(input_size=32))
    alone = torch.cat([prepare_images([image], Preprocessing(input_size=32)) for image in images])
    assert torch.equal(together, alone)


def test_input_size_can_be_overridden_and_scales_the_crop() -> None:
    crop = Preprocessing(input_size=32, resize="crop", resize_size=64)
    image = np.zeros((64, 64, 3), dtype=np.uint8)
    image[16:48, 16:48] = 255  # just what the central 32 of 64 hold
    assert prepare_images([image], crop, input_size=16).shape == (1, 3, 16, 16)
    assert resize_image(image, crop, input_size=32).min() == 255
    assert resize_image(image, crop, input_size=16)[2:-2, 2:-2].min() == 255


def test_the_images_are_not_changed() -> None:
    image = noise(8, 8)
    before = image.copy()
    image.setflags(write=False)
    prepare_images([image], Preprocessing(input_size=8))
    assert np.array_equal(image, before)


@pytest.mark.parametrize(
    "bad", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((3, 4, 4), np.uint8)]
)
def test_what_is_no_rgb_image_is_refused(bad: np.ndarray) -> None:
    with pytest.raises(InvalidInputError, match=r"expected uint8, \(height, width, 3\)"):
        prepare_images([bad], PLAIN)
    with pytest.raises(InvalidInputError, match="No image"):
        prepare_images([], PLAIN)


@pytest.mark.parametrize(
    ("settings", "error", "match"),
    [
        ({"resize": "stretch"}, NotFoundError, "Unknown way of resizing 'stretch'"),
        ({"scale": 2.0}, InvalidInputError, r"expected 1.0 \(pixels 0..1\) or 255.0"),
        ({"std": (1.0, 0.0, 1.0)}, InvalidInputError, "above 0"),
        ({"mean": (0.5,)}, InvalidInputError, "expected 3 finite .* or channel_order='luminance'"),
        ({"mean": 0.5}, InvalidInputError, "mean=0.5 of the preprocessing; expected 3 finite"),
        ({"mean": None}, InvalidInputError, "mean=None"),
        ({"std": ("a", "b", "c")}, InvalidInputError, "std="),
        ({"channel_order": "luminance", "mean": (0.5, 0.5)}, InvalidInputError, "expected 3 or 1 finite"),
        ({"scale": None}, InvalidInputError, "scale is None"),
        ({"scale": "1"}, InvalidInputError, "scale is '1'"),
        ({"input_size": None}, InvalidInputError, "whole number of pixels"),
        ({"input_size": "224"}, InvalidInputError, "whole number of pixels"),
        ({"input_size": 10**9}, InvalidInputError, "1 to 8192"),
        ({"input_size": float("nan")}, InvalidInputError, "whole number of pixels"),
        ({"channel_order": "grey"}, NotFoundError, "Unknown channel order 'grey'"),
        ({"input_size": 0}, InvalidInputError, "whole number of pixels"),
        ({"resize_size": 256}, InvalidInputError, "belongs to resize='crop'"),
        ({"resize": "crop", "resize_size": 100}, InvalidInputError, "at least input_size"),
        ({"meen": 1}, NotFoundError, "Did you mean 'mean'"),
    ],
)
def test_bad_settings(settings: dict, error: type, match: str) -> None:
    with pytest.raises(error, match=match):
        Preprocessing.from_dict(settings)


@pytest.mark.parametrize("scale", [1.0, 255.0])
def test_luminance_is_one_channel(scale: float) -> None:
    grey = Preprocessing(input_size=2, channel_order="luminance", mean=(0.5,), std=(0.25,), scale=scale)
    x = prepare_images([uniform(255, 51, 0), uniform(0, 0, 255)], grey)
    assert x.shape == (2, 1, 2, 2)
    expected = torch.tensor([0.299 + 0.587 * 0.2, 0.114]) * scale
    assert torch.allclose(x[:, 0, 0, 0], (expected - 0.5) / 0.25, atol=1e-4)
    assert Preprocessing.from_dict(grey.to_dict()) == grey


def test_colour_settings_become_their_luminance() -> None:
    rgb = Preprocessing(mean=(0.1, 0.2, 0.3), std=(1.0, 2.0, 3.0))
    bgr = Preprocessing(mean=(0.3, 0.2, 0.1), std=(3.0, 2.0, 1.0), channel_order="BGR")
    expected = (pytest.approx((0.0299 + 0.1174 + 0.0342,)), pytest.approx((0.299 + 1.174 + 0.342,)))
    for settings in (rgb, bgr):
        grey = settings.on_luminance()
        assert (grey.channel_order, grey.n_channels, settings.n_channels) == ("luminance", 1, 3)
        assert (grey.mean, grey.std) == expected
        assert grey.on_luminance() == grey


def test_data_round_trip() -> None:
    one = Preprocessing(input_size=99, resize="crop", resize_size=110, channel_order="BGR", scale=255)
    assert Preprocessing.from_dict(one.to_dict()) == one
