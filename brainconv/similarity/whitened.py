"""Whitened comparators: entries of an RDM that share a stimulus vary together, which they undo.

For independent stimuli the whitened inner product of RDMs x and y is that of their double-centred squares HXH, HYH;
no covariance matrix over pairs is formed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import squareform

Floats = NDArray[np.float64]


def sum_by_stimulus(rows: Floats) -> Floats:
    """Sum of each stimulus' dissimilarities.

    Parameters
    ----------
    rows : ndarray, shape (n_rdms, n_pairs)

    Returns
    -------
    ndarray, shape (n_rdms, n_stimuli)
    """
    return np.stack([squareform(row, checks=False).sum(axis=0) for row in rows])


def whitened_products(products: Floats, sums_a: Floats, sums_b: Floats) -> Floats:
    """Inner products after whitening, ⟨HXH, HYH⟩ up to a factor of 2, from plain ones.

    Parameters
    ----------
    products : ndarray, shape (..., n_a, n_b)
        Σ over pairs x y.
    sums_a, sums_b : ndarray, shape (..., n_a, n_stimuli) and (..., n_b, n_stimuli)
        As of `sum_by_stimulus`.

    Returns
    -------
    ndarray, shape (..., n_a, n_b)
    """
    n = sums_a.shape[-1]
    crossed = sums_a @ np.swapaxes(sums_b, -1, -2) / n
    totals = sums_a.sum(axis=-1)[..., :, None] * sums_b.sum(axis=-1)[..., None, :]
    return np.asarray(products - crossed + totals / (2.0 * n**2))


def whitened_lengths(rows: Floats) -> Floats:
    """Length of each row after whitening; NaN where nothing is left of it.

    Parameters
    ----------
    rows : ndarray, shape (n_rdms, n_pairs)

    Returns
    -------
    ndarray, shape (n_rdms,)
    """
    power = np.einsum("ij,ij->i", rows, rows)
    sums = sum_by_stimulus(rows)
    squared = np.array([whitened_products(power[[k], None], sums[[k]], sums[[k]])[0, 0] for k in range(len(rows))])
    return np.sqrt(np.where(squared > 1e-14 * power, squared, np.nan))


def compute_whitened_cosine(a: Floats, b: Floats) -> Floats:
    """Whitened cosine of every row of a with every row of b.

    Of squared Euclidean distances it is the linear CKA (biased) of the patterns.

    Parameters
    ----------
    a, b : ndarray, shape (n_a, n_pairs) and (n_b, n_pairs)

    Returns
    -------
    ndarray, shape (n_a, n_b)
        xᵀ V⁻¹ y / √(xᵀ V⁻¹ x · yᵀ V⁻¹ y), V the covariance of distances of independent stimuli with equal noise.

    References
    ----------
    Diedrichsen J et al. (2021), doi:10.51628/001c.27664.
    """
    products = whitened_products(a @ b.T, sum_by_stimulus(a), sum_by_stimulus(b))
    return np.asarray(products / whitened_lengths(a)[:, None] / whitened_lengths(b)[None, :])


def compute_whitened_corr(a: Floats, b: Floats) -> Floats:
    """Whitened correlation of every row of a with every row of b: the mean is taken off before whitening.

    Parameters
    ----------
    a, b : ndarray, shape (n_a, n_pairs) and (n_b, n_pairs)

    Returns
    -------
    ndarray, shape (n_a, n_b)

    References
    ----------
    Diedrichsen J et al. (2021), doi:10.51628/001c.27664.
    """
    return compute_whitened_cosine(a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True))


def fit_margins(sums: Floats, weights: Floats, *, diagonal: bool = True) -> Floats:
    """What whitening takes off the distances of a bootstrap sample, whose pairs of copies are missing.

    The distance of stimuli i and j is fitted by m_i + m_j, that of i to itself (0) by 2 m_i, by least squares over
    all copies; this is a system of a diagonal plus a matrix of rank one.

    Parameters
    ----------
    sums : ndarray, shape (n_samples, n_rdms, n_stimuli)
        Σ_j w_j x_ij.
    weights : ndarray, shape (n_samples, n_stimuli)
        How often each stimulus was drawn.
    diagonal : bool
        Whether the zeros from each stimulus to itself are fitted too; without them what is left is centred without
        bias (U-centred).

    Returns
    -------
    ndarray, shape (n_samples, n_rdms, n_stimuli)
        The m_i; those of stimuli that were not drawn have no meaning.
    """
    total = weights.sum(axis=1, keepdims=True) - 2.0 * weights + (2.0 if diagonal else 0.0)
    # a sample that is half of one stimulus has no margins
    total[total <= 0] = np.nan
    share = weights / total
    common = np.einsum("kri,ki->kr", sums, share) / (1.0 + share.sum(axis=1))[:, None]
    return np.asarray((sums - common[:, :, None]) / total[:, None, :])
