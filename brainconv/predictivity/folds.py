"""What is left out together: folds of whole groups, and the folds inside a training set on which choices are made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainconv.errors import InvalidInputError
from brainconv.reliability import correlate_columns

Array = NDArray[np.float64]
Index = NDArray[np.intp]

N_INNER = 5
MIN_TEST = 3  # a correlation over two stimuli is always +1 or -1
MIN_TRAIN = 3


@dataclass(frozen=True, eq=False)
class InnerFolds:
    """Parts of a training set that are left out of it for the choices that are made there.

    Parameters
    ----------
    folds : tuple of ndarray of int
        Disjoint parts; nested r is the mean of the correlations on them.
    blocks : tuple of ndarray of int, optional
        Whole groups, each left out for the choice of a penalty; by default it is each stimulus by itself.
    """

    folds: tuple[Index, ...]
    blocks: tuple[Index, ...] | None = None

    def keep(self, shown: NDArray[np.bool_]) -> InnerFolds:
        """Only the stimuli that a site has.

        Parameters
        ----------
        shown : ndarray of bool, shape (n_stimuli,)

        Returns
        -------
        InnerFolds
            Folds with fewer than three stimuli are left out.
        """
        folds = (fold[shown[fold]] for fold in self.folds)
        blocks = None if self.blocks is None else (block[shown[block]] for block in self.blocks)
        return InnerFolds(
            tuple(fold for fold in folds if len(fold) >= MIN_TEST),
            None if blocks is None else tuple(block for block in blocks if len(block)),
        )


def draw_inner_folds(train: Index, stimulus_ids: Sequence[str], groups: NDArray[np.str_] | None = None) -> InnerFolds:
    """Five folds of a training set, drawn over the sorted ids, that never cut a group.

    Parameters
    ----------
    train : ndarray of int
        The training stimuli.
    stimulus_ids : sequence of str, length n_stimuli
    groups : ndarray of str, shape (n_stimuli,), optional
        Groups that the split keeps whole.

    Returns
    -------
    InnerFolds
        Fewer folds where there are too few stimuli or groups for five; none where there are fewer than six stimuli.

    Raises
    ------
    InvalidInputError
        If all training stimuli belong to one group: nothing can be left out of it.
    """
    ordered = train[np.argsort(np.array(stimulus_ids)[train], kind="stable")]
    rng = np.random.default_rng(0)
    if groups is None:
        n_folds = min(N_INNER, len(ordered) // MIN_TEST)
        if n_folds < 2:
            return InnerFolds(())
        number = rng.permutation(np.arange(len(ordered)) % n_folds)
        return InnerFolds(_collect(ordered, number))
    member = np.unique(groups[ordered], return_inverse=True)[1]
    if member.max() < 1:
        msg = (
            f"The training stimuli of a split all belong to group {str(groups[ordered[0]])!r}; penalties and layers "
            f"are chosen by leaving whole groups out, which takes at least two. Use fewer folds or more groups."
        )
        raise InvalidInputError(msg)
    folds = _collect(ordered, deal_out_groups(groups[ordered], N_INNER, rng))
    return InnerFolds(tuple(fold for fold in folds if len(fold) >= MIN_TEST), _collect(ordered, member))


def deal_out_groups(groups: NDArray[np.str_], n_folds: int, rng: np.random.Generator) -> Index:
    """Fold of each stimulus: whole groups, largest first, each to the fold that is smallest so far.

    Parameters
    ----------
    groups : ndarray of str, shape (n_stimuli,)
    n_folds : int
        As many as there are groups where these are fewer.
    rng : Generator
        Decides between groups of one size.

    Returns
    -------
    ndarray of int, shape (n_stimuli,)
    """
    names, member, counts = np.unique(groups, return_inverse=True, return_counts=True)
    order = rng.permutation(len(names))
    order = order[np.argsort(-counts[order], kind="stable")]
    sizes = np.zeros(min(n_folds, len(names)), dtype=np.intp)
    fold = np.empty(len(names), dtype=np.intp)
    for group in order:
        fold[group] = sizes.argmin()
        sizes[fold[group]] += counts[group]
    return fold[member]


def average_r(predictions: Array, responses: Array, folds: Iterable[Index]) -> Array:
    """Mean over folds of the correlation of predictions and responses, as scores on test stimuli are averaged.

    Parameters
    ----------
    predictions, responses : ndarray, shape (n_stimuli, n_sites)
        Finite wherever a fold uses them.
    folds : iterable of ndarray of int

    Returns
    -------
    ndarray, shape (n_sites,)
        NaN where there is no fold, or a response is constant in every fold.
    """
    n_sites = responses.shape[1]
    each = [correlate_columns(predictions[fold], responses[fold]) for fold in folds]
    if not each:
        return np.full(n_sites, np.nan)
    r = np.stack(each)
    known = np.isfinite(r)
    with np.errstate(invalid="ignore"):
        mean: Array = np.where(known, r, 0.0).sum(axis=0) / known.sum(axis=0)
    return mean


def _collect(stimuli: Index, number: Index) -> tuple[Index, ...]:
    return tuple(np.sort(stimuli[number == k]) for k in range(int(number.max()) + 1))
