"""Kendall's count of concordant less discordant pairs of pairs, by sorting and merging."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from brainconv.similarity.ranks import SortedRow

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_LEAF = 24


def split_into_blocks(n: int, leaf: int = _LEAF) -> tuple[int, int]:
    """Length of the smallest blocks and number of doublings that cover ``n`` with the least padding.

    Parameters
    ----------
    n : int
    leaf : int
        The blocks are at most this long.

    Returns
    -------
    leaf, n_levels : int
        With leaf × 2^n_levels ≥ n.
    """
    n_levels = max(0, int(np.ceil(np.log2(max(n, 1) / leaf))))
    return max(1, -(-n // 2**n_levels)), n_levels


def count_inversions(sequence: NDArray[np.int32]) -> Ints:
    """Number of i < j with sequence[i] > sequence[j], for every row.

    Blocks are compared directly at the bottom and merged upwards: where two sorted halves are merged, the places that
    the left half takes tell how many of the right half precede it.

    Parameters
    ----------
    sequence : ndarray of int32, shape (n_rows, n)
        Non-negative, below 2^30.

    Returns
    -------
    ndarray of int64, shape (n_rows,)
    """
    n_rows, n = sequence.shape
    leaf, n_levels = split_into_blocks(n)
    padded = np.full((n_rows, leaf * 2**n_levels), np.int32(2**30 - 1))
    padded[:, :n] = sequence
    columns = np.ascontiguousarray(padded.reshape(n_rows, -1, leaf).transpose(0, 2, 1))
    total = np.zeros(n_rows, dtype=np.int64)
    for row in range(n_rows):
        flat = columns[row]
        total[row] = sum(int(np.count_nonzero(flat[:-step] > flat[step:])) for step in range(1, leaf))
    keys = padded << 1
    size = leaf
    for _ in range(n_levels):
        blocks = keys.reshape(n_rows, -1, 2, size)
        blocks[:, :, 0] &= ~1
        blocks[:, :, 1] |= 1
        merged = keys.reshape(-1, 2 * size)
        merged.sort(axis=1)
        right_places = (merged & 1).reshape(n_rows, -1, 2 * size).sum(axis=1, dtype=np.int64) @ np.arange(2 * size)
        n_blocks = merged.shape[0] // n_rows
        # places of the right half sum to size² + size(size-1)/2 when nothing is inverted
        total += n_blocks * (size * size + size * (size - 1) // 2) - right_places
        size *= 2
    return total


def count_ties(row: SortedRow) -> int:
    """Number of pairs of equal values.

    Parameters
    ----------
    row : SortedRow
    """
    sizes = row.group_sizes()
    return int((sizes * (sizes - 1) // 2).sum())


def concordance(x: SortedRow, ys: list[SortedRow]) -> Ints:
    """Concordant less discordant pairs of entries of x and of each y.

    Parameters
    ----------
    x : SortedRow
    ys : list of SortedRow, of the same length

    Returns
    -------
    ndarray of int64, shape (len(ys),)
        Pairs that are tied in either count neither way.

    References
    ----------
    Knight W R (1966), doi:10.1080/01621459.1966.10480879.
    """
    n = x.n_pairs
    first = x.dense_ranks().astype(np.int64) << 32
    keys = np.stack([first | y.dense_ranks() for y in ys])
    keys.sort(axis=1)
    total = n * (n - 1) // 2
    tied_x = count_ties(x)
    discordant = count_inversions((keys & 0xFFFFFFFF).astype(np.int32))
    result = np.empty(len(ys), dtype=np.int64)
    for k, y in enumerate(ys):
        runs = np.diff(np.flatnonzero(np.concatenate([[True], keys[k, 1:] != keys[k, :-1], [True]])))
        tied_both = int((runs * (runs - 1) // 2).sum())
        result[k] = total - tied_x - count_ties(y) + tied_both - 2 * int(discordant[k])
    return result
