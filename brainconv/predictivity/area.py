"""The rows of one area: layer by layer, the best layer, the layer chosen in training folds, shuffled stimuli."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from brainconv.errors import InvalidInputError
from brainconv.predictivity.crossvalidation import CrossValidation
from brainconv.predictivity.definitions import DEFINITIONS, FEVE, FROM_POWER, NEEDS_CEILING, compute_definition
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

    @property
    def ceiling_resampled(self) -> Resampled:
        """The same for every resample."""
        return Resampled(
            both=nanmedian(np.take_along_axis(self.reliability_resampled, self.picks, axis=1)),
            stimuli=nanmedian(self.reliability_resampled),
            sites=nanmedian(self.reliability[self.picks]),
            n_stimuli=self.n_drawn,
            n_sites=self.n_second,
        )

    @cached_property
    def power(self) -> tuple[float, Resampled]:
        """Median over sites of the reliability from signal power, and the same for every resample."""
        if self.repeats is None:
            nothing = np.full(len(self.weights), np.nan)
            return np.nan, Resampled(nothing, nothing, nothing, self.n_drawn, self.n_second)
        return self._median(self.repeats.estimate_reliability())

    @cached_property
    def explainable(self) -> tuple[float, Resampled]:
        """Median over sites of the explainable share of the variance of single repeats; likewise."""
        if self.repeats is None:
            msg = f"{self.name} has no single repeats; nothing can be said about their variance."
            raise InvalidInputError(msg)
        return self._median(self.repeats.estimate_explainable())

    def _median(self, found: Estimate) -> tuple[float, Resampled]:
        resampled = Resampled(
            both=nanmedian(np.take_along_axis(found.resampled, self.picks, axis=1)),
            stimuli=nanmedian(found.resampled),
            sites=nanmedian(found.value[self.picks]),
            n_stimuli=self.n_drawn,
            n_sites=self.n_second,
        )
        return float(nanmedian(found.value)), resampled

    def explained_row(self, result: CrossValidation, labels: Mapping[str, Any]) -> dict[str, Any] | None:
        """The row of the explained over the explainable share of the variance of single repeats.

        Parameters
        ----------
        result : CrossValidation
        labels : mapping
            Columns that name the layer and the statistic.

        Returns
        -------
        dict or None
            None where there are no repeats, or no variance is explainable.
        """
        if self.repeats is None or not self.explainable[0] > 0:
            return None
        own = [predictions[:, self.sites] for predictions in result.predictions]
        value, resampled = self._median(self.repeats.estimate_explained(own, list(self.splits.test)))
        top, tops = self.explainable
        low, high = resampled.combine(_divide, tops).interval()
        share = {"value": value / top, "ci_low": low, "ci_high": high, "ceiling_low": 1.0, "ceiling_high": 1.0}
        return {**labels, "area": self.name, "statistic": "median over sites", "definition": FEVE, **share}

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

    def resample(self, result: CrossValidation) -> Centres:
        """The same for every resample, with the predictions as they are.

        Parameters
        ----------
        result : CrossValidation

        Returns
        -------
        Centres
        """
        if not len(self.weights):
            empty = np.empty(0)
            nothing = Resampled(empty, empty, empty, self.n_drawn, self.n_second)
            return Centres(nothing, nothing)
        own = result.r[:, self.sites]
        r = resample_r(
            [p[:, self.sites] for p in result.predictions],
            [y[:, self.sites] for y in result.observed],
            list(self.splits.test),
            self.weights,
        )
        tables = (  # both drawn, stimuli drawn, sites drawn
            np.take_along_axis(r, self.picks[:, None, :], axis=2),
            r,
            own[:, self.picks].transpose(1, 0, 2),
        )
        first = self.splits.median_first
        medians = [aggregate(table, median_first=first) for table in tables]
        means = [mean_over_sites(table) for table in tables]
        return Centres(self._collect(medians), self._collect(means))

    def _collect(self, values: list[Array]) -> Resampled:
        both, stimuli, sites = values
        return Resampled(both, stimuli, sites, n_stimuli=self.n_drawn, n_sites=self.n_second)

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

    def rows(self, r: float, resampled: Resampled, labels: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Rows of one score in every definition.

        Parameters
        ----------
        r : float
        resampled : Resampled
        labels : mapping
            Columns that all of them share.

        Yields
        ------
        dict
        """
        for definition in DEFINITIONS:
            ceiling, ceilings = self.power if definition in FROM_POWER else (self.ceiling, self.ceiling_resampled)
            if definition in NEEDS_CEILING and not np.isfinite(ceiling):
                continue
            low, high = resampled.combine(partial(compute_definition, definition), ceilings).interval()
            top = self._top(definition)
            yield {
                **labels,
                "area": self.name,
                "definition": definition,
                "value": float(compute_definition(definition, r, ceiling)),
                "ci_low": low,
                "ci_high": high,
                "ceiling_low": top[0],
                "ceiling_high": top[1],
            }

    def mean_row(self, result: CrossValidation, resampled: Centres, labels: Mapping[str, Any]) -> dict[str, Any]:
        """The row of the mean r over sites, which differences are tested on.

        Parameters
        ----------
        result : CrossValidation
        resampled : Centres
        labels : mapping
            Columns that name the layer and the statistic.

        Returns
        -------
        dict
        """
        low, high = resampled.mean.interval()
        value = float(mean_over_sites(result.r[:, self.sites]))
        return {**labels, "area": self.name, "definition": "r", "value": value, "ci_low": low, "ci_high": high}

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

    def _top(self, definition: str) -> tuple[float, float]:
        """Interval of what a noise-free model reaches in this definition: r of the root of the reliability."""
        reliability = np.array(self.ceiling_resampled.interval()) if len(self.weights) else np.full(2, self.ceiling)
        if not np.isfinite(self.ceiling):
            return np.nan, np.nan
        if definition in ("r/sqrt(ceiling)", "r2/ceiling", *FROM_POWER):
            return 1.0, 1.0
        root = np.sqrt(np.maximum(reliability, 0.0))
        low, high = np.sort(compute_definition(definition, root, reliability))
        return float(low), float(high)


def _divide(value: Array, by: Array) -> Array:
    return value / np.where(by > 0, by, np.nan)


def score_area(
    area: Area,
    results: Mapping[str, CrossValidation],
    labels: Mapping[str, Mapping[str, Any]],
) -> tuple[list[dict[str, Any]], dict[str, Centres], list[str]]:
    """All rows of one area.

    Parameters
    ----------
    area : Area
    results : mapping of layer to CrossValidation
    labels : mapping of layer to columns of its rows

    Returns
    -------
    rows : list of dict
    resampled : dict of layer to Centres
        And, as ``"nested"``, of the layer chosen inside the training stimuli.
    chosen : list of str
        The layer chosen inside the training stimuli of each split.
    """
    rows: list[dict[str, Any]] = []
    values: dict[str, float] = {}
    resampled: dict[str, Centres] = {}
    for layer, result in results.items():
        values[layer] = area.aggregate(result.r)
        resampled[layer] = area.resample(result)
        centres = resampled[layer]
        rows += area.rows(values[layer], centres.median, {**labels[layer], "statistic": area.statistic})
        rows.append(area.mean_row(result, centres, {**labels[layer], "statistic": MEAN}))
        explained = area.explained_row(result, labels[layer])
        rows += [] if explained is None else [explained]
    best = max(values, key=lambda layer: -np.inf if np.isnan(values[layer]) else values[layer])
    rows += area.rows(values[best], resampled[best].median, {**labels[best], "statistic": area.statistic + BEST})
    chosen = area.choose_layers(results)
    nested = CrossValidation(
        predictions=[results[layer].predictions[k] for k, layer in enumerate(chosen)],
        observed=results[best].observed,
        **{
            name: np.stack([getattr(results[layer], name)[k] for k, layer in enumerate(chosen)])
            for name in ("r", "nested_r", "shuffled_r", "setting", "edge")
        },
    )
    common = {**labels[best], "layer": NESTED_LAYER, "layer_index": None, "n_units": None}
    resampled[NESTED_LAYER] = area.resample(nested)
    rows += area.rows(
        area.aggregate(nested.r), resampled[NESTED_LAYER].median, {**common, "statistic": area.statistic + NESTED}
    )
    rows.append(area.mean_row(nested, resampled[NESTED_LAYER], {**common, "statistic": MEAN + NESTED}))
    for layer, result in results.items():
        value = area.aggregate(result.shuffled_r)
        if np.isfinite(value):
            extra = {"statistic": area.statistic + SHUFFLED, "definition": "r", "value": value, "area": area.name}
            rows.append({**labels[layer], **extra})
    return rows, resampled, chosen


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
