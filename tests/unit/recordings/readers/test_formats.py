"""NumPy and MATLAB files that lie about their size."""

from __future__ import annotations

import io
import pickle
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import scipy.io

from brainconv.errors import InvalidInputError
from brainconv.recordings.readers import formats
from brainconv.recordings.readers.formats import read_matlab, read_npy


def npy(header: str, data: bytes = b"", version: tuple[int, int] = (1, 0)) -> bytes:
    text = header.encode().ljust(117) + b"\n"
    length = struct.pack("<H" if version == (1, 0) else "<I", len(text))
    return b"\x93NUMPY" + bytes(version) + length + text + data


def whole() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.arange(12.0).reshape(3, 4))
    return stream.getvalue()


def test_a_plain_array_comes_back(tmp_path: Path) -> None:
    for version, order in (((1, 0), "C"), ((2, 0), "F")):
        with (tmp_path / "a.npy").open("wb") as file:
            np.lib.format.write_array(file, np.asarray(np.arange(12.0).reshape(3, 4), order=order), version)  # type: ignore[call-overload]
        np.testing.assert_array_equal(read_npy(tmp_path / "a.npy"), np.arange(12.0).reshape(3, 4))


@pytest.mark.parametrize(
    "data",
    [
        npy("{'descr': '<f8', 'fortran_order': False, 'shape': (100000000000,), }"),
        npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000000, 1000000), }", b"x" * 80),
        npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-2, -5), }", b"x" * 80),
        npy("{'descr': '<f8', 'fortran_order': False, 'shape': (10,), }", b"x" * 79),
        npy("{'descr': '<f8', 'fortran_order': False, 'shape': (10,), }", b"x" * 81),
        npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", pickle.dumps([1])),
        npy("{'descr': '<f8', 'fortran_order': False, 'shape': (10,), }", b"x" * 80, version=(3, 0)),
        npy("{'descr': '<f8', 'shape': (10,), }", b"x" * 80),
        npy("[" * 100),
        whole()[:-1],
        whole()[:60],
        b"",
        b"PK\x03\x04",
        pickle.dumps(np.arange(3)),
    ],
)
def test_a_header_that_lies_is_refused_before_anything_is_allocated(
    tmp_path: Path, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.npy").write_bytes(data)
    monkeypatch.setattr(np, "load", lambda *_, **__: pytest.fail("it was read"))
    with pytest.raises(InvalidInputError, match=r"a\.npy cannot be read as a NumPy array \(.*get it again") as caught:
        read_npy(tmp_path / "a.npy")
    assert "\n" not in str(caught.value)


def matlab(tmp_path: Path, *, compress: bool) -> Path:
    scipy.io.savemat(tmp_path / "a.mat", {"x": np.arange(1000.0), "y": {"z": "text"}}, do_compression=compress)
    return tmp_path / "a.mat"


@pytest.mark.parametrize("compress", [False, True])
def test_matlab_variables_come_back(tmp_path: Path, compress: bool) -> None:
    read = read_matlab(matlab(tmp_path, compress=compress), "x", "y")
    np.testing.assert_array_equal(read["x"].ravel(), np.arange(1000.0))
    with pytest.raises(InvalidInputError, match="has no variable 'w'"):
        read_matlab(tmp_path / "a.mat", "w")


def test_a_matlab_file_that_is_cut_off_packed_too_well_or_another_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = matlab(tmp_path, compress=True)
    data = path.read_bytes()
    monkeypatch.setattr(formats, "_MATLAB_VARIABLE_BYTES", 1_000_000)
    bomb = zlib.compress(bytes(3_000_000), 9)
    for content, message in (
        (data[:-5], "cut off"),
        (data[:128] + struct.pack("<II", 15, 10**9), "cut off"),
        (data[:128] + struct.pack("<II", 15, len(bomb)) + bomb, "unpacks to more than 1000000 bytes"),
        (data[:128] + struct.pack("<II", 15, 50) + b"x" * 50, "incorrect header check"),
        (b"\x89HDF\r\n\x1a\n" + bytes(200), "no header of a MATLAB 5 file"),
        (struct.pack("<IIIII", 0, 2**31 - 1, 2**31 - 1, 0, 2) + b"x\0", "no header of a MATLAB 5 file"),
        (b"", "no header of a MATLAB 5 file"),
    ):
        path.write_bytes(content)
        with pytest.raises(InvalidInputError, match=rf"a\.mat cannot be read as a MATLAB 5 file \(.*{message}"):
            read_matlab(path, "x")
