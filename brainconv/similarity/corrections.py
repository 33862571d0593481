"""Corrections of p for the number of tests, and of bootstrap variance for two factors drawn at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from brainconv.validation import check_choice

Floats = NDArray[np.float64]

CORRECTIONS = ("fdr", "bonferroni", "none")


def adjust_p(p: Floats, *, correction: str = "fdr") -> Floats:
    """Correct p for their number.

    Parameters
    ----------
    p : ndarray, shape (n_tests,)
        NaN where there was no test, which does not count.
    correction : {"fdr", "bonferroni", "none"}
        ``fdr``: the expected share of false discoveries (Benjamini and Hochberg); ``bonferroni``: the probability of
        any.

    Returns
    -------
    ndarray, shape (n_tests,)
        Reject where it is at most the level.

    Raises
    ------
    NotFoundError
        If there is no such correction.

    References
    ----------
    Benjamini Y, Hochberg Y (1995), doi:10.1111/j.2517-6161.1995.tb02031.x.
    """
    check_choice(correction, CORRECTIONS, what="correction for multiple tests")
    q = np.array(p, dtype=np.float64)
    tested = np.isfinite(q)
    n = int(tested.sum())
    if correction == "none" or not n:
        return q
    values = q[tested]
    if correction == "bonferroni":
        q[tested] = np.minimum(values * n, 1.0)
        return q
    order = np.argsort(values)
    stepped = values[order] * n / np.arange(1, n + 1)
    adjusted = np.empty(n)
    adjusted[order] = np.minimum(np.minimum.accumulate(stepped[::-1])[::-1], 1.0)
    q[tested] = adjusted
    return q


def combine_variances(stimuli: Floats, subjects: Floats, both: Floats, *, n_stimuli: int, n_subjects: int) -> Floats:
    """Variance of a statistic over new stimuli and new subjects, from three bootstraps.

    Drawing both factors at once counts the noise of single measurements three times; the single draws tell how much.

    Parameters
    ----------
    stimuli, subjects, both : ndarray, shape (...)
        Variances over bootstrap samples of the stimuli, of the subjects, and of both.
    n_stimuli, n_subjects : int

    Returns
    -------
    ndarray, shape (...)
        Not below either single one (for small samples n / (n - 1) times), not above that of both.

    References
    ----------
    Schütt H H et al. (2023), doi:10.7554/eLife.82566, eq. 11 with factors for small samples.
    """
    by_stimuli = stimuli * n_stimuli / (n_stimuli - 1)
    by_subjects = subjects * n_subjects / (n_subjects - 1)
    interaction = (both - stimuli - subjects) * n_stimuli * n_subjects / ((n_stimuli - 1) * (n_subjects - 1))
    floor = np.maximum(by_stimuli, by_subjects)
    return np.asarray(np.minimum(np.maximum(by_stimuli + by_subjects - interaction, floor), both))
