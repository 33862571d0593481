"""Where the features of one pass wait for their Gram: in memory, or in a scratch file laid out by blocks of units."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from brainconv.errors import ResourceError
from brainconv.extraction.plan import Piece, explain_write_error

if TYPE_CHECKING:
    import torch

BLOCK_BYTES = 64 * 2**20
"""Size of a block of units of all stimuli; the buffer that is read into."""
MIN_BLOCK_UNITS, MAX_BLOCK_UNITS = 512, 65_536


def count_block_units(n_stimuli: int, itemsize: int, block_bytes: int | None = None) -> int:
    """Number of units per block.

    Parameters
    ----------
    n_stimuli : int
    itemsize : int, bytes
        Of one value.
    block_bytes : int, bytes, optional
        Size aimed at; `BLOCK_BYTES` if not given.
    """
    target = BLOCK_BYTES if block_bytes is None else block_bytes
    return min(max(target // max(n_stimuli * itemsize, 1), MIN_BLOCK_UNITS), MAX_BLOCK_UNITS)


class FeatureStore(Protocol):
    """Takes features batch by batch and gives them back by blocks of units."""

    def put(self, first_row: int, piece: Piece, values: torch.Tensor) -> None:
        """Keep the values of some stimuli.

        Parameters
        ----------
        first_row : int
        piece : Piece
        values : torch.Tensor, shape (n_rows, piece.n_units)
        """

    def forget_from(self, row: int) -> None:
        """Forget everything about this stimulus and those after it (a batch that failed half-way).

        Parameters
        ----------
        row : int
        """

    def read_blocks(self, piece: Piece) -> Iterator[tuple[slice, torch.Tensor]]:
        """Blocks of units for all stimuli, each of shape (n_stimuli, n_units_of_the_block), free to be overwritten.

        Parameters
        ----------
        piece : Piece
        """


class MemoryStore:
    """Features in memory, on the CPU or a GPU.

    Parameters
    ----------
    pieces : sequence of Piece
    n_stimuli : int
    device : str
    """

    def __init__(self, pieces: Sequence[Piece], n_stimuli: int, *, device: str = "cpu") -> None:
        import torch

        self._n_stimuli = n_stimuli
        self.arrays = {
            piece: torch.empty((n_stimuli, piece.n_units), dtype=getattr(torch, piece.layer.dtype), device=device)
            for piece in pieces
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.arrays = {}

    def put(self, first_row: int, piece: Piece, values: torch.Tensor) -> None:
        """See `FeatureStore`.

        Parameters
        ----------
        first_row : int
        piece : Piece
        values : torch.Tensor, shape (n_rows, piece.n_units)
        """
        self.arrays[piece][first_row : first_row + len(values)].copy_(values)

    def forget_from(self, row: int) -> None:
        """Nothing to do: rows are overwritten.

        Parameters
        ----------
        row : int
        """

    def read_blocks(self, piece: Piece) -> Iterator[tuple[slice, torch.Tensor]]:
        """See `FeatureStore`.

        Parameters
        ----------
        piece : Piece
        """
        import torch

        array = self.arrays[piece]
        width = count_block_units(self._n_stimuli, array.element_size())
        size = self._n_stimuli * min(width, piece.n_units)
        buffer = torch.empty(size, dtype=array.dtype, device=array.device)
        for start in range(0, piece.n_units, width):
            units = slice(start, min(start + width, piece.n_units))
            block = buffer[: self._n_stimuli * (units.stop - units.start)].view(self._n_stimuli, -1)
            yield units, block.copy_(array[:, units])


class ScratchStore:
    """Features in one temporary file, written in the order in which they come.

    The values of a batch are cut into blocks of units before they are written, so that a block of all stimuli is read
    back in one run per batch (about a megabyte each).  Plain writes and reads into one buffer; a memory map would count
    as memory of the process and read single pages.  The file has no name (where the system allows it), so that nothing
    is left of it however the process ends.

    Parameters
    ----------
    pieces : sequence of Piece
    n_stimuli : int
    folder : Path
    """

    def __init__(self, pieces: Sequence[Piece], n_stimuli: int, *, folder: Path) -> None:
        self._n_stimuli = n_stimuli
        self._folder = folder
        self._file: IO[bytes] = tempfile.TemporaryFile(dir=folder, prefix="brainconv-", buffering=0)  # noqa: SIM115
        self._records: dict[Piece, list[tuple[int, int, int]]] = {piece: [] for piece in pieces}
        self._end = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def put(self, first_row: int, piece: Piece, values: torch.Tensor) -> None:
        """See `FeatureStore`.

        Parameters
        ----------
        first_row : int
        piece : Piece
        values : torch.Tensor, shape (n_rows, piece.n_units)
        """
        array = values.cpu().numpy().astype(piece.layer.dtype, copy=False)
        width = count_block_units(self._n_stimuli, array.itemsize)
        self._records[piece].append((first_row, len(array), self._end))
        self._file.seek(self._end)
        try:
            for start in range(0, piece.n_units, width):
                self._write(np.ascontiguousarray(array[:, start : start + width]))
        except OSError as error:
            raise explain_write_error(error, self._folder) from error
        self._end += array.nbytes

    def forget_from(self, row: int) -> None:
        """See `FeatureStore`.

        Parameters
        ----------
        row : int
        """
        for records in self._records.values():
            while records and records[-1][0] >= row:
                self._end = min(self._end, records.pop()[2])

    def read_blocks(self, piece: Piece) -> Iterator[tuple[slice, torch.Tensor]]:
        """See `FeatureStore`.

        Parameters
        ----------
        piece : Piece
        """
        import torch

        dtype = np.dtype(piece.layer.dtype)
        width = count_block_units(self._n_stimuli, dtype.itemsize)
        buffer = np.empty(self._n_stimuli * min(width, piece.n_units), dtype)
        self._announce(piece, 0, width * dtype.itemsize)
        for start in range(0, piece.n_units, width):
            units = slice(start, min(start + width, piece.n_units))
            n_units = units.stop - units.start
            self._announce(piece, units.stop * dtype.itemsize, width * dtype.itemsize)
            block = buffer[: self._n_stimuli * n_units].reshape(self._n_stimuli, n_units)
            for first_row, n_rows, offset in self._records[piece]:
                self._file.seek(offset + n_rows * start * dtype.itemsize)
                self._read(block[first_row : first_row + n_rows])
            yield units, torch.from_numpy(block)

    def _announce(self, piece: Piece, start: int, n_bytes: int) -> None:
        """Let the system fetch the next block while this one is multiplied (a hint; not every system takes it)."""
        row_bytes = piece.n_units * np.dtype(piece.layer.dtype).itemsize
        n_bytes = min(n_bytes, row_bytes - start)
        if n_bytes > 0 and hasattr(os, "posix_fadvise"):
            for _, n_rows, offset in self._records[piece]:
                where, length = offset + n_rows * start, n_rows * n_bytes
                os.posix_fadvise(self._file.fileno(), where, length, os.POSIX_FADV_WILLNEED)

    def _write(self, array: NDArray[Any]) -> None:
        left = memoryview(array.data).cast("B")
        while left:
            left = left[self._file.write(left) :]

    def _read(self, array: NDArray[Any]) -> None:
        left = memoryview(array.data).cast("B")
        while left:
            n_read = self._file.readinto(left)  # type: ignore[attr-defined]
            if not n_read:
                msg = f"The scratch file in {self._folder} is shorter than what was written to it; check the disk."
                raise ResourceError(msg)
            left = left[n_read:]
