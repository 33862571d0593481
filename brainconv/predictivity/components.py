"""Least squares on the leading principal components, from one Gram matrix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from brainconv.predictivity.arguments import check_components, check_folds
from brainconv.predictivity.ridge import HeldOut
from brainconv.predictivity.spectrum import decompose_gram
from brainconv.reliability import correlate_columns

Array = NDArray[np.float64]
Index = NDArray[np.intp]


def predict_components(
    gram: Array,
    responses: Array,
    train: Sequence[Index],
    test: Sequence[Index],
    *,
    n_components: int = 25,
    noise_floor: float = 1e-12,
) -> list[HeldOut]:
    """Cross-validated least squares on principal components of the training stimuli.

    Parameters
    ----------
    gram : ndarray, shape (n_stimuli, n_stimuli)
        ``X @ X.T``, uncentred.
    responses : ndarray, shape (n_stimuli, n_sites)
    train, test : sequence of ndarray of int
        One pair per split; the components are those of the training stimuli alone.
    n_components : int
        Fewer are used where the features have fewer.
    noise_floor : float
        See `decompose_gram`.

    Returns
    -------
    list of HeldOut, one per split
        ``settings`` holds the number of components; ``nested_r`` is by leave-one-out with the components kept.
    """
    gram, responses, train, test = check_folds(gram, responses, train, test, noise_floor=noise_floor)
    check_components(n_components, train, spare=2)
    found = []
    for fit, held in zip(train, test, strict=True):
        block = gram[np.ix_(fit, fit)]
        spectrum = decompose_gram(block, noise_floor=noise_floor)
        used = min(n_components, len(spectrum.values), len(fit) - 2)
        first = len(spectrum.values) - used
        values, vectors = spectrum.values[first:], spectrum.vectors[:, first:]
        means = block.mean(axis=0)
        outer = gram[np.ix_(held, fit)]
        outer = outer - outer.mean(axis=1, keepdims=True) - means + means.mean()
        targets = responses[fit]
        intercept = targets.mean(axis=0)
        inner = vectors.T @ targets
        errors = targets - intercept - vectors @ inner
        leverage = 1.0 / len(fit) + np.einsum("ij,ij->i", vectors, vectors)
        inside = errors / np.maximum(1.0 - leverage, np.finfo(np.float64).eps)[:, None]
        found.append(
            HeldOut(
                predictions=outer @ (vectors @ (inner / values[:, None])) + intercept,
                nested_r=correlate_columns(targets - inside, targets),
                choice=np.zeros(responses.shape[1], dtype=np.intp),
                settings=np.array([float(used)]),
            )
        )
    return found
