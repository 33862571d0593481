"""Reader of the compressed SqueezeNet 1.0 of Deep Compression: shared weights and relative positions, 0.66 MB."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brainconv.errors import InvalidInputError

FIRES = {  # name: (channels in, squeeze, each expand)
    "fire2": (96, 16, 64),
    "fire3": (128, 16, 64),
    "fire4": (128, 32, 128),
    "fire5": (256, 32, 128),
    "fire6": (256, 48, 192),
    "fire7": (384, 48, 192),
    "fire8": (384, 64, 256),
    "fire9": (512, 64, 256),
}
N_CODES = 256
MAX_BYTES = 16 * 2**20


def list_kernels() -> dict[str, tuple[int, int, int, int]]:
    """Shapes (out, in, height, width) of the 26 kernels in the order of the file, by the path of their module."""
    shapes = {"conv1.conv": (96, 3, 7, 7)}
    for name, (n_in, n_squeeze, n_expand) in FIRES.items():
        shapes[f"{name}.squeeze"] = (n_squeeze, n_in, 1, 1)
        shapes[f"{name}.expand1x1"] = (n_expand, n_squeeze, 1, 1)
        shapes[f"{name}.expand3x3"] = (n_expand, n_squeeze, 3, 3)
    shapes["conv_final.conv"] = (1000, 512, 1, 1)
    return shapes


def read_deep_compression(path: str | os.PathLike[str]) -> dict[str, NDArray[np.float32]]:
    """Read the compressed file into plain kernels and biases.

    Parameters
    ----------
    path : path
        ``compressed_SqueezeNet.net``.

    Returns
    -------
    dict of str to ndarray, float32
        ``<module>.weight`` and ``<module>.bias`` of the 26 layers: 1,248,424 values.  Input channels are B, G, R.

    Raises
    ------
    InvalidInputError
        If the file is too short, has bytes left over, or places a weight outside its kernel.

    Notes
    -----
    Little-endian, no header: 26 × uint32 numbers of stored entries; then per layer a codebook of 256 float32, the
    biases as float32, one byte per entry (its code), and 4-bit gaps between entries, two to a byte, low half first.
    Entry k lies at the sum of (gap + 1) over entries 0..k, minus 1, of the flattened kernel; the rest is 0.

    References
    ----------
    Han, Mao & Dally, ICLR 2016, arXiv:1510.00149, section 2 and figure 3; Iandola et al. 2016, arXiv:1602.07360.
    """
    name = Path(path).name
    if Path(path).stat().st_size > MAX_BYTES:
        msg = f"{name} has more than {MAX_BYTES} bytes; expected the 0.66 MB of the compressed SqueezeNet."
        raise InvalidInputError(msg)
    content = Path(path).read_bytes()
    position = 0

    def take(count: int, dtype: str, what: str) -> NDArray[np.generic]:
        nonlocal position
        n_bytes = count * np.dtype(dtype).itemsize
        if position + n_bytes > len(content):
            msg = (
                f"{name} ends within {what}: {len(content)} bytes, at least {position + n_bytes} expected; "
                f"it is cut off or not a Deep Compression SqueezeNet, fetch it again."
            )
            raise InvalidInputError(msg)
        values = np.frombuffer(content, dtype=dtype, count=count, offset=position)
        position += n_bytes
        return values

    kernels = list_kernels()
    n_stored = take(len(kernels), "<u4", "the table of entries").astype(np.int64)
    state: dict[str, NDArray[np.float32]] = {}
    for (layer, shape), count in zip(kernels.items(), n_stored.tolist(), strict=True):
        size = int(np.prod(shape))
        if not 1 <= count <= size:
            msg = (
                f"{name} says that {layer} stores {count} entries; expected 1 to {size}: it is not this network's file."
            )
            raise InvalidInputError(msg)
        codebook = take(N_CODES, "<f4", f"the codebook of {layer}")
        bias = take(shape[0], "<f4", f"the biases of {layer}")
        codes = take(count, "u1", f"the codes of {layer}")
        packed = take((count - 1) // 2 + 1, "u1", f"the positions of {layer}").astype(np.int64)
        gaps = np.stack([packed & 15, packed >> 4], axis=1).ravel()[:count]
        places = np.cumsum(gaps + 1) - 1
        if places[-1] >= size:
            msg = f"{name} places a weight of {layer} at {places[-1]}, beyond its {size}: the file is damaged."
            raise InvalidInputError(msg)
        kernel = np.zeros(size, dtype=np.float32)
        kernel[places] = codebook[codes]
        state[f"{layer}.weight"] = kernel.reshape(shape)
        state[f"{layer}.bias"] = bias.astype(np.float32)
    if position != len(content):
        msg = f"{name} has {len(content) - position} bytes after its last layer; expected none: it is another file."
        raise InvalidInputError(msg)
    return state
