"""Least squares on the leading principal components, from one Gram matrix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from brainconv.predictivity.folds import InnerFolds, average_r
from brainconv.predictivity.ridge import HeldOut
from brainconv.predictivity.spectrum import decompose_gram

Array = NDArray[np.float64]
Index = NDArray[np.intp]


def predict_components(
    gram: Array,
    responses: Array,
    train: Sequence[Index],
    test: Sequence[Index],
    *,
    inner: Sequence[InnerFolds] | None = None,
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
    inner : sequence of InnerFolds, optional
        One per split, for ``nested_r``, which takes a fit per fold; NaN without.
    n_components : int
        Fewer are used where the features have fewer.
    noise_floor : float
        See `decompose_gram`.

    Returns
    -------
    list of HeldOut, one per split
        ``settings`` holds the number of components.
    """
    found = []
    choices = list(inner) if inner is not None else [InnerFolds(())] * len(train)
    for fit, held, choice in zip(train, test, choices, strict=True):
        inside = np.full(responses.shape, np.nan)
        for fold in choice.folds:
            rest = np.setdiff1d(fit, fold)
            inside[fold], _ = _fit(gram, responses, rest, fold, n_components=n_components, floor=noise_floor)
        predictions, used = _fit(gram, responses, fit, held, n_components=n_components, floor=noise_floor)
        found.append(
            HeldOut(
                predictions=predictions,
                nested_r=average_r(inside, responses, choice.folds),
                choice=np.zeros(responses.shape[1], dtype=np.intp),
                settings=np.array([float(used)]),
            )
        )
    return found


def _fit(
    gram: Array, responses: Array, fit: Index, held: Index, *, n_components: int, floor: float
) -> tuple[Array, int]:
    """Predictions for the held-out stimuli and the number of components used."""
    block = gram[np.ix_(fit, fit)]
    spectrum = decompose_gram(block, noise_floor=floor)
    used = max(min(n_components, len(spectrum.values), len(fit) - 2), 0)
    first = len(spectrum.values) - used
    values, vectors = spectrum.values[first:], spectrum.vectors[:, first:]
    means = block.mean(axis=0)
    outer = gram[np.ix_(held, fit)]
    outer = outer - outer.mean(axis=1, keepdims=True) - means + means.mean()
    inner = vectors.T @ responses[fit]
    predictions: Array = outer @ (vectors @ (inner / values[:, None])) + responses[fit].mean(axis=0)
    return predictions, used
