from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from brainconv.io import write_atomically


def test_the_file_appears_whole_and_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "table.csv"
    with write_atomically(path) as temporary:
        assert temporary.parent == path.parent
        assert temporary.suffix == ".csv"
        temporary.write_text("half")
        assert not path.exists()
    assert path.read_text() == "half"
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("old")

    def fail() -> None:
        with write_atomically(path) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_writer_that_replaces_the_temporary_file_will_do(tmp_path: Path) -> None:
    path = tmp_path / "x.nc"
    with write_atomically(path) as temporary:
        temporary.unlink()
        temporary.write_bytes(b"new")
    assert path.read_bytes() == b"new"


def test_rights_are_those_of_any_new_file(tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        with write_atomically(tmp_path / "x") as temporary:
            temporary.write_text("")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o644


def test_who_is_reading_the_old_file_reads_it_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("old content")
    with path.open() as reader:
        assert reader.read(3) == "old"
        with write_atomically(path) as temporary:
            temporary.write_text("NEW CONTENT")
        reader.seek(0)
        assert reader.read() == "old content"
    assert path.read_text() == "NEW CONTENT"
