"""The code of README and docs runs, on recordings cut to 100 stimuli and networks cut to two layers."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import brainconv as bc
from brainconv.cli import app
from brainconv.models import load_model
from brainconv.recordings import load_recording
from brainconv.similarity import compare_best_layers, compare_models, score_measures

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.realdata

N_STIMULI = 100
NETS = """import torch

def build():
    return torch.nn.Sequential(torch.nn.Conv2d(3, 4, 7, stride=4), torch.nn.ReLU(), torch.nn.Conv2d(4, 8, 3, stride=2))
"""


def blocks_of(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.fixture
def cut(data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages' recordings and networks, smaller; the calls are the pages' own."""

    def load_few(name: str, **settings: Any) -> Any:
        recording = load_recording(name, **settings)
        if not isinstance(recording, bc.Recording) or recording.n_stimuli <= N_STIMULI:
            return recording
        return recording.select(stimuli=recording.stimuli.ids[:N_STIMULI])

    def load_small(name: str, *, weights: Any = "default", **settings: Any) -> Any:
        weights = None if name == "alexnet" else weights  # trained ones would be a download
        model = load_model(name, weights=weights, **settings)
        return replace(model, layers=tuple(dict.fromkeys((model.layers[0], model.layers[-1]))))

    monkeypatch.setenv("BRAINCONV_DATA", str(data_dir))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("brainconv.pipeline.prepare.load_recording", load_few)
    monkeypatch.setattr(bc, "load_recording", load_few, raising=False)
    monkeypatch.setattr(bc, "load_model", load_small, raising=False)
    monkeypatch.setattr("brainconv.models.load_model", load_small, raising=False)
    for function in (bc.compare, bc.score_predictivity, compare_best_layers, compare_models, score_measures):
        monkeypatch.setitem(function.__kwdefaults__, "n_boot", 100)


def test_python_of_the_readme(repository: Path, cut: None, tmp_path: Path) -> None:
    blocks = blocks_of(repository / "README.md", "python")
    assert blocks
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)
    assert "cannot be" not in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_the_first_command_of_the_quickstart(repository: Path, cut: None, tmp_path: Path) -> None:
    (command,) = re.findall(
        r"`brainconv (compare .*?)`", (repository / "docs/quickstart.md").read_text(encoding="utf-8")
    )
    done = CliRunner().invoke(app, command.split())
    assert done.exit_code == 0, done.output
    assert (tmp_path / "alexnet.html").stat().st_size > 10_000


def test_python_and_yaml_of_the_how_to(repository: Path, cut: None, tmp_path: Path) -> None:
    page = repository / "docs" / "howto.md"
    (tmp_path / "my_nets.py").write_text(NETS, encoding="utf-8")
    rng = np.random.default_rng(0)
    ids = tuple(f"s{i}" for i in range(40))
    space: dict[str, Any] = {}
    exec(NETS, space)
    names: dict[str, Any] = {
        "my_module": space["build"](),
        "ids": ids,
        "images": rng.integers(0, 256, (40, 32, 32, 3), dtype=np.uint8),
        "responses": rng.normal(size=(40, 3, 24)),
        "sites": pd.DataFrame({"area": "V4"}, index=[f"n{i}" for i in range(24)]),
    }
    for block in blocks_of(page, "yaml"):
        (tmp_path / "mine.yaml").write_text(block, encoding="utf-8")
        torch.save(names["my_module"].state_dict(), tmp_path / "mine.pt")
        assert load_model("mine", registry=tmp_path / "mine.yaml").weights == "default"
    for block in blocks_of(page, "python"):
        if "people" in block:
            names["people"] = bc.load_recording("kriegeskorte2008.human_IT")
        if "bc.StimulusSet" in block:
            names = names | {"recording": None}
        exec(compile(block, str(page), "exec"), names)
        if "bc.StimulusSet" in block:  # the next blocks go on with the first recording
            names["recording"] = bc.load_recording("cowley2023.210325")
    assert (tmp_path / "mine.html").stat().st_size > 10_000


def test_python_of_brain_scores_procedure(repository: Path, cut: None) -> None:
    names: dict[str, Any] = {}
    for block in blocks_of(repository / "docs" / "brainscore.md", "python"):
        exec(compile(block, "brainscore.md", "exec"), names)
    assert "even/odd repeats, Spearman-Brown" in set(names["scores"].table["definition"])


def test_there_is_no_other_page_with_code(repository: Path) -> None:
    pages = {page.name for page in repository.glob("docs/*.md") if blocks_of(page, "python") + blocks_of(page, "yaml")}
    assert pages <= {"quickstart.md", "howto.md", "brainscore.md"}, (
        "run the new page's blocks here (the quickstart's: test_docs.py)"
    )
