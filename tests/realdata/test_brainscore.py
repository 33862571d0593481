"""The values that Brain-Score 2.4.2's own code gives on one V4 session, through the public API."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

import brainconv as bc
from brainconv.pipeline.configuration import BRAINSCORE
from brainconv.report import compare_with_known

pytestmark = pytest.mark.realdata

DRAWS = "median over sites, mean over splits"


@pytest.fixture(scope="module")
def recording(data_dir: Path) -> bc.Recording:
    return bc.load_recording("cowley2023.210325", data_dir=data_dir, download=False)


def extract(recording: bc.Recording, data_dir: Path, layers: list[str], units: str) -> Mapping[str, bc.Representation]:
    model = bc.load_model("squeezenet1_0_deepcompression", data_dir=data_dir)
    return bc.extract(model, recording.stimuli, layers=layers, units=units)


@pytest.fixture(scope="module")
def full(recording: bc.Recording, data_dir: Path) -> bc.Scores:
    layers = extract(recording, data_dir, ["fire9"], "raw")
    return bc.score_predictivity(layers, recording, **BRAINSCORE, n_boot=0, n_shuffles=0)


@pytest.fixture(scope="module")
def means(recording: bc.Recording, data_dir: Path) -> Mapping[str, bc.Representation]:
    return extract(recording, data_dir, ["fire8", "fire9"], "spatial_mean")


@pytest.fixture(scope="module")
def averaged(means: Mapping[str, bc.Representation], recording: bc.Recording) -> bc.Scores:
    return bc.score_predictivity(means, recording, **BRAINSCORE, n_boot=0, n_shuffles=0)


def find(scores: bc.Scores, definition: str, layer: str | None = None, statistic: str = DRAWS) -> float:
    table = scores.table
    keep = (table["definition"] == definition) & (table["statistic"] == statistic)
    (value,) = table.loc[keep & (table["layer"] == layer if layer else True), "value"]
    return float(value)


@pytest.mark.parametrize(("layer", "r", "share"), [("fire8", 0.474362, 0.29106), ("fire9", 0.478263, 0.29587)])
def test_averaged_over_positions(averaged: bc.Scores, layer: str, r: float, share: float) -> None:
    assert find(averaged, "r", layer) == pytest.approx(r, abs=1e-5)
    assert find(averaged, "r2/ceiling (even/odd)", layer) == pytest.approx(share, abs=1e-5)


def test_at_full_width(full: bc.Scores) -> None:
    assert find(full, "r", "fire9") == pytest.approx(0.547981, abs=1e-5)
    assert find(full, "r2/ceiling (even/odd)", "fire9") == pytest.approx(0.38842, abs=1e-5)


def test_ceilings(full: bc.Scores) -> None:
    even_odd = find(full, "even/odd repeats, Spearman-Brown", statistic="median over sites")
    assert even_odd == pytest.approx(0.77310, abs=1e-5)
    assert find(full, "ten halves of the repeats, Spearman-Brown") == pytest.approx(0.75946, abs=1e-5)
    ours = find(full, "split-half, Spearman-Brown", statistic="median over sites")
    assert ours == pytest.approx(0.76435, abs=1e-4), "the default is what it was"


def test_exact_partial_least_squares_are_what_scikit_learn_tends_to(
    means: Mapping[str, bc.Representation], recording: bc.Recording
) -> None:
    exact = bc.score_predictivity(means, recording, regression="pls25", splits="brainscore", n_boot=0, n_shuffles=0)
    assert find(exact, "r", "fire8") == pytest.approx(0.474241406, abs=1e-7)  # theirs with tol = 1e-14
    assert find(exact, "r", "fire9") == pytest.approx(0.478326403, abs=1e-7)


def test_known_values_are_reproduced(full: bc.Scores, averaged: bc.Scores) -> None:
    for scores, expected in ((full, 4), (averaged, 6)):
        known = compare_with_known(scores)
        theirs = known[known["source"].str.startswith("Brain-Score")]
        assert (theirs["verdict"] == "reproduced").sum() == expected
        assert set(theirs["verdict"]) == {"reproduced", "not tested"}
