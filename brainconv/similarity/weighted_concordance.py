"""Kendall's count in bootstrap samples: the order of merging is fixed once, a sample only changes weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainconv.similarity.concordance import split_into_blocks
from brainconv.similarity.ranks import SortedRow

Floats = NDArray[np.float64]

_LEAF = 32


@dataclass(frozen=True)
class MergeTree:
    """Two RDMs, sorted together once.

    Parameters
    ----------
    order : ndarray of int, shape (n_padded,)
        Pairs sorted by the first RDM and, where it ties, by the second; padded with ``n_pairs``.
    inverted : ndarray of float32, shape (n_blocks, leaf, leaf)
        1 where an earlier entry of a smallest block has the larger second value.
    levels : tuple of (ndarray of int, ndarray of int)
        For each doubling of the blocks: the entries of each pair of halves in order of the second RDM, left before
        right where they tie, and 1 for those of the right half.
    joint_starts : ndarray of int
        Where each distinct pair of values begins in ``order``.
    n_pairs : int
    """

    order: NDArray[np.intp]
    inverted: NDArray[np.float32]
    levels: tuple[tuple[NDArray[np.intp], NDArray[np.int32]], ...]
    joint_starts: NDArray[np.intp]
    n_pairs: int

    @classmethod
    def of(cls, x: SortedRow, y: SortedRow) -> MergeTree:
        """Sort two RDMs together.

        Parameters
        ----------
        x, y : SortedRow
            Of equal length.
        """
        n = x.n_pairs
        second = y.dense_ranks().astype(np.int64)
        keys = (x.dense_ranks().astype(np.int64) << 32) | second
        order = np.argsort(keys)
        sorted_keys = keys[order]
        joint = np.flatnonzero(np.concatenate([[True], sorted_keys[1:] != sorted_keys[:-1]]))
        leaf, n_levels = split_into_blocks(n, _LEAF)
        n_padded = leaf * 2**n_levels
        padded = np.concatenate([order, np.full(n_padded - n, n)])
        values = np.concatenate([second[order], np.full(n_padded - n, n)])
        blocks = values.reshape(-1, leaf)
        earlier = np.triu(np.ones((leaf, leaf), dtype=bool), 1)
        inverted = ((blocks[:, :, None] > blocks[:, None, :]) & earlier).astype(np.float32)
        levels = []
        places = np.arange(n_padded)
        size = leaf
        for _ in range(n_levels):
            key = values * n_padded + places
            within = np.argsort(key.reshape(-1, 2 * size), axis=1)
            merged = (within + np.arange(0, n_padded, 2 * size)[:, None]).ravel()
            levels.append((merged, (within.ravel() >= size).astype(np.int32)))
            size *= 2
        return cls(padded, inverted, tuple(levels), joint, n)

    def concordance(self, pairs: NDArray[np.int32], tied_x: Floats, tied_y: Floats, total: Floats) -> Floats:
        """Concordant less discordant pairs of copies, where pair k stands ``pairs[:, k]`` times.

        Parameters
        ----------
        pairs : ndarray of int32, shape (n_samples, n_pairs)
        tied_x, tied_y : ndarray, shape (n_samples,)
            Number of pairs of copies that tie in the first and in the second RDM.
        total : ndarray, shape (n_samples,)
            Number of copies.

        Returns
        -------
        ndarray, shape (n_samples,)
        """
        n_samples = len(pairs)
        padded = np.concatenate([pairs, np.zeros((n_samples, 1), dtype=np.int32)], axis=1)
        weights = padded.take(self.order, axis=1)
        joint = np.add.reduceat(weights[:, : self.n_pairs], self.joint_starts, axis=1).astype(np.float64)
        tied_both = (np.einsum("ij,ij->i", joint, joint) - total) / 2.0
        leaf = self.inverted.shape[1]
        # whole numbers far below 2^24, so that float32 is exact
        columns = np.ascontiguousarray(weights.reshape(n_samples, -1, leaf).transpose(1, 2, 0)).astype(np.float32)
        after = np.matmul(self.inverted, columns)
        after *= columns
        discordant = after.sum(axis=(0, 1), dtype=np.float64)
        size = leaf
        for merged, right in self.levels:
            here = weights.take(merged, axis=1)
            of_right = here * right
            before = np.cumsum(of_right.reshape(n_samples, -1, 2 * size), axis=2, dtype=np.int32)
            left = (here - of_right).astype(np.float64)
            discordant += np.einsum("ij,ij->i", left, before.reshape(n_samples, -1))
            size *= 2
        return np.asarray(total * (total - 1) / 2.0 - tied_x - tied_y + tied_both - 2.0 * discordant)
