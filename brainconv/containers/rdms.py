"""RDMs: representational dissimilarity matrices over one set of stimuli."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial.distance import squareform

from brainconv.containers.stimuli import StimulusSet
from brainconv.errors import InvalidInputError
from brainconv.validation import align_indices, check_array, check_unique


@dataclass(frozen=True, eq=False)
class RDMs:
    """Dissimilarities of all pairs of stimuli, one row per RDM.

    Parameters
    ----------
    name : str
        Name of the set, such as ``"kriegeskorte2008.human_IT"``.
    dissimilarities : ndarray, float64, shape (n_rdms, n_pairs)
        Upper triangles in the order of `scipy.spatial.distance.squareform`.
    stimulus_ids : sequence of str, length n_stimuli
        With n_pairs = n_stimuli (n_stimuli - 1) / 2.
    labels : DataFrame, one row per RDM
        Columns such as ``subject``, ``session``, ``area``, ``model``, ``layer``.
    estimator : str
        How they were computed: ``"correlation"``, ``"sqeuclidean_per_unit"``, …
    stimuli : StimulusSet, optional
        The stimuli themselves, where known.
    metadata : mapping
        ``area``, ``doi``, ``simulated`` and so on.

    Raises
    ------
    InvalidInputError
        If shapes and labels do not agree.
    """

    name: str
    dissimilarities: NDArray[np.float64]
    stimulus_ids: tuple[str, ...]
    labels: pd.DataFrame
    estimator: str
    stimuli: StimulusSet | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ids = check_unique(self.stimulus_ids, what="stimulus")
        n_pairs = len(ids) * (len(ids) - 1) // 2
        values = np.atleast_2d(np.asarray(self.dissimilarities, dtype=np.float64))
        object.__setattr__(self, "stimulus_ids", ids)
        object.__setattr__(
            self,
            "dissimilarities",
            check_array(values, (len(self.labels), n_pairs), what=f"Dissimilarities of {self.name!r}"),
        )
        object.__setattr__(self, "labels", self.labels.reset_index(drop=True))
        if self.stimuli is not None and set(self.stimuli.ids) != set(ids):
            msg = f"The stimuli of {self.name!r} are not those of its RDMs."
            raise InvalidInputError(msg)

    def __len__(self) -> int:
        return int(self.dissimilarities.shape[0])

    @property
    def n_stimuli(self) -> int:
        """Number of stimuli."""
        return len(self.stimulus_ids)

    def to_matrices(self) -> NDArray[np.float64]:
        """Square, symmetric matrices with a zero diagonal.

        Returns
        -------
        ndarray, shape (n_rdms, n_stimuli, n_stimuli)
        """
        return np.stack([squareform(row, checks=False) for row in self.dissimilarities])

    def reorder(self, ids: Sequence[str]) -> RDMs:
        """The same RDMs over these stimuli, in this order.

        Parameters
        ----------
        ids : sequence of str
            A permutation or a subset of the stimulus ids.

        Raises
        ------
        InvalidInputError
            If an id is not among the stimuli.
        """
        index = align_indices(self.stimulus_ids, list(ids), what="stimulus")
        square = self.to_matrices()[:, index[:, None], index[None, :]]
        rows, columns = np.triu_indices(len(index), 1)
        stimuli = None if self.stimuli is None else self.stimuli.select(list(ids))
        return replace(self, dissimilarities=square[:, rows, columns], stimulus_ids=tuple(ids), stimuli=stimuli)

    def select(self, keep: Any) -> RDMs:
        """Some of the RDMs.

        Parameters
        ----------
        keep : slice, boolean mask or sequence of int
            Which rows.
        """
        rows = np.arange(len(self))[keep]
        return replace(self, dissimilarities=self.dissimilarities[rows], labels=self.labels.iloc[rows])
