"""Manifests are read back as they were written."""

from __future__ import annotations

from pathlib import Path

from brainconv.io.manifest import open_manifest, save_manifest


def test_round_trip(tmp_path: Path) -> None:
    content = {"recording": "cowley2023.210325", "files": ["a.npy", "b.zip"]}
    save_manifest(tmp_path / "deep" / "note.json", content)
    assert open_manifest(tmp_path / "deep" / "note.json") == content
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["note.json"]
