from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from brainconv.errors import DataUnavailableError, InvalidInputError, ResourceError
from brainconv.io import atomic, write_atomically
from brainconv.io.atomic import check_target


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


def fill(path: Path) -> None:
    with write_atomically(path) as temporary:
        temporary.write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def fill_at_sync(path: Path) -> None:
    with write_atomically(path) as temporary:
        temporary.write_bytes(b"all")


def fill_without_a_reason(path: Path) -> None:  # as torch.save does
    with write_atomically(path) as temporary:
        temporary.write_bytes(b"half")
        msg = "unexpected pos 64 vs 0"
        raise RuntimeError(msg)


@pytest.mark.parametrize("write", [fill, fill_at_sync, fill_without_a_reason])
def test_a_full_disk_is_one_sentence_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path], None]
) -> None:
    def refuse(_: int) -> None:
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    class Usage:
        free = 0

    if write is fill_at_sync:
        monkeypatch.setattr(os, "fsync", refuse)
    if write is fill_without_a_reason:
        monkeypatch.setattr(atomic.shutil, "disk_usage", lambda _: Usage)
    path = tmp_path / "table.csv"
    path.write_text("old")
    with pytest.raises(ResourceError, match=r"table\.csv cannot be written \(.*make room there") as caught:
        write(path)
    assert "\n" not in str(caught.value)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_other_failures_stay_what_they_are(tmp_path: Path) -> None:
    for error in (RuntimeError("no room for doubt"), DataUnavailableError("gone"), FileNotFoundError("x")):
        with pytest.raises(type(error)) as caught, write_atomically(tmp_path / "x"):
            raise error
        assert caught.value is error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "is a folder"),
        ("folder", "is a folder"),
        ("file/report.html", "file' is no folder"),
        ("file/deeper/report.html", "file' is no folder"),
        ("broken/report.html", "broken' is no folder"),
        ("pipe", "no regular file"),
        ("x" * 300, "nothing can be written"),
        ("a\0b", "nothing can be written"),
        ("\ud800.html", "nothing can be written"),
        (None, "expected a path"),
        (3, "expected a path"),
        (b"report.html", "expected a path"),
    ],
)
def test_where_no_file_can_be_is_said_before_anything_is_made(tmp_path: Path, name: object, message: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    (tmp_path / "broken").symlink_to("away")
    os.mkfifo(tmp_path / "pipe")
    before = sorted(tmp_path.iterdir())
    path = tmp_path / name if isinstance(name, str) else name
    with pytest.raises(InvalidInputError, match=message):
        check_target(path)
    with pytest.raises(InvalidInputError, match=message), write_atomically(path):  # type: ignore[arg-type]
        pytest.fail("a temporary file was made")
    assert sorted(tmp_path.iterdir()) == before


def test_long_names_and_suffixes_can_be_written(tmp_path: Path) -> None:
    for name in ("é" * 120 + ".csv", "a." + "b" * 250):
        with write_atomically(tmp_path / name) as temporary:
            temporary.write_text("x")
        assert (tmp_path / name).read_text() == "x"


def test_what_a_killed_process_left_is_removed_and_what_a_running_one_writes_is_not(tmp_path: Path) -> None:
    code = (
        "import os, sys, brainconv.io as io\n"
        "with io.write_atomically(sys.argv[1]) as temporary:\n"
        "    temporary.write_text('half'); os.kill(os.getpid(), 9)\n"
    )
    path = tmp_path / "scores.csv"
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == -9
    assert len(list(tmp_path.glob(".scores.tmp-*.csv"))) == 1
    with write_atomically(path) as outer:
        with write_atomically(path) as inner:
            inner.write_text("inner")
        outer.write_text("outer")
    assert path.read_text() == "outer"
    assert list(tmp_path.iterdir()) == [path]
