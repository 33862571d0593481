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


def array_state(shape: Any, code: bytes, content: bytes, *, order: bytes = b"<", fortran: bytes = b"\x89") -> bytes:
    """A pickle of one array, written by hand: it may state anything."""
    dtype = b"cnumpy\ndtype\n(" + pickle.dumps(code.decode(), 2)[2:-1] + b"\x89\x88tR(K\x03" + (
        pickle.dumps(order.decode(), 2)[2:-1] + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    )  # fmt: skip
    head = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85C\x01btR"
    return head + b"(K\x01" + pickle.dumps(shape, 2)[2:-1] + dtype + fortran + content + b"tb"


def outer(*items: bytes) -> bytes:
    """An object array of them."""
    return b"\x80\x03" + array_state((len(items),), b"O8", b"](" + b"".join(items) + b"e", order=b"|") + b"."


def raw(content: bytes) -> bytes:
    return b"B" + len(content).to_bytes(4, "little") + content


GOOD = array_state((2, 3), b"f4", raw(np.arange(6, dtype="<f4").tobytes()))


def test_arrays_are_rebuilt_from_their_bytes(tmp_path: Path) -> None:
    swapped = array_state((3,), b"f8", raw(np.arange(3, dtype=">f8").tobytes()), order=b">")
    columns = array_state((2, 3), b"i2", raw(np.arange(6, dtype="<i2").tobytes()), fortran=b"\x88")
    write_pickle(tmp_path / "a.npy", outer(GOOD, swapped, columns))
    first, second, third = read_object_array(tmp_path / "a.npy")
    assert np.array_equal(first, np.arange(6, dtype=np.float32).reshape(2, 3))
    assert np.array_equal(second, [0, 1, 2])
    assert np.array_equal(third, [[0, 2, 4], [1, 3, 5]])


@pytest.mark.parametrize(
    ("crafted", "sentence"),
    [
        (array_state((2 * 10**9,), b"f8", raw(b"")), r"states the shape \(2000000000,\) of float64 for 0 bytes"),
        (array_state((10**11,), b"f8", raw(b"")), "the operation LONG1"),
        (array_state((10**6, 10**6), b"f4", raw(b"1234")), "for 4 bytes"),
        (array_state((-4,), b"f4", raw(b"")), "without a shape"),
        (array_state((0,) * 40, b"f4", raw(b"")), "for 0 bytes"),
        (array_state(("a",), b"f4", raw(b"")), "without a shape"),
        (array_state(3, b"f4", raw(b"")), "without a shape"),
        (array_state((1,), b"f4", b"]"), "without a shape, a type and bytes"),
        (array_state((1,), b"O8", raw(b"\x41" * 8)), "holds an array of type"),  # bytes taken for a pointer
        (array_state((1,), b"V4", raw(b"1234")), "holds an array of type"),
        (array_state((1,), b"f4", raw(b"1234"), order=b"?"), "holds an array of type"),
        (array_state((1,), b"c8", raw(b"12345678")), "holds an array of type"),
        (b"r\xff\xff\xff\x7f".join([b"K\x01", b""]), "the operation LONG_BINPUT"),  # a memo of 2**31 places
        (b"}", "the operation EMPTY_DICT"),
        (b"(dp0\n", "the operation DICT"),
        (b"cnumpy\nndarray\n)\x81", "the operation NEWOBJ"),
        (b"cnumpy\ndtype\n\x85R", "cannot be read as plain arrays"),
        (b"K\x01", "does not hold an object array"),
    ],
)
def test_crafted_arrays_neither_crash_nor_fill_memory(crafted: bytes, sentence: str, tmp_path: Path) -> None:
    write_pickle(tmp_path / "a.npy", outer(GOOD, crafted))
    with pytest.raises(InvalidInputError, match=sentence):
        read_object_array(tmp_path / "a.npy")


def test_an_outer_array_that_lies_is_refused(tmp_path: Path) -> None:
    for content in (raw(b"\x41" * 16), b"K\x05", b"N", GOOD):
        write_pickle(tmp_path / "a.npy", b"\x80\x03" + array_state((2,), b"O8", content, order=b"|") + b".")
        with pytest.raises(InvalidInputError, match="does not hold an object array"):
            read_object_array(tmp_path / "a.npy")


def test_large_files_are_not_read(tmp_path: Path) -> None:
    with (tmp_path / "a.npy").open("wb") as file:
        file.truncate(100 * 2**20)
    with pytest.raises(InvalidInputError, match="has more than"):
        read_object_array(tmp_path / "a.npy")
