"""Ridge regression from one Gram matrix: every fold, every penalty and the nested choice of a penalty per site."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular

from brainconv.predictivity.arguments import check_folds, check_gram, check_grid, check_indices
from brainconv.predictivity.heldout import Choices, HeldOut, choose_by_stimulus, compute_nested_r, locate
from brainconv.predictivity.spectrum import Spectrum, decompose_gram

Array = NDArray[np.float64]
Index = NDArray[np.intp]

PENALTY_GRID: Array = 10.0 ** np.arange(-3.0, 4.25, 0.5)

_BLOCK = 2**23  # numbers held at once for several penalties: 64 MiB
_EIGH = 6.6  # an eigendecomposition takes as long as this many n³ operations of a matrix product (measured)


def predict_ridge(
    gram: Array,
    responses: Array,
    train: Sequence[Index],
    test: Sequence[Index],
    *,
    choices: Sequence[Choices] | None = None,
    grid: Array = PENALTY_GRID,
    noise_floor: float = 1e-12,
) -> list[HeldOut]:
    """Cross-validated ridge regression with an unpenalised intercept and a penalty per site and split.

    The read-out of a site minimises ``||y - X b - c||² + α ||b||²`` over the training stimuli.  α is the one of
    ``grid × (mean eigenvalue of the centred Gram of the training stimuli)`` whose leave-one-out (or leave-group-out)
    errors *inside the training set* have the smallest sum of squares; the test stimuli have no part in it.  The mean
    eigenvalue is the trace divided by the number of training stimuli.

    Parameters
    ----------
    gram : ndarray, shape (n_stimuli, n_stimuli)
        ``X @ X.T``, uncentred.
    responses : ndarray, shape (n_stimuli, n_sites)
        Finite wherever a split uses them.
    train, test : sequence of ndarray of int
        One pair per split.
    choices : sequence of Choices, optional
        One per split; without, penalties are chosen by leave-one-out and there is no nested r.
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
    ``R_TT - R_TS R_SS⁻¹ R_ST``, from which the errors of any part of the training set follow by the same formula: of
    single stimuli, groups and inner folds.  All are exact.  R is formed itself and never as ``I - H``, which loses its
    digits at small penalties.  The noise floor is applied to the spectrum of all stimuli of the splits; it concerns the
    features only.  The penalty of a nested r is the one that the whole training set has chosen.
    """
    gram, responses, train, test = check_folds(gram, responses, train, test, noise_floor=noise_floor, choices=choices)
    grid = check_grid(grid)
    choices = choose_by_stimulus(len(train)) if choices is None else choices
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
                found[number] = _refit(
                    gram, responses, fit, held, choices=choices[number], grid=grid, noise_floor=noise_floor
                )
            continue
        spectrum = decompose_gram(gram[np.ix_(union, union)], noise_floor=noise_floor)
        inner_y, null_y = (basis.T @ responses[union] for basis in (spectrum.vectors, spectrum.null_vectors))
        for number in numbers:
            fit, held = train[number], test[number]
            found[number] = _leave_out(
                spectrum,
                inner_y,
                null_y,
                responses=responses,
                fit=fit,
                held=held,
                where=(np.searchsorted(union, fit), np.searchsorted(union, held)),
                choices=choices[number],
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
    """The best penalty of each site so far, by the sum of squared errors inside the training set."""

    def __init__(self, n_test: int, n_sites: int) -> None:
        self.press = np.full(n_sites, np.inf)
        self.choice = np.zeros(n_sites, dtype=np.intp)
        self.outer = np.zeros((n_test, n_sites))

    def offer(self, number: int, inner: Array, outer: Array) -> None:
        press = np.einsum("ij,ij->j", inner, inner)
        better = press < self.press
        self.press[better] = press[better]
        self.choice[better] = number
        self.outer[:, better] = outer[:, better]


class _Residuals:
    """Residual maker ``R`` of a training set at one penalty, as ``B diag(factors) Bᵀ + N Nᵀ - CᵀC``."""

    def __init__(self, basis: Array, factors: Array, null: Array, cross: Array | None = None) -> None:
        self.basis, self.root, self.null, self.cross = basis, np.sqrt(factors), null, cross

    def leave_out(self, errors: Array, parts: Sequence[Index]) -> Array:
        """Errors of each part by the read-out fitted on the rest: ``R_PP⁻¹ (R y)_P``; ``errors`` is ``R y``."""
        found = np.zeros_like(errors)
        for size in {len(part) for part in parts}:
            places = np.stack([part for part in parts if len(part) == size])
            rows = self.basis[places] * self.root
            blocks = rows @ rows.transpose(0, 2, 1)
            if self.null.shape[1]:
                rows = self.null[places]
                blocks += rows @ rows.transpose(0, 2, 1)
            if self.cross is not None:
                columns = self.cross[:, places].transpose(1, 0, 2)
                blocks -= columns.transpose(0, 2, 1) @ columns
            found[places] = np.linalg.solve(blocks, errors[places])
        return found


def _leave_out(
    spectrum: Spectrum,
    inner_y: Array,
    null_y: Array,
    *,
    responses: Array,
    fit: Index,
    held: Index,
    where: tuple[Index, Index],
    choices: Choices,
    penalties: Array,
) -> HeldOut:
    """One split by the leave-group-out identity; ``where`` are the places of ``fit`` and ``held`` in the spectrum."""
    t, s = where
    vectors, null = spectrum.vectors, spectrum.null_vectors
    basis, null_basis = vectors[t], null[t]
    n, n_sites = len(vectors), responses.shape[1]
    shrink = penalties[:, None] / (spectrum.values + penalties[:, None])
    null_rows = null[s] @ null.T
    null_fit = null @ null_y
    diagonals = basis**2 @ shrink.T + np.einsum("ij,ij->i", null_basis, null_basis)[:, None]

    def eliminate(number: int, errors: Array) -> tuple[Array, Array, Array]:
        """What leaving the test stimuli out takes from the residual maker (`_Residuals.cross`), and errors of both."""
        rows = (vectors[s] * shrink[number]) @ vectors.T + null_rows
        lower = cholesky(rows[:, s], lower=True, check_finite=False)
        cross = solve_triangular(lower, rows[:, t], lower=True, check_finite=False)
        half = solve_triangular(lower, errors[s], lower=True, check_finite=False)
        outside = solve_triangular(lower, half, lower=True, trans="T", check_finite=False)
        return cross, errors[t] - cross.T @ half, outside

    best = _Best(len(s), n_sites)
    blocks = None if choices.inner.blocks is None else locate(choices.inner.blocks, fit)
    # Several penalties in one product, as reading the eigenvectors costs more than multiplying by few sites.
    together = max(1, _BLOCK // (n * n_sites))
    for first in range(0, len(penalties), together):
        part = shrink[first : first + together]
        shrunk = (part.T[:, :, None] * inner_y[:, None, :]).reshape(len(inner_y), len(part) * n_sites)
        block = (vectors @ shrunk).reshape(n, len(part), n_sites)
        for offset in range(len(part)):
            number = first + offset
            cross, errors, outside = eliminate(number, block[:, offset] + null_fit)
            if blocks is None:
                inside = errors / (diagonals[:, number] - np.einsum("ij,ij->j", cross, cross))[:, None]
            else:
                inside = _Residuals(basis, shrink[number], null_basis, cross).leave_out(errors, blocks)
            best.offer(number, inside, outside)

    def leave_out(number: int, sites: Index, parts: Sequence[Index]) -> Array:
        errors = vectors @ (shrink[number][:, None] * inner_y[:, sites]) + null_fit[:, sites]
        cross, errors, _ = eliminate(number, errors)
        return _Residuals(basis, shrink[number], null_basis, cross).leave_out(errors, parts)

    return HeldOut(
        predictions=responses[held] - best.outer,
        nested_r=compute_nested_r(leave_out, best.choice, responses[fit], fit, choices),
        choice=best.choice,
        settings=penalties,
    )


def _refit(
    gram: Array,
    responses: Array,
    fit: Index,
    held: Index,
    *,
    choices: Choices,
    grid: Array,
    noise_floor: float,
) -> HeldOut:
    """One split by an eigendecomposition of its own: cheaper where test sets are large or few."""
    block = gram[np.ix_(fit, fit)]
    spectrum = decompose_gram(block, noise_floor=noise_floor)
    penalties = grid * mean_eigenvalue(gram, fit)
    means = block.mean(axis=0)
    outer = gram[np.ix_(held, fit)]
    outer = outer - outer.mean(axis=1, keepdims=True) - means + means.mean()
    targets = responses[fit]
    inner_y = spectrum.vectors.T @ targets
    null_fit = spectrum.null_vectors @ (spectrum.null_vectors.T @ targets)
    null_diagonal = np.einsum("ij,ij->i", spectrum.null_vectors, spectrum.null_vectors)
    squares = spectrum.vectors**2
    projected = outer @ spectrum.vectors
    blocks = None if choices.inner.blocks is None else locate(choices.inner.blocks, fit)
    shrink = penalties[:, None] / (spectrum.values + penalties[:, None])
    best = _Best(len(held), responses.shape[1])

    def leave_out(number: int, sites: Index | slice, parts: Sequence[Index]) -> Array:
        errors = spectrum.vectors @ (shrink[number][:, None] * inner_y[:, sites]) + null_fit[:, sites]
        return _Residuals(spectrum.vectors, shrink[number], spectrum.null_vectors).leave_out(errors, parts)

    for number, alpha in enumerate(penalties):
        if blocks is None:
            errors = spectrum.vectors @ (shrink[number][:, None] * inner_y) + null_fit
            inside = errors / (squares @ shrink[number] + null_diagonal)[:, None]
        else:
            inside = leave_out(number, slice(None), blocks)
        predictions = projected @ (inner_y / (spectrum.values + alpha)[:, None]) + targets.mean(axis=0)
        best.offer(number, inside, responses[held] - predictions)
    return HeldOut(
        predictions=responses[held] - best.outer,
        nested_r=compute_nested_r(leave_out, best.choice, targets, fit, choices),
        choice=best.choice,
        settings=penalties,
    )
