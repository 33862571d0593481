"""The bytes of one HTTP answer, read in a thread of their own, so that a server that stalls can be given up."""

from __future__ import annotations

import queue
import threading
import time
import zlib
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self

CHUNK_BYTES = 1 << 16
TIMEOUT_S = (10.0, 60.0)
"""For the connection, and for each wait for data."""
WINDOW_S = 60.0
LEAST_RATE = 1000.0
"""Bytes per second below which, over a window, a download is given up."""


class TransferBroken(Exception):  # noqa: N818  -- it is a reason, not an error of its own
    """The line broke or never stood; what has come is good."""


class TransferGivenUp(Exception):  # noqa: N818
    """Why no more is read: data come too slowly, not at all, or in a form that was not asked for."""


class Transfer:
    """One GET request.

    Parameters
    ----------
    url : str
    headers : mapping of str to str

    Attributes
    ----------
    status : int
    reason : str
    headers : mapping of str to str
        Of the answer.
    """

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._items: queue.Queue[Any] = queue.Queue(maxsize=64)
        self._stopped = threading.Event()
        threading.Thread(target=self._read, args=(url, dict(headers)), daemon=True).start()
        # a server may send its headers letter by letter, which no timeout between two letters would notice
        try:
            answer = self._take(sum(TIMEOUT_S))
        except BaseException:
            self._stopped.set()
            raise
        if answer is None:
            raise TransferGivenUp(_too_slow(sum(TIMEOUT_S)))
        self.status, self.reason, self.headers = answer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()

    def read_chunks(self) -> Iterator[bytes]:
        """The body, unpacked where the server sent it packed (gzip), in pieces of bounded size.

        Raises
        ------
        TransferBroken
            If the line broke before the end.
        TransferGivenUp
            If it came at less than `LEAST_RATE` over `WINDOW_S`.
        """
        encoding = self.headers.get("content-encoding", "identity").strip().lower()
        if encoding in ("", "identity"):
            yield from self._read_packed()
        elif encoding in ("gzip", "x-gzip"):
            yield from _unpack(self._read_packed())
        else:
            msg = f"sent it packed ({encoding}), though it was asked for as it is"
            raise TransferGivenUp(msg)

    def _read_packed(self) -> Iterator[bytes]:
        length = self.headers.get("content-length", "")
        expected = int(length) if length.isdecimal() else None
        n_bytes = n_window = 0
        end = time.monotonic() + WINDOW_S
        while True:
            if time.monotonic() >= end:
                if n_window < LEAST_RATE * WINDOW_S:
                    raise TransferGivenUp(_too_slow(WINDOW_S))
                n_window, end = 0, time.monotonic() + WINDOW_S
            data = self._take(end - time.monotonic())
            if data == b"":
                break
            if data is not None:
                n_bytes, n_window = n_bytes + len(data), n_window + len(data)
                yield data
        if expected is not None and n_bytes < expected:
            msg = f"ended after {n_bytes} of {expected} bytes"
            raise TransferBroken(msg)

    def _take(self, timeout: float) -> Any:
        """The next thing from the other thread; None if nothing came in time."""
        try:
            item = self._items.get(timeout=max(0.0, timeout))
        except queue.Empty:
            return None
        if isinstance(item, Exception):
            raise TransferBroken(type(item).__name__) from item
        return item

    def _put(self, item: Any) -> None:
        while not self._stopped.is_set():
            try:
                self._items.put(item, timeout=1.0)
            except queue.Full:
                continue
            return

    def _read(self, url: str, headers: dict[str, str]) -> None:
        import requests

        try:
            with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_S) as response:
                answered = {name.lower(): value for name, value in response.headers.items()}
                self._put((response.status_code, response.reason, answered))
                raw = response.raw
                # read1 gives what is there; where it is missing (urllib3 1), small pieces come soon enough
                read = getattr(raw, "read1", None)
                while not self._stopped.is_set():
                    if read is not None:
                        data = read(CHUNK_BYTES, decode_content=False)
                    else:
                        data = raw.read(1024, decode_content=False)
                    if not data:
                        break
                    self._put(data)
            self._put(b"")
        except Exception as error:  # of requests, urllib3, http.client or the socket: each is a broken line
            self._put(error)


def _unpack(packed: Iterator[bytes]) -> Iterator[bytes]:
    unpack = zlib.decompressobj(wbits=31)
    for piece in packed:
        data = piece
        while data and not unpack.eof:
            try:
                yield unpack.decompress(data, CHUNK_BYTES)
            except zlib.error as error:
                msg = "sent gzip that cannot be unpacked"
                raise TransferGivenUp(msg) from error
            data = unpack.unconsumed_tail
    if not unpack.eof:
        msg = "ended within its gzip"
        raise TransferBroken(msg)


def _too_slow(seconds: float) -> str:
    return f"sent less than {LEAST_RATE:g} bytes per second for {seconds:g} s and was given up"
