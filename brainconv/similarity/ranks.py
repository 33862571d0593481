"""Ranks of dissimilarities, in a whole RDM and in bootstrap samples of its stimuli."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Share of a row's largest value below which two of its values are equal.  A distance is made of sums of p rounded
# products, which are off by about √p · 2e-16: 7e-14 for 100,000 units.  Features in float32 resolve 6e-8.
ROUNDING = 1e-12
# Rounding can be told from a continuum of values only where ties are the rule.
_LEAST_SHARE = 0.5


def rank_rows(values: Floats) -> Floats:
    """Mid-ranks along the last axis, from 1.

    Parameters
    ----------
    values : ndarray, shape (n_rdms, n_pairs)

    Returns
    -------
    ndarray, float64, shape (n_rdms, n_pairs)
        Ties share the mean of their ranks.
    """
    ranks = np.empty(values.shape, dtype=np.float64)
    for row, out in zip(values, ranks, strict=True):
        out[:] = SortedRow.of(row).midranks()
    return ranks


def share_of_ties(values: Floats) -> float:
    """Share of the values that another one equals.

    Parameters
    ----------
    values : ndarray, shape (n_pairs,)

    Returns
    -------
    float
        0 where all differ.
    """
    counts = SortedRow.of(values).group_sizes()
    return float(counts[counts > 1].sum() / values.size)


def restore_ties(values: Floats, tolerance: float) -> Floats:
    """Make values equal that only rounding keeps apart, in a row most of whose values are tied.

    Sorted values belong together where each is within twice the tolerance of the next one, and are equal where the
    whole group is no wider.  In a row without ties at most 41 % of the values are in such groups, by chance; nothing is
    changed unless more than half are.

    Parameters
    ----------
    values : ndarray, shape (n_pairs,)
        NaN stays NaN.
    tolerance : float
        Error of a value.

    Returns
    -------
    ndarray, shape (n_pairs,)
        Ties have the value in the middle of their group.
    """
    known = np.flatnonzero(np.isfinite(values))
    order = known[np.argsort(values[known])]
    if not order.size:
        return values
    ascending = values[order]
    starts = np.flatnonzero(np.concatenate([[True], np.diff(ascending) > 2.0 * tolerance]))
    sizes = np.diff(np.append(starts, order.size))
    tied = (sizes > 1) & (ascending[starts + sizes - 1] - ascending[starts] <= 2.0 * tolerance)
    if sizes[tied].sum() <= _LEAST_SHARE * order.size:
        return values
    restored = values.copy()
    middle = np.repeat(ascending[starts + sizes // 2], sizes)
    restored[order] = np.where(np.repeat(tied, sizes), middle, ascending)
    return restored


@dataclass(frozen=True)
class SortedRow:
    """One RDM, sorted once, so that every resample of it is ranked by a running sum.

    Neighbours in that order that differ by less than rounding can do (`ROUNDING` of the largest value) are tied.

    Parameters
    ----------
    order : ndarray of int, shape (n_pairs,)
        Positions in ascending order of value.
    place : ndarray of int, shape (n_pairs,)
        The inverse: where each pair stands in that order.
    starts : ndarray of int, shape (n_values,)
        Where each distinct value begins in that order.
    """

    order: NDArray[np.intp]
    place: NDArray[np.intp]
    starts: NDArray[np.intp]

    @classmethod
    def of(cls, values: Floats) -> SortedRow:
        """Sort a row.

        Parameters
        ----------
        values : ndarray, shape (n_pairs,)
        """
        order = np.argsort(values)
        sorted_values = values[order]
        place = np.empty_like(order)
        place[order] = np.arange(order.size)
        tolerance = ROUNDING * max(abs(sorted_values[0]), abs(sorted_values[-1]))
        new = np.concatenate([[True], sorted_values[1:] - sorted_values[:-1] > tolerance])
        return cls(order, place, np.flatnonzero(new))

    @property
    def n_pairs(self) -> int:
        """Number of pairs."""
        return int(self.order.size)

    @property
    def has_ties(self) -> bool:
        """Whether two values are tied."""
        return self.starts.size < self.order.size

    def group_sizes(self) -> NDArray[np.intp]:
        """Number of pairs that share each distinct value."""
        return np.diff(np.append(self.starts, self.n_pairs))

    def dense_ranks(self) -> NDArray[np.intp]:
        """Rank of each pair's value among the distinct values, from 0."""
        groups = np.repeat(np.arange(self.starts.size), self.group_sizes())
        return groups[self.place]

    def midranks(self) -> Floats:
        """Mid-rank of each pair, from 1."""
        sizes = self.group_sizes()
        middle = self.starts + (sizes + 1) / 2.0
        ranks: Floats = np.repeat(middle, sizes)[self.place]
        return ranks

    def weighted_ranks(self, weights: NDArray[np.int32], total: NDArray[np.int64]) -> tuple[NDArray[np.int32], Floats]:
        """Mid-ranks where pair k stands ``weights[:, k]`` times, as after a draw with replacement.

        Parameters
        ----------
        weights : ndarray of int32, shape (n_samples, n_pairs)
        total : ndarray of int64, shape (n_samples,)
            Number of copies, at most 2^30.

        Returns
        -------
        ranks : ndarray of int32, shape (n_samples, n_pairs)
            Twice the mid-rank of each pair among all copies, less twice the mean rank: whole numbers, exact.  Of no
            meaning where the weight is 0.
        groups : ndarray of float64, shape (n_samples, n_values)
            Number of copies of each distinct value.
        """
        below = np.cumsum(weights.take(self.order, axis=1), axis=1, dtype=np.int32)
        if self.has_ties:
            ends = np.append(self.starts[1:], self.n_pairs) - 1
            below = below.take(ends, axis=1)
            groups = np.diff(below, axis=1, prepend=np.int32(0))
            ranks = (2 * below - groups).take(self.dense_ranks(), axis=1)
        else:
            groups = weights
            ranks = below.take(self.place, axis=1)
            ranks *= 2
            ranks -= weights
        ranks -= total[:, None].astype(np.int32)
        return ranks, groups.astype(np.float64)
