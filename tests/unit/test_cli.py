"""The command line: lists, one sentence for what is wrong, and a report."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import brainconv
from brainconv.cli import app

run = CliRunner().invoke


def test_help_is_the_commands_first_line() -> None:
    for command in ([], ["models"], ["recordings"], ["fetch"], ["compare"]):
        done = run(app, [*command, "--help"])
        assert done.exit_code == 0
        assert "Parameters" not in done.output, "a docstring's sections are for programmers"
    assert run(app, ["--version"]).output.strip() == brainconv.__version__


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from brainconv.cli import app;"
        " assert CliRunner().invoke(app, ['--help']).exit_code == 0;"
        " heavy = {'torch', 'pandas', 'numpy', 'xarray', 'matplotlib', 'snakemake'} & set(sys.modules);"
        " sys.exit(','.join(sorted(heavy)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_lists() -> None:
    assert run(app, ["models", "resnet1*"]).output.split() == ["resnet18", "resnet101"]
    assert "tang2018" in run(app, ["recordings", "--area", "V1"]).output.split()
    assert "tang2018" not in run(app, ["recordings", "--area", "IT"]).output.split()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["models", "resnett*"], "No model matches 'resnett*'"),
        (["recordings", "--area", "V9"], "No recording with area 'V9' matches '*'"),
        (["fetch", "tang2019"], "Unknown recording 'tang2019'. Did you mean 'tang2018'?"),
        (["compare", "alexnt", "--recording", "tang2018"], "Did you mean 'alexnet'?"),
        (["compare", "pixels", "--recording", "tang2018", "--report", "."], "The report is '.', which is a folder"),
        (["compare", "pixels", "--recording", "tang2018", "--device", "tpu"], "device='tpu'; expected 'auto', 'cpu'"),
        (["compare", "alexnet", "--recording", "tang2019"], "Unknown recording 'tang2019'. Did you mean 'tang2018'?"),
        (["compare", "alexnet", "--recording", "ringach2002"], "is a table of cell properties"),
        (["compare", "lenet5", "--recording", "tang2018", "--layer", "conv9"], "Unknown layer of lenet5 'conv9'"),
        (["compare", "pixels", "--recording", "tang2018", "--analysis", "rsaa"], "Did you mean 'rsa'?"),
        (
            ["compare", "pixels", "--recording", "tang2018", "--report", "file/x.html"],
            "'file/x.html', but",
        ),
    ],
)
def test_what_is_wrong_is_one_sentence(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    done = run(app, arguments)
    assert done.exit_code == 1
    assert message in done.output.replace("\n", " ")
    assert "Traceback" not in done.output
    assert done.output.startswith("brainconv: ")


@pytest.mark.realdata
def test_compare_writes_the_report(data_dir: Path, tmp_path: Path) -> None:
    report = tmp_path / "new" / "report.html"
    done = run(app, [
        "compare", "pixels", "--recording", "kriegeskorte2008.monkey_IT", "--data-dir", str(data_dir),
        "--report", str(report), "--analysis", "rsa", "--layer", "pixels", "--device", "cpu",
    ])  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "kriegeskorte2008.monkey_IT" in report.read_text(encoding="utf-8")
