"""Downloads from servers that lie, stall, send too much or something else."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import io
import re
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brainconv.errors import DataUnavailableError
from brainconv.io import download, transfer
from brainconv.io.fetch import RemoteFile, fetch_file

CONTENT = bytes(range(256)) * 4000  # 1 MB
SHA256 = hashlib.sha256(CONTENT).hexdigest()
Handler = http.server.BaseHTTPRequestHandler
Answer = Callable[[Handler, "int | None"], None]


def answer(handler: Handler, body: bytes, status: int = 200, length: int | None = -1, **headers: str) -> None:
    """Send an answer; ``length`` None leaves Content-Length out."""
    handler.send_response(status)
    if length is not None:
        handler.send_header("Content-Length", str(len(body) if length < 0 else length))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


class Site:
    """A server whose answer a test chooses, and what it was asked."""

    def __init__(self) -> None:
        self.answer: Answer = lambda handler, _: answer(handler, CONTENT)
        self.ranges: list[int | None] = []
        self.url = ""
        self.over = threading.Event()


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Site]:
    state = Site()

    class Asked(Handler):
        def do_GET(self) -> None:
            asked = re.findall(r"\d+", self.headers.get("Range", ""))
            state.ranges.append(int(asked[0]) if asked else None)
            try:
                state.answer(self, state.ranges[-1])
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def log_message(self, *args: object) -> None:
            pass

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("BRAINCONV_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Asked)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}/"
    yield state
    state.over.set()
    server.shutdown()
    thread.join()
    server.server_close()


def known(site: Site, **changes: Any) -> RemoteFile:
    return RemoteFile("file.bin", site.url, **{"sha256": SHA256, "bytes": len(CONTENT), **changes})


def unknown(site: Site, name: str = "file.bin") -> RemoteFile:
    return RemoteFile(name, site.url)


def fetch(file: RemoteFile, tmp_path: Path) -> Path:
    return fetch_file(file, folder="set", data_dir=tmp_path / "d")


def left(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "d" / "set").iterdir())


def put_part(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "d" / "set").mkdir(parents=True)
    (tmp_path / "d" / "set" / "file.bin.part").write_bytes(data)


def flood(handler: Handler, _: int | None) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(400):  # 26 MB
        handler.wfile.write(bytes(1 << 16))


@pytest.mark.parametrize("with_checksum", [True, False])
def test_no_more_is_written_than_was_expected(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_checksum: bool
) -> None:
    site.answer = flood
    largest = []
    real = download.ResumingDownloader._have

    def watch(self: download.ResumingDownloader) -> int:
        largest.append(real(self))
        return largest[-1]

    monkeypatch.setattr(download.ResumingDownloader, "_have", watch)
    file = known(site) if with_checksum else known(site, sha256=None)
    with pytest.raises(DataUnavailableError, match=f"sent more than {len(CONTENT)} bytes"):
        fetch(file, tmp_path)
    assert left(tmp_path) == []
    assert max(largest) <= len(CONTENT)


def test_a_file_of_unknown_size_has_a_limit_too(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "LARGEST_BYTES", 1_000_000)
    site.answer = flood
    with pytest.raises(DataUnavailableError, match="sent more than 1000000 bytes"):
        fetch(unknown(site), tmp_path)
    site.answer = lambda handler, _: answer(handler, b"x", length=10**15)
    with pytest.raises(DataUnavailableError, match="at most 1000000 are downloaded"):
        fetch(unknown(site), tmp_path)
    assert left(tmp_path) == []


def test_another_size_is_refused_before_it_is_read(site: Site, tmp_path: Path) -> None:
    site.answer = lambda handler, _: answer(handler, b"", length=3 * 10**9)
    with pytest.raises(DataUnavailableError, match=f"states a size of 3000000000 bytes, expected {len(CONTENT)}"):
        fetch(known(site), tmp_path)
    assert left(tmp_path) == []


def test_room_on_the_disk_is_looked_at_first(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        free = 1000

    monkeypatch.setattr(download.shutil, "disk_usage", lambda _: Usage)
    with pytest.raises(DataUnavailableError, match=f"has {len(CONTENT)} bytes to give, and 1000 are free"):
        fetch(known(site), tmp_path)
    assert left(tmp_path) == []


def test_a_gzip_bomb_stops_at_the_limit(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    site.answer = lambda handler, _: answer(handler, bomb, Content_Encoding="gzip")
    with pytest.raises(DataUnavailableError, match=f"sent more than {len(CONTENT)} bytes"):
        fetch(known(site), tmp_path)
    monkeypatch.setattr(download, "LARGEST_BYTES", 2_000_000)
    with pytest.raises(DataUnavailableError, match="sent more than 2000000 bytes"):
        fetch(unknown(site), tmp_path)
    assert left(tmp_path) == []


def test_a_server_that_packs_unasked_is_understood(site: Site, tmp_path: Path) -> None:
    site.answer = lambda handler, _: answer(handler, gzip.compress(CONTENT), Content_Encoding="gzip")
    assert fetch(known(site), tmp_path).read_bytes() == CONTENT
    for body, encoding, message in (
        (gzip.compress(CONTENT)[:-9], "gzip", "ended within its gzip|broke off"),
        (b"no gzip", "gzip", "cannot be unpacked"),
        (CONTENT, "br", r"packed \(br\)"),
    ):
        site.answer = lambda handler, _, body=body, encoding=encoding: answer(handler, body, Content_Encoding=encoding)
        with pytest.raises(DataUnavailableError, match=message):
            fetch(unknown(site, "other.bin"), tmp_path)
    assert left(tmp_path) == ["file.bin"]


@pytest.mark.parametrize("where", ["body", "headers", "nothing"])
def test_a_server_that_stalls_is_given_up_and_the_lock_with_it(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def trickle(handler: Handler, _: int | None) -> None:
        if where == "body":
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(CONTENT)))
            handler.end_headers()
        letter = {"body": b"x", "headers": b"H", "nothing": b""}[where]
        while not site.over.wait(0.02):
            handler.wfile.write(letter)
            handler.wfile.flush()

    site.answer = trickle
    with monkeypatch.context() as soon:
        soon.setattr(transfer, "WINDOW_S", 0.2)
        soon.setattr(transfer, "TIMEOUT_S", (0.2, 0.3))
        with pytest.raises(DataUnavailableError, match=r"was given up|broke off"):
            fetch(known(site), tmp_path)
    site.answer = lambda handler, _: answer(handler, CONTENT)
    assert fetch(known(site), tmp_path).read_bytes() == CONTENT


def test_a_part_longer_than_the_file_starts_anew(site: Site, tmp_path: Path) -> None:
    put_part(tmp_path, CONTENT + b"more")
    assert fetch(known(site), tmp_path).read_bytes() == CONTENT
    assert site.ranges == [None]
    assert left(tmp_path) == ["file.bin"]


def test_a_whole_part_with_other_bytes_starts_anew(site: Site, tmp_path: Path) -> None:
    put_part(tmp_path, bytes(len(CONTENT)))
    assert fetch(known(site), tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("bytes_known", [True, False])
def test_a_range_that_cannot_be_had_starts_anew(site: Site, tmp_path: Path, bytes_known: bool) -> None:
    put_part(tmp_path, CONTENT[:1000] if bytes_known else CONTENT + b"more")

    def refuse(handler: Handler, start: int | None) -> None:
        if start is None:
            answer(handler, CONTENT)
        else:
            answer(handler, b"", 416, Content_Range=f"bytes */{len(CONTENT)}")

    site.answer = refuse
    file = known(site) if bytes_known else known(site, bytes=None)
    assert fetch(file, tmp_path).read_bytes() == CONTENT
    assert site.ranges[-1] is None


@pytest.mark.parametrize(
    "content_range", ["bytes 500-999999/1024000", "bytes 0-1023999/1024000", "", "nonsense", "bytes */1024000"]
)
def test_another_range_than_was_asked_for_starts_anew(site: Site, tmp_path: Path, content_range: str) -> None:
    put_part(tmp_path, CONTENT[:1000])

    def lie(handler: Handler, start: int | None) -> None:
        if start is None:
            answer(handler, CONTENT)
        else:
            answer(handler, CONTENT[500:], 206, Content_Range=content_range)

    site.answer = lie
    assert fetch(known(site), tmp_path).read_bytes() == CONTENT
    assert site.ranges == [1000, None]


def test_the_right_range_with_the_wrong_bytes_starts_anew(site: Site, tmp_path: Path) -> None:
    put_part(tmp_path, CONTENT[:1000])

    def lie(handler: Handler, start: int | None) -> None:
        if start is None:
            answer(handler, CONTENT)
        else:
            body = bytes(len(CONTENT) - start)
            answer(handler, body, 206, Content_Range=f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")

    site.answer = lie
    assert fetch(known(site), tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (CONTENT[:-1] + b"!", 206, "answered 206"),
        (b"", 206, "answered 206"),
        (b"", 202, "answered 202"),
        (b"", 204, "answered 204"),
        (CONTENT[:-1] + b"!", 200, "sha256 is not the registered one"),
    ],
)
@pytest.mark.parametrize("part", [b"", CONTENT[:1000]])
def test_a_server_that_always_lies_ends_in_a_sentence(
    site: Site, tmp_path: Path, body: bytes, status: int, message: str, part: bytes
) -> None:
    put_part(tmp_path, part)

    def lie(handler: Handler, start: int | None) -> None:
        first = start or 0
        answer(
            handler,
            body if status == 200 else body[first:],
            status,
            Content_Range=f"bytes {first}-{len(CONTENT) - 1}/{len(CONTENT)}",
        )

    site.answer = lie
    with pytest.raises(DataUnavailableError, match=message):
        fetch(known(site), tmp_path)
    assert not (tmp_path / "d" / "set" / "file.bin").exists()


def npz() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, x=np.arange(1000))
    return stream.getvalue()


PAGE = b"<!DOCTYPE html><html><body>Please log in</body></html>"


@pytest.mark.parametrize(
    ("name", "body", "length", "message"),
    [
        ("a.zip", PAGE, -1, "web page"),
        ("a.pth", b"\n  <html>" + PAGE, -1, "web page"),
        ("data", PAGE, -1, "web page"),
        ("a.pth", b'{"message": "not found"}', -1, r"text instead of a \.pth file"),
        ("a.npy", "Zugriff verweigert: ä".encode(), -1, r"text instead of a \.npy file"),
        ("a.zip", b"", -1, "empty"),
        ("a.mat", b"", None, "empty"),
        ("a.zip", npz()[:-10], -1, "no whole zip"),
        ("a.pth", npz()[:-10], None, "no whole zip"),
        ("a.npz", CONTENT, -1, "no whole zip"),
        ("a.mat", CONTENT[:1000], None, "nobody can tell"),
        ("a.mat", CONTENT[:1000], 2000, "broke off"),
    ],
)
def test_without_a_checksum_what_cannot_be_the_file_is_refused(
    site: Site, tmp_path: Path, name: str, body: bytes, length: int | None, message: str
) -> None:
    site.answer = lambda handler, _: answer(handler, body, length=length)
    with pytest.raises(DataUnavailableError, match=message):
        fetch(unknown(site, name), tmp_path)
    assert left(tmp_path) == []


def chunked(body: bytes, *, whole: bool) -> Answer:
    def send(handler: Handler, _: int | None) -> None:
        handler.protocol_version = "HTTP/1.1"
        answer(handler, b"", length=None, Transfer_Encoding="chunked", Connection="close")
        handler.wfile.write(f"{len(body):x}\r\n".encode() + body + b"\r\n" + (b"0\r\n\r\n" if whole else b""))

    return send


def test_without_a_checksum_a_whole_file_is_taken(site: Site, tmp_path: Path) -> None:
    whole = npz()
    site.answer = lambda handler, _: answer(handler, whole, length=None)  # a zip archive says itself that it is whole
    with zipfile.ZipFile(fetch(unknown(site, "a.pth"), tmp_path)) as archive:
        assert archive.testzip() is None
    site.answer = lambda handler, _: answer(handler, b"\x80\x02" + CONTENT)  # a checkpoint of the old form
    assert fetch(unknown(site, "b.pth"), tmp_path).stat().st_size == len(CONTENT) + 2
    site.answer = lambda handler, _: answer(handler, b"x,y\n1,2\n")
    assert fetch(unknown(site, "c.csv"), tmp_path).read_bytes() == b"x,y\n1,2\n"
    site.answer = chunked(CONTENT, whole=True)
    assert fetch(unknown(site, "d.mat"), tmp_path).read_bytes() == CONTENT
    site.answer = chunked(CONTENT, whole=False)
    with pytest.raises(DataUnavailableError, match="broke off"):
        fetch(unknown(site, "e.mat"), tmp_path)


def test_an_empty_file_on_disk_is_no_data(tmp_path: Path, site: Site) -> None:
    (tmp_path / "d" / "set").mkdir(parents=True)
    (tmp_path / "d" / "set" / "file.bin").write_bytes(b"")
    with pytest.raises(DataUnavailableError, match="has 0 bytes, expected more"):
        fetch(unknown(site), tmp_path)
    assert site.ranges == []


@pytest.mark.parametrize(
    ("place", "kind", "message"),
    [
        ("d/set", "file", "d/set is no folder, where the folder of a download belongs"),
        ("d", "file", "d is no folder, where the folder of a download belongs"),
        ("d/set", "link", "d/set is a link to 'away', which is not there"),
        ("d", "link", "d is a link to 'away', which is not there"),
        ("d/set/file.bin", "link", r"file\.bin is a link to 'away', which is not there"),
        ("d/set/file.bin", "folder", r"file\.bin is a folder, where the file of a download belongs"),
        ("d/set/file.bin.part", "folder", "could not be written|cannot be downloaded"),
    ],
)
def test_where_something_else_stands_is_said(site: Site, tmp_path: Path, place: str, kind: str, message: str) -> None:
    path = tmp_path / place
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "file":
        path.write_bytes(b"")
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("away")
    with pytest.raises(DataUnavailableError, match=message):
        fetch(known(site), tmp_path)
    assert path.is_symlink() == (kind == "link")


@pytest.mark.parametrize("name", ["x" * 300, "a\0b"])
def test_names_that_no_disk_can_hold(site: Site, tmp_path: Path, name: str) -> None:
    with pytest.raises(DataUnavailableError, match=r"cannot be looked for|cannot be downloaded|could not be written"):
        fetch(unknown(site, name), tmp_path)
