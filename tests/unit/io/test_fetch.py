from __future__ import annotations

import hashlib
import http.server
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from brainconv.errors import DataUnavailableError, InvalidInputError
from brainconv.io import download
from brainconv.io.fetch import RemoteFile, fetch_file, find_file, list_data_dirs

CONTENT = bytes(range(256)) * 40_000  # 10.24 MB: many chunks
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@dataclass
class Site:
    """What the local server does, and what it was asked."""

    url: str = ""
    break_after: list[int] = field(default_factory=list)  # bytes sent before the line breaks, per request
    ranges: bool = True
    body: bytes = CONTENT
    requests: list[tuple[str, str | None]] = field(default_factory=list)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    state = Site()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            state.requests.append((self.path, asked))
            if self.path.startswith("/forbidden"):
                self.send_error(403)
                return
            start = int(re.findall(r"\d+", asked)[0]) if asked and state.ranges else 0
            if start >= len(state.body):
                self.send_error(416)
                return
            body = state.body[start:]
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(body)))
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(state.body) - 1}/{len(state.body)}")
            self.end_headers()
            limit = state.break_after.pop(0) if state.break_after else len(body)
            self.wfile.write(body[:limit])

        def log_message(self, *args: object) -> None:
            pass

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        state.url = f"http://127.0.0.1:{server.server_port}"
        yield state
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BRAINCONV_DATA", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")


def remote(site: Site, path: str = "/file.bin", **kwargs: object) -> RemoteFile:
    options: dict[str, object] = {"sha256": SHA256, "bytes": len(CONTENT), **kwargs}
    return RemoteFile("file.bin", site.url + path, **options)  # type: ignore[arg-type]


def test_downloads_once_and_leaves_nothing_else(site: Site, tmp_path: Path) -> None:
    path = fetch_file(remote(site), folder="set", data_dir=tmp_path / "d")
    assert path == tmp_path / "d" / "set" / "file.bin"
    assert path.read_bytes() == CONTENT
    assert fetch_file(remote(site), folder="set", data_dir=tmp_path / "d") == path
    assert len(site.requests) == 1
    assert [p.name for p in path.parent.iterdir()] == ["file.bin"]


def test_two_that_need_a_file_at_once_download_it_once(site: Site, tmp_path: Path) -> None:
    pytest.importorskip("fcntl", reason="this system cannot lock a folder")
    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(lambda _: fetch_file(remote(site), folder="set", data_dir=tmp_path), range(4)))
    assert {path.read_bytes() == CONTENT for path in paths} == {True}
    assert len(site.requests) == 1


def test_sha1_of_the_publisher_serves_too(site: Site, tmp_path: Path) -> None:
    good = remote(site, sha256=None, sha1=hashlib.sha1(CONTENT).hexdigest())
    assert fetch_file(good, folder="set", data_dir=tmp_path).is_file()
    wrong = remote(site, sha256=None, sha1="0" * 40)
    with pytest.raises(DataUnavailableError, match="sha1"):
        fetch_file(wrong, folder="other", data_dir=tmp_path)


def test_a_broken_line_is_taken_up_again_within_the_call(site: Site, tmp_path: Path) -> None:
    site.break_after = [3_000_000]
    path = fetch_file(remote(site), folder="set", data_dir=tmp_path)
    assert path.read_bytes() == CONTENT
    first, second = site.requests
    assert first[1] is None
    assert second[1] is not None
    assert int(second[1].removeprefix("bytes=").removesuffix("-")) > 1_000_000


def test_an_interrupted_download_is_resumed_by_the_next_call(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "ATTEMPTS", 1)
    site.break_after = [5_000_000]
    with pytest.raises(DataUnavailableError, match=r"bytes are kept") as caught:
        fetch_file(remote(site), folder="set", data_dir=tmp_path)
    assert site.url + "/file.bin" in str(caught.value)
    part = tmp_path / "set" / "file.bin.part"
    kept = part.stat().st_size
    assert 0 < kept <= 5_000_000
    assert not (tmp_path / "set" / "file.bin").exists()
    path = fetch_file(remote(site), folder="set", data_dir=tmp_path)
    assert site.requests[-1][1] == f"bytes={kept}-"
    assert path.read_bytes() == CONTENT
    assert not part.exists()


def test_a_server_without_ranges_starts_again(site: Site, tmp_path: Path) -> None:
    site.ranges = False
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "file.bin.part").write_bytes(b"something else")
    assert fetch_file(remote(site), folder="set", data_dir=tmp_path).read_bytes() == CONTENT


def test_a_stale_part_file_is_thrown_away(site: Site, tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "file.bin.part").write_bytes(b"x" * 1000)
    assert fetch_file(remote(site), folder="set", data_dir=tmp_path).read_bytes() == CONTENT
    assert [asked for _, asked in site.requests] == ["bytes=1000-", None]


def test_a_part_file_is_not_trusted_without_a_checksum(site: Site, tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "file.bin.part").write_bytes(CONTENT[:1000])
    fetch_file(remote(site, sha256=None, bytes=None), folder="set", data_dir=tmp_path)
    assert site.requests == [("/file.bin", None)]


def test_refused_access_names_url_file_and_folder(site: Site, tmp_path: Path) -> None:
    with pytest.raises(DataUnavailableError) as caught:
        fetch_file(remote(site, "/forbidden"), folder="set", data_dir=tmp_path)
    message = str(caught.value)
    for part in ("403", site.url + "/forbidden", "set/file.bin", str(tmp_path / "set"), "BRAINCONV_DATA"):
        assert part in message
    assert "\n" not in message
    assert list((tmp_path / "set").iterdir()) == []


def test_no_network_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    nobody = RemoteFile("file.bin", "http://127.0.0.1:9/file.bin", sha256=SHA256)
    with pytest.raises(DataUnavailableError, match="could not be reached or broke off"):
        fetch_file(nobody, folder="set", data_dir=tmp_path)


def test_wrong_checksum_never_gets_the_name(site: Site, tmp_path: Path) -> None:
    site.body = CONTENT[:-1] + b"!"
    with pytest.raises(DataUnavailableError, match="sha256 is not the registered one"):
        fetch_file(remote(site), folder="set", data_dir=tmp_path)
    assert list((tmp_path / "set").iterdir()) == []


def test_mirrors_are_tried_in_order(site: Site, tmp_path: Path) -> None:
    file = remote(site, "/forbidden", mirrors=(site.url + "/forbidden2", site.url + "/mirror"))
    assert fetch_file(file, folder="set", data_dir=tmp_path).read_bytes() == CONTENT
    assert [path for path, _ in site.requests] == ["/forbidden", "/forbidden2", "/mirror"]


def test_download_may_be_forbidden(site: Site, tmp_path: Path) -> None:
    with pytest.raises(DataUnavailableError, match="download=False"):
        fetch_file(remote(site), folder="set", data_dir=tmp_path, download=False)
    assert site.requests == []
    assert list(tmp_path.iterdir()) == [tmp_path / "work"]


def test_a_file_without_address_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataUnavailableError, match="no public address"):
        fetch_file(RemoteFile("file.bin", ""), folder="set", data_dir=tmp_path)


def test_search_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRAINCONV_DATA", str(tmp_path / "env"))
    (tmp_path / "config" / "brainconv").mkdir(parents=True)
    (tmp_path / "config" / "brainconv" / "config.toml").write_text(f'data_dir = "{tmp_path / "conf"}"\n')
    expected = [tmp_path / "argument", tmp_path / "env", tmp_path / "conf", Path("data")]
    assert list_data_dirs(tmp_path / "argument") == expected
    file = RemoteFile("f", "", sha256=hashlib.sha256(b"same").hexdigest())
    for place in reversed(expected):
        (place / "set").mkdir(parents=True)
        (place / "set" / "f").write_bytes(b"same")
        assert find_file(file, folder="set", data_dir=tmp_path / "argument") == place / "set" / "f"


def test_a_broken_user_configuration_is_named(tmp_path: Path) -> None:
    (tmp_path / "config" / "brainconv").mkdir(parents=True)
    (tmp_path / "config" / "brainconv" / "config.toml").write_text("data_dir = oops")
    with pytest.raises(InvalidInputError, match=r"config\.toml"):
        list_data_dirs()


def test_a_read_only_place_is_read_but_never_written(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "shared"
    (shared / "set").mkdir(parents=True)
    (shared / "set" / "there.bin").write_bytes(CONTENT)
    (shared / "set").chmod(0o555)
    shared.chmod(0o555)
    monkeypatch.setenv("BRAINCONV_DATA", str(shared))
    there = RemoteFile("there.bin", site.url + "/there.bin", sha256=SHA256)
    assert fetch_file(there, folder="set") == shared / "set" / "there.bin"
    assert site.requests == []
    assert fetch_file(remote(site), folder="set") == Path("data/set/file.bin")
    shared.chmod(0o755)
    (shared / "set").chmod(0o755)


def test_a_damaged_file_on_disk_is_refused(site: Site, tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    path = tmp_path / "set" / "file.bin"
    path.write_bytes(CONTENT[:-1] + b"!")
    with pytest.raises(DataUnavailableError, match=r"file\.bin has sha256 .* expected"):
        fetch_file(remote(site), folder="set", data_dir=tmp_path)
    path.write_bytes(b"short")
    with pytest.raises(DataUnavailableError, match="5 bytes"):
        fetch_file(remote(site), folder="set", data_dir=tmp_path)
    assert path.read_bytes() == b"short"


def test_checksum_is_verified_once_per_process_until_the_file_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pooch

    (tmp_path / "set").mkdir()
    path = tmp_path / "set" / "f"
    path.write_bytes(b"right")
    file = RemoteFile("f", "", sha256=hashlib.sha256(b"right").hexdigest())
    calls = []
    real = pooch.file_hash

    def counting(*args: str, **kwargs: str) -> str:
        calls.append(args)
        return str(real(*args, **kwargs))

    monkeypatch.setattr(pooch, "file_hash", counting)
    for _ in range(3):
        assert find_file(file, folder="set", data_dir=tmp_path) == path
    assert len(calls) == 1
    path.write_bytes(b"wrong")
    with pytest.raises(DataUnavailableError):
        find_file(file, folder="set", data_dir=tmp_path)
