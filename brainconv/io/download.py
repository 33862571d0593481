"""One download: resumable, with a progress bar, verified before it gets its name."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CHUNK_BYTES = 1 << 17
TIMEOUT_S = (10.0, 60.0)
ATTEMPTS = 3


class DownloadFailure(Exception):  # noqa: N818  -- it is a reason, which fetch_file puts into its sentence
    """Why one address did not give the file, as the rest of a sentence that starts with the address."""


class ResumingDownloader:
    """A downloader for pooch that keeps what has come in ``<name>.part`` and goes on from there.

    Parameters
    ----------
    part : path
        Where the bytes are kept until all have come.
    size : int, optional
        Expected number of bytes.
    resume : bool
        Whether bytes of an earlier attempt may be used.  Without a checksum nobody could tell that they fit.
    """

    def __init__(self, part: Path, *, size: int | None, resume: bool) -> None:
        self.part = part
        self.size = size
        self.resume = resume
        self.resumed = False

    def __call__(self, url: str, output_file: str, _pooch: Any = None) -> None:
        """Download ``url`` to ``output_file`` (pooch's signature)."""
        import requests

        if not self.resume:
            self.part.unlink(missing_ok=True)
        for attempt in range(ATTEMPTS):
            before = self._have()
            try:
                self._stream(url)
                break
            except requests.exceptions.RequestException as error:
                # a line that broke on the way is taken up again; one that was never there is not
                if self._have() <= before or attempt == ATTEMPTS - 1 or not self.resume:
                    raise DownloadFailure(_reason(error, self._have() if self.resume else 0)) from error
        if self.size is not None and self._have() != self.size:
            have = self._have()
            if have > self.size:
                self.part.unlink()
            msg = f"gave {have} bytes, expected {self.size}"
            raise DownloadFailure(msg)
        os.replace(self.part, output_file)

    def _have(self) -> int:
        return self.part.stat().st_size if self.part.is_file() else 0

    def _stream(self, url: str) -> None:
        import requests
        from tqdm import tqdm

        have = self._have()
        if self.size is not None and have == self.size:
            self.resumed = True
            return
        headers = {"Accept-Encoding": "identity"}
        if have:
            headers["Range"] = f"bytes={have}-"
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_S) as response:
            if response.status_code == 416 and have:  # the earlier attempt had got everything, or rubbish
                self.resumed = True
                return
            if not response.ok:
                msg = f"answered {response.status_code} {response.reason}"
                raise DownloadFailure(msg)
            goes_on = response.status_code == 206 and _starts_at(response.headers.get("Content-Range", ""), have)
            self.resumed = self.resumed or goes_on
            start = have if goes_on else 0
            length = int(response.headers.get("Content-Length") or 0)
            expected = start + length if length else None
            bar = tqdm(
                total=self.size or expected,
                initial=start,
                unit="B",
                unit_scale=True,
                unit_divisor=1024,
                desc=self.part.name.removesuffix(".part"),
                disable=None,
                leave=False,
            )
            with bar, self.part.open("ab" if goes_on else "wb") as stream:
                for chunk in response.iter_content(CHUNK_BYTES):
                    stream.write(chunk)
                    bar.update(len(chunk))
            if expected is not None and self._have() < expected:
                msg = f"ended after {self._have()} of {expected} bytes"
                raise requests.exceptions.ConnectionError(msg)


def _starts_at(content_range: str, start: int) -> bool:
    """Whether a 206 answer begins where the partial file ends."""
    return content_range.replace("bytes ", "").split("-")[0].strip() == str(start)


def _reason(error: Exception, have: int) -> str:
    kept = f"; {have} bytes are kept and the next call goes on from there" if have else ""
    name = type(error).__name__
    return f"could not be reached or broke off ({name}){kept}"


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
    for resume in (checksum is not None, False):
        downloader = ResumingDownloader(part, size=size, resume=resume)
        try:
            with _quiet_pooch():
                pooch.retrieve(url, known_hash=checksum, fname=path.name, path=path.parent, downloader=downloader)
        except ValueError as error:
            # bytes of an older version may have stood in the .part file: once more, from the beginning
            if downloader.resumed:
                continue
            msg = f"gave a file whose {str(checksum).split(':', maxsplit=1)[0]} is not the registered one"
            raise DownloadFailure(msg) from error
        except OSError as error:
            msg = f"could not be written to {path.parent}: {error}"
            raise DownloadFailure(msg) from error
        else:
            return
