"""The direction of a component of partial least squares as scikit-learn's iteration leaves it, from sites alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

TOL = 1e-6  # scikit-learn's defaults, with which Brain-Score calls it
MAX_ITER = 500


def iterate_direction(
    small: Array, residuals: Array, *, tol: float = TOL, max_iter: int = MAX_ITER
) -> tuple[float, Array]:
    """The combination of sites at which scikit-learn's power iteration stops, instead of the leading eigenvector.

    Every step multiplies by ``small``.  The weights of the units, ``Xᵀ Y u`` of length one, are never formed: their
    scalar products are those of ``u`` in the metric ``small``.

    Parameters
    ----------
    small : ndarray, shape (n_sites, n_sites)
        ``Yᵀ K Y`` of centred features (``K = X Xᵀ``) and what earlier components left of the responses.
    residuals : ndarray, shape (n_stimuli, n_sites)
        ``Y``.  The iteration starts at the first site of which something is left: the result depends on their order.
    tol : float
        It stops when the squared change of the weights of the units falls below.
    max_iter : int
        Or after as many steps.

    Returns
    -------
    strength : float
        Squared covariance of that combination with the features; 0 where no site covaries with them.
    direction : ndarray, shape (n_sites,)
        Of length one.

    References
    ----------
    Wegelin (2000), A survey of partial least squares methods, University of Washington, technical report 371, section
    7; ``sklearn.cross_decomposition.PLSRegression`` with ``algorithm="nipals"``.
    """
    metric = (small + small.T) / 2.0
    eps = np.finfo(np.float64).eps
    strengths = np.diagonal(metric)
    # scikit-learn starts at the first site that is left.  Where rounding is all that is left of it, as of a constant
    # response, scikit-learn's result hangs on that rounding; here the next site is taken.
    left = (np.abs(residuals).max(axis=0) >= 10.0 * eps) & (strengths > eps**2 * strengths.max())
    starts = np.flatnonzero(left)
    if not starts.size:
        return 0.0, np.zeros(len(metric))
    weights = ahead = np.zeros(len(metric))
    direction, product = np.eye(len(metric))[starts[0]], metric[starts[0]]
    for number in range(max_iter):
        before, behind = weights, ahead
        length = np.sqrt(direction @ product)
        weights, ahead = direction / length, product / length  # of length one in the metric
        if len(metric) == 1 or (number and (weights - before) @ (ahead - behind) < tol):
            break
        direction, product = ahead, metric @ ahead
    norm = float(np.linalg.norm(weights))
    return 1.0 / norm**2, weights / norm
