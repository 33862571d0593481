"""One call compares a model of the user's with recordings of the user's, and writes a page."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import brainconv as bc
from brainconv.errors import InvalidInputError, NotFoundError

torch = pytest.importorskip("torch")
MODULE = import_module("brainconv.pipeline.compare")  # the package has a function of that name


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


def test_names_are_checked_before_anything_is_downloaded(model: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MODULE, "load_target", lambda *_, **__: pytest.fail("loaded"))
    with pytest.raises(NotFoundError, match=r"Unknown recording 'tang2019'. Did you mean 'tang2018'"):
        bc.compare(model, ["cowley2023.210325", "tang2019"])
    with pytest.raises(InvalidInputError, match="'ringach2002' is a table of cell properties"):
        bc.compare(model, "ringach2002")
    with pytest.raises(NotFoundError, match=r"layer of mine '9'"):
        bc.compare(model, "cowley2023.210325", layers=["9"])


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("\ud800", r"One recording name is '.ud800'"),
        ("a\x00b", "One recording name is 'a.x00b'"),
        ("n" * 201, "The name of the recording, .* has 201 characters"),
        (" ", "One recording name is ' '"),
    ],
)
def test_names_that_cannot_be_written_are_said_first(model: object, name: str, sentence: str) -> None:
    recording = make_recording(24, "many")
    object.__setattr__(recording, "name", name)
    with pytest.raises(InvalidInputError, match=sentence):
        bc.compare(model, recording)


@pytest.fixture(scope="module")
def odd(model: object) -> object:
    name = r"a/../<b>$\frac{x https://evil.example/ {q}$"
    recording = make_recording(20, name)
    return bc.compare(model, recording, analyses="rsa", layers=["0", "1"], n_boot=0)


def test_a_name_is_text_wherever_it_is_drawn_or_written(odd: object, tmp_path: Path) -> None:
    odd.save_report(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert odd.not_drawn == ()
    assert "cannot be" not in page
    assert "<b>$" not in page
    assert "https://evil.example/" in page
    assert 'href="https://evil' not in page
    odd.save_figures(tmp_path / "figures")
    assert len(list((tmp_path / "figures").iterdir())) == len(odd.figures), "every figure stays in its folder"
    assert not (tmp_path / "b").exists()


def test_a_report_is_not_lost_to_one_figure_or_section(
    odd: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    def fail(*_: object, **__: object) -> None:
        msg = "no room"
        raise RuntimeError(msg)

    monkeypatch.setattr("brainconv.pipeline.figures.plot_rdms", fail)
    monkeypatch.setattr("brainconv.pipeline.figures.draw_differences", fail)
    monkeypatch.setattr("brainconv.pipeline.sections._list_known", fail)
    again = replace(odd)
    again.save_report(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert any(note.startswith("The figure rdms_a/../") and "RuntimeError: no room" in note for note in again.not_drawn)
    assert "The section “Known values” cannot be written (RuntimeError: no room)" in page
    assert page.count("<svg") >= 2
    assert set(again.figures) < set(odd.figures)


def test_the_count_over_all_recordings_is_not_lost_in_silence(odd: object, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    def draw(comparison: object) -> dict[str, object]:
        if len(comparison.comparisons) > 1:
            msg = "too many"
            raise RuntimeError(msg)
        return {}

    nothing = bc.Scores.from_rows([])
    two = replace(odd, comparisons={("rsa", "one"): nothing, ("rsa", "two"): nothing})
    monkeypatch.setattr("brainconv.pipeline.figures.draw_differences", draw)
    assert any("preferred_layers" in note and "too many" in note for note in two.not_drawn)


@pytest.mark.parametrize("place", [None, 5, "", ".", "file/report.html"])
def test_places_where_no_report_can_be_written(
    odd: object, place: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(InvalidInputError, match="The report is"):
        odd.save_report(place)


def test_more_stimuli_than_a_picture_can_show_leave_out_the_picture(
    model: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("brainconv.pipeline.pictures.MAX_STIMULI", 30)  # the recording has 40
    comparison = bc.compare(model, make_recording(20, "many"), analyses="rsa", layers=["0"], n_boot=0)
    assert comparison.rdms == {}
    comparison.save_report(tmp_path / "report.html")
    assert comparison.not_drawn == ()


def test_an_analysis_that_fails_is_left_out_and_the_others_stay(model: object, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        msg = "no spread"
        raise InvalidInputError(msg)

    monkeypatch.setattr(MODULE, "score_predictivity", fail)
    comparison = bc.compare(model, make_recording(20, "many"), analyses=["rsa", "predictivity"], layers=["0"], n_boot=0)
    assert "predictivity of many was left out: no spread" in comparison.scores.notes
    assert "rsa" in set(comparison.scores.table["analysis"])
    with pytest.raises(InvalidInputError, match="no spread"):
        bc.compare(model, make_recording(20, "many"), analyses="predictivity", layers=["0"], n_boot=0)
