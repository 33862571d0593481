"""Corrections of p for the number of tests."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from brainconv.errors import InvalidInputError
from brainconv.validation import check_array, check_choice

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
    p = check_array(p, (None,), what="p", axes={"test": None})
    if ((p < 0) | (p > 1)).any():
        msg = f"p runs from {np.nanmin(p):g} to {np.nanmax(p):g}; expected values from 0 to 1, or NaN."
        raise InvalidInputError(msg)
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
