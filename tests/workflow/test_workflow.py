"""The workflow through the front door: what is planned, what a run leaves, and what a second run does."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

pytestmark = pytest.mark.workflow


def snakemake(
    root: Path, folder: Path, config: str | None, *arguments: str, python_path: str = ""
) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable, "-m", "snakemake", *arguments, "--cores", "2", "--snakefile", str(root / "Snakefile"),
        "--directory", str(folder), "--workflow-profile", "none",
    ]  # fmt: skip
    command += [] if config is None else ["--configfile", str(root / "config" / config)]
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), "BRAINCONV_DATA": str(folder / "nowhere")}
    if python_path:
        environment["PYTHONPATH"] = os.pathsep.join([python_path, os.environ.get("PYTHONPATH", "")])
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=900)


def planned_jobs(output: str) -> dict[str, int]:
    table = re.search(r"^job +count\n-+ +-+\n((?:\S+ +\d+\n)+)", output, re.MULTILINE)
    assert table is not None, output
    return {name: int(count) for name, count in (line.split() for line in table.group(1).splitlines())}


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (
            "config.yaml",
            {
                "train_quickstart": 1,
                "prepare_recording": 3,
                "extract": 4,
                "rsa": 12,
                "predictivity": 12,
                "comparisons": 3,
                "geometries": 3,
                "measures": 3,
                "areas": 1,
                "mapping_ceiling": 3,
                "hierarchy": 1,
                "first_layer": 2,
            },
        ),
        (
            "macaque.yaml",
            {
                "fetch_recording": 6,
                "prepare_recording": 6,
                "properties": 1,
                "extract": 20,
                "rsa": 20,
                "predictivity": 16,
                "reweighting": 8,
                "brainscore": 12,
                "comparisons": 5,
                "geometries": 4,
                "measures": 4,
                "areas": 3,
                "first_layer": 4,
            },
        ),
    ],
)
def test_plan(repository: Path, tmp_path: Path, config: str, expected: dict[str, int]) -> None:
    done = snakemake(repository, tmp_path, config, "--dry-run")
    assert done.returncode == 0, done.stderr
    jobs = planned_jobs(done.stdout)
    assert {name: jobs.get(name) for name in expected} == expected
    assert jobs["tables"] == jobs["report"] == jobs["all"] == 1


def test_plan_without_a_data_set(repository: Path, tmp_path: Path) -> None:
    done = snakemake(repository, tmp_path, "macaque.yaml", "--dry-run", "--config", "without=[kriegeskorte2008]")
    jobs = planned_jobs(done.stdout)
    assert {name: jobs.get(name) for name in ("fetch_recording", "extract", "reweighting", "areas")} == {
        "fetch_recording": 4,
        "extract": 16,
        "reweighting": None,
        "areas": 2,
    }


def test_what_cannot_be_fetched_can_be_done_without(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # where nobody listens
    target, without = "results/fetched/tang2018.central80.json", "without=[ringach2002]"
    done = snakemake(repository, tmp_path, "macaque.yaml", target, "--config", without)
    assert done.returncode != 0
    log = (tmp_path / "results" / "logs" / "fetch_recording" / "tang2018.central80.log").read_text(encoding="utf-8")
    assert "Traceback" not in log
    assert "DataUnavailableError: tang2018/neu75.npy cannot be downloaded" in log
    hint = "To go on without it, and have the report say so, add: --config without='[ringach2002, tang2018]'\n"
    assert log.endswith(hint)
    assert hint in done.stdout + done.stderr, "the terminal says it too"
    assert not list(tmp_path.rglob("*.part"))


def test_a_named_configuration_stands_alone_in_the_checkout_too(repository: Path, tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    for folder in ("config", "workflow"):
        shutil.copytree(repository / folder, checkout / folder)
    shutil.copy(repository / "Snakefile", checkout)
    done = snakemake(checkout, checkout, "macaque.yaml", "--dry-run")
    assert "train_quickstart" not in planned_jobs(done.stdout), "the quickstart's models were merged in"
    assert planned_jobs(done.stdout)["extract"] == 20


def test_without_a_configuration_the_quickstart_is_planned_wherever_one_stands(
    repository: Path, tmp_path: Path
) -> None:
    done = snakemake(repository, tmp_path, None, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert planned_jobs(done.stdout)["train_quickstart"] == 1


def test_lint(repository: Path, tmp_path: Path) -> None:
    done = snakemake(repository, tmp_path, "config.yaml", "--lint")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("n_noise: 100", "n_nois: 100", "Unknown key in `first_layer` of the configuration: 'n_nois'. Did you mean"),
        ("comparators: [spearman]", "comparator: [spearman]", "'comparator'. Did you mean 'comparators'?"),
        ("pixels: {", "50: {", "is 50, which YAML reads as a number; expected text: put it in quotes"),
        ("pixels: {", "a/p: {", "The key of a model in the configuration is 'a/p'; expected letters, digits and"),
        (
            "name: pixels",
            "name: pixels, datasets: [simulatd]",
            "Unknown data set 'simulatd'. Did you mean 'simulated'?",
        ),
    ],
)
def test_wrong_setting_is_named(repository: Path, tmp_path: Path, right: str, wrong: str, message: str) -> None:
    text = (repository / "config" / "smoke.yaml").read_text(encoding="utf-8")
    text = text.replace("pixels:\n    name: pixels", "pixels: {name: pixels}")
    assert right in text
    path = tmp_path / "wrong.yaml"
    path.write_text(text.replace(right, wrong), encoding="utf-8")
    done = snakemake(repository, tmp_path, str(path), "--dry-run")
    assert done.returncode != 0
    assert message in done.stdout + done.stderr


@pytest.fixture(scope="module")
def smoke_run(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("smoke")
    done = snakemake(repository, folder, "smoke.yaml")
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-8000:]
    return folder


def test_smoke_run_leaves_tables_and_report(smoke_run: Path) -> None:
    table = pd.read_csv(smoke_run / "results" / "tables" / "scores.csv")
    assert set(table["analysis"]) >= {"rsa", "predictivity", "reliability", "first_layer"}
    compared = table[table["recording"].notna()]
    assert compared["simulated"].astype(bool).all()
    assert table.loc[table["value"].notna(), "definition"].notna().all()
    page = (smoke_run / "results" / "report.html").read_text(encoding="utf-8")
    assert "imulated" in page
    assert "cannot be drawn" not in page
    assert "cannot be written" not in page
    assert not re.search(r"(src|href)=\"https?://[^\"]+\.(js|css|png|svg)", page)
    assert not list(smoke_run.rglob("*.tmp-*"))


def test_second_run_has_nothing_to_do(repository: Path, smoke_run: Path) -> None:
    done = snakemake(repository, smoke_run, "smoke.yaml", "--dry-run")
    assert "Nothing to be done" in done.stdout + done.stderr, done.stdout


def test_changed_setting_reruns_what_it_touches(repository: Path, smoke_run: Path, tmp_path: Path) -> None:
    text = (repository / "config" / "smoke.yaml").read_text(encoding="utf-8")
    changed = tmp_path / "changed.yaml"
    changed.write_text(text.replace("comparators: [spearman]", "comparators: [pearson]"), encoding="utf-8")
    done = snakemake(repository, smoke_run, str(changed), "--dry-run")
    expected = {"rsa": 4, "geometries": 2, "areas": 1, "tables": 1, "report": 1, "all": 1, "total": 10}
    assert planned_jobs(done.stdout) == expected, done.stdout


def test_numbers_inside_a_mapping_on_the_command_line_are_numbers(repository: Path, smoke_run: Path) -> None:
    done = snakemake(repository, smoke_run, "smoke.yaml", "--dry-run", "--config", "first_layer={n_noise: 150}")
    assert planned_jobs(done.stdout) == {"first_layer": 1, "tables": 1, "report": 1, "all": 1, "total": 4}, done.stdout


def test_deleted_files_come_back(repository: Path, smoke_run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(smoke_run, folder)  # with times of change, and what Snakemake remembers
    gone = {
        "rsa": "rsa/pixels/simulated.V1.nc",
        "extract": "representations/pixels/simulated.nc",
        "first_layer": "first_layer/quickstart.untrained.fits.nc",
        "tables": "tables/scores.parquet",
    }
    for path in gone.values():
        (folder / "results" / path).unlink()
    done = snakemake(repository, folder, "smoke.yaml", "--dry-run")
    assert set(planned_jobs(done.stdout)) >= set(gone), done.stdout


def test_whatever_a_row_of_the_users_is_made_of_is_tracked(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "nets.py").write_text("from blocks import make\n\ndef build():\n    return make()\n")
    (tmp_path / "blocks.py").write_text(BLOCKS)
    (tmp_path / "read.py").write_text(READER)
    np.save(tmp_path / "responses.npy", np.random.default_rng(0).normal(size=(24, 20)))
    np.save(tmp_path / "images.npy", np.random.default_rng(1).integers(0, 256, (24, 16, 16, 3), dtype=np.uint8))
    (tmp_path / "models.yaml").write_text(OWN_MODELS)
    (tmp_path / "recordings.yaml").write_text(OWN_RECORDINGS)
    (tmp_path / "own.yaml").write_text(OWN_CONFIGURATION)
    sys.path.insert(0, str(tmp_path))
    try:
        torch.save(import_module("blocks").make().state_dict(), tmp_path / "mine.pt")
    finally:
        sys.path.remove(str(tmp_path))
    target = "results/representations/mine/own.nc"
    arguments = (repository, tmp_path, str(tmp_path / "own.yaml"), target)
    done = snakemake(*arguments, python_path=str(tmp_path))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]

    def jobs() -> set[str]:
        done = snakemake(*arguments, "--dry-run", python_path=str(tmp_path))
        return set() if "Nothing to be done" in done.stdout + done.stderr else set(planned_jobs(done.stdout))

    assert jobs() == set()
    state = torch.load(tmp_path / "mine.pt", weights_only=True)
    recording, model = {"fetch_recording", "prepare_recording", "extract"}, {"fetch_weights", "extract"}
    for path, change, expected in (
        ("images.npy", lambda: np.save(tmp_path / "images.npy", np.load(tmp_path / "images.npy") ^ 1), recording),
        ("mine.pt", lambda: torch.save({name: x + 1 for name, x in state.items()}, tmp_path / "mine.pt"), model),
        ("blocks.py", lambda: (tmp_path / "blocks.py").write_text(BLOCKS + "SCALE = 2\n"), model),
    ):
        before = (tmp_path / path).read_bytes()
        change()
        assert jobs() - {"total"} == expected, path
        (tmp_path / path).write_bytes(before)
    assert jobs() == set(), "what is as it was needs nothing"


BLOCKS = """import torch

def make():
    return torch.nn.Sequential(torch.nn.Conv2d(3, 4, 7, stride=2), torch.nn.ReLU())
"""
READER = """import numpy as np
import pandas as pd
import brainconv as bc

def read(row, paths):
    images, responses = np.load(paths["images"]), np.load(paths["responses"])
    stimuli = bc.StimulusSet(row.name, tuple(f"s{i:02}" for i in range(len(images))), images)
    sites = pd.DataFrame({"area": "V4"}, index=[f"n{i}" for i in range(responses.shape[1])])
    return bc.Recording(row.name, stimuli, responses[:, None], sites, unit=row.unit)
"""
OWN_MODELS = """models:
  mine: {builder: 'nets.py:build', weights: {checkpoint: mine.pt}, preprocessing: {input_size: 16}}
"""
OWN_RECORDINGS = """own2026:
  title: Own
  species: macaque
  doi: null
  citation: Us (2026).
  licence: CC0
  kind: responses
  areas: [V4]
  n_sites: 20
  n_stimuli: 24
  degrees: null
  time_window: null
  unit: spikes/s
  reader: read.py:read
  files: {images: {path: images.npy}, responses: {path: responses.npy}}
  recordings: {own2026: {}}
"""
OWN_CONFIGURATION = """title: own
models_registry: models.yaml
recordings_registry: recordings.yaml
models: {mine: {name: mine}}
datasets: {own: {recordings: [own2026], analyses: [predictivity], predictivity: {splits: kfold3}}}
"""


def test_config_table_is_that_of_the_schema(repository: Path) -> None:
    script = repository / "workflow" / "schemas" / "describe.py"
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    assert done.stdout == (repository / "config" / "README.md").read_text(encoding="utf-8"), (
        "run: python workflow/schemas/describe.py > config/README.md"
    )
