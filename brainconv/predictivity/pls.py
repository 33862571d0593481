"""Partial least squares from one Gram matrix."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from brainconv.predictivity.arguments import check_components, check_folds
from brainconv.predictivity.heldout import Choices, HeldOut
from brainconv.predictivity.power_iteration import iterate_direction
from brainconv.predictivity.refitting import predict_by_refitting
from brainconv.predictivity.spectrum import centre_gram
from brainconv.validation import check_number

Array = NDArray[np.float64]
Index = NDArray[np.intp]


def predict_pls(
    gram: Array,
    responses: Array,
    train: Sequence[Index],
    test: Sequence[Index],
    *,
    choices: Sequence[Choices] | None = None,
    n_components: int = 25,
    noise_floor: float = 1e-12,
    tol: float | None = None,
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
    choices : sequence of Choices, optional
        One per split, for ``nested_r``, which takes a fit per inner fold; without there is none.
    n_components : int
        Fewer are used where the covariance of features and responses is exhausted before.
    noise_floor : float
        A component whose covariance is below this part of the first one's is rounding.
    tol : float, optional
        Stop short of the singular vectors where scikit-learn does (`iterate_direction`; its default is 1e-6), which
        makes the predictions depend on the order of the sites.

    Returns
    -------
    list of HeldOut, one per split
        ``settings`` holds the number of components.

    References
    ----------
    Rosipal & Trejo (2001), J. Mach. Learn. Res. 2:97 (Eq. 9); Wold et al. (2001), Chemom. Intell. Lab. Syst. 58:109,
    doi:10.1016/S0169-7439(01)00155-1.

    Notes
    -----
    Equals scikit-learn's ``PLSRegression(n_components, scale=False)`` in the limit ``tol`` → 0: the weights of a
    component are the exact leading singular vectors and not the end of an iteration.  With ``tol`` it equals
    scikit-learn's with that ``tol``.
    """
    gram, responses, train, test = check_folds(gram, responses, train, test, noise_floor=noise_floor, choices=choices)
    check_components(n_components, train, spare=1)
    if tol is not None:
        check_number(tol, what="tol", above=0)
    fit_one = partial(_fit, gram, responses, n_components=n_components, floor=noise_floor, tol=tol)
    return predict_by_refitting(fit_one, responses, train, test, choices=choices)


def _fit(
    gram: Array, responses: Array, fit: Index, held: Index, *, n_components: int, floor: float, tol: float | None
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
    # error of `product`, which is never computed anew; a strength below it times what is left of y is rounding
    rounding = n * np.finfo(np.float64).eps * float(np.abs(block).max()) * float(np.linalg.norm(y))
    product = kernel @ y
    used, first = 0, 0.0
    for number in range(min(n_components, n - 1)):
        # The leading singular vectors of Xᵀ Y come from the small matrix Yᵀ K Y of sites.
        small = y.T @ product
        if tol is None:
            values, vectors = eigh(small + small.T, subset_by_index=[n_sites - 1, n_sites - 1])
            strength, direction = float(values[0]) / 2, vectors[:, 0]
        else:
            strength, direction = iterate_direction(small, y, tol=tol)
        first = max(first, strength)
        if strength <= max(floor**2 * first, rounding * float(np.linalg.norm(y))):
            break
        score = product @ direction
        earlier = scores[:, :number]
        for _ in range(2):  # once more, as rounding would undo the orthogonality that all rests on
            score = score - earlier @ (earlier.T @ score)
        norm = np.linalg.norm(score)
        score /= norm
        duals[:, number] = y @ direction / norm
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
