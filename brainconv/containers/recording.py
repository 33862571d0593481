"""Recording: responses of sites to stimuli, repeat by repeat, in one time window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brainconv.arrays import describe_value, read_array
from brainconv.containers.checks import check_areas, check_magnitude, check_table
from brainconv.containers.stimuli import StimulusSet
from brainconv.errors import InvalidInputError, NotFoundError
from brainconv.validation import (
    align_indices,
    check_array,
    check_flag,
    check_instance,
    check_number,
    check_text,
    check_unique,
)


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
        In ``unit``.  NaN marks an absent repeat, and so does a masked value.  Two dimensions (n_stimuli, n_sites) are
        taken as one repeat.  A DataFrame (stimuli × sites) is ordered by its labels, a DataArray by its dimensions
        ``stimulus``, ``repeat``, ``site`` and their labels; labels that are not those of stimuli and sites are refused.
    sites : DataFrame, one row per site
        Indexed by site id; column ``area`` ("V1", "V2", "V4", "IT") for every site, and ``animal`` where known.
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
        If shapes and labels do not agree, a site has no area, or nothing was recorded.
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
        check_text(self.name, what="The name of a recording")
        check_instance(self.stimuli, StimulusSet, what=f"stimuli of {self.name!r}", hint="`bc.StimulusSet`")
        check_table(table, what=f"The sites of {self.name!r}")
        ids = check_unique(table.index, what="site")
        if "area" not in table:
            msg = f"The sites of {self.name!r} have no column 'area'; name the area of each ('V1', 'V2', 'V4', 'IT')."
            raise InvalidInputError(msg)
        self._check_facts()
        responses = self._read(ids)
        check_magnitude(responses, what=f"Responses of {self.name!r}")
        if not responses.shape[1] or np.isnan(responses).all():
            found = f"are all NaN, {responses.shape}" if responses.shape[1] else "have no repeats"
            msg = f"Responses of {self.name!r} {found}; expected measured values: check how they were read."
            raise InvalidInputError(msg)
        if self.averaged and responses.shape[1] != 1:
            msg = (
                f"{self.name!r} is called averaged but has {responses.shape[1]} repeats; an averaged recording has one."
            )
            raise InvalidInputError(msg)
        sites = table.assign(area=check_areas(table, name=self.name))
        sites.index = pd.Index(ids, name="site")
        object.__setattr__(self, "responses", responses)
        object.__setattr__(self, "sites", sites)

    def _check_facts(self) -> None:
        """Refuse a unit, window or flag of the wrong kind."""
        check_text(self.unit, what=f"The unit of {self.name!r}")
        check_flag(self.averaged, what=f"averaged of {self.name!r}")
        check_flag(self.simulated, what=f"simulated of {self.name!r}")
        check_instance(self.metadata, Mapping, what=f"metadata of {self.name!r}")
        window: Any = self.time_window
        if window is None:
            return
        if not isinstance(window, (tuple, list)) or len(window) != 2:
            msg = f"The time window of {self.name!r} is {describe_value(window)}; expected (start, end) in ms."
            raise InvalidInputError(msg)
        start, end = (check_number(value, what=f"The time window of {self.name!r}, in ms,") for value in window)
        if not start < end:
            msg = (
                f"The time window of {self.name!r} starts at {start:g} ms and ends at {end:g} ms; expected start < end."
            )
            raise InvalidInputError(msg)

    def _read(self, sites: tuple[str, ...]) -> NDArray[np.float64]:
        """The responses with three axes, ordered by their labels where they have any."""
        what = f"Responses of {self.name!r}"
        axes: dict[str, Sequence[str] | None] = {"stimulus": self.stimuli.ids, "repeat": None, "site": sites}
        if getattr(self.responses, "ndim", 3) == 2:
            del axes["repeat"]
        responses = read_array(self.responses, what=what, axes=axes)
        if responses.ndim == 2:
            responses = responses[:, None, :]
        return check_array(responses, (len(self.stimuli), None, len(sites)), what=what)

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
        return tuple(dict.fromkeys(self.sites["area"]))

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
        InvalidInputError
            If a selection is empty, or names what is not there.
        """
        part = self
        if sites is not None:
            sites = check_unique(sites, what="site")
            index = align_indices(list(part.sites.index), sites, what="site")
            part = replace(part, responses=part.responses[:, :, index], sites=part.sites.iloc[index])
        if area is not None:
            check_text(area, what="area")
            keep = (part.sites["area"] == area).to_numpy()
            if not keep.any():
                msg = f"{self.name!r} has no site in area {area!r}; it has {', '.join(self.areas)}."
                raise NotFoundError(msg)
            part = replace(part, responses=part.responses[:, :, keep], sites=part.sites.loc[keep])
        if stimuli is not None:
            stimuli = check_unique(stimuli, what="stimulus")
            index = align_indices(part.stimuli.ids, stimuli, what="stimulus")
            part = replace(part, responses=part.responses[index], stimuli=part.stimuli.select(stimuli))
        return part
