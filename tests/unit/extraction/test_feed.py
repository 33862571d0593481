"""The feed: the same batches with and without a thread, and the hash of the set on the way."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import torch
from torch import nn

import brainconv as bc
from brainconv.errors import ResourceError
from brainconv.extraction.feed import StimulusFeed
from brainconv.io import hash_stimuli
from brainconv.models import Preprocessing


def make_feed(n: int = 7, degrees: float | None = None) -> tuple[StimulusFeed, bc.StimulusSet]:
    model = bc.wrap_model(
        nn.Sequential(nn.Conv2d(3, 2, 3)), name="toy", preprocess=Preprocessing(input_size=8), layers=["0"]
    )
    images = np.random.default_rng(0).integers(0, 256, (n, 8, 8, 3), dtype=np.uint8)
    stimuli = bc.StimulusSet("noise", tuple(f"s{n - i}" for i in range(n)), images, degrees)
    return StimulusFeed(stimuli, model), stimuli


@pytest.mark.parametrize("size", [1, 3, 7, 20])
@pytest.mark.parametrize("degrees", [None, 4.0, 16.0])
def test_the_thread_changes_nothing(size: int, degrees: float | None) -> None:
    batches = {}
    for ahead in (False, True):
        feed, stimuli = make_feed(degrees=degrees)
        batches[ahead] = list(feed.batches(size, ahead=ahead))
        assert feed.sha256 == hash_stimuli(stimuli)
        assert [first for first, _ in batches[ahead]] == list(range(0, 7, size))
    for (_, a), (_, b) in zip(batches[False], batches[True], strict=True):
        assert torch.equal(a, b)
    assert torch.equal(torch.cat([images for _, images in batches[True]]), feed.prepare(0, 7))


def test_an_image_that_cannot_be_read_ends_the_feed() -> None:
    feed, _ = make_feed()
    feed._stimuli = type("Broken", (), {"images": [], "ids": ("a",), "degrees": None, "__len__": lambda _self: 1})()
    for ahead in (False, True):
        with pytest.raises(IndexError):
            list(feed.batches(1, ahead=ahead))


def test_the_probe_shows_the_last_and_the_first_stimulus_by_id() -> None:
    feed, stimuli = make_feed()
    pair = feed.prepare_pair()
    assert pair.shape == (2, 3, 8, 8)
    assert (stimuli.ids[0], stimuli.ids[6]) == ("s7", "s1")
    assert torch.equal(pair, torch.cat([feed.prepare(0, 1), feed.prepare(6, 7)]))


@pytest.mark.parametrize("ahead", [False, True])
@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: not enough memory")])
def test_half_as_many_are_prepared_when_memory_runs_out(
    ahead: bool, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed, stimuli = make_feed(degrees=4.0)
    prepare = feed.prepare
    asked: list[int] = []

    def fail_above_two(start: int, stop: int) -> torch.Tensor:
        asked.append(stop - start)
        prepared = prepare(start, stop)  # the images have been read, and hashed, when memory runs out
        if stop - start > 2:
            raise error
        return prepared

    monkeypatch.setattr(feed, "prepare", fail_above_two)
    got = list(feed.batches(7, ahead=ahead))
    assert [first for first, _ in got] == [0, 1, 2, 3, 4, 5, 6][:: len(got[0][1])]
    assert asked[:2] == [7, 3]
    assert torch.equal(torch.cat([images for _, images in got]), prepare(0, 7))
    assert feed.sha256 == hash_stimuli(stimuli)


def test_a_single_image_that_is_too_large_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    feed, _ = make_feed()

    def fail(*_: int) -> torch.Tensor:
        raise MemoryError

    monkeypatch.setattr(feed, "prepare", fail)
    with pytest.raises(ResourceError, match="while stimulus 's7' was prepared for toy"):
        list(feed.batches(4, ahead=False))


def test_canvases_are_made_one_by_one() -> None:
    """Eight images on 25 times their area: a batch of canvases would be 8 × 30 MB."""
    model = bc.wrap_model(nn.Sequential(nn.Conv2d(3, 2, 3)), name="toy", input_size=8, layers=["0"], degrees=8.0)
    images = np.zeros((8, 640, 640, 3), np.uint8)
    feed = StimulusFeed(bc.StimulusSet("small", tuple("abcdefgh"), images, 1.6), model)
    tracemalloc.start()
    feed.prepare(0, 8)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 30e6 < peak < 2.5 * 31e6
