"""The container of a network."""

from __future__ import annotations

import pytest
from torch import nn

from brainconv.errors import InvalidInputError
from brainconv.models import Model, Preprocessing


def make(**changes: object) -> Model:
    settings = {"name": "net", "module": nn.Identity(), "preprocessing": Preprocessing(), "layers": ("a", "b")}
    return Model(**{**settings, **changes})


def test_labels_tell_twins_apart() -> None:
    assert make().label == "net"
    assert make(weights="random", seed=3).label == "net (random, seed 3)"
    assert make(weights="mine.pt").label == "net (mine.pt)"


def test_bad_fields() -> None:
    with pytest.raises(InvalidInputError, match="layer"):
        make(layers=("a", "a"))
    with pytest.raises(InvalidInputError, match="Visual field"):
        make(degrees=0.0)
