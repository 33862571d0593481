"""One download: resumable, of bounded size, with a progress bar, verified before it gets its name."""

from __future__ import annotations

import codecs
import contextlib
import logging
import os
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from brainconv.io.transfer import Transfer, TransferBroken, TransferGivenUp

ATTEMPTS = 3
LARGEST_BYTES = 1 << 35
"""Most that is downloaded of a file whose size nobody states: 32 GiB."""
_ARCHIVES = (".npz", ".zip")
_BINARY = (*_ARCHIVES, ".gz", ".h5", ".jpg", ".mat", ".nc", ".npy", ".png", ".pt", ".pth", ".safetensors", ".tar")


class DownloadFailure(Exception):  # noqa: N818  -- it is a reason, which fetch_file puts into its sentence
    """Why one address did not give the file, as the rest of a sentence that starts with the address."""


class _StartAnewError(Exception):
    """What the server answered does not go on where the partial file ends."""


class ResumingDownloader:
    """A downloader for pooch that keeps what has come in ``<name>.part`` and goes on from there.

    Parameters
    ----------
    part : path
        Where the bytes are kept until all have come.
    size : int, optional
        Expected number of bytes; no more are written.
    resume : bool
        Whether bytes of an earlier attempt may be used.  Without a checksum nobody could tell that they fit.
    verified : bool
        Whether a checksum will be compared.  Where there is none, what looks like no such file is refused.
    """

    def __init__(self, part: Path, *, size: int | None, resume: bool, verified: bool = True) -> None:
        self.part = part
        self.size = size
        self.resume = resume
        self.verified = verified
        self.resumed = False

    def __call__(self, url: str, output_file: str, _pooch: Any = None) -> None:
        """Download ``url`` to ``output_file`` (pooch's signature)."""
        if not self.resume or (self.size is not None and self._have() > self.size):
            self.part.unlink(missing_ok=True)
        try:
            self._try(url)
        except DownloadFailure:
            if not self.resume or not self._have():
                self.part.unlink(missing_ok=True)
            raise
        if self.size is not None and self._have() != self.size:
            have = self._have()
            self.part.unlink()
            msg = f"gave {have} bytes, expected {self.size}"
            raise DownloadFailure(msg)
        os.replace(self.part, output_file)

    def _try(self, url: str) -> None:
        for attempt in range(ATTEMPTS):
            before = self._have()
            try:
                self._stream(url)
            except _StartAnewError:
                self.part.unlink(missing_ok=True)
            except TransferGivenUp as given_up:
                msg = f"{given_up}{self._say_kept()}"
                raise DownloadFailure(msg) from given_up
            except TransferBroken as broken:
                # a line that broke on the way is taken up again; one that was never there is not
                if self._have() <= before or attempt == ATTEMPTS - 1 or not self.resume:
                    msg = f"could not be reached or broke off ({broken}){self._say_kept()}"
                    raise DownloadFailure(msg) from broken
            else:
                return
        msg = "answered with another part of the file than was asked for"
        raise DownloadFailure(msg)

    def _have(self) -> int:
        return self.part.stat().st_size if self.part.is_file() else 0

    def _say_kept(self) -> str:
        have = self._have() if self.resume else 0
        return f"; {have} bytes are kept and the next call goes on from there" if have else ""

    def _stream(self, url: str) -> None:
        have = self._have()
        if self.size is not None and have == self.size:
            self.resumed = have > 0
            return
        headers = {"Accept-Encoding": "identity"}
        if have:
            headers["Range"] = f"bytes={have}-"
        with Transfer(url, headers) as transfer:
            if transfer.status == 416 and have:
                total = transfer.headers.get("content-range", "").rpartition("/")[2]
                if self.size is not None or (total.isdecimal() and int(total) != have):
                    raise _StartAnewError
                self.resumed = True  # the earlier attempt had got everything, or rubbish: the checksum tells
                return
            if transfer.status == 206 and have:
                if not self._goes_on(transfer, have):
                    raise _StartAnewError
                self.resumed = True
            elif transfer.status != 200:
                msg = f"answered {transfer.status} {transfer.reason}"
                raise DownloadFailure(msg)
            self._write(transfer, have if transfer.status == 206 else 0)
            if not self.verified:
                self._check_content(transfer)

    @staticmethod
    def _goes_on(transfer: Transfer, have: int) -> bool:
        """Whether a 206 answer begins where the partial file ends."""
        start = transfer.headers.get("content-range", "").replace("bytes", "").split("-")[0].strip()
        return start == str(have) and not _is_packed(transfer)

    def _write(self, transfer: Transfer, start: int) -> None:
        from tqdm import tqdm

        length = transfer.headers.get("content-length", "")
        stated = start + int(length) if length.isdecimal() and not _is_packed(transfer) else None
        if self.size is not None and stated is not None and stated != self.size:
            if start:
                raise _StartAnewError
            msg = f"states a size of {stated} bytes, expected {self.size}"
            raise DownloadFailure(msg)
        limit = self.size or stated or LARGEST_BYTES
        needed, free = (self.size or stated or 0) - start, shutil.disk_usage(self.part.parent).free
        if limit > LARGEST_BYTES and self.size is None:
            msg = f"states a size of {limit} bytes; at most {LARGEST_BYTES} are downloaded of a file of unknown size"
            raise DownloadFailure(msg)
        if needed > free:
            msg = f"has {needed} bytes to give, and {free} are free in {self.part.parent}"
            raise DownloadFailure(msg)
        bar = tqdm(
            total=self.size or stated,
            initial=start,
            unit="B",
            unit_scale=True,
            unit_divisor=1024,
            desc=self.part.name.removesuffix(".part"),
            disable=None,
            leave=False,
        )
        have = start
        with bar, self.part.open("ab" if start else "wb") as stream:
            for data in transfer.read_chunks():
                have += len(data)
                if have > limit:
                    stream.truncate(0)
                    msg = f"sent more than {limit} bytes, the size expected"
                    raise DownloadFailure(msg)
                stream.write(data)
                bar.update(len(data))

    def _check_content(self, transfer: Transfer) -> None:
        """Refuse what cannot be the file, where there is no checksum to say so."""
        suffix = Path(self.part.name.removesuffix(".part")).suffix.lower()
        with self.part.open("rb") as stream:
            head = stream.read(1024)
        problem = ""
        is_packed_whole = head.startswith(b"PK\x03\x04") and zipfile.is_zipfile(self.part)
        length_known = {"content-length", "transfer-encoding", "content-encoding"} & set(transfer.headers)
        if not head:
            problem = "sent an empty file"
        elif head.lstrip().lower().startswith((b"<!doctype html", b"<html")) and suffix not in (".html", ".htm"):
            problem = "sent a web page instead of the file"
        elif suffix in _BINARY and _is_text(head):
            problem = f"sent text instead of a {suffix} file ({head[:40].decode(errors='replace')!r})"
        elif not is_packed_whole and (suffix in _ARCHIVES or head.startswith(b"PK\x03\x04")):
            problem = "sent no whole zip archive"
        elif not (is_packed_whole or length_known or self.size is not None):
            problem = "stated no length and no checksum is known, so nobody can tell whether all of it came"
        if problem:
            raise DownloadFailure(problem)


def _is_packed(transfer: Transfer) -> bool:
    return bool(transfer.headers.get("content-encoding", "identity") != "identity")


def _is_text(head: bytes) -> bool:
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return all(letter >= " " or letter in "\t\n\r\f" for letter in text)


@contextlib.contextmanager
def _quiet_pooch() -> Iterator[None]:
    """Silence pooch's log line per file; the progress bar says it."""
    import pooch

    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)


def download_verified(url: str, path: Path, *, checksum: str | None, size: int | None) -> None:
    """Download one address to ``path``.

    Parameters
    ----------
    url : str
    path : path
        Gets its content only when it is complete and its checksum right.
    checksum : str, optional
        ``"sha256:…"`` or ``"sha1:…"``.
    size : int, optional
        Expected number of bytes.

    Raises
    ------
    DownloadFailure
        With the reason.
    """
    import pooch

    part = path.with_name(path.name + ".part")
    verified = checksum is not None
    for resume in (verified, False):
        downloader = ResumingDownloader(part, size=size, resume=resume, verified=verified)
        try:
            with _quiet_pooch():
                pooch.retrieve(url, known_hash=checksum, fname=path.name, path=path.parent, downloader=downloader)
        except ValueError as error:
            # bytes of an older version may have stood in the .part file: once more, from the beginning
            if downloader.resumed and resume:
                continue
            msg = f"gave a file whose {str(checksum).split(':', maxsplit=1)[0]} is not the registered one"
            raise DownloadFailure(msg) from error
        except OSError as error:
            if not verified:
                with contextlib.suppress(OSError):
                    part.unlink(missing_ok=True)
            msg = f"could not be written to {path.parent}: {error}"
            raise DownloadFailure(msg) from error
        else:
            return
