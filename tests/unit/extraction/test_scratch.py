"""Stores: what went in batch by batch comes back by blocks of units."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from brainconv.errors import ResourceError
from brainconv.extraction import scratch
from brainconv.extraction.plan import LayerSpec, Piece
from brainconv.extraction.scratch import MemoryStore, ScratchStore, count_block_units

N = 11


def make_pieces() -> list[Piece]:
    shapes = [("wide", 50, "float32"), ("one", 1, "float32"), ("double", 23, "float64")]
    return [Piece(LayerSpec(name, name, 0, 0, (n,), dtype, channels_last=False), 0, n) for name, n, dtype in shapes]


def make_store(kind: str, pieces: list[Piece], folder: Path) -> Any:
    return MemoryStore(pieces, N) if kind == "memory" else ScratchStore(pieces, N, folder=folder)


@pytest.mark.parametrize("kind", ["memory", "file"])
@pytest.mark.parametrize("batch", [1, 4, 11])
def test_round_trip(kind: str, batch: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "MIN_BLOCK_UNITS", 7)
    monkeypatch.setattr(scratch, "BLOCK_BYTES", 1)
    pieces = make_pieces()
    rng = np.random.default_rng(0)
    values = {piece: rng.standard_normal((N, piece.n_units)).astype(piece.layer.dtype) for piece in pieces}
    with make_store(kind, pieces, tmp_path) as store:
        for first in range(0, N, batch):
            for piece in pieces:
                store.put(first, piece, torch.from_numpy(values[piece][first : first + batch]))
        for piece in pieces:
            blocks = [(where, block.numpy().copy()) for where, block in store.read_blocks(piece)]
            assert [where.start for where, _ in blocks] == list(range(0, piece.n_units, 7))
            np.testing.assert_array_equal(np.concatenate([block for _, block in blocks], axis=1), values[piece])


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_a_batch_that_failed_half_way_is_forgotten(kind: str, tmp_path: Path) -> None:
    first, second = make_pieces()[:2]
    x = torch.arange(N * 50, dtype=torch.float32).view(N, 50)
    with make_store(kind, [first, second], tmp_path) as store:
        store.put(0, first, x[:4])
        store.put(0, second, x[:4, :1])
        store.put(4, first, -x[4:11])  # memory ran out before the second layer
        store.forget_from(4)
        for start, stop in ((4, 7), (7, 11)):
            store.put(start, first, x[start:stop])
            store.put(start, second, x[start:stop, :1])
        assert torch.equal(next(store.read_blocks(first))[1], x)
        assert torch.equal(next(store.read_blocks(second))[1], x[:, :1])


def test_half_precision_is_stored_as_float32(tmp_path: Path) -> None:
    piece = make_pieces()[0]
    x = torch.randn(N, 50).half()
    for kind in ("memory", "file"):
        with make_store(kind, [piece], tmp_path) as store:
            store.put(0, piece, x)
            assert torch.equal(next(store.read_blocks(piece))[1], x.float())


def test_block_width_follows_the_number_of_stimuli() -> None:
    assert count_block_units(1000, 4, 64 * 10**6) == 16_000
    assert count_block_units(10, 4) == scratch.MAX_BLOCK_UNITS
    assert count_block_units(10**6, 8) == scratch.MIN_BLOCK_UNITS


def test_no_file_has_a_name_and_a_full_disk_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    piece = make_pieces()[0]
    with ScratchStore([piece], N, folder=tmp_path) as store:
        store.put(0, piece, torch.ones(N, 50))
        assert list(tmp_path.iterdir()) == []

        class Full:
            seek = close = staticmethod(lambda *_: None)

            def write(self, _data: memoryview) -> int:
                raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(store, "_file", Full())
        with pytest.raises(ResourceError, match="became full"):
            store.put(0, piece, torch.ones(N, 50))


def test_a_file_that_lost_its_end_is_noticed(tmp_path: Path) -> None:
    piece = make_pieces()[0]
    with ScratchStore([piece], N, folder=tmp_path) as store:
        store.put(0, piece, torch.ones(N, 50))
        store._file.truncate(100)
        with pytest.raises(ResourceError, match="shorter"):
            next(store.read_blocks(piece))
