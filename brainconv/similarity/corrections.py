"""Corrections of p for the number of tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
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


def correct_family(rows: Sequence[dict[str, Any]], *, kind: str = "", correction: str = "fdr") -> None:
    """Correct the p of one family: one kind of test on one recording, over all areas, models and layers in it.

    Parameters
    ----------
    rows : sequence of dict
        With ``p`` + kind, which is NaN or None where there was no test; ``q`` and ``n_tests`` + kind are added: p
        corrected, and over how many tests, missing where there was none.
    kind : str
        End of the names, where rows hold several kinds.
    correction : {"fdr", "bonferroni", "none"}

    Raises
    ------
    NotFoundError
        If there is no such correction.
    """
    p = np.array([np.nan if pd.isna(row[f"p{kind}"]) else row[f"p{kind}"] for row in rows], dtype=np.float64)
    n_tests = 1 if correction == "none" else int(np.isfinite(p).sum())
    for row, value in zip(rows, adjust_p(p, correction=correction), strict=True):
        tested = np.isfinite(value)
        row |= {f"q{kind}": float(value) if tested else None, f"n_tests{kind}": n_tests if tested else None}


def correct_families(rows: Sequence[dict[str, Any]]) -> None:
    """Correct the p of scores against 0: a family for each recording, comparator and statistic.

    Parameters
    ----------
    rows : sequence of dict
        Of a score table; see `correct_family`.
    """
    families: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        families.setdefault((row["recording"], row["comparator"], row["statistic"]), []).append(row)
    for family in families.values():
        correct_family(family)
