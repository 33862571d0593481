"""Ridge regression from one Gram matrix: every fold, every penalty and the nested choice of a penalty per site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular

from brainconv.predictivity.arguments import check_folds, check_gram, check_grid, check_indices
from brainconv.predictivity.spectrum import Spectrum, decompose_gram
from brainconv.reliability import correlate_columns

Array = NDArray[np.float64]
Index = NDArray[np.intp]

PENALTY_GRID: Array = 10.0 ** np.arange(-3.0, 4.25, 0.5)

_EIGH = 6.6  # an eigendecomposition takes as long as this many n³ operations of a matrix product (measured)
_BLOCK = 2**23  # numbers held at once for several penalties: 64 MiB


@dataclass(frozen=True, eq=False)
class HeldOut:
    """What one split gave.

    Parameters
    ----------
    predictions : ndarray, shape (n_test, n_sites)
        For the test stimuli, by a read-out that was fitted on the training stimuli.
    nested_r : ndarray, shape (n_sites,)
        Correlation of responses and predictions inside the training set, by leave-one-out for ridge.
    choice : ndarray of int, shape (n_sites,)
        Place of the penalty (or other setting) chosen inside the training set.
    settings : ndarray, shape (n_settings,)
        What there was to choose from, for ridge the penalties themselves.
    """

    predictions: Array
    nested_r: Array
    choice: Index
    settings: Array

    def select(self, sites: slice) -> HeldOut:
        """The same for some of the sites.

        Parameters
        ----------
        sites : slice

        Returns
        -------
        HeldOut
        """
        return HeldOut(self.predictions[:, sites], self.nested_r[sites], self.choice[sites], self.settings)


def predict_ridge(
    gram: Array,
    responses: Array,
    train: Sequence[Index],
    test: Sequence[Index],
    *,
    grid: Array = PENALTY_GRID,
    noise_floor: float = 1e-12,
) -> list[HeldOut]:
    """Cross-validated ridge regression with an unpenalised intercept and a penalty per site and split.

    The read-out of a site minimises ``||y - X b - c||² + α ||b||²`` over the training stimuli.  α is the one of
    ``grid × (mean eigenvalue of the centred Gram of the training stimuli)`` whose leave-one-out errors *inside the
    training set* have the smallest sum of squares; the test stimuli have no part in it.  The mean eigenvalue is the
    trace divided by the number of training stimuli.

    Parameters
    ----------
    gram : ndarray, shape (n_stimuli, n_stimuli)
        ``X @ X.T``, uncentred.
    responses : ndarray, shape (n_stimuli, n_sites)
        Finite wherever a split uses them.
    train, test : sequence of ndarray of int
        One pair per split.
    grid : ndarray, shape (n_penalties,)
        Multiples of the mean eigenvalue, ascending.
    noise_floor : float
        See `decompose_gram`.

    Returns
    -------
    list of HeldOut, one per split

    Notes
    -----
    Splits over the same stimuli share one eigendecomposition ``H K H = U diag(λ) Uᵀ``.  With the residual maker
    ``R = U diag(α / (λ + α)) Uᵀ`` of all stimuli, the errors on a test set S of the read-out fitted on the others T are
    ``R_SS⁻¹ (R y)_S``, and the residual maker of the training set alone is the Schur complement
    ``R_TT - R_TS R_SS⁻¹ R_ST``, whose diagonal gives the leave-one-out errors.  Both are exact.  R is formed itself and
    never as ``I - H``, which loses its digits at small penalties.  The noise floor is applied to the spectrum of all
    stimuli of the splits; it concerns the features only.
    """
    gram, responses, train, test = check_folds(gram, responses, train, test, noise_floor=noise_floor)
    grid = check_grid(grid)
    together: dict[bytes, list[int]] = {}
    for number, (fit, held) in enumerate(zip(train, test, strict=True)):
        together.setdefault(np.union1d(fit, held).tobytes(), []).append(number)
    found: dict[int, HeldOut] = {}
    for key, numbers in together.items():
        union: Index = np.frombuffer(key, dtype=np.intp)
        sizes = [(len(train[number]), len(test[number])) for number in numbers]
        if not _identity_pays(len(union), sizes, len(grid)):
            for number in numbers:
                fit, held = train[number], test[number]
                found[number] = _refit(gram, responses, fit, held, grid=grid, noise_floor=noise_floor)
            continue
        spectrum = decompose_gram(gram[np.ix_(union, union)], noise_floor=noise_floor)
        inner, null_inner = (basis.T @ responses[union] for basis in (spectrum.vectors, spectrum.null_vectors))
        for number in numbers:
            fit, held = train[number], test[number]
            found[number] = _leave_out(
                spectrum,
                inner,
                null_inner,
                responses=responses,
                fit=fit,
                held=held,
                where=(np.searchsorted(union, fit), np.searchsorted(union, held)),
                penalties=grid * mean_eigenvalue(gram, fit),
            )
    return [found[number] for number in range(len(train))]


def _identity_pays(n: int, sizes: list[tuple[int, int]], n_penalties: int) -> bool:
    """Whether one eigendecomposition and products with each test set cost less than one decomposition per split."""
    shared = _EIGH * n**3 + sum(n_penalties * (2 * held * n**2 + held**2 * n) for _, held in sizes)
    return shared < sum(_EIGH * fit**3 for fit, _ in sizes)


def mean_eigenvalue(gram: Array, train: Index) -> float:
    """Mean eigenvalue of the centred Gram matrix of some stimuli.

    Parameters
    ----------
    gram : ndarray, shape (n_stimuli, n_stimuli)
    train : ndarray of int, shape (n_train,)

    Returns
    -------
    float
        Trace divided by n_train; 1 where all features are constant, so that a penalty is above zero.
    """
    gram = check_gram(gram)
    train = check_indices(train, len(gram), what="train")
    block = gram[np.ix_(train, train)]
    value = (np.trace(block) - block.mean() * len(train)) / len(train)
    return float(value) if value > 0 else 1.0


class _Best:
    """The best penalty of each site so far, by the sum of squared leave-one-out errors."""

    def __init__(self, n_train: int, n_test: int, n_sites: int) -> None:
        self.press = np.full(n_sites, np.inf)
        self.choice = np.zeros(n_sites, dtype=np.intp)
        self.inner = np.zeros((n_train, n_sites))
        self.outer = np.zeros((n_test, n_sites))

    def offer(self, number: int, inner: Array, outer: Array) -> None:
        press = np.einsum("ij,ij->j", inner, inner)
        better = press < self.press
        self.press[better] = press[better]
        self.choice[better] = number
        self.inner[:, better] = inner[:, better]
        self.outer[:, better] = outer[:, better]


def _leave_out(
    spectrum: Spectrum,
    inner: Array,
    null_inner: Array,
    *,
    responses: Array,
    fit: Index,
    held: Index,
    where: tuple[Index, Index],
    penalties: Array,
) -> HeldOut:
    """One split by the leave-group-out identity; ``where`` are the places of ``fit`` and ``held`` in the spectrum."""
    t, s = where
    vectors, null = spectrum.vectors, spectrum.null_vectors
    n, n_sites = len(vectors), responses.shape[1]
    shrink = penalties[:, None] / (spectrum.values + penalties[:, None])
    null_rows = null[s] @ null.T
    null_fit = null @ null_inner
    diagonals = (vectors[t] ** 2) @ shrink.T + np.einsum("ij,ij->i", null[t], null[t])[:, None]
    best = _Best(len(t), len(s), n_sites)
    # Several penalties in one product, as reading the eigenvectors costs more than multiplying by few sites.
    together = max(1, _BLOCK // (n * n_sites))
    for first in range(0, len(penalties), together):
        part = shrink[first : first + together]
        shrunk = (part.T[:, :, None] * inner[:, None, :]).reshape(len(inner), len(part) * n_sites)
        block = (vectors @ shrunk).reshape(n, len(part), n_sites)
        for offset, factors in enumerate(part):
            number = first + offset
            errors = block[:, offset] + null_fit
            rows = (vectors[s] * factors) @ vectors.T + null_rows
            lower = cholesky(rows[:, s], lower=True, check_finite=False)
            cross = solve_triangular(lower, rows[:, t], lower=True, check_finite=False)
            half = solve_triangular(lower, errors[s], lower=True, check_finite=False)
            diagonal = diagonals[:, number] - np.einsum("ij,ij->j", cross, cross)
            inside = (errors[t] - cross.T @ half) / diagonal[:, None]
            outside = solve_triangular(lower, half, lower=True, trans="T", check_finite=False)
            best.offer(number, inside, outside)
    return HeldOut(
        predictions=responses[held] - best.outer,
        nested_r=correlate_columns(responses[fit] - best.inner, responses[fit]),
        choice=best.choice,
        settings=penalties,
    )


def _refit(gram: Array, responses: Array, fit: Index, held: Index, *, grid: Array, noise_floor: float) -> HeldOut:
    """One split by an eigendecomposition of its own: cheaper where test sets are large or few."""
    block = gram[np.ix_(fit, fit)]
    spectrum = decompose_gram(block, noise_floor=noise_floor)
    penalties = grid * mean_eigenvalue(gram, fit)
    means = block.mean(axis=0)
    outer = gram[np.ix_(held, fit)]
    outer = outer - outer.mean(axis=1, keepdims=True) - means + means.mean()
    targets = responses[fit]
    inner = spectrum.vectors.T @ targets
    null_fit = spectrum.null_vectors @ (spectrum.null_vectors.T @ targets)
    null_diagonal = np.einsum("ij,ij->i", spectrum.null_vectors, spectrum.null_vectors)
    squares = spectrum.vectors**2
    projected = outer @ spectrum.vectors
    best = _Best(len(fit), len(held), responses.shape[1])
    for number, alpha in enumerate(penalties):
        shrink = alpha / (spectrum.values + alpha)
        errors = spectrum.vectors @ (shrink[:, None] * inner) + null_fit
        inside = errors / (squares @ shrink + null_diagonal)[:, None]
        predictions = projected @ (inner / (spectrum.values + alpha)[:, None]) + targets.mean(axis=0)
        best.offer(number, inside, responses[held] - predictions)
    return HeldOut(
        predictions=responses[held] - best.outer,
        nested_r=correlate_columns(targets - best.inner, targets),
        choice=best.choice,
        settings=penalties,
    )
