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
    ranks = np.stack([y.dense_ranks() for y in ys])
    return concordance_of_ranks(x.dense_ranks(), ranks, count_ties(x), np.array([count_ties(y) for y in ys]))


def concordance_of_ranks(x: NDArray[np.intp], ys: NDArray[np.intp], tied_x: int, tied_y: Ints) -> Ints:
    """The same from dense ranks and counts of ties, which permutations of an RDM leave alone.

    Parameters
    ----------
    x : ndarray of int, shape (n_pairs,)
        Ranks among the distinct values, from 0.
    ys : ndarray of int, shape (n_rows, n_pairs)
    tied_x : int
        Number of pairs of equal entries of x.
    tied_y : ndarray of int, shape (n_rows,)

    Returns
    -------
    ndarray of int64, shape (n_rows,)
    """
    n = x.size
    keys = np.bitwise_or(x.astype(np.int64) << 32, ys)
    keys.sort(axis=1)
    discordant = count_inversions((keys & 0xFFFFFFFF).astype(np.int32))
    if tied_x and tied_y.any():
        tied_both = np.array([_count_runs(row) for row in keys])
    else:
        tied_both = np.zeros(len(ys), dtype=np.int64)
    return np.asarray(n * (n - 1) // 2 - tied_x - tied_y + tied_both - 2 * discordant)


def _count_runs(keys: Ints) -> int:
    ends = np.flatnonzero(keys[1:] != keys[:-1]) + 1
    runs = np.diff(ends, prepend=0, append=keys.size)
    return int((runs * (runs - 1) // 2).sum())
