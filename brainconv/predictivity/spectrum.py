"""The eigendecomposition of a centred Gram matrix, from which every fold and every penalty follows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from brainconv.containers.checks import check_semidefinite
from brainconv.errors import InvalidInputError
from brainconv.predictivity.arguments import check_gram
from brainconv.validation import check_number

Array = NDArray[np.float64]

NOISE_FLOOR = {"float32": 1e-6, "float64": 1e-12}


@dataclass(frozen=True, eq=False)
class Spectrum:
    """``H K H = vectors @ diag(values) @ vectors.T`` with the centring matrix ``H = I - 11ᵀ/n``.

    Parameters
    ----------
    values : ndarray, shape (n_kept,)
        Eigenvalues above the noise floor.
    vectors : ndarray, shape (n, n_kept)
        Their eigenvectors; each sums to zero.
    null_vectors : ndarray, shape (n, n - 1 - n_kept)
        An orthonormal basis of what is left of the space of vectors that sum to zero: directions in which the
        representation says nothing.
    """

    values: Array
    vectors: Array
    null_vectors: Array


def centre_gram(gram: Array) -> Array:
    """Gram matrix of the features after their mean over the rows was subtracted.

    Parameters
    ----------
    gram : ndarray, shape (n, n)
        ``X @ X.T``.

    Returns
    -------
    ndarray, shape (n, n)
    """
    gram = check_gram(gram)
    means = gram.mean(axis=0)
    centred: Array = gram - means - means[:, None] + means.mean()
    return centred


def decompose_gram(gram: Array, *, noise_floor: float = 1e-12) -> Spectrum:
    """Eigendecomposition of the doubly centred Gram matrix within the space of vectors that sum to zero.

    The constant vector is taken out by a Householder reflection beforehand: where the Gram has further zero eigenvalues
    it could otherwise be mixed with their eigenvectors.

    Parameters
    ----------
    gram : ndarray, shape (n, n)
        ``X @ X.T``, n at least 2.
    noise_floor : float
        Eigenvalues below this part of the largest one are rounding errors of the features and are set to zero:
        1e-6 for float32 features, 1e-12 for float64.

    Returns
    -------
    Spectrum
    """
    gram = check_gram(gram)
    check_semidefinite(gram)
    check_number(noise_floor, what="noise_floor", at_least=0, below=1)
    if len(gram) < 2:
        msg = "gram is of one stimulus; expected at least 2, because what is left after centring is decomposed."
        raise InvalidInputError(msg)
    n = len(gram)
    centred = centre_gram(gram)
    # The reflection I - v vᵀ swaps the constant unit vector and the first unit vector.
    v = np.full(n, -1.0 / np.sqrt(n))
    v[0] += 1.0
    v *= np.sqrt(2.0) / np.linalg.norm(v)
    left = centred @ v
    reflected = centred - np.outer(left, v) - np.outer(v, left) + (v @ left) * np.outer(v, v)
    values, inner = eigh(reflected[1:, 1:], overwrite_a=True, check_finite=False, driver="evd")
    vectors = np.concatenate([np.zeros((1, n - 1)), inner])
    vectors -= np.outer(v, v @ vectors)
    # What is left of a constant after centring is rounding, however large it is beside the other eigenvalues.
    rounding = n * np.finfo(np.float64).eps * float(np.abs(gram).max())
    keep = values > max(noise_floor * float(values[-1]), rounding)
    return Spectrum(
        values=values[keep],
        vectors=np.ascontiguousarray(vectors[:, keep]),
        null_vectors=np.ascontiguousarray(vectors[:, ~keep]),
    )
