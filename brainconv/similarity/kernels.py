"""Comparators of the Gram matrices behind two RDMs: Bures similarity and Riemannian distance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, eigvalsh
from scipy.optimize import minimize
from scipy.spatial.distance import squareform

Floats = NDArray[np.float64]


def to_centred_gram(row: Floats) -> Floats:
    """Double-centred Gram matrix of patterns with these squared distances.

    Parameters
    ----------
    row : ndarray, shape (n_pairs,)

    Returns
    -------
    ndarray, shape (n_stimuli, n_stimuli)
        -½ H D H.
    """
    return centre_gram(-0.5 * squareform(row, checks=False))


def centre_gram(gram: Floats) -> Floats:
    """Take the mean pattern off a Gram matrix.

    Parameters
    ----------
    gram : ndarray, shape (n_stimuli, n_stimuli)

    Returns
    -------
    ndarray, shape (n_stimuli, n_stimuli)
    """
    means = gram.mean(axis=0)
    return np.asarray(gram - means[:, None] - means[None, :] + means.mean())


def root_of_gram(gram: Floats) -> Floats:
    """Coordinates whose products are the Gram matrix; eigenvalues below 1e-13 of the largest are rounding errors.

    Parameters
    ----------
    gram : ndarray, shape (n_stimuli, n_stimuli)

    Returns
    -------
    ndarray, shape (n_stimuli, rank)
        Orthogonal columns; few where there are fewer units than stimuli.
    """
    values, vectors = np.linalg.eigh(gram)
    kept = values > 1e-13 * max(values[-1], 0.0)
    return np.asarray(vectors[:, kept] * np.sqrt(values[kept]))


def fidelity(root: Floats, other: Floats) -> float:
    """Nuclear norm of the product of two roots, which is that of the patterns' product, ‖XᵀY‖_*.

    Parameters
    ----------
    root, other : ndarray, shape (n_stimuli, rank)
        As of `root_of_gram`.

    Returns
    -------
    float
    """
    return float(np.linalg.svd(root.T @ other, compute_uv=False).sum())


def compute_bures_of_rows(a: Floats, b: Floats) -> Floats:
    """Bures similarity of every row of a with every row of b.

    Parameters
    ----------
    a, b : ndarray, shape (n_a, n_pairs) and (n_b, n_pairs)
        Squared distances.

    Returns
    -------
    ndarray, shape (n_a, n_b)
        tr (A^½ B A^½)^½ / √(tr A · tr B) of the centred Gram matrices; NaN where a trace is not above 0.

    References
    ----------
    Harvey S E, Larsen B W, Williams A H (2024), arXiv:2311.11436.
    """
    roots = [[root_of_gram(to_centred_gram(row)) for row in rows] for rows in (a, b)]
    # tr(-½HDH) is the sum of the squared distances over n
    traces = [rows.sum(axis=1) / len(roots[0][0]) for rows in (a, b)]
    scale = np.sqrt(np.maximum(np.outer(*traces), 0.0))
    values = np.array([[fidelity(left, right) for right in roots[1]] for left in roots[0]])
    return np.asarray(values / np.where(scale > 0, scale, np.nan))


def compute_neg_riemannian(a: Floats, b: Floats) -> Floats:
    """Negative Riemannian distance of every row of a to every row of b.

    Parameters
    ----------
    a, b : ndarray, shape (n_a, n_pairs) and (n_b, n_pairs)
        Squared distances.

    Returns
    -------
    ndarray, shape (n_a, n_b)
        -min over s, t of √(Σ log² λ), λ the generalised eigenvalues of e^s A + e^t Σ and B, where A and B are Gram
        matrices with the first stimulus at the origin and Σ = I + 11ᵀ is the noise of that difference.  NaN where B is
        not positive definite, as for fewer units than stimuli.

    References
    ----------
    As in rsatoolbox (`compare_neg_riemannian_distance`), with its search (Nelder and Mead from 0).
    """
    grams = [[_gram_from_first(row) for row in rows] for rows in (a, b)]
    return np.array([[_neg_riemannian(left, right) for right in grams[1]] for left in grams[0]])


def _gram_from_first(row: Floats) -> Floats:
    square = squareform(row, checks=False)
    to_first = square[0, 1:]
    gram = 0.5 * (to_first[:, None] + to_first[None, :]) - 0.5 * square[1:, 1:]
    gram[np.diag_indices(len(gram))] = to_first
    return np.asarray(gram)


def _neg_riemannian(left: Floats, right: Floats) -> float:
    noise = np.eye(len(left)) + 1.0

    def distance(theta: Floats) -> float:
        values = eigvalsh(np.exp(theta[0]) * left + np.exp(theta[1]) * noise, right)
        return float(np.sqrt((np.log(values) ** 2).sum()))

    try:
        with np.errstate(invalid="ignore"):
            found = minimize(distance, (0.0, 0.0), method="Nelder-Mead")
    except LinAlgError:
        return np.nan
    return -float(found.fun)
