"""RDMs: representational dissimilarity matrices over one set of stimuli."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial.distance import squareform

from brainconv.arrays import describe_value, find_package
from brainconv.containers.checks import check_magnitude, check_table
from brainconv.containers.stimuli import StimulusSet
from brainconv.errors import InvalidInputError
from brainconv.validation import align_indices, check_array, check_instance, check_text, check_unique


@dataclass(frozen=True, eq=False)
class RDMs:
    """Dissimilarities of all pairs of stimuli, one row per RDM.

    Parameters
    ----------
    name : str
        Name of the set, such as ``"kriegeskorte2008.human_IT"``.
    dissimilarities : ndarray, float64, shape (n_rdms, n_pairs)
        Upper triangles in the order of `scipy.spatial.distance.squareform`, or one square table (DataFrame, DataArray)
        whose rows and columns are labelled by the stimulus ids, in any order.  Masked values are NaN.
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
        check_text(self.name, what="The name of a set of RDMs")
        check_text(self.estimator, what=f"The estimator of {self.name!r}")
        ids = check_unique(self.stimulus_ids, what="stimulus", least=2)
        check_table(self.labels, what=f"The labels of {self.name!r}")
        check_instance(self.metadata, Mapping, what=f"metadata of {self.name!r}")
        values = self._read(ids)
        if not len(values):
            msg = f"Dissimilarities of {self.name!r} hold no RDM; expected at least one."
            raise InvalidInputError(msg)
        check_magnitude(values, what=f"Dissimilarities of {self.name!r}")
        object.__setattr__(self, "stimulus_ids", ids)
        object.__setattr__(self, "dissimilarities", values)
        object.__setattr__(self, "labels", self.labels.reset_index(drop=True))
        if self.stimuli is not None:
            check_instance(self.stimuli, StimulusSet, what=f"stimuli of {self.name!r}")
        if self.stimuli is not None and set(self.stimuli.ids) != set(ids):
            msg = f"The stimuli of {self.name!r} are not those of its RDMs."
            raise InvalidInputError(msg)

    def _read(self, ids: tuple[str, ...]) -> NDArray[np.float64]:
        """The dissimilarities as rows of pairs."""
        what = f"Dissimilarities of {self.name!r}"
        table: Any = self.dissimilarities
        n, n_rdms = len(ids), len(self.labels)
        if find_package(table) in ("pandas", "xarray"):
            dims = [str(dim) for dim in getattr(table, "dims", ())]
            square = check_array(
                table.rename(dict(zip(dims, ("stimulus", "other stimulus"), strict=False))) if dims else table,
                (n, n),
                what=what,
                axes={"stimulus": ids, "other stimulus": ids},
            )
            if not np.allclose(square, square.T, rtol=0.0, atol=1e-9 * np.nanmax(np.abs(square)), equal_nan=True):
                msg = f"{what} are not symmetric; expected one dissimilarity for each pair of stimuli."
                raise InvalidInputError(msg)
            values: NDArray[np.float64] = square[np.triu_indices(n, 1)][None]
            return check_array(values, (n_rdms, None), what=what)
        values = check_array(table, (None,) * (1 if getattr(table, "ndim", 2) == 1 else 2), what=what)
        return check_array(np.atleast_2d(values), (n_rdms, n * (n - 1) // 2), what=what)

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
        ids = check_unique(ids, what="stimulus", least=2)
        index = align_indices(self.stimulus_ids, ids, what="stimulus")
        square = self.to_matrices()[:, index[:, None], index[None, :]]
        rows, columns = np.triu_indices(len(index), 1)
        stimuli = None if self.stimuli is None else self.stimuli.select(ids)
        return replace(self, dissimilarities=square[:, rows, columns], stimulus_ids=ids, stimuli=stimuli)

    def select(self, keep: Any) -> RDMs:
        """Some of the RDMs.

        Parameters
        ----------
        keep : slice, boolean mask or sequence of int
            Which rows.

        Raises
        ------
        InvalidInputError
            If it points outside, or keeps none.
        """
        try:
            rows = np.arange(len(self))[keep if isinstance(keep, slice) else np.asarray(keep)]
        except (IndexError, TypeError) as error:
            msg = f"{describe_value(keep)} selects no RDMs of {self.name!r}, which has {len(self)} ({error})."
            raise InvalidInputError(msg) from error
        if rows.ndim != 1 or not len(rows):
            msg = f"A selection of {rows.size} of the {len(self)} RDMs of {self.name!r} is not a set of at least one."
            raise InvalidInputError(msg)
        return replace(self, dissimilarities=self.dissimilarities[rows], labels=self.labels.iloc[rows])
