"""Recording: responses of sites to stimuli, repeat by repeat, in one time window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brainconv.containers.stimuli import StimulusSet
from brainconv.errors import InvalidInputError, NotFoundError
from brainconv.validation import align_indices, check_array, check_unique


@dataclass(frozen=True, eq=False)
class Recording:
    """Responses to stimuli.

    Parameters
    ----------
    name : str
        Name of the recording (``<author><year>`` and, where there are several, ``.<session>``).
    stimuli : StimulusSet
        The stimuli, in the order of the first axis.
    responses : ndarray, float64, shape (n_stimuli, n_repeats, n_sites)
        In ``unit``.  NaN marks an absent repeat.  Two dimensions (n_stimuli, n_sites) are taken as one repeat.
    sites : DataFrame, one row per site
        Indexed by site id; column ``area`` ("V1", "V2", "V4", "IT"), and ``animal`` where known.
    unit : str
        Unit of the responses, such as ``"spikes/s"``.
    averaged : bool
        The single repeat is already a mean over presentations: no ceiling can be had from it.
    time_window : (float, float), optional
        Start and end in ms after stimulus onset.
    simulated : bool
        Made by a computer.  Every table, figure and heading says so.
    metadata : mapping
        ``doi``, ``citation``, ``true_layer`` of a simulated recording, and so on.

    Raises
    ------
    InvalidInputError
        If shapes and labels do not agree.
    """

    name: str
    stimuli: StimulusSet
    responses: NDArray[np.float64]
    sites: pd.DataFrame
    unit: str = "spikes/s"
    averaged: bool = False
    time_window: tuple[float, float] | None = None
    simulated: bool = False
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        table: Any = self.sites  # what a caller without a type checker may pass
        if not isinstance(table, pd.DataFrame):
            msg = (
                f"The sites of {self.name!r} are a {type(table).__name__}; expected a DataFrame with one row per site "
                f"and a column 'area', such as pd.DataFrame({{'area': ['V4', 'V4']}}, index=['site1', 'site2'])."
            )
            raise InvalidInputError(msg)
        responses = np.asarray(self.responses, dtype=np.float64)
        if responses.ndim == 2:
            responses = responses[:, None, :]
        check_unique([str(site) for site in self.sites.index], what="site")
        responses = check_array(
            responses, (len(self.stimuli), None, len(self.sites)), what=f"Responses of {self.name!r}"
        )
        if np.isinf(responses).any():
            msg = f"Responses of {self.name!r} hold infinite values; mark an absent repeat by NaN."
            raise InvalidInputError(msg)
        if "area" not in self.sites:
            msg = f"The sites of {self.name!r} have no column 'area'; name the area of each ('V1', 'V2', 'V4', 'IT')."
            raise InvalidInputError(msg)
        if self.averaged and responses.shape[1] != 1:
            msg = (
                f"{self.name!r} is called averaged but has {responses.shape[1]} repeats; an averaged recording has one."
            )
            raise InvalidInputError(msg)
        sites = self.sites.copy()
        sites.index = pd.Index([str(site) for site in sites.index], name="site")
        object.__setattr__(self, "responses", responses)
        object.__setattr__(self, "sites", sites)

    @property
    def n_stimuli(self) -> int:
        """Number of stimuli."""
        return int(self.responses.shape[0])

    @property
    def n_repeats(self) -> int:
        """Length of the repeat axis (the largest number of repeats of any stimulus)."""
        return int(self.responses.shape[1])

    @property
    def n_sites(self) -> int:
        """Number of sites."""
        return int(self.responses.shape[2])

    @property
    def areas(self) -> tuple[str, ...]:
        """The areas recorded, in order of first appearance."""
        return tuple(dict.fromkeys(self.sites["area"].astype(str)))

    @property
    def has_repeats(self) -> bool:
        """Whether trial-to-trial variability can be estimated at all."""
        counts = np.isfinite(self.responses).sum(axis=1)
        return not self.averaged and bool((counts >= 2).any())

    def mean_responses(self) -> NDArray[np.float64]:
        """Mean over repeats.

        Returns
        -------
        ndarray, shape (n_stimuli, n_sites)
            NaN where a site has no repeat of a stimulus.
        """
        counts = np.isfinite(self.responses).sum(axis=1)
        sums = np.nansum(self.responses, axis=1)
        means: NDArray[np.float64] = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
        return means

    def select(
        self, *, area: str | None = None, stimuli: Sequence[str] | None = None, sites: Sequence[str] | None = None
    ) -> Recording:
        """Part of the recording.

        Parameters
        ----------
        area : str, optional
            Keep the sites of this area.
        stimuli, sites : sequence of str, optional
            Keep these, in this order.

        Raises
        ------
        NotFoundError
            If no site lies in that area.
        """
        part = self
        if sites is not None:
            index = align_indices(list(part.sites.index), list(sites), what="site")
            part = replace(part, responses=part.responses[:, :, index], sites=part.sites.iloc[index])
        if area is not None:
            keep = (part.sites["area"] == area).to_numpy()
            if not keep.any():
                msg = f"{self.name!r} has no site in area {area!r}; it has {', '.join(self.areas)}."
                raise NotFoundError(msg)
            part = replace(part, responses=part.responses[:, :, keep], sites=part.sites.loc[keep])
        if stimuli is not None:
            index = align_indices(part.stimuli.ids, list(stimuli), what="stimulus")
            part = replace(part, responses=part.responses[index], stimuli=part.stimuli.select(list(stimuli)))
        return part
