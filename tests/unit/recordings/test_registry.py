from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from brainconv.errors import InvalidInputError, NotFoundError
from brainconv.recordings import load_registry

ROW: dict[str, Any] = {
    "title": "Mine",
    "species": "macaque",
    "doi": None,
    "citation": "Me (2026).",
    "licence": "CC0",
    "kind": "responses",
    "areas": ["V4"],
    "n_sites": 2,
    "n_stimuli": 3,
    "degrees": 4,
    "time_window": [70, 170],
    "unit": "spikes/s",
    "reader": "mine.py:read",
    "files": {"responses": {"path": "responses.npy"}},
}


def write(folder: Path, **changes: Any) -> Path:
    row = {key: value for key, value in {**ROW, **changes}.items() if value is not ...}
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump({"mine2026": {"recordings": {"mine2026": row}}}))
    return path


def test_every_row_of_ours_is_whole() -> None:
    rows = load_registry()
    assert [name for name in rows if name.startswith("cowley2023")] == [
        f"cowley2023.{s}" for s in ("190923", "201025", "210224", "210225", "210325", "210621")
    ]
    for name, row in rows.items():
        assert name.split(".")[0] == row.dataset
        assert row.doi
        assert row.citation
        assert row.source
        assert row.files
        for file in row.files.values():
            if row.reader == "brainio":  # Brain-Score vouches by SHA-1 and states no sizes
                assert file.remote.sha1 is not None
                assert file.remote.url.startswith("https://brainscore-storage.s3.amazonaws.com/")
                continue
            assert file.remote.sha256 is not None
            assert file.remote.bytes
            assert file.remote.url.startswith("https://") or file.otherwise is not None
            for url in filter(None, (file.remote.url, file.otherwise and file.otherwise.url)):
                assert re.search(r"/[0-9a-f]{40}[/.]", url), f"{url} is not fixed to a commit"


def test_the_registered_facts_are_those_of_the_collected_files(data_dir: Path) -> None:
    """Sizes and checksums in the registry are the ones noted when the files were collected."""
    checked = 0
    for row in load_registry().values():
        if row.reader == "brainio":  # not collected here
            continue
        noted = (data_dir / row.dataset / "SOURCE.md").read_text()
        for file in row.files.values():
            assert f"| {file.remote.name} | {file.remote.bytes} | {file.remote.sha256} |" in noted
            checked += 1
    assert checked > 20


def test_every_data_set_has_a_page_with_the_fixed_sections() -> None:
    from brainconv.recordings import describe_recording

    for name in load_registry():
        headings = re.findall(r"^## (.+)$", describe_recording(name), flags=re.MULTILINE)
        assert headings == ["Access", "Notes", "Content", "References", "Licence"]


def test_a_row_of_the_users(tmp_path: Path) -> None:
    rows = load_registry(write(tmp_path))
    row = rows["mine2026"]
    assert row.degrees == 4
    assert row.time_window == (70.0, 170.0)
    assert row.files["responses"].path == tmp_path / "responses.npy"
    assert next(iter(rows)) == "cowley2023.190923"
    assert "mine2026" not in load_registry()


def test_an_edited_file_is_read_again(tmp_path: Path) -> None:
    path = write(tmp_path)
    assert load_registry(path)["mine2026"].title == "Mine"
    import os

    write(tmp_path, title="Changed")
    os.utime(path, ns=(1, 1))
    assert load_registry(path)["mine2026"].title == "Changed"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"titles": "x"}, r"unknown field 'titles' \(did you mean 'title'\?\)"),
        ({"n_sites": "two"}, "field 'n_sites' is 'two'; expected int"),
        ({"n_sites": True}, "field 'n_sites' is True"),
        ({"unit": ...}, "lacks 'unit'; a recording of kind 'responses'"),
        ({"licence": ...}, "lacks 'licence'"),
        ({"kind": "spikes"}, "Unknown kind"),
        ({"time_window": [70]}, r"time_window is \[70\]; expected \[start, end\]"),
        ({"reader": "my.package.read"}, "Did you mean 'my.package:read'"),
        ({"n_sites": 0}, "field 'n_sites' is 0; expected a count above 0"),
        ({"degrees": -1}, "field 'degrees' is -1; expected a number above 0"),
        ({"areas": [4]}, "is 4, which YAML reads as a number"),
        ({"areas": ["V4/IT"]}, "is 'V4/IT'; expected letters, digits"),
        ({"time_window": [70, True]}, "expected .start, end."),
        ({"files": {"a": {"path": 5}}}, "is 5, which YAML reads as a number"),
        ({"files": {"a": {"name": "x", "mirrors": 5}}}, "5"),
        ({"files": {"a": {"name": "x", "otherwise": [1]}}}, "expected a mapping with `name` and `url`"),
        ({"files": {"a": "x.npy"}}, "File 'a' .* expected a mapping"),
        ({"files": {"a": {"name": "../x", "url": "https://a.b/x"}}}, "expected a plain name"),
        ({"files": {"a": {"name": "x", "url": "ftp://a.b/x"}}}, "starts with https"),
        ({"files": {"a": {"name": "x", "url": "https://a.b/x", "sha256": "12"}}}, "expected 64 hexadecimal digits"),
        ({"files": {"a": {"name": "x", "url": "https://a.b/x", "bytes": "12"}}}, "bytes is '12'"),
        ({"files": {"a": {"name": "x", "checksum": "12"}}}, "unknown field 'checksum'"),
    ],
)
def test_a_wrong_row_is_one_clear_sentence(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises((InvalidInputError, NotFoundError), match=message) as caught:
        load_registry(write(tmp_path, **changes))
    assert "mine2026" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n", "holds list; expected data sets"),
        ("a: 1\n", "Data set 'a' .* has no `recordings`"),
        ("a: [\n", "cannot be read as YAML"),
        ("a:\n  recordings: {ringach2002: {}}\n", "lacks"),
        ("a:\n  recordings: {b: [1]}\n", "Recording 'b' in .* is a list; expected a mapping"),
        ("a:\n  recordings: {b: text}\n", "Recording 'b' in .* is a str; expected a mapping"),
        ("a:\n  recordings: [b]\n", "has no `recordings`"),
        ("a: ~\n", "has no `recordings`"),
        ("a:\n  files: ~\n  recordings: {b: ~}\n", "lacks"),
        ("a:\n  recordings: {b: {files: [1]}}\n", "`files` of Recording 'b' .* is a list"),
        ("2015:\n  recordings: {b: {}}\n", "is 2015, which YAML reads as a number; expected text"),
        ("a:\n  recordings: {no: {}}\n", "which YAML reads as true or false"),
        ("a:\n  recordings: {../b: {}}\n", "expected letters, digits"),
        ("a:\n  recordings: {b: {}, b: {}}\n", "has the key 'b' twice"),
    ],
)
def test_a_wrong_file_is_one_clear_sentence(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(InvalidInputError, match=message):
        load_registry(path)


def test_our_names_cannot_be_taken(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump({"mine": {"recordings": {"ringach2002": ROW}}}))
    with pytest.raises(InvalidInputError, match="which the built-in registry has"):
        load_registry(path)
    with pytest.raises(InvalidInputError, match="There is no registry"):
        load_registry(tmp_path / "absent.yaml")
