"""Similarities of two layers from their Gram matrices: linear CKA, Procrustes distance, normalised Bures similarity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from brainconv.containers import Representation
from brainconv.containers.checks import check_representations
from brainconv.errors import InvalidInputError
from brainconv.similarity.arguments import check_multiplicities
from brainconv.similarity.bootstrap import compare_centred
from brainconv.similarity.estimators import estimate_from_gram
from brainconv.similarity.kernels import centre_gram, fidelity, root_of_gram
from brainconv.validation import check_choice, check_flag

Floats = NDArray[np.float64]
Layers = Representation | Mapping[str, Representation] | Sequence[Representation]

MEASURES = ("cka", "cka-debiased", "procrustes", "bures")
_LEAST_STIMULI = 4


def compute_cka(a: Layers, b: Layers | None = None, *, debiased: bool = True) -> Floats:
    """Linear centred kernel alignment of every layer of a with every layer of b.

    Parameters
    ----------
    a, b : Representation, mapping or sequence of Representation
        Of the same stimuli, in any order; ``b`` is ``a`` if left out.
    debiased : bool
        By the unbiased HSIC, 0 on average for unrelated layers.  Otherwise unrelated layers of p units reach
        p / (p + n_stimuli).

    Returns
    -------
    ndarray, shape (len(a), len(b))
        ‖XᵀY‖² / (‖XᵀX‖ ‖YᵀY‖) of centred X, Y, at most 1; debiased values may lie below 0.  NaN for a dead layer.

    Raises
    ------
    InvalidInputError
        If the stimuli differ or are fewer than 4.

    References
    ----------
    Kornblith S et al. (2019), arXiv:1905.00414.  Song L et al. (2012), JMLR 13:1393 (HSIC without bias).
    """
    check_flag(debiased, what="debiased")
    left, right = _align(a, b)
    once = np.ones((1, left[0].n_stimuli), dtype=np.int32)
    return np.asarray(compare_centred(_squared(left), _squared(right), once, diagonal=not debiased)[0])


def compute_procrustes(a: Layers, b: Layers | None = None) -> Floats:
    """Squared Procrustes distance of every layer of a to every layer of b.

    Parameters
    ----------
    a, b : Representation, mapping or sequence of Representation
        Of the same stimuli, in any order; ``b`` is ``a`` if left out.

    Returns
    -------
    ndarray, shape (len(a), len(b))
        min over rotations Q of ‖X - YQ‖² = 2 - 2 ‖XᵀY‖_* for centred X, Y of unit norm: 0 for a rotated, scaled and
        shifted copy.  Unrelated layers do not reach 2 (.86 for 100 stimuli and 50 units): compare with a null.

    Raises
    ------
    InvalidInputError
        If the stimuli differ or are fewer than 4.

    References
    ----------
    Williams A H et al. (2021), arXiv:2110.14739; their angular distance is arccos(1 - d² / 2).
    """
    return np.asarray(2.0 - 2.0 * compute_bures(a, b))


def compute_bures(a: Layers, b: Layers | None = None) -> Floats:
    """Normalised Bures similarity (cosine of the Procrustes angle) of every layer of a with every layer of b.

    Parameters
    ----------
    a, b : Representation, mapping or sequence of Representation
        Of the same stimuli, in any order; ``b`` is ``a`` if left out.

    Returns
    -------
    ndarray, shape (len(a), len(b))
        ‖XᵀY‖_* / (‖X‖ ‖Y‖) of centred X, Y, between 0 and 1.  NaN for a dead layer.

    Raises
    ------
    InvalidInputError
        If the stimuli differ or are fewer than 4.

    References
    ----------
    Harvey S E, Larsen B W, Williams A H (2024), arXiv:2311.11436.
    """
    left, right = _align(a, b)
    return _bures([layer.gram for layer in left], [layer.gram for layer in right])


def resample_measure(a: Layers, b: Layers, multiplicities: NDArray[np.int32], *, measure: str) -> Floats:
    """A measure in bootstrap samples of the stimuli.

    Parameters
    ----------
    a, b : Representation, mapping or sequence of Representation
    multiplicities : ndarray of int, shape (n_boot, n_stimuli)
        How often each stimulus of the first layer was drawn, as of `draw_multiplicities`.
    measure : {"cka", "cka-debiased", "procrustes", "bures"}
        For CKA pairs of copies of one stimulus are left out, as in RSA.  For the others that is not possible: copies
        make samples more alike than the data, so that intervals lie high.

    Returns
    -------
    ndarray, shape (n_boot, len(a), len(b))

    Raises
    ------
    InvalidInputError
        If the stimuli differ or are fewer than 4.
    NotFoundError
        If there is no such measure.
    """
    check_representations(b, what="b")
    check_choice(measure, MEASURES, what="measure")
    left, right = _align(a, b)
    multiplicities = check_multiplicities(multiplicities, left[0].n_stimuli)
    if measure.startswith("cka"):
        return compare_centred(_squared(left), _squared(right), multiplicities, diagonal=measure == "cka")
    samples = []
    for w in multiplicities:
        drawn = np.repeat(np.arange(len(w)), w)
        grams = [[layer.gram[np.ix_(drawn, drawn)] for layer in side] for side in (left, right)]
        samples.append(_bures(*grams))
    stacked = np.stack(samples)
    return np.asarray(2.0 - 2.0 * stacked) if measure == "procrustes" else stacked


def _bures(*sides: list[Floats]) -> Floats:
    roots = [[root_of_gram(centre_gram(gram)) for gram in side] for side in sides]
    norms = [np.array([np.linalg.norm(root) for root in side]) for side in roots]
    values = np.array([[fidelity(left, right) for right in roots[1]] for left in roots[0]])
    scale = np.outer(*norms)
    return np.asarray(np.minimum(values / np.where(scale > 0, scale, np.nan), 1.0))


def _squared(layers: list[Representation]) -> Floats:
    """Squared distances, which are the Gram matrix for all that centring leaves of it."""
    rows = np.stack(
        [
            estimate_from_gram(layer.gram, layer.unit_sums, layer.n_units, estimator="sqeuclidean_per_unit")
            for layer in layers
        ]
    )
    means = rows.mean(axis=1, keepdims=True)
    return np.asarray(rows / np.where(means > 0, means, np.nan))


def _align(a: Layers, b: Layers | None) -> tuple[list[Representation], list[Representation]]:
    sides = [list_layers(a), list_layers(a if b is None else b)]
    ids = sides[0][0].stimulus_ids
    if len(ids) < _LEAST_STIMULI:
        msg = f"A similarity of geometries needs at least {_LEAST_STIMULI} stimuli; found {len(ids)}."
        raise InvalidInputError(msg)
    for layer in sides[0] + sides[1]:
        if layer.n_stimuli != len(ids):
            msg = (
                f"{layer.model}:{layer.layer} has {layer.n_stimuli} stimuli, {sides[0][0].model}:{sides[0][0].layer} "
                f"has {len(ids)}; take the same stimuli of each first (`.select(ids)`)."
            )
            raise InvalidInputError(msg)
    aligned = [[layer if layer.stimulus_ids == ids else layer.select(ids) for layer in side] for side in sides]
    return aligned[0], aligned[1]


def list_layers(layers: Layers) -> list[Representation]:
    """Layers as a list.

    Parameters
    ----------
    layers : Representation, mapping or sequence of Representation

    Raises
    ------
    InvalidInputError
        If there is none, or one is no Representation.
    """
    return check_representations(layers)
