"""What is written of a recording says which images it holds and which seed drew them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from brainconv.containers import Properties, RDMs, Recording, StimulusSet
from brainconv.io import hash_stimuli, read_provenance
from brainconv.pipeline.prepare import open_target, save_target

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 4, 4, 3), dtype=np.uint8)
STIMULI = StimulusSet("shapes", ("a", "b", "c"), IMAGES)


@pytest.mark.parametrize(
    "target",
    [
        Recording("cells", STIMULI, np.ones((3, 2)), pd.DataFrame({"area": ["V4", "V4"]})),
        RDMs("rdm", np.ones((1, 3)), STIMULI.ids, pd.DataFrame({"subject": ["s"]}), "correlation", STIMULI),
    ],
    ids=["responses", "rdms"],
)
def test_round_trip_names_images_and_seed(target: Recording | RDMs, tmp_path: Path) -> None:
    path = tmp_path / "target.nc"
    save_target(path, target, seed=3)
    found = read_provenance(path)
    assert (found["seed"], found["stimuli_sha256"]) == (3, hash_stimuli(STIMULI))
    again = open_target(path)
    assert type(again) is type(target)
    assert again.stimuli is not None
    assert hash_stimuli(again.stimuli) == found["stimuli_sha256"]


def test_tables_of_cells_have_no_images(tmp_path: Path) -> None:
    save_target(tmp_path / "cells.nc", Properties("cells", pd.DataFrame({"x": [1.0]}), {"x": "deg"}), seed=0)
    assert "stimuli_sha256" not in read_provenance(tmp_path / "cells.nc")
