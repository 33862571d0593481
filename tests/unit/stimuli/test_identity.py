"""The hash formed in passing is the one that files carry."""

from __future__ import annotations

import numpy as np
import pytest

import brainconv as bc
from brainconv.io import hash_stimuli
from brainconv.stimuli.identity import StimulusHash


@pytest.mark.parametrize("degrees", [None, 4.0, 8])
def test_equal_to_the_hash_of_the_whole_set(degrees: float | None) -> None:
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (5 + i, 9, 3), dtype=np.uint8) for i in range(3)]
    images[1] = images[1][::-1]  # not contiguous
    stimuli = bc.StimulusSet("set", ("b", "ä", "c"), images, degrees)
    digest = StimulusHash(stimuli.degrees)
    for identifier, image in zip(stimuli.ids, images, strict=True):
        digest.add(identifier, image)
    assert digest.hexdigest() == hash_stimuli(stimuli)
    digest.add("d", images[0])
    assert digest.hexdigest() != hash_stimuli(stimuli)
