"""The sites of one area: one number of theirs, the same on every resample, and its rows in every definition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from brainconv.predictivity.crossvalidation import CrossValidation
from brainconv.predictivity.definitions import DEFINITIONS, FROM_POWER, NEEDS_CEILING, compute_definition
from brainconv.predictivity.resampling import aggregate, mean_over_sites, nanmedian, resample_r
from brainconv.predictivity.single_repeats import Estimate, SingleRepeats
from brainconv.predictivity.splits import Splits
from brainconv.predictivity.twofactor import Resampled

Array = NDArray[np.float64]
Index = NDArray[np.intp]

BEST = ", best layer (plain maximum)"
NESTED = ", layer chosen in training folds"
MEAN = "mean over sites"
NESTED_LAYER = "nested"
SHUFFLED = ", stimuli shuffled"
CEILING_DEFINITION = "split-half, Spearman-Brown"


class Centres(NamedTuple):
    """Two ways to make one number of the sites of an area.

    Parameters
    ----------
    median : Resampled
        The headline of tables.
    mean : Resampled
        For differences: the bootstrap of a mean has the right spread also where sites are few.
    """

    median: Resampled
    mean: Resampled


class Tables(NamedTuple):
    """r of the splits and sites of an area, and of resamples.

    Parameters
    ----------
    value : ndarray, shape (n_splits, n_sites)
    both, stimuli, sites : ndarray, shape (n_resamples, n_splits, n_sites)
        Where stimuli and sites, stimuli alone, or sites alone are drawn.
    """

    value: Array
    both: Array
    stimuli: Array
    sites: Array


@dataclass(frozen=True, eq=False)
class Area:
    """The sites of one area, and what is needed to score layers on them.

    Parameters
    ----------
    name : str
        Such as ``"V4"``.
    sites : ndarray of int, shape (n_sites,)
        Columns of the recording.
    splits : Splits
    weights : ndarray, shape (n_resamples, n_stimuli)
        How often each resample holds each stimulus.
    picks : ndarray of int, shape (n_resamples, n_sites)
        The places in ``sites`` of each resample.
    reliability : ndarray, shape (n_sites,)
        NaN where there is none.
    reliability_resampled : ndarray, shape (n_resamples, n_sites)
    n_drawn : int
        Stimuli, or groups of them, of which each resample is drawn.
    repeats : SingleRepeats, optional
        Of the sites of the area; scores on single repeats are left out where there is none.
    n_animals : int, optional
        Animals of which each resample is drawn, where there are enough.
    """

    name: str
    sites: Index
    splits: Splits
    weights: Array
    picks: Index
    reliability: Array
    reliability_resampled: Array
    n_drawn: int
    repeats: SingleRepeats | None = None
    n_animals: int | None = None

    @property
    def n_second(self) -> int:
        """How many are drawn beside stimuli: sites, or the animals that they belong to."""
        return len(self.sites) if self.n_animals is None else self.n_animals

    @property
    def statistic(self) -> str:
        """How sites and splits were made one number."""
        return "median over sites" + (", mean over splits" if self.splits.median_first else "")

    @property
    def ceiling(self) -> float:
        """Median reliability over sites, NaN where there is none."""
        return float(nanmedian(self.reliability))

    @cached_property
    def ceiling_resampled(self) -> Resampled:
        """The same for every resample."""
        return self.take_median(Estimate(self.reliability, self.reliability_resampled))

    @cached_property
    def power(self) -> Resampled:
        """Median over sites of the reliability from signal power; NaN without single repeats."""
        if self.repeats is None:
            nothing = np.full(len(self.weights), np.nan)
            return Resampled(nothing, nothing, nothing, self.n_drawn, self.n_second)
        return self.take_median(self.repeats.estimate_reliability())

    def take_median(self, found: Estimate) -> Resampled:
        """Median over sites of a value per site.

        Parameters
        ----------
        found : Estimate
            Of the sites of the area.

        Returns
        -------
        Resampled
        """
        return Resampled(
            both=nanmedian(np.take_along_axis(found.resampled, self.picks, axis=1)),
            stimuli=nanmedian(found.resampled),
            sites=nanmedian(found.value[self.picks]),
            n_stimuli=self.n_drawn,
            n_sites=self.n_second,
            value=float(nanmedian(found.value)),
        )

    def aggregate(self, r: Array) -> float:
        """One number for the area.

        Parameters
        ----------
        r : ndarray, shape (n_splits, n_sites of the recording)

        Returns
        -------
        float
        """
        return float(aggregate(r[:, self.sites], median_first=self.splits.median_first))

    def tabulate(self, result: CrossValidation) -> Tables:
        """Correlations of every split and site of the area, and the same on every resample.

        Parameters
        ----------
        result : CrossValidation

        Returns
        -------
        Tables
        """
        own = result.r[:, self.sites]
        influence = [one[:, self.sites] for one in result.influence]
        drawn = resample_r(own, influence, self.splits.test, self.weights)
        return Tables(
            value=own,
            both=np.take_along_axis(drawn, self.picks[:, None, :], axis=2),
            stimuli=drawn,
            sites=own[:, self.picks].transpose(1, 0, 2),
        )

    def resample(self, tables: Tables) -> Centres:
        """One number for the area, and the same for every resample.

        Parameters
        ----------
        tables : Tables

        Returns
        -------
        Centres
        """
        median = partial(aggregate, median_first=self.splits.median_first)
        return Centres(
            *(
                Resampled(
                    both=centre(tables.both),
                    stimuli=centre(tables.stimuli),
                    sites=centre(tables.sites),
                    n_stimuli=self.n_drawn,
                    n_sites=self.n_second,
                    value=float(centre(tables.value)),
                )
                for centre in (median, mean_over_sites)
            )
        )

    def choose_layers(self, results: Mapping[str, CrossValidation]) -> list[str]:
        """The layer of each split whose median r inside the training stimuli is largest.

        Parameters
        ----------
        results : mapping of layer to CrossValidation

        Returns
        -------
        list of str, length n_splits
        """
        inside = np.stack([nanmedian(result.nested_r[:, self.sites]) for result in results.values()])
        names = list(results)
        return [names[int(i)] for i in np.where(np.isnan(inside), -np.inf, inside).argmax(axis=0)]

    def rows(self, resampled: Resampled, labels: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Rows of one score in every definition.

        Parameters
        ----------
        resampled : Resampled
            Of r.
        labels : mapping
            Columns that all of them share.

        Yields
        ------
        dict
        """
        for definition in DEFINITIONS:
            ceiling = self.power if definition in FROM_POWER else self.ceiling_resampled
            if definition in NEEDS_CEILING and not np.isfinite(ceiling.value):
                continue
            score = resampled.combine(partial(compute_definition, definition), ceiling)
            low, high = score.interval()
            row = {"definition": definition, "value": score.value, "ci_low": low, "ci_high": high}
            yield {**labels, "area": self.name, **row, **self._top(definition)}

    def mean_row(self, resampled: Centres, labels: Mapping[str, Any]) -> dict[str, Any]:
        """The row of the mean r over sites, which differences are tested on.

        Parameters
        ----------
        resampled : Centres
        labels : mapping
            Columns that name the layer and the statistic.

        Returns
        -------
        dict
        """
        low, high = resampled.mean.interval()
        number = {"definition": "r", "value": resampled.mean.value, "ci_low": low, "ci_high": high}
        return {**labels, "area": self.name, **number}

    def ceiling_row(self, labels: Mapping[str, Any]) -> dict[str, Any]:
        """The row of the reliability itself.

        Parameters
        ----------
        labels : mapping
            Columns that name the recording.

        Returns
        -------
        dict
        """
        low, high = self.ceiling_resampled.interval()
        return {
            **labels,
            "area": self.name,
            "analysis": "reliability",
            "statistic": "median over sites",
            "definition": CEILING_DEFINITION,
            "value": self.ceiling,
            "ci_low": low,
            "ci_high": high,
            "n_sites": int(np.isfinite(self.reliability).sum()),
        }

    def _top(self, definition: str) -> dict[str, float]:
        """Columns of what a noise-free model reaches in this definition: r of the root of the reliability."""
        if not np.isfinite(self.ceiling):
            return {}
        if definition in ("r/sqrt(ceiling)", "r2/ceiling", *FROM_POWER):
            return {"ceiling_low": 1.0, "ceiling_high": 1.0}
        ends = [max(end, 0.0) for end in (self.ceiling, *self.ceiling_resampled.interval())]
        value, *interval = (float(compute_definition(definition, np.sqrt(end), end)) for end in ends)
        low, high = sorted(interval)
        return {"ceiling_low": value, "ceiling_high": value, "ceiling_ci_low": low, "ceiling_ci_high": high}


def count_scored(area_sites: Index, result: CrossValidation) -> int:
    """Number of sites of an area with a defined score.

    Parameters
    ----------
    area_sites : ndarray of int
    result : CrossValidation

    Returns
    -------
    int
    """
    return int(np.isfinite(result.r[:, area_sites]).any(axis=0).sum())
