"""What a row of the user's is made of: any of it changes the hash, and nothing of another row does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from brainconv.errors import InvalidInputError
from brainconv.pipeline.tracking import hash_model, hash_recording

MODELS = """
models:
  mine: {builder: 'nets.py:build', weights: {checkpoint: mine.pt}, preprocessing: {input_size: 32}}
  other: {builder: 'others.py:build'}
"""
RECORDINGS = """
mine2026:
  title: Mine
  species: macaque
  doi: null
  citation: Me (2026).
  licence: CC0
  kind: responses
  areas: [V4]
  n_sites: 2
  n_stimuli: 3
  degrees: 4
  time_window: null
  unit: spikes/s
  reader: read.py:read
  recordings:
    mine2026.a: {files: {responses: {path: a.npy}, images: {path: images}}}
    mine2026.b: {files: {responses: {path: b.npy}}}
"""


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    files = {"models.yaml": MODELS, "recordings.yaml": RECORDINGS, "nets.py": "import blocks\n", "blocks.py": "a = 1\n"}
    files |= {"mine.pt": "1", "others.py": "", "read.py": "", "a.npy": "1", "b.npy": "1", "images/1.png": "1"}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def edit(name: str, old: str = "", new: str = "2\n") -> Callable[[Path], object]:
    return lambda lab: (lab / name).write_text(
        (lab / name).read_text().replace(old, new) if old else (lab / name).read_text() + new
    )


@pytest.mark.parametrize(
    "change",
    [
        edit("mine.pt"),
        edit("nets.py", new="b = 2\n"),
        edit("blocks.py", new="b = 2\n"),
        edit("models.yaml", "32", "48"),
    ],
)
def test_a_model(lab: Path, change: Callable[[Path], object]) -> None:
    specs = {"mine": {"name": "mine"}, "twin": {"name": "mine", "weights": "random"}, "other": {"name": "other"}}
    before = {key: hash_model(spec, lab / "models.yaml") for key, spec in specs.items()}
    change(lab)
    after = {key: hash_model(spec, lab / "models.yaml") for key, spec in specs.items()}
    assert after["mine"] != before["mine"]
    assert after["other"] == before["other"]
    if (lab / "mine.pt").read_text() != "1":
        assert after["twin"] == before["twin"], "random weights do not come from the checkpoint"


@pytest.mark.parametrize(
    "change",
    [
        edit("a.npy"),
        edit("images/1.png"),
        edit("read.py", new="b = 2\n"),
        edit("recordings.yaml", "degrees: 4", "degrees: 5"),
    ],
)
def test_a_recording(lab: Path, change: Callable[[Path], object]) -> None:
    names = ("mine2026.a", "mine2026.b", "tang2018")
    before = [hash_recording(name, lab / "recordings.yaml") for name in names]
    kept = (lab / "read.py").read_text() + (lab / "recordings.yaml").read_text()
    change(lab)
    after = [hash_recording(name, lab / "recordings.yaml") for name in names]
    assert after[0] != before[0]
    assert after[2] == before[2]
    if (lab / "read.py").read_text() + (lab / "recordings.yaml").read_text() == kept:
        assert after[1] == before[1]


def test_what_is_not_there_is_said_with_its_row(lab: Path) -> None:
    (lab / "mine.pt").unlink()
    with pytest.raises(InvalidInputError, match=r"Model mine in models\.yaml: There is no file .*mine\.pt"):
        hash_model({"name": "mine"}, lab / "models.yaml")
    (lab / "a.npy").unlink()
    with pytest.raises(InvalidInputError, match=r"Recording 'mine2026\.a' in .*: There is no file .*a\.npy"):
        hash_recording("mine2026.a", lab / "recordings.yaml")
    assert hash_model({"name": "timm:resnet18"}, None) is None
    assert hash_recording("simulated.V1", None) is None
