from __future__ import annotations

from pathlib import Path

from brainconv.io.manifest import open_manifest, save_manifest


def test_comes_back_and_is_the_same_in_any_order(tmp_path: Path) -> None:
    save_manifest(tmp_path / "a.json", {"b": [1, 2], "a": {"x": None}})
    save_manifest(tmp_path / "b.json", {"a": {"x": None}, "b": [1, 2]})
    assert open_manifest(tmp_path / "a.json") == {"a": {"x": None}, "b": [1, 2]}
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
