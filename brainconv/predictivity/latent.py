"""Read-outs through a few components of the training stimuli: of partial least squares, or principal components."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from brainconv.predictivity.heldout import Fitted, HeldOut, Inspection, conclude, inspect_nothing, locate

Array = NDArray[np.float64]
Index = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Latent:
    """Components of one training set.

    Parameters
    ----------
    scores : ndarray, shape (n_train, n_components)
        Orthonormal columns that sum to zero.
    test_scores : ndarray, shape (n_test, n_components)
        The same components of the test stimuli.
    """

    scores: Array
    test_scores: Array

    def predict(self, targets: Array) -> Array:
        """Least squares on the components.

        Parameters
        ----------
        targets : ndarray, shape (n_train, n_sites)

        Returns
        -------
        ndarray, shape (n_test, n_sites)
        """
        mean = targets.mean(axis=0)
        predictions: Array = self.test_scores @ (self.scores.T @ (targets - mean)) + mean
        return predictions

    def leave_out(self, targets: Array, parts: Sequence[Index]) -> Array:
        """Errors on each part by least squares on the others, with the components as they are.

        Parameters
        ----------
        targets : ndarray, shape (n_train, n_sites)
        parts : sequence of ndarray of int

        Returns
        -------
        ndarray, shape (n_train, n_sites)
        """
        n = len(targets)
        centred = targets - targets.mean(axis=0)
        errors: Array = centred - self.scores @ (self.scores.T @ centred)
        found = np.zeros_like(errors)
        for part in parts:
            own = self.scores[part]
            kept = np.eye(len(part)) - 1.0 / n - own @ own.T
            found[part] = np.linalg.lstsq(kept, errors[part], rcond=None)[0]
        return found


def predict_by_components(
    find: Callable[[Array, Array, Index, Index], Latent],
    gram: Array,
    responses: Array,
    train: Sequence[Index],
    test: Sequence[Index],
    *,
    inspections: Sequence[Inspection] | None,
) -> list[HeldOut]:
    """Cross-validated least squares on the components of each training set.

    Parameters
    ----------
    find : callable
        ``find(gram, responses, fit, held)`` returns the components of the training stimuli ``fit``.
    gram : ndarray, shape (n_stimuli, n_stimuli)
    responses : ndarray, shape (n_stimuli, n_sites)
    train, test : sequence of ndarray of int
        One pair per split.
    inspections : sequence of Inspection, or None
        Nested r takes new components for every inner fold; influences hold the components as they are.

    Returns
    -------
    list of HeldOut, one per split
        ``settings`` holds the number of components.
    """
    inspections = inspect_nothing(len(train), len(gram)) if inspections is None else inspections
    return [
        _predict_one(find, gram, responses, fit, held, inspection=inspection)
        for fit, held, inspection in zip(train, test, inspections, strict=True)
    ]


def _predict_one(
    find: Callable[[Array, Array, Index, Index], Latent],
    gram: Array,
    responses: Array,
    fit: Index,
    held: Index,
    *,
    inspection: Inspection,
) -> HeldOut:
    latent, targets = find(gram, responses, fit, held), responses[fit]

    def leave_out(sites: Index, parts: Sequence[Index]) -> Array:
        errors = np.zeros_like(targets)
        for part in parts:
            rest = np.delete(np.arange(len(fit)), part)
            predictions = find(gram, responses, fit[rest], fit[part]).predict(targets[rest])
            errors[part] = targets[part] - predictions
        return errors[:, sites]

    def fitted(_: int, sites: Index) -> Fitted:
        blocks = inspection.inner.blocks
        parts = list(np.arange(len(fit))[:, None]) if blocks is None else locate(blocks, fit)
        return Fitted(
            leave_out=partial(leave_out, sites),
            smoother=latent.test_scores @ latent.scores.T + 1.0 / len(fit),
            errors=latent.leave_out(targets[:, sites], parts),
        )

    return conclude(
        latent.predict(targets),
        responses,
        fit,
        held,
        choice=np.zeros(responses.shape[1], dtype=np.intp),
        settings=np.array([float(latent.scores.shape[1])]),
        inspection=inspection,
        fitted=fitted,
    )
