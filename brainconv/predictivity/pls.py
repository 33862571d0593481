"""Partial least squares from one Gram matrix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from brainconv.predictivity.arguments import check_components, check_folds
from brainconv.predictivity.resampling import nanmean
from brainconv.predictivity.ridge import HeldOut
from brainconv.predictivity.spectrum import centre_gram
from brainconv.reliability import correlate_columns
from brainconv.validation import check_flag

Array = NDArray[np.float64]
Index = NDArray[np.intp]

N_INNER = 5  # folds inside a training set, from which the nested r comes


def predict_pls(
    gram: Array,
    responses: Array,
    train: Sequence[Index],
    test: Sequence[Index],
    *,
    n_components: int = 25,
    noise_floor: float = 1e-12,
    nested: bool = True,
) -> list[HeldOut]:
    """Cross-validated partial least squares of all sites together, features and responses centred but not scaled.

    Parameters
    ----------
    gram : ndarray, shape (n_stimuli, n_stimuli)
        ``X @ X.T``, uncentred.
    responses : ndarray, shape (n_stimuli, n_sites)
        The sites entered together decide the components, and so each other's predictions.
    train, test : sequence of ndarray of int
        One pair per split.
    n_components : int
        Fewer are used where the covariance of features and responses is exhausted before.
    noise_floor : float
        A component whose covariance is below this part of the first one's is rounding.
    nested : bool
        Compute ``nested_r``, which takes five more fits per split; NaN otherwise.

    Returns
    -------
    list of HeldOut, one per split
        ``nested_r`` is the mean r over five folds inside the training stimuli; ``settings`` holds the number of
        components.

    References
    ----------
    Rosipal & Trejo (2001), J. Mach. Learn. Res. 2:97 (Eq. 9); Wold et al. (2001), Chemom. Intell. Lab. Syst. 58:109,
    doi:10.1016/S0169-7439(01)00155-1.

    Notes
    -----
    Equals scikit-learn's ``PLSRegression(n_components, scale=False)`` in the limit ``tol`` → 0: the weights of a
    component are the exact leading singular vectors and not the end of an iteration.
    """
    gram, responses, train, test = check_folds(gram, responses, train, test, noise_floor=noise_floor)
    check_components(n_components, train, spare=1)
    check_flag(nested, what="nested")
    found = []
    for fit, held in zip(train, test, strict=True):
        inner = np.random.default_rng(0).permutation(np.arange(len(fit)) % N_INNER)
        inside = []
        if nested and len(fit) >= 3 * N_INNER:
            for number in range(N_INNER):
                rest, left_out = fit[inner != number], fit[inner == number]
                predictions, _ = _fit(gram, responses, rest, left_out, n_components=n_components, floor=noise_floor)
                inside.append(correlate_columns(predictions, responses[left_out]))
        predictions, used = _fit(gram, responses, fit, held, n_components=n_components, floor=noise_floor)
        n_sites = responses.shape[1]
        found.append(
            HeldOut(
                predictions=predictions,
                nested_r=nanmean(np.stack(inside), axis=0) if inside else np.full(n_sites, np.nan),
                choice=np.zeros(n_sites, dtype=np.intp),
                settings=np.array([float(used)]),
            )
        )
    return found


def _fit(
    gram: Array, responses: Array, fit: Index, held: Index, *, n_components: int, floor: float
) -> tuple[Array, int]:
    """Predictions for the held-out stimuli and the number of components used."""
    block = gram[np.ix_(fit, fit)]
    kernel = centre_gram(block)
    means = block.mean(axis=0)
    outer = gram[np.ix_(held, fit)]
    outer = outer - outer.mean(axis=1, keepdims=True) - means + means.mean()
    intercept = responses[fit].mean(axis=0)
    y = responses[fit] - intercept
    n, n_sites = y.shape
    scores, duals, through = np.zeros((n, n_components)), np.zeros((n, n_components)), np.zeros((n, n_components))
    rounding = n * np.finfo(np.float64).eps * float(np.abs(block).max()) * float((y**2).sum())
    product = kernel @ y
    used, first = 0, 0.0
    for number in range(min(n_components, n - 1)):
        # The leading singular vectors of Xᵀ Y come from the small matrix Yᵀ K Y of sites.
        small = y.T @ product
        values, vectors = eigh(small + small.T, subset_by_index=[n_sites - 1, n_sites - 1])
        strength = float(values[0]) / 2
        first = max(first, strength)
        if strength <= max(floor**2 * first, rounding):
            break
        score = product @ vectors[:, 0]
        earlier = scores[:, :number]
        for _ in range(2):  # once more, as rounding would undo the orthogonality that all rests on
            score = score - earlier @ (earlier.T @ score)
        norm = np.linalg.norm(score)
        score /= norm
        duals[:, number] = y @ vectors[:, 0] / norm
        scores[:, number] = score
        through[:, number] = kernel @ duals[:, number]
        share = score @ y
        ahead = kernel @ score
        ahead -= earlier @ (earlier.T @ ahead)
        y = y - np.outer(score, share)
        product = product - np.outer(ahead, share)
        product -= np.outer(score, score @ product)
        used = number + 1
    if not used:
        return np.tile(intercept, (len(held), 1)), 0
    scores, duals, through = scores[:, :used], duals[:, :used], through[:, :used]
    loadings = scores.T @ (responses[fit] - intercept)
    weights = np.linalg.solve(scores.T @ through, loadings)
    predictions: Array = outer @ (duals @ weights) + intercept
    return predictions, used
