from __future__ import annotations

from pathlib import Path

import pytest

from brainconv.errors import InvalidInputError
from brainconv.io.manifest import open_manifest, save_manifest


def test_comes_back_and_is_the_same_in_any_order(tmp_path: Path) -> None:
    save_manifest(tmp_path / "a.json", {"b": [1, 2], "a": {"x": None}})
    save_manifest(tmp_path / "b.json", {"a": {"x": None}, "b": [1, 2]})
    assert open_manifest(tmp_path / "a.json") == {"a": {"x": None}, "b": [1, 2]}
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


@pytest.mark.parametrize("text", ["", "[1]", "{", "[" * 100_000])
def test_what_is_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(InvalidInputError, match=r"a\.json (cannot be read as JSON|holds list)"):
        open_manifest(tmp_path / "a.json")
    with pytest.raises(InvalidInputError, match=r"b\.json cannot be read"):
        open_manifest(tmp_path / "b.json")
