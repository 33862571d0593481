"""One call compares a model of the user's with recordings of the user's, and writes a page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import brainconv as bc
from brainconv.errors import InvalidInputError, NotFoundError

torch = pytest.importorskip("torch")


def make_recording(n_sites: int, name: str) -> bc.Recording:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (40, 32, 32, 3), dtype=np.uint8)
    stimuli = bc.StimulusSet("toy", tuple(f"s{i:02}" for i in range(40)), images)
    signal = images.reshape(40, -1).astype(float) @ rng.normal(size=(32 * 32 * 3, n_sites)) / 4000
    responses = signal[:, None, :] + rng.normal(size=(40, 4, n_sites))
    sites = pd.DataFrame({"area": "V4"}, index=[f"n{i}" for i in range(n_sites)])
    return bc.Recording(name, stimuli, responses, sites, unit="a.u.", simulated=True)


@pytest.fixture(scope="module")
def model() -> object:
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 7, stride=2), torch.nn.ReLU(), torch.nn.Conv2d(8, 8, 3))
    return bc.wrap_model(net, name="mine", input_size=32)


def test_compare_scores_draws_and_writes(model: object, tmp_path: Path) -> None:
    comparison = bc.compare(model, [make_recording(24, "many"), make_recording(4, "few")], n_boot=20)
    table = comparison.scores.table
    assert set(table["analysis"].dropna()) == {
        "rsa", "measures", "dimensionality", "predictivity", "reliability", "comparison", "selection", "first_layer",
    }  # fmt: skip
    assert set(table.loc[table["analysis"] == "rsa", "recording"]) == {"many"}
    assert any("it has 4 sites; an RDM needs at least 20" in note for note in comparison.scores.notes)
    assert "rsa_many_V4" in comparison.figures
    comparison.save_report(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.count("<svg") >= 4
    assert "imulated" in page
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "folder", tmp_path / "report.html" / "beneath.html", None, "", 3):
        with pytest.raises(InvalidInputError, match="The report is"):
            comparison.save_report(path)  # type: ignore[arg-type]
    for path in (tmp_path / "report.html", tmp_path / "report.html" / "figures", None):
        with pytest.raises(InvalidInputError, match="The folder of the figures is"):
            comparison.save_figures(path)  # type: ignore[arg-type]
    assert sorted(found.name for found in tmp_path.iterdir()) == ["folder", "report.html"]


def test_wrong_requests_are_named(model: object) -> None:
    recording = make_recording(24, "many")
    with pytest.raises(NotFoundError, match="Unknown analysis 'rsaa'"):
        bc.compare(model, recording, analyses=["rsaa"])
    rdms = bc.compute_rdms(recording)
    bare = bc.RDMs("bare", rdms.dissimilarities, rdms.stimulus_ids, rdms.labels, rdms.estimator)
    with pytest.raises(InvalidInputError, match="'bare' has no stimuli to show"):
        bc.compare(model, bare)


def test_what_cannot_be_compared_is_said_before_anything_runs(model: object) -> None:
    recording = make_recording(24, "many")
    with pytest.raises(InvalidInputError, match="No recording is given"):
        bc.compare(model, [])
    with pytest.raises(InvalidInputError, match="A Properties cannot be compared with layers"):
        bc.compare(model, bc.Properties("p", pd.DataFrame({"x": [1.0]}), {"x": "deg"}))
    with pytest.raises(InvalidInputError, match=r"1 recording\(s\) stand more than once, for example 'many'.*once\.$"):
        bc.compare(model, [recording, recording])
    with pytest.raises(InvalidInputError, match=r"model is 'alexnet'; expected a Model, from load_model"):
        bc.compare("alexnet", recording)


def test_a_single_analysis_needs_no_list(model: object) -> None:
    comparison = bc.compare(model, make_recording(24, "many"), analyses="rsa", n_boot=0)
    assert set(comparison.scores.table["analysis"]) == {"rsa", "measures", "dimensionality"}


def test_every_analysis_gets_the_seed(model: object) -> None:
    """Other resamples with another seed, in every analysis that draws any, and the very same with the same."""
    recording = make_recording(24, "many")
    chosen = ["rsa", "predictivity"]
    first, again, other = (
        bc.compare(model, recording, analyses=chosen, n_boot=20, random_state=seed).scores.table for seed in (3, 3, 4)
    )
    pd.testing.assert_frame_equal(first, again)
    changed = (first["ci_low"].ne(other["ci_low"]) & first["ci_low"].notna()).groupby(first["analysis"]).any()
    drawing = ["rsa", "measures", "predictivity", "reliability", "comparison"]
    assert changed[drawing].all(), changed
