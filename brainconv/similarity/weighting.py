"""Non-negative weighting of RDMs, fitted to some stimuli and subjects and evaluated on others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls
from scipy.spatial.distance import squareform

from brainconv.similarity.arguments import check_rows
from brainconv.similarity.ceiling import POOLED_AS
from brainconv.similarity.comparators import compare_rows
from brainconv.validation import check_array

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


def fit_rdm_weights(components: Floats, target: Floats) -> Floats:
    """Non-negative weights of RDMs, and a constant of any sign, by least squares.

    Parameters
    ----------
    components : ndarray, shape (n_components, n_pairs)
    target : ndarray, shape (n_pairs,)

    Returns
    -------
    ndarray, shape (n_components,)
        The constant changes no correlation and is not returned.

    References
    ----------
    Khaligh-Razavi S-M, Kriegeskorte N (2014), doi:10.1371/journal.pcbi.1003915.
    """
    components = check_rows(components, what="components", finite=True, least=1)
    target = check_array(target, (components.shape[1],), what="target", finite=True)
    centred = components - components.mean(axis=1, keepdims=True)
    # the triangle holds all that least squares needs, however many pairs there are
    basis, triangle = np.linalg.qr(centred.T)
    return np.asarray(nnls(triangle, basis.T @ (target - target.mean()))[0])


@dataclass(frozen=True)
class HeldOut:
    """Values on held-out stimuli (and subjects).

    Parameters
    ----------
    values : dict of str to ndarray, shape (n_splits, n_subjects)
        Per set of components.
    weights : dict of str to ndarray, shape (n_splits, n_subjects, n_components)
    lower, upper : ndarray, shape (n_splits, n_subjects)
        Ceiling on the same stimuli and subject; NaN for a single subject.
    """

    values: dict[str, Floats]
    weights: dict[str, Floats]
    lower: Floats
    upper: Floats


def draw_splits(n_stimuli: int, *, test_share: float, n_splits: int, rng: np.random.Generator) -> list[Indices]:
    """Random test stimuli.

    Parameters
    ----------
    n_stimuli : int
        In the order of their sorted ids.
    test_share : float
    n_splits : int
    rng : Generator

    Returns
    -------
    list of ndarray of int
        Sorted test stimuli of each split.
    """
    n_test = round(n_stimuli * test_share)
    return [np.sort(rng.permutation(n_stimuli)[:n_test]) for _ in range(n_splits)]


def evaluate_held_out(
    components: Callable[[Indices], Floats],
    subjects: Floats,
    sets: Mapping[str, Sequence[int]],
    splits: Sequence[Indices],
    *,
    comparator: str,
) -> HeldOut:
    """Fit weights to training stimuli and subjects, evaluate on pairs of test stimuli of the subject left out.

    Parameters
    ----------
    components : callable
        Takes the training stimuli, returns RDMs of all stimuli, shape (n_components, n_pairs).
    subjects : ndarray, shape (n_subjects, n_pairs)
        A single one is its own training subject: then only the stimuli are held out.
    sets : mapping of str to sequence of int
        Which components each model may weigh.
    splits : sequence of ndarray of int
        Test stimuli of each split.
    comparator : str

    Returns
    -------
    HeldOut
    """
    n_subjects = len(subjects)
    place = squareform(np.arange(subjects.shape[1]), checks=False)
    n_stimuli = len(place)
    shape = (len(splits), n_subjects)
    values = {name: np.full(shape, np.nan) for name in sets}
    weights = {name: np.full((*shape, len(members)), np.nan) for name, members in sets.items()}
    lower, upper = np.full(shape, np.nan), np.full(shape, np.nan)
    for k, test in enumerate(splits):
        train = np.setdiff1d(np.arange(n_stimuli), test)
        rows = components(train)
        train_pairs, test_pairs = (place[np.ix_(part, part)][np.triu_indices(len(part), 1)] for part in (train, test))
        held_out = subjects[:, test_pairs]
        parts = POOLED_AS[comparator](held_out)
        for s in range(n_subjects):
            others = [i for i in range(n_subjects) if i != s] or [s]
            target = subjects[np.ix_(others, train_pairs)].mean(axis=0)
            for name, members in sets.items():
                w = fit_rdm_weights(rows[np.ix_(members, train_pairs)], target)
                predicted = w @ rows[np.ix_(members, test_pairs)]
                weights[name][k, s] = w
                values[name][k, s] = _compare_one(predicted, held_out[s], comparator)
            if n_subjects > 1:
                lower[k, s] = _compare_one(parts[others].mean(axis=0), held_out[s], comparator)
                upper[k, s] = _compare_one(parts.mean(axis=0), held_out[s], comparator)
    return HeldOut(values, weights, lower, upper)


def _compare_one(predicted: Floats, observed: Floats, comparator: str) -> float:
    """A model whose weights are all 0 predicts nothing, and scores 0."""
    if predicted.max() - predicted.min() <= 0:
        return 0.0
    return float(compare_rows(predicted[None], observed[None], comparator=comparator)[0, 0])
