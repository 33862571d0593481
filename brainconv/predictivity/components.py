"""Least squares on the leading principal components, from one Gram matrix."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from brainconv.predictivity.arguments import check_components, check_folds
from brainconv.predictivity.heldout import Choices, HeldOut
from brainconv.predictivity.refitting import predict_by_refitting
from brainconv.predictivity.spectrum import decompose_gram

Array = NDArray[np.float64]
Index = NDArray[np.intp]


def predict_components(
    gram: Array,
    responses: Array,
    train: Sequence[Index],
    test: Sequence[Index],
    *,
    choices: Sequence[Choices] | None = None,
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
    choices : sequence of Choices, optional
        One per split, for ``nested_r``, which takes a fit per inner fold; without there is none.
    n_components : int
        Fewer are used where the features have fewer.
    noise_floor : float
        See `decompose_gram`.

    Returns
    -------
    list of HeldOut, one per split
        ``settings`` holds the number of components.
    """
    gram, responses, train, test = check_folds(gram, responses, train, test, noise_floor=noise_floor, choices=choices)
    check_components(n_components, train, spare=2)
    fit_one = partial(_fit, gram, responses, n_components=n_components, floor=noise_floor)
    return predict_by_refitting(fit_one, responses, train, test, choices=choices)


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
    mean = responses[fit].mean(axis=0)
    inner = vectors.T @ (responses[fit] - mean)
    predictions: Array = outer @ (vectors @ (inner / values[:, None])) + mean
    return predictions, used
