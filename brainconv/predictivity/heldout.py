"""What one split gave: predictions, and what inner folds and single stimuli say about the correlation with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainconv.predictivity.folds import InnerFolds, average_r
from brainconv.predictivity.influence import measure_training

Array = NDArray[np.float64]
Index = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class HeldOut:
    """What one split gave.

    Parameters
    ----------
    predictions : ndarray, shape (n_test, n_sites)
        For the test stimuli, by a read-out that was fitted on the training stimuli.
    choice : ndarray of int, shape (n_sites,)
        Place of the penalty (or other setting) chosen inside the training set.
    settings : ndarray, shape (n_settings,)
        What there was to choose from, for ridge the penalties themselves.
    nested_r : ndarray, shape (n_sites,)
        Mean over inner folds of the correlation of responses and predictions by a read-out that was fitted on the rest
        of the training stimuli; NaN where no inner folds were given.
    influence : ndarray, shape (n_train, n_sites)
        Influence of each training stimulus on the correlation with the test stimuli (`measure_training`).
    pairs : ndarray, shape (n_signs, n_sites)
        See `measure_training`.
    """

    predictions: Array
    choice: Index
    settings: Array
    nested_r: Array
    influence: Array
    pairs: Array

    def select(self, sites: slice) -> HeldOut:
        """The same for some of the sites.

        Parameters
        ----------
        sites : slice

        Returns
        -------
        HeldOut
        """
        return HeldOut(
            self.predictions[:, sites],
            self.choice[sites],
            self.settings,
            self.nested_r[sites],
            self.influence[:, sites],
            self.pairs[:, sites],
        )


@dataclass(frozen=True, eq=False)
class Inspection:
    """What is to be found out about a split besides its predictions.

    Parameters
    ----------
    inner : InnerFolds
        Folds for nested r, and what is left out together where a penalty is chosen.
    signs : ndarray, shape (n_signs, n_stimuli)
        Random signs of the stimuli, for `HeldOut.pairs`; without rows nothing is said about influences.
    n_sites : int, optional
        How many of the sites, from the first, are inspected; all by default.
    """

    inner: InnerFolds
    signs: Array
    n_sites: int | None = None


def inspect_nothing(n_splits: int, n_stimuli: int) -> list[Inspection]:
    """Predictions only, penalties by leave-one-out.

    Parameters
    ----------
    n_splits, n_stimuli : int

    Returns
    -------
    list of Inspection
    """
    return [Inspection(InnerFolds(()), np.empty((0, n_stimuli)))] * n_splits


@dataclass(frozen=True, eq=False)
class Fitted:
    """A read-out of some sites at one setting.

    Parameters
    ----------
    leave_out : callable
        From parts of the training set (places in it) to the errors, shape (n_train, n_sites), that a read-out fitted on
        the rest makes on each part.
    smoother : ndarray, shape (n_test, n_train)
        What each training response adds to each prediction of a test response.
    errors : ndarray, shape (n_train, n_sites)
        Of each training stimulus, by a read-out fitted without it (and its group, where groups are kept whole).
    """

    leave_out: Callable[[Sequence[Index]], Array]
    smoother: Array
    errors: Array


def conclude(
    predictions: Array,
    responses: Array,
    fit: Index,
    held: Index,
    *,
    choice: Index,
    settings: Array,
    inspection: Inspection,
    fitted: Callable[[int, Index], Fitted],
) -> HeldOut:
    """Inspect each site at the setting that it chose: few settings have to be looked at once more.

    Parameters
    ----------
    predictions : ndarray, shape (n_test, n_sites)
    responses : ndarray, shape (n_stimuli, n_sites)
    fit, held : ndarray of int
        Training and test stimuli.
    choice, settings
        See `HeldOut`.
    inspection : Inspection
    fitted : callable
        From a place in ``settings`` and sites to `Fitted`.

    Returns
    -------
    HeldOut
    """
    n_sites = responses.shape[1]
    folds, signs = locate(inspection.inner.folds, fit), inspection.signs
    nested_r = np.full(n_sites, np.nan)
    influence, pairs = np.zeros((len(fit) if len(signs) else 0, n_sites)), np.zeros((len(signs), n_sites))
    for number in np.unique(choice[: inspection.n_sites]) if folds or len(signs) else ():
        sites = np.flatnonzero(choice[: inspection.n_sites] == number)
        found, targets = fitted(int(number), sites), responses[np.ix_(fit, sites)]
        if folds:
            nested_r[sites] = average_r(targets - found.leave_out(folds), targets, folds)
        if len(signs):
            influence[:, sites], pairs[:, sites] = measure_training(
                predictions[:, sites],
                responses[np.ix_(held, sites)],
                found.smoother,
                found.errors,
                signs=(signs[:, held], signs[:, fit]),
            )
    return HeldOut(predictions, choice, settings, nested_r, influence, pairs)


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
