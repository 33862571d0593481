"""Is a model related to the data at all?  Permutation of the stimuli's labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import squareform

from brainconv.similarity.arguments import check_rows
from brainconv.similarity.comparators import RESAMPLED_COMPARATORS
from brainconv.similarity.concordance import concordance_of_ranks, count_ties
from brainconv.similarity.ranks import SortedRow, rank_rows
from brainconv.similarity.whitened import sum_by_stimulus, whitened_lengths, whitened_products
from brainconv.validation import check_choices, check_count, check_instance

Floats = NDArray[np.float64]


def permute_labels(
    a: Floats, b: Floats, n_permutations: int, rng: np.random.Generator, *, comparators: Sequence[str]
) -> dict[str, Floats]:
    """Similarities after the stimuli of b have been relabelled at random.

    Rows and columns are permuted together: the pairs of an RDM are not exchangeable, its stimuli are.

    Parameters
    ----------
    a, b : ndarray, shape (n_a, n_pairs) and (n_b, n_pairs)
        Finite dissimilarities over stimuli in the order of their sorted ids.
    n_permutations : int
    rng : Generator
    comparators : sequence of str
        Of `RESAMPLED_COMPARATORS`; all see the same permutations.

    Returns
    -------
    dict of str to ndarray, shape (n_permutations, n_a, n_b)

    Raises
    ------
    NotFoundError
        If there is no such comparator.

    References
    ----------
    Nili H et al. (2014), doi:10.1371/journal.pcbi.1003553.
    """
    a = check_rows(a, what="a", finite=True)
    b = check_rows(b, what="b", n_pairs=a.shape[1], finite=True, least=1)
    check_count(n_permutations, what="n_permutations", at_least=0)
    check_instance(rng, np.random.Generator, what="rng", hint="`numpy.random.default_rng(0)`")
    comparators = check_choices(comparators, RESAMPLED_COMPARATORS, what="RDM comparator")
    n_stimuli = len(squareform(b[0], checks=False))
    rows, columns = np.triu_indices(n_stimuli, 1)
    counted = [c for c in comparators if c in {"tau-a", "tau-b"}]
    # values and ranks move with their pairs, so that every other comparator is an inner product of fixed numbers
    kinds = dict.fromkeys(_KINDS[c] for c in comparators if c not in counted)
    sides = {kind: (_normalise(a, kind), _normalise(b, kind)) for kind in kinds}
    squares = {kind: [squareform(row, checks=False).ravel() for row in right[0]] for kind, (_, right) in sides.items()}
    margins = {
        kind: (sum_by_stimulus(left[0]), sum_by_stimulus(right[0]))
        for kind, (left, right) in sides.items()
        if kind.startswith("whitened")
    }
    tau = _TauUnderRelabelling(a, b) if counted else None
    result = {c: np.empty((n_permutations, len(a), len(b))) for c in comparators}
    step = max(1, min(16, 100_000 // rows.size))
    for start in range(0, n_permutations, step):
        block = slice(start, min(start + step, n_permutations))
        orders = np.stack([rng.permutation(n_stimuli) for _ in range(block.start, block.stop)])
        pairs = orders.take(rows, axis=1) * n_stimuli + orders.take(columns, axis=1)
        products = {
            kind: np.stack([square.take(pairs) @ sides[kind][0][0].T for square in squares[kind]], axis=2)
            for kind in kinds
        }
        for kind, (left, right) in margins.items():
            products[kind] = whitened_products(products[kind], left, right[:, orders].transpose(1, 0, 2))
        for c in comparators:
            if c not in counted:
                result[c][block] = products[_KINDS[c]]
                if c == "rho-a":  # of unit length like Spearman's; back to the length of untied ranks
                    result[c][block] *= _untied_share(rows.size, *(side[1] for side in sides["ranks"]))
        if tau is not None:
            for c, values in tau.compare(pairs, counted).items():
                result[c][block] = values
    return result


_KINDS = {
    "pearson": "centred",
    "cosine": "plain",
    "spearman": "ranks",
    "rho-a": "ranks",
    "whitened-corr": "whitened centred",
    "whitened-cosine": "whitened",
}


class _TauUnderRelabelling:
    """Tau-a and tau-b of relabelled RDMs: ranks and counts of ties are found once and move with the pairs."""

    def __init__(self, a: Floats, b: Floats) -> None:
        sides = [[SortedRow.of(row) for row in rows] for rows in (a, b)]
        self.left = [row.dense_ranks() for row in sides[0]]
        self.squares = [squareform(row.dense_ranks(), checks=False) for row in sides[1]]
        self.ties = [np.array([count_ties(row) for row in rows]) for rows in sides]
        self.n_pairs_of_pairs = a.shape[1] * (a.shape[1] - 1) / 2.0

    def compare(self, pairs: NDArray[np.intp], names: Sequence[str]) -> dict[str, Floats]:
        n, n_targets = len(pairs), len(self.squares)
        moved = np.stack([square.take(pairs) for square in self.squares], axis=1).reshape(n * n_targets, -1)
        ties = np.tile(self.ties[1], n)
        counts = [
            concordance_of_ranks(ranks, moved, int(tied), ties).reshape(n, n_targets)
            for ranks, tied in zip(self.left, self.ties[0], strict=True)
        ]
        counted = np.stack(counts, axis=1).astype(np.float64) if counts else np.empty((n, 0, n_targets))
        untied = (self.n_pairs_of_pairs - self.ties[0])[:, None] * (self.n_pairs_of_pairs - self.ties[1])
        scales = {
            "tau-a": np.full_like(untied, self.n_pairs_of_pairs),
            "tau-b": np.sqrt(np.where(untied > 0, untied, np.nan)),
        }
        return {name: counted / scales[name] for name in names}


def _normalise(rows: Floats, kind: str) -> tuple[Floats, Floats]:
    """Rows of unit length (NaN where there is none), and their lengths."""
    values = rank_rows(rows) if kind == "ranks" else rows
    if kind not in {"plain", "whitened"}:
        values = values - values.mean(axis=1, keepdims=True)
    lengths = (
        whitened_lengths(values) if kind.startswith("whitened") else np.sqrt(np.einsum("ij,ij->i", values, values))
    )
    return np.asarray(values / np.where(lengths > 0, lengths, np.nan)[:, None]), lengths


def _untied_share(n_pairs: int, left: Floats, right: Floats) -> Floats:
    m = float(n_pairs)
    return np.outer(left, right) * (12.0 / (m**3 - m))


def compute_p(observed: Floats, null: Floats) -> Floats:
    """One-sided p: the share of relabellings that do at least as well, the observed one included.

    Parameters
    ----------
    observed : ndarray, shape (...)
    null : ndarray, shape (n_permutations, ...)

    Returns
    -------
    ndarray, shape (...)
        (1 + #{null ≥ observed}) / (1 + n_permutations); NaN where the observed or a relabelled value is.
    """
    # a relabelling that gives the observed value again must count, whatever the order of summation
    at_least = (null >= observed - 1e-12).sum(axis=0)
    p = (1.0 + at_least) / (1.0 + len(null))
    return np.where(np.isfinite(observed) & np.isfinite(null).all(axis=0), p, np.nan)
