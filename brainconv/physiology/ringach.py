"""The shapes of simple-cell receptive fields in macaque V1, as a binned table (Ringach 2002)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class ShapeTable:
    """Counts of cells over the plane of n_x (cycles across the envelope) and n_y (its length in cycles).

    Parameters
    ----------
    counts : ndarray of int, shape (n_bins, n_bins)
        Cells per bin; rows are n_x, columns are n_y.
    edges : ndarray, shape (n_bins + 1,)
        Bin edges of both axes, in units of 1 (σ in px times frequency in cycles/px), evenly spaced in log10.
    doi, citation : str
        Where the table comes from.
    """

    counts: NDArray[np.int64]
    edges: NDArray[np.float64]
    doi: str
    citation: str

    @property
    def n_cells(self) -> int:
        """Number of cells in the table."""
        return int(self.counts.sum())

    @property
    def marginal_nx(self) -> NDArray[np.int64]:
        """Cells per bin of n_x, shape (n_bins,)."""
        return np.asarray(self.counts.sum(axis=1))

    @property
    def marginal_ny(self) -> NDArray[np.int64]:
        """Cells per bin of n_y, shape (n_bins,)."""
        return np.asarray(self.counts.sum(axis=0))

    def bin_shapes(
        self, n_x: NDArray[np.float64], n_y: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Count filters in the table's bins.

        Parameters
        ----------
        n_x, n_y : ndarray, shape (n_filters,)
            Shape of each filter, in units of 1.

        Returns
        -------
        counts : ndarray of int, shape (n_bins, n_bins)
            A filter outside the table's range counts in the nearest bin.
        outside : ndarray of bool, shape (n_filters,)
            Which filters lay outside the range.
        """
        points = np.stack([np.asarray(n_x, dtype=np.float64), np.asarray(n_y, dtype=np.float64)])
        n_bins = self.counts.shape[0]
        index = np.searchsorted(self.edges, points, side="right") - 1
        outside = ((points < self.edges[0]) | (points > self.edges[-1])).any(axis=0)
        index = np.clip(index, 0, n_bins - 1)
        counts = np.zeros_like(self.counts)
        np.add.at(counts, (index[0], index[1]), 1)
        return counts, outside


def _build_ringach_table() -> ShapeTable:
    counts = np.array(
        [[2, 0, 1, 0, 0], [8, 9, 4, 1, 0], [1, 2, 19, 17, 3], [0, 0, 1, 7, 4], [0, 0, 0, 0, 0]], dtype=np.int64
    )
    edges = 10.0 ** np.array([-1.0, -0.76, -0.52, -0.28, -0.04, 0.2])
    counts.setflags(write=False)
    edges.setflags(write=False)
    return ShapeTable(
        counts,
        edges,
        doi="10.1152/jn.2002.88.1.455",
        citation=(
            "Ringach DL. Spatial structure and symmetry of simple-cell receptive fields in macaque primary visual "
            "cortex. J Neurophysiol 88:455-463 (2002); binned as digitised in the parameters of VOneNet "
            "(Dapello et al. 2020)."
        ),
    )


RINGACH_NX_NY: ShapeTable = _build_ringach_table()
"""79 simple cells of macaque V1 on a 5 × 5 logarithmic grid of (n_x, n_y), 0.1 to 1.58."""
