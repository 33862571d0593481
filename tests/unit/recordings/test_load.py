from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from brainconv.containers import Properties, Recording
from brainconv.errors import DataUnavailableError, InvalidInputError, NotFoundError
from brainconv.recordings import describe_recording, fetch_recording, list_recordings, load_recording

READER = """
from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import brainconv as bc


@dataclasses.dataclass
class Cell:  # looks its own module up
    n: int = 0


def read(row, paths):
    responses = np.load(paths["responses"])
    images = np.zeros((len(responses), 4, 4, 3), np.uint8)
    ids = [f"s{i}" for i in range(len(responses))]
    sites = pd.DataFrame({"area": row.options["site_areas"]})
    return bc.Recording(row.name, bc.StimulusSet(row.name, ids, images, row.degrees), responses, sites, row.unit,
                        time_window=row.time_window, metadata={"reader_says": 1})


def fails(row, paths):
    raise KeyError("no such\\nfield")


def reads_what_is_not_there(row, paths):
    return open("absent.bin")


def needs_more(row):
    pass


not_callable = 3


def read_cells(row, paths):
    return bc.Properties(row.name, pd.DataFrame({"x": [1.0, 2.0]}), {"x": "deg"})
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    row: dict[str, Any] = {
        "title": "Mine",
        "species": "macaque",
        "doi": None,
        "citation": "Me (2026).",
        "licence": "CC0",
        "kind": "responses",
        "areas": ["V4", "IT"],
        "n_sites": 2,
        "n_stimuli": 3,
        "degrees": 4,
        "time_window": [70, 170],
        "unit": "spikes/s",
        "reader": "my_reader.py:read",
        "files": {"responses": {"path": "responses.npy"}},
        "options": {"site_areas": ["V4", "IT"]},
    }
    rows = {
        "mine2026": row,
        "mine2026.cells": {**row, "kind": "properties", "reader": "my_reader.py:read_cells"},
        "mine2026.wrong_count": {**row, "n_stimuli": 4},
        "mine2026.wrong_kind": {**row, "kind": "properties"},
        "mine2026.fails": {**row, "reader": "my_reader.py:fails"},
        "mine2026.os_error": {**row, "reader": "my_reader.py:reads_what_is_not_there"},
        "mine2026.signature": {**row, "reader": "my_reader.py:needs_more"},
        "mine2026.number": {**row, "reader": "my_reader.py:not_callable"},
        "mine2026.broken": {**row, "reader": "broken.py:read"},
        "mine2026.dots": {**row, "reader": "my.reader.py:read"},
        "mine2026.no_function": {**row, "reader": "my_reader.py:no_such_function"},
        "mine2026.no_file": {**row, "reader": "other.py:read"},
        "mine2026.no_module": {**row, "reader": "no_such_package.module:read"},
        "mine2026.no_data": {**row, "files": {"responses": {"path": "absent.npy"}}},
    }
    (tmp_path / "broken.py").write_text("1 / 0")
    (tmp_path / "my_reader.py").write_text(READER)
    np.save(tmp_path / "responses.npy", np.arange(12.0).reshape(3, 2, 2))
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump({"mine2026": {"recordings": rows}}, sort_keys=False))
    return path


def test_list_by_pattern_and_area(mine: Path) -> None:
    assert list_recordings("tang2018*") == ["tang2018", "tang2018.central80"]
    assert list_recordings(area="IT") == ["kriegeskorte2008.monkey_IT", "kriegeskorte2008.human_IT", "majajhong2015.IT"]
    assert "mine2026" in list_recordings(area="IT", registry=mine)
    assert list_recordings("nothing*") == []


def test_a_recording_of_the_users(mine: Path) -> None:
    recording = load_recording("mine2026", registry=mine)
    assert isinstance(recording, Recording)
    np.testing.assert_array_equal(recording.responses, np.arange(12.0).reshape(3, 2, 2))
    assert recording.stimuli.degrees == 4.0
    assert recording.time_window == (70.0, 170.0)
    assert recording.metadata["citation"] == "Me (2026)."
    assert recording.metadata["reader_says"] == 1
    assert recording.metadata["files"] == {"responses.npy": None}
    part = load_recording("mine2026", registry=mine, area="IT")
    assert isinstance(part, Recording)
    np.testing.assert_array_equal(part.responses, recording.responses[:, :, 1:])
    assert fetch_recording("mine2026", registry=mine) == {"responses": mine.parent / "responses.npy"}
    assert "CC0" in describe_recording("mine2026", registry=mine)


def test_properties_of_the_users(mine: Path) -> None:
    assert isinstance(load_recording("mine2026.cells", registry=mine), Properties)


def test_a_page_beside_the_users_registry_is_found(mine: Path) -> None:
    (mine.parent / "descriptions").mkdir()
    (mine.parent / "descriptions" / "mine2026.md").write_text("# The page\n")
    assert describe_recording("mine2026", registry=mine) == "# The page\n"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mine2026.wrong_count", "has n_stimuli = 3, but mine.yaml says 4"),
        ("mine2026.wrong_kind", "gave Recording; a row of kind 'properties' needs Properties"),
        ("mine2026.no_function", "cannot be imported .*no_such_function"),
        ("mine2026.no_file", r"cannot be imported \(no file .*other\.py"),
        ("mine2026.fails", r"The reader 'my_reader.py:fails' of 'mine2026.fails' in .*mine\.yaml failed \(KeyError: "),
        (
            "mine2026.os_error",
            r"failed \(FileNotFoundError: .*absent\.bin'\); mend the reader, or the files .*responses\.npy",
        ),
        ("mine2026.signature", r"failed \(TypeError: needs_more\(\) takes 1"),
        ("mine2026.number", "is no function; expected one"),
        ("mine2026.broken", r"cannot be imported \(.*division by zero"),
        ("mine2026.dots", r"cannot be imported \(no file .*my\.reader\.py"),
        ("mine2026.no_module", "cannot be imported .*no_such_package"),
    ],
)
def test_what_is_wrong_with_a_row_is_said(mine: Path, name: str, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message) as caught:
        load_recording(name, registry=mine)
    assert "\n" not in str(caught.value)


def test_unknown_names_and_areas(mine: Path) -> None:
    with pytest.raises(NotFoundError, match=r"Did you mean 'ringach2002'"):
        load_recording("ringach2020")
    with pytest.raises(NotFoundError, match="has no area 'V1'; it has V4, IT"):
        load_recording("mine2026", registry=mine, area="V1")
    with pytest.raises(NotFoundError, match="it has none"):
        load_recording("kriegeskorte2008.models", area="IT")


def test_a_file_that_is_not_there(mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataUnavailableError, match=r"absent\.npy, which .* names, but it is not there"):
        load_recording("mine2026.no_data", registry=mine)
    monkeypatch.delenv("BRAINCONV_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataUnavailableError) as caught:
        load_recording("ringach2002", download=False)
    for part in ("ringach_2002_db.mat", "https://raw.githubusercontent.com/neuroailab/TDANN/", "data/ringach2002"):
        assert part in str(caught.value)


def test_another_packing_is_taken_where_the_first_is_not_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BRAINCONV_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    from brainconv.recordings import load, load_registry

    wanted = []

    def pretend(file: Any, **_: Any) -> Path:
        wanted.append(file)
        return tmp_path / file.name

    monkeypatch.setattr(load, "fetch_file", pretend)
    paths = fetch_recording("tang2018", data_dir=tmp_path)
    archive = load_registry()["tang2018"].files["patterns"].otherwise
    assert archive is not None
    assert archive in wanted
    assert archive.checksum is None
    assert paths["patterns"] == tmp_path / archive.name
