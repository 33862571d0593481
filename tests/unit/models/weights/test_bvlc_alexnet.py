"""The restricted reader of pickled arrays: what it reads, and that it executes nothing."""

from __future__ import annotations

import io
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brainconv.errors import InvalidInputError
from brainconv.models.weights.bvlc_alexnet import read_bvlc_alexnet_conv1, read_object_array


def write(path: Path, items: list[Any]) -> None:
    array = np.empty(len(items), dtype=object)
    array[:] = items
    np.save(path, array, allow_pickle=True)


def write_pickle(path: Path, content: bytes) -> None:
    """A .npy header that announces objects, followed by any pickle."""
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "|O", "fortran_order": False, "shape": (1,)})
    path.write_bytes(buffer.getvalue() + content)


def test_reads_kernels_and_biases_and_their_axes(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    kernels = rng.standard_normal((11, 11, 3, 96)).astype(np.float32)
    bias = rng.standard_normal(96).astype(np.float32)
    write(tmp_path / "a.npy", [kernels, bias])
    state = read_bvlc_alexnet_conv1(tmp_path / "a.npy")
    assert state["conv1.conv.weight"].shape == (96, 3, 11, 11)
    assert state["conv1.conv.weight"][7, 2, 3, 5] == kernels[3, 5, 2, 7]
    assert np.array_equal(state["conv1.conv.bias"], bias)


class Executes:
    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (os.mkdir, (self.path,))


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_executes_nothing(tmp_path: Path, protocol: int) -> None:
    trace = tmp_path / "made"
    write_pickle(tmp_path / "a.npy", pickle.dumps(Executes(str(trace)), protocol=protocol))
    with pytest.raises(InvalidInputError, match=r"it names (posix|nt|os)\.mkdir; nothing in it was executed"):
        read_object_array(tmp_path / "a.npy")
    array = np.empty(1, dtype=object)
    array[0] = Executes(str(trace))
    np.save(tmp_path / "b.npy", array, allow_pickle=True)
    with pytest.raises(InvalidInputError, match="cannot be read as plain arrays"):
        read_object_array(tmp_path / "b.npy")
    assert not trace.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"cnumpy.core.multiarray\n_reconstruct\n(cbuiltins\neval\n(I0\ntS'b'\ntR.",
        b"cbuiltins\neval\n(S'1'\ntR.",
        b"(ibuiltins\neval\n.",
        b"cnumpy\nload\n(S'x'\ntR.",
        b"",
        b"garbage",
    ],
)
def test_other_pickles_are_refused(tmp_path: Path, content: bytes) -> None:
    write_pickle(tmp_path / "a.npy", content)
    with pytest.raises(InvalidInputError, match="cannot be read as plain arrays"):
        read_object_array(tmp_path / "a.npy")


def test_other_files_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros(3))
    with pytest.raises(InvalidInputError, match="announces float64"):
        read_object_array(tmp_path / "a.npy")
    (tmp_path / "b.npy").write_bytes(b"no array at all")
    with pytest.raises(InvalidInputError, match="cannot be read"):
        read_object_array(tmp_path / "b.npy")
    write(tmp_path / "c.npy", [np.zeros(3, np.float32), "text"])
    with pytest.raises(InvalidInputError, match="numeric arrays"):
        read_object_array(tmp_path / "c.npy")
    write(tmp_path / "d.npy", [np.zeros((5, 5, 3, 96), np.float32), np.zeros(96, np.float32)])
    with pytest.raises(InvalidInputError, match=r"shapes \[\(5, 5, 3, 96\)"):
        read_bvlc_alexnet_conv1(tmp_path / "d.npy")
