"""What one split gave: predictions, what was chosen for them, and r on inner folds of the training stimuli."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainconv.predictivity.folds import InnerFolds, average_r

Array = NDArray[np.float64]
Index = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class HeldOut:
    """What one split gave.

    Parameters
    ----------
    predictions : ndarray, shape (n_test, n_sites)
        For the test stimuli, by a read-out that was fitted on the training stimuli.
    nested_r : ndarray, shape (n_sites,)
        Mean over inner folds of the correlation of responses and predictions by a read-out that was fitted on the rest
        of the training stimuli; NaN where it was not asked for.
    choice : ndarray of int, shape (n_sites,)
        Place of the penalty (or other setting) chosen inside the training set.
    settings : ndarray, shape (n_settings,)
        What there was to choose from, for ridge the penalties themselves.
    """

    predictions: Array
    nested_r: Array
    choice: Index
    settings: Array

    def select(self, sites: slice) -> HeldOut:
        """The same for some of the sites.

        Parameters
        ----------
        sites : slice

        Returns
        -------
        HeldOut
        """
        return HeldOut(self.predictions[:, sites], self.nested_r[sites], self.choice[sites], self.settings)


@dataclass(frozen=True, eq=False)
class Choices:
    """On what choices inside a training set are made, and for which sites r is wanted there.

    Parameters
    ----------
    inner : InnerFolds
    n_sites : int, optional
        Nested r is computed for as many sites, from the first; all by default.
    """

    inner: InnerFolds
    n_sites: int | None = None


def choose_by_stimulus(n_splits: int) -> list[Choices]:
    """Penalties by leave-one-out, and no nested r.

    Parameters
    ----------
    n_splits : int

    Returns
    -------
    list of Choices
    """
    return [Choices(InnerFolds(()))] * n_splits


def compute_nested_r(
    leave_out: Callable[[int, Index, Sequence[Index]], Array],
    choice: Index,
    targets: Array,
    fit: Index,
    choices: Choices,
) -> Array:
    """R on the inner folds, each site at the setting that it chose: few settings are looked at once more.

    Parameters
    ----------
    leave_out : callable
        From a place in the settings, sites, and parts of the training set (places in it) to the errors, shape (n_train,
        n_sites), that a read-out fitted on the rest makes on each part.
    choice : ndarray of int, shape (n_sites,)
    targets : ndarray, shape (n_train, n_sites)
    fit : ndarray of int, shape (n_train,)
    choices : Choices

    Returns
    -------
    ndarray, shape (n_sites,)
    """
    nested = np.full(targets.shape[1], np.nan)
    folds, wanted = locate(choices.inner.folds, fit), choice[: choices.n_sites]
    for number in np.unique(wanted) if folds else ():
        sites = np.flatnonzero(wanted == number)
        own = targets[:, sites]
        nested[sites] = average_r(own - leave_out(int(number), sites, folds), own, folds)
    return nested


def locate(parts: Sequence[Index], fit: Index) -> list[Index]:
    """Where the stimuli of each part stand in the training set.

    Parameters
    ----------
    parts : sequence of ndarray of int
    fit : ndarray of int, shape (n_train,)
        The training stimuli, all parts among them.

    Returns
    -------
    list of ndarray of int
    """
    order = np.argsort(fit, kind="stable")
    return [order[np.searchsorted(fit, part, sorter=order)] for part in parts]
