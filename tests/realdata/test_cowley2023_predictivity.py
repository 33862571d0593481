"""A V4 session predicted from SqueezeNet's deep layers: known values, by ridge and by Brain-Score's procedure."""

from __future__ import annotations

from pathlib import Path

import pytest

import brainconv as bc
from brainconv.predictivity import compare_layers, compute_mapping_ceiling

pytestmark = pytest.mark.realdata

LAYERS = ["fire6", "fire9"]
NAME = "squeezenet1_0_deepcompression"


@pytest.fixture(scope="module")
def recording(data_dir: Path) -> bc.Recording:
    return bc.load_recording("cowley2023.210325", data_dir=data_dir, download=False)


def extract(recording: bc.Recording, weights: str | None, monkeypatch: pytest.MonkeyPatch, data_dir: Path):
    monkeypatch.setenv("BRAINCONV_DATA", str(data_dir))
    model = bc.load_model(NAME, weights=weights, seed=None if weights else 0)
    return bc.extract(model, recording.stimuli, layers=LAYERS)


@pytest.fixture(scope="module")
def trained(recording: bc.Recording, data_dir: Path):
    with pytest.MonkeyPatch.context() as monkeypatch:
        return extract(recording, "default", monkeypatch, data_dir)


@pytest.fixture(scope="module")
def ridge(trained, recording: bc.Recording) -> bc.Scores:
    return bc.score_predictivity(trained, recording, n_boot=300)


def best(scores: bc.Scores, definition: str):
    table = scores.table
    return table[table["statistic"].str.contains("plain maximum") & (table["definition"] == definition)].iloc[0]


def test_ridge_at_full_width(ridge: bc.Scores) -> None:
    row = best(ridge, "r")
    assert row["value"] > 0.56
    assert row["ci_low"] < row["value"] < row["ci_high"]
    table = ridge.table
    shuffled = table.loc[table["statistic"].str.endswith("stimuli shuffled"), "value"]
    assert shuffled.abs().max() < 0.03
    assert best(ridge, "r2/ceiling")["value"] == pytest.approx(row["value"] ** 2 / 0.764, abs=0.01)


def test_brain_scores_procedure(trained, recording: bc.Recording, ridge: bc.Scores) -> None:
    scores = bc.score_predictivity(trained, recording, regression="pls25", splits="brainscore", n_boot=0)
    row = best(scores, "r2/ceiling")
    assert row["statistic"].startswith("median over sites, mean over splits")
    # PLS with 25 components falls a little behind ridge with a chosen penalty on these data
    assert 0.35 < row["value"] < best(ridge, "r2/ceiling")["value"]


def test_training_helps(trained, ridge: bc.Scores, recording: bc.Recording, data_dir: Path) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        twin = bc.score_predictivity(extract(recording, None, monkeypatch, data_dir), recording, n_boot=300)
    found = compare_layers(ridge, twin, ("fire6", "fire6"), area="V4")
    assert 0.1 < found["ci_low"] < found["difference"] < found["ci_high"]
    assert found["p"] < 0.01


def test_splits_by_group_fall_back_where_there_are_no_groups(trained, recording: bc.Recording) -> None:
    assert recording.stimuli.groups is None
    scores = bc.score_predictivity(trained["fire9"], recording, splits="group", n_boot=0)
    assert scores.table["value"].notna().any()
    assert any("group" in note for note in scores.notes)


def test_mapping_ceiling_from_half_of_the_repeats(recording: bc.Recording) -> None:
    rows = compute_mapping_ceiling(recording, n_boot=0).table
    value = rows.loc[rows["definition"] == "r/sqrt(ceiling)", "value"].iloc[0]
    # 50 noisy sites of V4 do not reach what a noise-free model would
    assert 0.6 < value < 0.95
