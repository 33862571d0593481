"""The reader of the compressed format, on a file written here by the format's description."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from brainconv.errors import InvalidInputError
from brainconv.models.weights.deep_compression import list_kernels, read_deep_compression


def write(path: Path, *, seed: int = 0, shift: int = 0) -> dict[str, np.ndarray]:
    """A file of the right layout with about a twentieth of the weights stored; returns what it holds."""
    rng = np.random.default_rng(seed)
    counts, bodies, expected = [], [], {}
    for layer, shape in list_kernels().items():
        size = int(np.prod(shape))
        gaps = rng.integers(0, 16, size // 20)
        gaps = gaps[np.cumsum(gaps + 1) - 1 < size]
        codes = rng.integers(0, 256, len(gaps), dtype=np.uint8)
        codebook = rng.standard_normal(256).astype("<f4")
        codebook[0] = 0
        bias = rng.standard_normal(shape[0]).astype("<f4")
        kernel = np.zeros(size, dtype=np.float32)
        kernel[np.cumsum(gaps + 1) - 1] = codebook[codes]
        expected[f"{layer}.weight"], expected[f"{layer}.bias"] = kernel.reshape(shape), bias
        padded = np.append(gaps, 0)[: 2 * ((len(gaps) - 1) // 2 + 1)].astype(np.uint8)
        packed = padded[0::2] | (padded[1::2] << 4)
        counts.append(len(gaps) + shift)
        bodies.append(codebook.tobytes() + bias.tobytes() + codes.tobytes() + packed.tobytes())
    path.write_bytes(np.array(counts, dtype="<u4").tobytes() + b"".join(bodies))
    return expected


def test_kernels_are_those_of_squeezenet() -> None:
    shapes = list_kernels()
    assert len(shapes) == 26
    assert sum(int(np.prod(shape)) + shape[0] for shape in shapes.values()) == 1_248_424


def test_reads_what_was_written(tmp_path: Path) -> None:
    expected = write(tmp_path / "a.net")
    found = read_deep_compression(tmp_path / "a.net")
    assert set(found) == set(expected)
    for name, values in expected.items():
        assert found[name].dtype == np.float32
        assert np.array_equal(found[name], values), name


def test_a_file_cut_off_or_too_long_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.net"
    write(path)
    whole = path.read_bytes()
    for n_bytes in (0, 50, 104, 2000, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:n_bytes])
        with pytest.raises(InvalidInputError, match=r"a\.net (ends within|says that)"):
            read_deep_compression(path)
    path.write_bytes(whole + b"\0")
    with pytest.raises(InvalidInputError, match="1 bytes after its last layer"):
        read_deep_compression(path)


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.net"
    path.write_bytes(b"\xff" * 700_000)
    with pytest.raises(InvalidInputError, match="not this network's file"):
        read_deep_compression(path)
    write(path)
    content = bytearray(path.read_bytes())
    counts = np.frombuffer(content[:104], dtype="<u4")
    start = 104 + 256 * 4 + 96 * 4 + int(counts[0])
    content[start : start + (int(counts[0]) - 1) // 2 + 1] = b"\xff" * ((int(counts[0]) - 1) // 2 + 1)
    path.write_bytes(bytes(content))
    # 705 entries, all 16 apart, stay within conv1's 14,112 weights or leave it
    if int(counts[0]) * 16 > 14_112:
        with pytest.raises(InvalidInputError, match="beyond its"):
            read_deep_compression(path)
    else:
        assert np.isfinite(read_deep_compression(path)["conv1.conv.weight"]).all()


def test_a_large_file_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "a.net").open("wb") as file:
        file.truncate(2**30)
    with pytest.raises(InvalidInputError, match="has more than"):
        read_deep_compression(tmp_path / "a.net")
