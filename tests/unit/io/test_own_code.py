"""Code of the user's: whatever a builder or a reader comes to changes its hash."""

from __future__ import annotations

from pathlib import Path

import pytest

from brainconv.io.own_code import hash_code


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    elsewhere = tmp_path / "elsewhere"
    files = {
        "lab/nets.py": "import torch\nimport blocks\nfrom shared.parts import gain\nW = 'table.csv'\n",
        "lab/blocks.py": "import os\nfrom deeper import x\n",
        "lab/deeper.py": "x = 1\n",
        "lab/stranger.py": "y = 1\n",
        "lab/table.csv": "1\n",
        "elsewhere/shared/__init__.py": "",
        "elsewhere/shared/parts.py": "from . import inner\ngain = 1\n",
        "elsewhere/shared/inner.py": "z = 1\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(str(elsewhere))
    return tmp_path


@pytest.mark.parametrize(
    "edited",
    ["lab/nets.py", "lab/blocks.py", "lab/deeper.py", "lab/table.csv", "elsewhere/shared/parts.py",
     "elsewhere/shared/inner.py"],
)  # fmt: skip
def test_what_a_builder_comes_to_counts(lab: Path, edited: str) -> None:
    before = hash_code(["nets.py:build"], lab / "lab")
    (lab / edited).write_text((lab / edited).read_text() + "NEW = 2\n")
    assert hash_code(["nets.py:build"], lab / "lab") != before


def test_what_it_does_not_come_to_does_not(lab: Path) -> None:
    before = hash_code(["nets.py:build"], lab / "lab")
    (lab / "lab" / "stranger.py").write_text("y = 2\n")
    assert hash_code(["nets.py:build"], lab / "lab") == before
    assert hash_code(["shared.parts:gain"], lab / "lab") != before


def test_ours_installed_and_broken_code(tmp_path: Path) -> None:
    ours, theirs = hash_code(["brainconv.models.families.small:LeNet5"], tmp_path), hash_code(["yaml:load"], tmp_path)
    assert ours != theirs
    (tmp_path / "broken.py").write_text("def (")
    first = hash_code(["broken.py:build"], tmp_path)
    (tmp_path / "broken.py").write_text("def ((")
    assert hash_code(["broken.py:build"], tmp_path) != first
