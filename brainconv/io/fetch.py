"""Registered files: found on disk, or fetched once, and never used with a wrong checksum."""

from __future__ import annotations

import contextlib
import os
import stat
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from brainconv.errors import DataUnavailableError, InvalidInputError
from brainconv.validation import check_flag, check_instance, check_path

_verified: set[tuple[str, int, int, str]] = set()


@dataclass(frozen=True)
class RemoteFile:
    """A public file.

    Parameters
    ----------
    name : str
        Local file name.
    url : str
        Where it is public.  Empty: nowhere, it can only be found on disk.
    sha256 : str, optional
        Checksum of the whole file.
    bytes : int, optional
        Its size.
    mirrors : sequence of str
        Other addresses of the same bytes, tried in this order.
    sha1 : str, optional
        The publisher's checksum, where there is no sha256.
    """

    name: str
    url: str
    sha256: str | None = None
    bytes: int | None = None
    mirrors: tuple[str, ...] = ()
    sha1: str | None = None

    @property
    def checksum(self) -> str | None:
        """``"sha256:…"`` or ``"sha1:…"``; None where nobody vouches for the bytes."""
        if self.sha256:
            return f"sha256:{self.sha256.lower()}"
        return f"sha1:{self.sha1.lower()}" if self.sha1 else None


def list_data_dirs(data_dir: str | os.PathLike[str] | None = None) -> list[Path]:
    """Folders that are searched for registered files, in this order.

    1. ``data_dir``, the argument;
    2. the environment variable ``BRAINCONV_DATA``;
    3. ``data_dir = "…"`` in the user's ``brainconv/config.toml`` under ``XDG_CONFIG_HOME`` (default ``~/.config``);
    4. ``data`` in the working directory.

    Each holds one folder per data set.  A file is taken from the first that has it; a download goes to the first
    that may be written.  A folder without write permission is only read, whoever asks.

    Parameters
    ----------
    data_dir : path, optional

    Raises
    ------
    InvalidInputError
        If the user's configuration file cannot be read.
    """
    if data_dir is not None:
        check_path(data_dir, what="data_dir")
    places = [data_dir, os.environ.get("BRAINCONV_DATA"), _configured_data_dir(), "data"]
    folders = [Path(place).expanduser() for place in places if place]
    return list(dict.fromkeys(folders))


def _configured_data_dir() -> str | None:
    """``data_dir`` of the user's configuration file, if there is one."""
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    path = Path(home) / "brainconv" / "config.toml"
    if not path.is_file():
        return None
    try:
        value = tomllib.loads(path.read_text(encoding="utf-8")).get("data_dir")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f'{path} cannot be read as TOML ({error}); expected a line such as data_dir = "/where/the/data/are".'
        raise InvalidInputError(msg) from error
    return None if value is None else str(value)


def find_file(file: RemoteFile, *, folder: str, data_dir: str | os.PathLike[str] | None = None) -> Path | None:
    """Look for a file on disk.

    Parameters
    ----------
    file : RemoteFile
    folder : str
        The data set's folder, such as ``"cowley2023"``.
    data_dir : path, optional
        First place to look in; the others are those of `list_data_dirs`.

    Returns
    -------
    pathlib.Path or None
        None if no place has it.

    Raises
    ------
    DataUnavailableError
        If the file found is not the registered one.
    """
    check_instance(file, RemoteFile, what="file")
    check_path(folder, what="folder")
    for place in list_data_dirs(data_dir):
        path = place / folder / file.name
        if _is_file(path):
            _verify(path, file)
            return path
    return None


def _is_file(path: Path) -> bool:
    """Whether there is such a file; what keeps one from looking is said in one sentence."""
    try:
        return path.is_file()
    except (OSError, ValueError) as error:  # no access, a name that is too long or none
        msg = f"{path} cannot be looked for ({error}); mend access to it, or name another folder by BRAINCONV_DATA."
        raise DataUnavailableError(msg) from error


def fetch_file(
    file: RemoteFile, *, folder: str, data_dir: str | os.PathLike[str] | None = None, download: bool = True
) -> Path:
    """Find a file on disk, or download it.

    The search order is that of `list_data_dirs`.  A checksum is verified once per process and file.  A download
    shows a progress bar, keeps what has come in ``<name>.part`` and goes on from there after an interruption;
    the file gets its name only when its checksum is right.

    Parameters
    ----------
    file : RemoteFile
    folder : str
        The data set's folder, such as ``"cowley2023"`` or ``"weights/bvlc_alexnet_conv1"``.
    data_dir : path, optional
        First place to look in, and to write to.
    download : bool
        Whether the network may be used.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    DataUnavailableError
        If it cannot be had: the sentence names the URL, the file and the folder where to put it by hand.
    """
    check_instance(file, RemoteFile, what="file")
    check_path(folder, what="folder")
    check_flag(download, what="download")
    found = find_file(file, folder=folder, data_dir=data_dir)
    if found is not None:
        return found
    target_dir = _first_writable(list_data_dirs(data_dir), folder)
    if not download or not file.url:
        reason = "downloading was not allowed (download=False)" if file.url else "it has no public address of its own"
        raise DataUnavailableError(_explain(file, folder, target_dir, f"is not on disk and {reason}"))
    from brainconv.io.download import DownloadFailure, download_verified

    reasons = []
    _check_place(target_dir / file.name)
    try:
        target_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataUnavailableError(_explain(file, folder, target_dir, f"cannot be downloaded ({error})")) from error
    with _only_one(target_dir):
        path = target_dir / file.name
        if _is_file(path):  # another process was faster
            _verify(path, file)
            return path
        for url in (file.url, *file.mirrors):
            try:
                download_verified(url, path, checksum=file.checksum, size=file.bytes)
            except DownloadFailure as failure:
                reasons.append(f"{url} {failure}")
            else:
                _remember(path, file)
                return path
    raise DataUnavailableError(_explain(file, folder, target_dir, "cannot be downloaded (" + "; ".join(reasons) + ")"))


def _explain(file: RemoteFile, folder: str, target_dir: Path, why: str) -> str:
    source = f"get it from {file.url} and put it" if file.url else "put it"
    return (
        f"{folder}/{file.name} {why}; {source} at {target_dir / file.name} by hand, "
        f"or set BRAINCONV_DATA to a folder that holds {folder}/{file.name}."
    )


def _first_writable(places: list[Path], folder: str) -> Path:
    """The data set's folder in the first place that may be written; it need not exist yet."""
    for place in places:
        if _is_writable(place / folder):
            return place / folder
    tried = ", ".join(map(str, places))
    msg = f"None of the data folders may be written ({tried}); name one that may by data_dir or BRAINCONV_DATA."
    raise DataUnavailableError(msg)


def _check_place(path: Path) -> None:
    """Refuse to write where something else stands: a file as a folder, a link that leads nowhere."""
    for place in (*reversed(path.absolute().parents), path.absolute()):
        what = "the file" if place == path.absolute() else "the folder"
        if place.is_symlink() and not place.exists():
            msg = (
                f"{place} is a link to {os.readlink(place)!r}, which is not there, where {what} of a download belongs; "
                f"restore what it leads to, or delete the link."
            )
            raise DataUnavailableError(msg)
        if place.exists() and place.is_dir() == (what == "the file"):
            found = "a folder" if place.is_dir() else "no folder"
            msg = f"{place} is {found}, where {what} of a download belongs; move it away, or set BRAINCONV_DATA."
            raise DataUnavailableError(msg)


def _is_writable(path: Path) -> bool:
    """Whether the nearest existing folder above may be written; root respects the permission bits too."""
    existing = next((p for p in (path.absolute(), *path.absolute().parents) if os.path.lexists(p)), None)
    if existing is None:
        return False
    if not existing.is_dir():  # named by _check_place if it comes to a download
        return True
    any_write_bit = existing.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)
    return bool(any_write_bit) and os.access(existing, os.W_OK)


@contextlib.contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Let one process at a time download into a folder (where the system can lock one)."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _key(path: Path, file: RemoteFile) -> tuple[str, int, int, str]:
    state = path.stat()
    return (str(path.resolve()), state.st_size, state.st_mtime_ns, file.checksum or "")


def _remember(path: Path, file: RemoteFile) -> None:
    _verified.add(_key(path, file))


def _verify(path: Path, file: RemoteFile) -> None:
    """Refuse a file that is not the registered one."""
    if _key(path, file) in _verified:
        return
    found = expected = ""
    if not (file.bytes is not None or file.checksum) and path.stat().st_size == 0:
        found, expected = "0 bytes", "more"
    elif file.bytes is not None and path.stat().st_size != file.bytes:
        found, expected = f"{path.stat().st_size} bytes", f"{file.bytes}"
    elif file.checksum:
        import pooch

        algorithm, _, wanted = file.checksum.partition(":")
        have = pooch.file_hash(str(path), alg=algorithm)
        if have != wanted:
            found, expected = f"{algorithm} {have}", wanted
    if found:
        source = f"get it again from {file.url}" if file.url else "replace it"
        msg = (
            f"{path} has {found}, expected {expected}: it is damaged or another version; "
            f"delete it and {source} into {path.parent}."
        )
        raise DataUnavailableError(msg)
    _remember(path, file)
