"""Remixing: linear discriminants of categories in a layer, and RDMs of categories and of discriminants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brainconv.containers import RDMs, Representation
from brainconv.containers.checks import check_table
from brainconv.errors import InvalidInputError
from brainconv.validation import align_indices, check_instance, check_text, check_unique

Floats = NDArray[np.float64]

# as multiples of the mean eigenvalue
_PENALTIES = 10.0 ** np.arange(-3.0, 4.5, 0.5)
_LEAST_OF_A_KIND = 3


@dataclass(frozen=True)
class Discriminants:
    """What a layer is to be remixed to.

    Parameters
    ----------
    representation : Representation
        Of the stimuli to be compared, and of independent labelled ones where there are.
    labels : DataFrame of bool
        One row per stimulus (indexed by id), one column per distinction, such as ``animate``; missing where unknown.
    training_ids : sequence of str, optional
        Independent stimuli to fit to.  By default the discriminants are fitted to the training stimuli of each split.
    """

    representation: Representation
    labels: pd.DataFrame
    training_ids: Sequence[str] | None = None

    def __post_init__(self) -> None:
        check_instance(self.representation, Representation, what="representation")
        check_table(self.labels, what="The labels")
        check_unique(self.labels.index, what="stimulus")
        if self.training_ids is not None:
            object.__setattr__(self, "training_ids", check_unique(self.training_ids, what="stimulus"))
        strangers = sorted(set(map(str, self.labels.index)) - set(self.representation.stimulus_ids))
        if strangers:
            msg = (
                f"{len(strangers)} labelled stimuli, such as {strangers[0]!r}, are not in "
                f"{self.representation.model}:{self.representation.layer}; extract them too or leave out their labels."
            )
            raise InvalidInputError(msg)

    @property
    def names(self) -> tuple[str, ...]:
        """The distinctions."""
        return tuple(map(str, self.labels.columns))

    def rdms_of_split(self, ids: Sequence[str], training: NDArray[np.intp]) -> Floats:
        """RDMs of the discriminants over the compared stimuli.

        Parameters
        ----------
        ids : sequence of str
            The compared stimuli.
        training : ndarray of int
            Which of them may be used for fitting, where no others are given.

        Returns
        -------
        ndarray, shape (n_distinctions, n_pairs)
            Squared differences of decision values.
        """
        fitted_to = list(self.training_ids) if self.training_ids is not None else [ids[int(i)] for i in training]
        index = align_indices(self.representation.stimulus_ids, list(ids), what="stimulus")
        first, second = np.triu_indices(len(ids), 1)
        rows = []
        for name in self.names:
            known = self.labels[name].dropna()
            known.index = known.index.astype(str)
            used = [stimulus for stimulus in fitted_to if stimulus in known.index]
            decision = fit_discriminant(self.representation, known.loc[used].astype(bool), name=name)[index]
            rows.append((decision[first] - decision[second]) ** 2)
        return np.stack(rows)


def fit_discriminant(representation: Representation, labels: pd.Series, *, name: str = "category") -> Floats:
    """Decision values of a regularised linear discriminant.

    Parameters
    ----------
    representation : Representation
    labels : Series of bool
        Indexed by the ids of the stimuli to fit to.
    name : str
        The word for the distinction in a message.

    Returns
    -------
    ndarray, shape (n_stimuli,)
        For every stimulus of the representation; for those fitted to, of the discriminant fitted without them.

    Raises
    ------
    InvalidInputError
        If there are fewer than 3 stimuli on either side.

    Notes
    -----
    Ridge regression on labels coded so that both sides weigh the same (which is regularised linear discriminant
    analysis), its penalty chosen by leaving out one stimulus.  Khaligh-Razavi and Kriegeskorte (2014,
    doi:10.1371/journal.pcbi.1003915) used support vector machines.
    """
    check_instance(representation, Representation, what="representation")
    check_instance(labels, pd.Series, what="labels", hint="True or False for each stimulus, indexed by its id")
    check_text(name, what="name")
    if not labels.isin([True, False]).all():
        msg = f"The labels of {name!r} are of type {labels.dtype}; expected True or False for every stimulus."
        raise InvalidInputError(msg)
    positive = labels.to_numpy(dtype=bool)
    sides = int(positive.sum()), int((~positive).sum())
    if min(sides) < _LEAST_OF_A_KIND:
        msg = (
            f"The discriminant {name!r} has {sides[0]} stimuli on one side and {sides[1]} on the other; expected at "
            f"least {_LEAST_OF_A_KIND} of each among those that it is fitted to."
        )
        raise InvalidInputError(msg)
    n = len(positive)
    target = np.where(positive, n / (2.0 * sides[0]), -n / (2.0 * sides[1]))  # of mean 0
    used = align_indices(representation.stimulus_ids, [str(i) for i in labels.index], what="stimulus")
    gram = representation.gram[np.ix_(used, used)]
    means = gram.mean(axis=0)
    values, vectors = np.linalg.eigh(gram - means[:, None] - means[None, :] + means.mean())
    values = np.maximum(values, 0.0)
    turned = vectors.T @ target
    best: tuple[float, float, Floats] | None = None
    for penalty in _PENALTIES * max(values.mean(), 1e-300):
        kept = values / (values + penalty)
        leverage = 1.0 / n + (vectors**2) @ kept
        left_out = target - (target - vectors @ (kept * turned)) / np.maximum(1.0 - leverage, 1e-12)
        error = float(np.mean((left_out - target) ** 2))
        if best is None or error < best[0]:
            best = error, float(penalty), left_out
    _, penalty, left_out = best if best is not None else (0.0, 1.0, target)
    weights = vectors @ (turned / (values + penalty))
    crossed = representation.gram[:, used]
    decision = (crossed - crossed.mean(axis=1, keepdims=True) - means[None, :] + means.mean()) @ weights
    decision[used] = left_out
    return np.asarray(decision)


def compute_category_rdms(labels: pd.DataFrame) -> RDMs:
    """RDMs of categories: 0 within, 1 between.

    Parameters
    ----------
    labels : DataFrame, one row per stimulus
        Indexed by id; one column per RDM, of any values that can be told apart.

    Returns
    -------
    RDMs
        With label ``label``; full of ties, so to be compared by rho-a or tau-a.

    Raises
    ------
    InvalidInputError
        If a label is missing.
    """
    check_table(labels, what="The labels")
    check_unique(labels.index, what="stimulus", least=2)
    check_unique(labels.columns, what="kind of category")
    if labels.isna().any().any():
        msg = f"{int(labels.isna().sum().sum())} category labels are missing; give one of every kind to each stimulus."
        raise InvalidInputError(msg)
    first, second = np.triu_indices(len(labels), 1)
    codes = [pd.factorize(labels[name])[0] for name in labels.columns]
    rows = np.stack([(code[first] != code[second]).astype(np.float64) for code in codes])
    names = pd.DataFrame({"label": [str(name) for name in labels.columns]})
    return RDMs("categories", rows, tuple(map(str, labels.index)), names, "category")
