"""How alike two RDMs are: comparators of rows of dissimilarities, and of labelled RDMs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from brainconv.containers import RDMs
from brainconv.errors import InvalidInputError
from brainconv.similarity.concordance import concordance, count_ties
from brainconv.similarity.kernels import compute_bures_of_rows, compute_neg_riemannian
from brainconv.similarity.ranks import SortedRow, rank_rows
from brainconv.similarity.rdms import find_undefined_stimuli
from brainconv.similarity.whitened import compute_whitened_corr, compute_whitened_cosine
from brainconv.validation import check_choice, check_instance

Floats = NDArray[np.float64]


def _centre(rows: Floats) -> Floats:
    centred: Floats = rows - rows.mean(axis=1, keepdims=True)
    return centred


def compute_cosine(a: Floats, b: Floats) -> Floats:
    """Cosine of every row of a with every row of b; NaN where a row is all zero.

    Parameters
    ----------
    a, b : ndarray, shape (n_a, n_pairs) and (n_b, n_pairs)

    Returns
    -------
    ndarray, shape (n_a, n_b)
    """
    norms = [np.sqrt(np.einsum("ij,ij->i", rows, rows)) for rows in (a, b)]
    for norm in norms:
        norm[norm == 0] = np.nan
    return np.asarray((a @ b.T) / norms[0][:, None] / norms[1][None, :])


def compute_pearson(a: Floats, b: Floats) -> Floats:
    """Pearson's r of every row of a with every row of b; NaN where a row is constant.

    Parameters
    ----------
    a, b : ndarray, shape (n_a, n_pairs) and (n_b, n_pairs)

    Returns
    -------
    ndarray, shape (n_a, n_b)
    """
    centred = []
    for rows in (a, b):
        part = _centre(rows)
        part[rows.min(axis=1) == rows.max(axis=1)] = 0.0
        centred.append(part)
    return compute_cosine(centred[0], centred[1])


def compute_spearman(a: Floats, b: Floats) -> Floats:
    """Spearman's rho (Pearson's r of mid-ranks), which favours RDMs with ties; NaN where a row is constant.

    Parameters
    ----------
    a, b : ndarray, shape (n_a, n_pairs) and (n_b, n_pairs)

    Returns
    -------
    ndarray, shape (n_a, n_b)
    """
    return compute_pearson(rank_rows(a), rank_rows(b))


def compute_rho_a(a: Floats, b: Floats) -> Floats:
    """Rho-a: the expectation of Spearman's rho over random breaking of ties.

    Parameters
    ----------
    a, b : ndarray, shape (n_a, n_pairs) and (n_b, n_pairs)

    Returns
    -------
    ndarray, shape (n_a, n_b)
        12 Σ (R - R̄)(S - S̄) / (m³ - m) of mid-ranks R, S over the m pairs.

    References
    ----------
    Schütt H H et al. (2023), doi:10.7554/eLife.82566.
    """
    m = float(a.shape[1])
    return np.asarray(_centre(rank_rows(a)) @ _centre(rank_rows(b)).T * (12.0 / (m**3 - m)))


def compute_tau_a(a: Floats, b: Floats) -> Floats:
    """Kendall's tau-a, which does not correct for ties.

    Parameters
    ----------
    a, b : ndarray, shape (n_a, n_pairs) and (n_b, n_pairs)

    Returns
    -------
    ndarray, shape (n_a, n_b)
        (concordant - discordant) / (m (m - 1) / 2) over the m pairs, counted exactly.

    References
    ----------
    Nili H et al. (2014), doi:10.1371/journal.pcbi.1003553.  Knight W R (1966), doi:10.1080/01621459.1966.10480879.
    """
    m = a.shape[1]
    return np.asarray(_all_concordances(a, b)[0] / (m * (m - 1) / 2))


def compute_tau_b(a: Floats, b: Floats) -> Floats:
    """Kendall's tau-b, corrected for ties and so favouring RDMs that have them; NaN where a row is constant.

    Parameters
    ----------
    a, b : ndarray, shape (n_a, n_pairs) and (n_b, n_pairs)

    Returns
    -------
    ndarray, shape (n_a, n_b)
    """
    m = a.shape[1]
    counts, rows, columns = _all_concordances(a, b)
    untied = [
        m * (m - 1) / 2 - np.array([count_ties(row) for row in side], dtype=np.float64) for side in (rows, columns)
    ]
    for side in untied:
        side[side == 0] = np.nan
    return np.asarray(counts / np.sqrt(untied[0])[:, None] / np.sqrt(untied[1])[None, :])


def _all_concordances(a: Floats, b: Floats) -> tuple[Floats, list[SortedRow], list[SortedRow]]:
    rows, columns = [SortedRow.of(row) for row in a], [SortedRow.of(row) for row in b]
    if len(rows) <= len(columns):
        counts = np.stack([concordance(row, columns) for row in rows])
    else:
        counts = np.stack([concordance(column, rows) for column in columns]).T
    return counts.astype(np.float64), rows, columns


COMPARATORS: dict[str, Callable[[Floats, Floats], Floats]] = {
    "pearson": compute_pearson,
    "cosine": compute_cosine,
    "spearman": compute_spearman,
    "rho-a": compute_rho_a,
    "tau-a": compute_tau_a,
    "tau-b": compute_tau_b,
    "whitened-corr": compute_whitened_corr,
    "whitened-cosine": compute_whitened_cosine,
    "bures": compute_bures_of_rows,
    "neg-riemannian": compute_neg_riemannian,
}

# Without the Gram matrix of a bootstrap sample, in which pairs of copies are missing, these have no interval.
RESAMPLED_COMPARATORS = tuple(name for name in COMPARATORS if name not in {"bures", "neg-riemannian"})

FAVOUR_TIES = ("spearman", "tau-b")


def compare_rows(a: Floats, b: Floats, *, comparator: str = "rho-a") -> Floats:
    """Similarity of every row of a with every row of b.

    Parameters
    ----------
    a, b : ndarray, shape (n_a, n_pairs) and (n_b, n_pairs)
        Dissimilarities of the same pairs in the same order, all finite.
    comparator : str
        A key of `COMPARATORS`.

    Returns
    -------
    ndarray, shape (n_a, n_b)

    Raises
    ------
    NotFoundError
        If there is no such comparator.
    """
    check_choice(comparator, COMPARATORS, what="RDM comparator")
    return COMPARATORS[comparator](a, b) if len(a) and len(b) else np.empty((len(a), len(b)))


def compare_rdms(a: RDMs, b: RDMs, *, comparator: str = "rho-a") -> Floats:
    """Similarity of every RDM of one set with every RDM of another.

    The stimuli of ``b`` are brought into the order of ``a`` by their ids.

    Parameters
    ----------
    a, b : RDMs
        Of the same stimuli, in any order.
    comparator : str
        A key of `COMPARATORS`.  Where an RDM has ties (category models), ``rho-a`` and ``tau-a`` are fair; ``spearman``
        and ``tau-b`` favour it.  ``whitened-corr``, ``whitened-cosine`` (the field's ``corr_cov``, ``cosine_cov``) undo
        the covariance of pairs that share a stimulus.  ``bures`` and ``neg-riemannian`` take the dissimilarities for
        squared distances.

    Returns
    -------
    ndarray, shape (len(a), len(b))
        NaN where the comparator is not defined, as Pearson's r of a constant RDM.

    Raises
    ------
    NotFoundError
        If there is no such comparator.
    InvalidInputError
        If the stimuli are not the same, or a dissimilarity is NaN (it is never left out in silence).

    References
    ----------
    Nili H et al. (2014), doi:10.1371/journal.pcbi.1003553.  Schütt H H et al. (2023), doi:10.7554/eLife.82566.
    """
    for value, what in ((a, "a"), (b, "b")):
        check_instance(value, RDMs, what=what)
    check_choice(comparator, COMPARATORS, what="RDM comparator")
    b = align_rdms(a, b)
    for rdms in (a, b):
        check_defined(rdms)
    return compare_rows(a.dissimilarities, b.dissimilarities, comparator=comparator)


def align_rdms(a: RDMs, b: RDMs) -> RDMs:
    """Bring b into the order of the stimuli of a.

    Parameters
    ----------
    a, b : RDMs
        Of the same stimuli.

    Raises
    ------
    InvalidInputError
        If one holds stimuli that the other lacks.
    """
    if a.stimulus_ids == b.stimulus_ids:
        return b
    strangers = set(a.stimulus_ids) ^ set(b.stimulus_ids)
    if strangers:
        msg = (
            f"{a.name!r} has {a.n_stimuli} stimuli and {b.name!r} has {b.n_stimuli}; {len(strangers)} are in one only, "
            f"for example {min(strangers)!r}. Take the common stimuli of both first (`.reorder(ids)`)."
        )
        raise InvalidInputError(msg)
    return b.reorder(a.stimulus_ids)


def check_defined(rdms: RDMs) -> None:
    """Refuse RDMs with undefined dissimilarities.

    Parameters
    ----------
    rdms : RDMs

    Raises
    ------
    InvalidInputError
        Names the first such RDM and its stimuli.
    """
    for k, row in enumerate(rdms.dissimilarities):
        names = find_undefined_stimuli(row, rdms.stimulus_ids)
        if names:
            msg = (
                f"RDM {k} of {rdms.name!r} has {int((~np.isfinite(row)).sum())} undefined dissimilarities (NaN), "
                f"all of {len(names)} stimuli such as {names[0]!r}; leave these out on both sides first (`.reorder`)."
            )
            raise InvalidInputError(msg)
