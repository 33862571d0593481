"""Bootstrap over stimuli: a draw with replacement is a vector of multiplicities, never a copied RDM."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import squareform

from brainconv.similarity.arguments import check_multiplicities, check_rows, count_stimuli
from brainconv.similarity.comparators import RESAMPLED_COMPARATORS
from brainconv.similarity.ranks import SortedRow
from brainconv.similarity.weighted_concordance import MergeTree
from brainconv.similarity.whitened import fit_margins
from brainconv.validation import check_allocation, check_choices, check_count, check_instance

Floats = NDArray[np.float64]
Counts = NDArray[np.int32]

# pairs × samples that are ranked together: what stays in the processor's cache
_BLOCK = 65_536
# pairs × samples, and pairs × rows, of one matrix product (16 MB)
_BLOCK_OF_MOMENTS = 2_000_000


def draw_multiplicities(n_stimuli: int, n_boot: int, rng: np.random.Generator) -> Counts:
    """How often each stimulus is drawn in each bootstrap sample.

    Parameters
    ----------
    n_stimuli : int
        In the order of their sorted ids, so that the draw does not depend on the order of a file.
    n_boot : int
    rng : Generator

    Returns
    -------
    ndarray of int32, shape (n_boot, n_stimuli)
        Rows sum to n_stimuli.
    """
    check_count(n_stimuli, what="n_stimuli")
    check_count(n_boot, what="n_boot", at_least=0)
    check_instance(rng, np.random.Generator, what="rng", hint="`numpy.random.default_rng(0)`")
    check_allocation(
        12 * n_boot * n_stimuli, what=f"{n_boot} samples of {n_stimuli} stimuli", advice="draw fewer (`n_boot`)"
    )
    draws = rng.integers(n_stimuli, size=(n_boot, n_stimuli))
    counts = np.zeros((n_boot, n_stimuli), dtype=np.int32)
    np.add.at(counts, (np.arange(n_boot)[:, None], draws), 1)
    return counts


def compare_resampled(a: Floats, b: Floats, multiplicities: Counts, *, comparators: Sequence[str]) -> dict[str, Floats]:
    """Similarity of every row of a with every row of b in every bootstrap sample of the stimuli.

    A pair (i, j) counts w_i w_j times; pairs of two copies of one stimulus are left out, for their zeros say nothing.

    Parameters
    ----------
    a, b : ndarray, shape (n_a, n_pairs) and (n_b, n_pairs)
        Finite dissimilarities, upper triangles as of `scipy.spatial.distance.squareform`.
    multiplicities : ndarray of int, shape (n_boot, n_stimuli)
        How often each stimulus was drawn.
    comparators : sequence of str
        Of `RESAMPLED_COMPARATORS`; ranks are shared between them.

    Returns
    -------
    dict of str to ndarray, shape (n_boot, n_a, n_b)
        NaN where a comparator is not defined in a sample.

    Raises
    ------
    NotFoundError
        If there is no such comparator.
    """
    a = check_rows(a, what="a", finite=True)
    b = check_rows(b, what="b", n_pairs=a.shape[1], finite=True)
    comparators = check_choices(comparators, RESAMPLED_COMPARATORS, what="RDM comparator")
    weights = check_multiplicities(multiplicities, count_stimuli(a, what="a"))
    if not (len(weights) and len(a) and len(b)):
        return {comparator: np.empty((len(weights), len(a), len(b))) for comparator in comparators}
    result: dict[str, Floats] = {}
    for centre, names in ((True, ("pearson", "whitened-corr")), (False, ("cosine", "whitened-cosine"))):
        asked = {name: True if name.startswith("whitened") else None for name in names if name in comparators}
        if asked:
            result |= dict(zip(asked, _linear(a, b, weights, centre=centre, diagonals=[*asked.values()]), strict=True))
    by_rank = [c for c in comparators if c in {"spearman", "rho-a"}]
    by_count = [c for c in comparators if c in {"tau-a", "tau-b"}]
    if by_rank or by_count:
        result |= _ranked(a, b, weights, by_rank, by_count)
    return {comparator: result[comparator] for comparator in comparators}


def compare_centred(a: Floats, b: Floats, multiplicities: Counts, *, diagonal: bool) -> Floats:
    """Cosine of double-centred squared distances in bootstrap samples: linear CKA of the patterns.

    Parameters
    ----------
    a, b : ndarray, shape (n_a, n_pairs) and (n_b, n_pairs)
        Squared distances.
    multiplicities : ndarray of int, shape (n_boot, n_stimuli)
        How often each stimulus was drawn; pairs of copies are left out.
    diagonal : bool
        True for the biased, False for the debiased alignment.

    Returns
    -------
    ndarray, shape (n_boot, n_a, n_b)
    """
    return _linear(a, b, np.asarray(multiplicities, dtype=np.int32), centre=False, diagonals=[diagonal])[0]


def _linear(a: Floats, b: Floats, weights: Counts, *, centre: bool, diagonals: Sequence[bool | None]) -> list[Floats]:
    """Moments of all rows in all samples are products of one matrix with the weights of the pairs.

    One result for each of the diagonals: None for plain moments, else whitened ones (see `fit_margins`).
    """
    # a constant shift changes no correlation and saves the digits of the variance
    left, right = (rows - rows.mean(axis=1, keepdims=True) if centre else rows for rows in (a, b))
    n_a, n_b, n_pairs = len(a), len(b), a.shape[1]
    first, second = np.triu_indices(weights.shape[1], 1)
    sides = np.vstack([left, right])
    step = max(4, _BLOCK_OF_MOMENTS // n_pairs)
    n_rows = max(1, _BLOCK_OF_MOMENTS // (n_pairs * n_b))
    results = [np.empty((len(weights), n_a, n_b)) for _ in diagonals]
    for start in range(0, len(weights), step):
        drawn = weights[start : start + step]
        pairs = (drawn.take(first, axis=1) * drawn.take(second, axis=1)).astype(np.float64)
        total = pairs.sum(axis=1)
        power = pairs @ (sides**2).T
        sums = pairs @ sides.T if centre else np.zeros_like(power)
        crossed = np.empty((len(drawn), n_a, n_b))
        for k in range(0, n_a, n_rows):
            rows = slice(k, min(k + n_rows, n_a))
            products = (left[rows, None] * right).reshape(-1, n_pairs)
            crossed[:, rows] = (pairs @ products.T).reshape(len(drawn), -1, n_b)
        crossed -= sums[:, :n_a, None] * sums[:, None, n_a:] / total[:, None, None]
        spread = power - sums**2 / total[:, None]
        for diagonal, result in zip(diagonals, results, strict=True):
            own, shared = spread, crossed
            if diagonal is not None:
                by_stimulus, margins = _margins_of_samples(sides, drawn, sums / total[:, None], diagonal)
                own = spread - np.einsum("kri,kri->kr", by_stimulus, margins)
                shared = crossed - by_stimulus[:, :n_a] @ margins[:, n_a:].transpose(0, 2, 1)
            scale = np.sqrt(np.where(own > 1e-14 * power, own, np.nan))
            result[start : start + step] = shared / (scale[:, :n_a, None] * scale[:, None, n_a:])
    return results


def _margins_of_samples(rows: Floats, drawn: Counts, means: Floats, diagonal: bool) -> tuple[Floats, Floats]:
    """Sums over each stimulus' pairs (times its copies) less the sample's mean, and what whitening takes off."""
    weights = drawn.astype(np.float64)
    sums = np.stack([weights @ squareform(row, checks=False) for row in rows], axis=1)
    sums -= means[:, :, None] * (weights.sum(axis=1, keepdims=True) - weights)[:, None, :]
    return sums * weights[:, None, :], fit_margins(sums, weights, diagonal=diagonal)


def _ranked(a: Floats, b: Floats, weights: Counts, by_rank: list[str], by_count: list[str]) -> dict[str, Floats]:
    n_boot, n_stimuli = weights.shape
    first, second = np.triu_indices(n_stimuli, 1)
    rows, columns = [SortedRow.of(row) for row in a], [SortedRow.of(row) for row in b]
    result = {name: np.full((n_boot, len(a), len(b)), np.nan) for name in (*by_rank, *by_count)}
    step = max(1, _BLOCK // first.size)
    batches = [rows] if not by_count else [[row] for row in rows]  # the merge trees of one row at a time fit the memory
    for k, batch in enumerate(batches):
        trees = [[MergeTree.of(row, column) for column in columns] for row in batch] if by_count else []
        for start in range(0, n_boot, step):
            block = slice(start, start + step)
            pairs = weights[block].take(first, axis=1) * weights[block].take(second, axis=1)
            total = pairs.sum(axis=1, dtype=np.int64)
            right = [_rank_sample(column, pairs, total) for column in columns]
            products = [ranked.values * pairs for ranked in right]
            for i, row in enumerate(batch):
                left = _rank_sample(row, pairs, total)
                for j, other in enumerate(right):
                    where = (block, k + i, j)
                    if by_rank:
                        crossed = np.einsum("ij,ij->i", left.values, products[j]) / 4.0
                        for name in by_rank:
                            result[name][where] = crossed / _rank_scale(name, left, other)
                    if by_count:
                        counted = trees[i][j].concordance(pairs, left.tied, other.tied, left.total)
                        for name in by_count:
                            result[name][where] = counted / _count_scale(name, left, other)
    return result


@dataclass(frozen=True)
class _RankedSample:
    """Twice the centred mid-ranks of one RDM in some samples, their sum of squares (once) and counts of ties."""

    values: Floats
    spread: Floats
    tied: Floats
    total: Floats


def _rank_sample(row: SortedRow, pairs: Counts, total: NDArray[np.int64]) -> _RankedSample:
    ranks, groups = row.weighted_ranks(pairs, total)
    m = total.astype(np.float64)
    squares = np.einsum("ij,ij->i", groups, groups)
    cubes = np.einsum("ij,ij,ij->i", groups, groups, groups)
    spread = ((m**3 - m) - (cubes - m)) / 12.0
    return _RankedSample(ranks.astype(np.float64), spread, (squares - m) / 2.0, m)


def _rank_scale(comparator: str, left: _RankedSample, right: _RankedSample) -> Floats:
    if comparator == "rho-a":
        return (left.total**3 - left.total) / 12.0
    return _positive(np.sqrt(left.spread * right.spread))


def _count_scale(comparator: str, left: _RankedSample, right: _RankedSample) -> Floats:
    pairs_of_pairs = left.total * (left.total - 1.0) / 2.0
    if comparator == "tau-a":
        return pairs_of_pairs
    return _positive(np.sqrt((pairs_of_pairs - left.tied) * (pairs_of_pairs - right.tied)))


def _positive(values: Floats) -> Floats:
    return np.where(values > 0, values, np.nan)
