"""Splits: which stimuli train a read-out and which test it, drawn so that the order of files plays no part."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from brainconv.containers import StimulusSet
from brainconv.errors import InvalidInputError
from brainconv.predictivity.arguments import check_groups, check_pairs
from brainconv.predictivity.folds import MIN_TEST, MIN_TRAIN, InnerFolds, deal_out_groups, draw_inner_folds
from brainconv.validation import align_indices, check_flag, check_instance, check_seed, check_text, check_unique

Index = NDArray[np.intp]

MIN_GROUPS_SPLIT = 3


@dataclass(frozen=True, eq=False)
class Splits:
    """Pairs of training and test stimuli.

    Parameters
    ----------
    name : str
        What stands in the column ``splits`` of a table: ``"kfold10"``, ``"group"``, ``"brainscore"``, …
    stimulus_ids : tuple of str, length n_stimuli
        The stimuli that the indices count.
    train, test : tuple of ndarray of int
        Indices into ``stimulus_ids``, one array per split.
    median_first : bool
        Median over sites within a split, then mean over splits (Brain-Score's order), instead of the mean over
        splits for each site and then the median over sites.
    note : str
        What the reader must know about these splits; empty where there is nothing.
    groups : ndarray of str, shape (n_stimuli,), optional
        Groups that no split cuts; choices inside a training set leave whole groups out, too.

    Raises
    ------
    InvalidInputError
        If a stimulus stands on both sides of a split, a side is too small, or a split cuts a group.
    """

    name: str
    stimulus_ids: tuple[str, ...]
    train: tuple[Index, ...]
    test: tuple[Index, ...]
    median_first: bool = False
    note: str = ""
    groups: NDArray[np.str_] | None = None

    def __post_init__(self) -> None:
        check_text(self.name, what="The name of splits")
        check_flag(self.median_first, what="median_first")
        check_instance(self.note, str, what="note of the splits")
        ids = check_unique(self.stimulus_ids, what="stimulus")
        train_sets, test_sets = check_pairs(self.train, self.test, len(ids))
        object.__setattr__(self, "stimulus_ids", ids)
        object.__setattr__(self, "train", tuple(train_sets))
        object.__setattr__(self, "test", tuple(test_sets))
        check_groups(self.groups, len(ids))
        for number, (train, test) in enumerate(zip(self.train, self.test, strict=True)):
            both = np.intersect1d(train, test)
            if both.size:
                msg = (
                    f"Split {number} of {self.name!r} has {both.size} stimuli on both sides, for example "
                    f"{self.stimulus_ids[both[0]]!r}; a test stimulus must not train."
                )
                raise InvalidInputError(msg)
            if test.size < MIN_TEST or train.size < MIN_TRAIN:
                msg = (
                    f"Split {number} of {self.name!r} has {train.size} training and {test.size} test stimuli; at least "
                    f"{MIN_TRAIN} and {MIN_TEST} are needed. Use fewer folds or more stimuli."
                )
                raise InvalidInputError(msg)
            if self.groups is not None and (cut := np.intersect1d(self.groups[train], self.groups[test])).size:
                msg = (
                    f"Split {number} of {self.name!r} has stimuli of group {str(cut[0])!r} on both sides; the group of "
                    f"a test stimulus must not train."
                )
                raise InvalidInputError(msg)

    @classmethod
    def from_ids(
        cls, name: str, pairs: Iterable[tuple[Sequence[str], Sequence[str]]], stimulus_ids: Sequence[str]
    ) -> Splits:
        """Splits that are given, such as the training and test sets of a publication.

        Parameters
        ----------
        name : str
        pairs : iterable of (training ids, test ids)
        stimulus_ids : sequence of str, length n_stimuli
            All stimuli, in any order.

        Raises
        ------
        InvalidInputError
            If an id is unknown or stands on both sides.
        """
        stimulus_ids = check_unique(stimulus_ids, what="stimulus")
        for pair in (
            pairs := list(check_instance(pairs, Iterable, what="pairs", hint="train and test ids of each split"))
        ):
            if len(check_instance(pair, (tuple, list), what="A pair of sets")) != 2:
                msg = f"A split has {len(pair)} sets; expected two: its training ids and its test ids."
                raise InvalidInputError(msg)
            for side in pair:
                check_unique(side, what="stimulus")
        ids = tuple(stimulus_ids)
        found = [
            (align_indices(ids, list(train), what="stimulus"), align_indices(ids, list(test), what="stimulus"))
            for train, test in pairs
        ]
        return cls(name, ids, tuple(train for train, _ in found), tuple(test for _, test in found))

    def __len__(self) -> int:
        return len(self.test)

    def reindex(self, stimulus_ids: Sequence[str]) -> Splits:
        """The same splits, counted in another order of the stimuli.

        Parameters
        ----------
        stimulus_ids : sequence of str
            Must hold every stimulus of a training or test set.

        Raises
        ------
        InvalidInputError
            If one is missing.
        """
        stimulus_ids = check_unique(stimulus_ids, what="stimulus")
        used = np.unique(np.concatenate([*self.train, *self.test]))
        position = np.full(len(self.stimulus_ids), -1, dtype=np.intp)
        position[used] = align_indices(list(stimulus_ids), [self.stimulus_ids[i] for i in used], what="stimulus")
        return replace(
            self,
            stimulus_ids=tuple(stimulus_ids),
            train=tuple(np.sort(position[train]) for train in self.train),
            test=tuple(np.sort(position[test]) for test in self.test),
            groups=None if self.groups is None else self._reorder_groups(position, len(stimulus_ids)),
        )

    def _reorder_groups(self, position: Index, n_stimuli: int) -> NDArray[np.str_]:
        groups = np.full(n_stimuli, "", dtype=np.asarray(self.groups).dtype)
        groups[position[position >= 0]] = np.asarray(self.groups)[position >= 0]
        return groups

    def inner_folds(self, number: int) -> InnerFolds:
        """Parts of a training set on which penalties and layers are chosen.

        Parameters
        ----------
        number : int
            Of the split.

        Returns
        -------
        InnerFolds
        """
        return draw_inner_folds(self.train[number], self.stimulus_ids, self.groups)


def make_splits(splits: str | Splits, stimuli: StimulusSet, *, random_state: int = 0) -> Splits:
    """Draw the splits of that name.

    Parameters
    ----------
    splits : str or Splits
        ``"kfold10"`` or ``"kfold<k>"``: k folds drawn over the sorted ids.  ``"group"`` or ``"group<k>"``: k folds (10,
        or as many as there are groups) that never cut a group of ``stimuli.groups``.  ``"brainscore"``: ten random
        splits of 90 % and 10 %, stratified by ``stimuli.table["category"]`` where it exists, seed 1, over the sorted
        ids: Brain-Score's loader orders presentations by id.
        A `Splits` is returned in the order of the stimuli.
    stimuli : StimulusSet
    random_state : int
        Seed of the draw; ``"brainscore"`` has its own.

    Returns
    -------
    Splits
        Indices count ``stimuli.ids``.

    Raises
    ------
    InvalidInputError
        If the name is unknown or there are too few stimuli.

    References
    ----------
    Schrimpf et al. (2018), "Brain-Score", bioRxiv, doi:10.1101/407007 (``"brainscore"``).
    """
    check_instance(stimuli, StimulusSet, what="stimuli")
    check_instance(splits, (str, Splits), what="splits", hint="'kfold10', 'group', 'brainscore' or your own")
    check_seed(random_state)
    if isinstance(splits, Splits):
        return splits.reindex(stimuli.ids)
    if splits == "brainscore":
        return _brainscore_splits(stimuli)
    match = re.fullmatch(r"(kfold|group)(\d*)", splits)
    if match is None:
        msg = f"Unknown splits {splits!r}; expected 'kfold10' (any k), 'group', 'brainscore' or a Splits object."
        raise InvalidInputError(msg)
    kind, n_folds = match[1], int(match[2] or 10)
    if n_folds < 2:
        msg = f"Splits {splits!r} have {n_folds} fold(s); at least 2 are needed."
        raise InvalidInputError(msg)
    ids = sorted(stimuli.ids)
    rng = np.random.default_rng([random_state, 1])
    position = align_indices(stimuli.ids, ids, what="stimulus")
    if kind == "group" and stimuli.groups is not None:
        n_groups = len(np.unique(stimuli.groups))
        if n_groups < MIN_GROUPS_SPLIT:
            msg = (
                f"The stimuli {stimuli.name!r} belong to {n_groups} group(s); group splits need at least "
                f"{MIN_GROUPS_SPLIT}: one to test, and two inside the training stimuli to choose penalties and layers."
            )
            raise InvalidInputError(msg)
        labels = deal_out_groups(stimuli.groups[position], n_folds, rng)
        return replace(_from_labels(splits, stimuli.ids, position, labels, ""), groups=stimuli.groups)
    note = ""
    if kind == "group":
        note = f"The stimuli {stimuli.name!r} have no groups: kfold{n_folds} was used in place of {splits!r}."
    if len(ids) < n_folds * MIN_TEST:
        msg = f"{len(ids)} stimuli are too few for {n_folds} folds; at least {MIN_TEST} per fold are needed. " + (
            f"Use 'kfold{len(ids) // MIN_TEST}' or more stimuli." if len(ids) >= 2 * MIN_TEST else "Use more stimuli."
        )
        raise InvalidInputError(msg)
    labels = rng.permutation(np.arange(len(ids)) % n_folds)
    return _from_labels(f"kfold{n_folds}", stimuli.ids, position, labels, note)


def _from_labels(name: str, ids: tuple[str, ...], position: Index, labels: Index, note: str) -> Splits:
    """Splits from the fold of each sorted id; ``position`` is where the sorted ids stand in ``ids``."""
    fold = np.empty(len(ids), dtype=np.intp)
    fold[position] = labels
    numbers = range(int(labels.max()) + 1)
    return Splits(
        name,
        tuple(ids),
        tuple(np.flatnonzero(fold != k) for k in numbers),
        tuple(np.flatnonzero(fold == k) for k in numbers),
        note=note,
    )


def _brainscore_splits(stimuli: StimulusSet) -> Splits:
    from sklearn.model_selection import ShuffleSplit, StratifiedShuffleSplit

    position = align_indices(stimuli.ids, sorted(stimuli.ids), what="stimulus")
    strata = stimuli.table["category"].to_numpy(dtype=str)[position] if "category" in stimuli.table else None
    note = "" if strata is not None else f"The stimuli {stimuli.name!r} have no categories: splits are not stratified."
    splitter = ShuffleSplit if strata is None else StratifiedShuffleSplit
    drawn = splitter(n_splits=10, train_size=0.9, test_size=None, random_state=1)
    try:
        pairs = list(drawn.split(np.zeros(len(stimuli)), strata))
    except ValueError as error:
        msg = f"Brain-Score's stratified splits cannot be drawn for {stimuli.name!r}: {error}"
        raise InvalidInputError(msg) from error
    return Splits(
        "brainscore",
        stimuli.ids,
        tuple(np.sort(position[train]) for train, _ in pairs),
        tuple(np.sort(position[test]) for _, test in pairs),
        median_first=True,
        note=note,
    )
