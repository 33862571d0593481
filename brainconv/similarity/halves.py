"""Similarities on halves of the stimuli: what is chosen on one half is scored on the other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from brainconv.similarity.ceiling import POOLED_AS
from brainconv.similarity.comparators import compare_rows

Floats = NDArray[np.float64]

# Random splits into halves.  More change the variance by little: it is then that of the choice and of the stimuli.
N_SPLITS = 10


def compare_in_halves(a: Floats, b: Floats, orders: NDArray[np.intp], *, comparator: str) -> Floats:
    """Similarity of every row of a, and of what the other rows of b have in common, with every row of b, by halves.

    The RDM of a half holds the pairs within it; pairs that lie across are in neither.

    Parameters
    ----------
    a, b : ndarray, shape (n_a, n_pairs) and (n_b, n_pairs)
        Finite dissimilarities over stimuli in the order of their sorted ids.
    orders : ndarray of int, shape (n_splits, n_stimuli)
        Permutations of the stimuli, of which the halves are first and last.
    comparator : str

    Returns
    -------
    ndarray, shape (2 n_splits, n_a + n_b, n_b)
        The halves of each split one after the other; without the n_b rows of pools where n_b is 1.
    """
    n = orders.shape[1]
    first, second = np.triu_indices(n, 1)
    found = []
    for order in orders:
        inside = np.zeros(n, dtype=bool)
        inside[order[: n // 2]] = True
        for side in (inside, ~inside):
            pairs = side[first] & side[second]
            left, right = a[:, pairs], b[:, pairs]
            found.append(compare_rows(np.vstack([left, pool_others(right, comparator)]), right, comparator=comparator))
    return np.stack(found)


def pool_others(subjects: Floats, comparator: str) -> Floats:
    """For each subject what the others have in common.

    Parameters
    ----------
    subjects : ndarray, shape (n_subjects, n_pairs)
    comparator : str

    Returns
    -------
    ndarray, shape (n_subjects, n_pairs)
        No row for a single subject.
    """
    if len(subjects) < 2:
        return np.empty((0, subjects.shape[1]))
    parts = POOLED_AS[comparator](subjects)
    return np.asarray((parts.sum(axis=0) - parts) / (len(subjects) - 1))
