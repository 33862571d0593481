"""Scores that are ratios site by site: CCnorm, the score of the Natural Scenes Dataset, and FEVE."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainconv.predictivity.area import Area, Tables
from brainconv.predictivity.crossvalidation import CrossValidation
from brainconv.predictivity.definitions import FEVE, FROM_POWER, compute_definition
from brainconv.predictivity.resampling import nanmean, nanmedian
from brainconv.predictivity.single_repeats import Estimate
from brainconv.predictivity.twofactor import Resampled

Array = NDArray[np.float64]

EACH_SITE = "median over sites of each site's ratio"
OF_MEDIANS = "median over sites"


def ratio_rows(
    area: Area, result: CrossValidation, tables: Tables, labels: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """The rows of one layer whose definition takes single repeats.

    Parameters
    ----------
    area : Area
    result : CrossValidation
    tables : Tables
        Of `Area.tabulate`.
    labels : mapping
        Columns that name the layer.

    Yields
    ------
    dict
        FEVE as the ratio of two medians; and CCnorm, r2/ceiling (NSD) and FEVE as the median of the sites' own ratios,
        over those sites of which anything is explainable (``n_sites``).  Nothing where there are no repeats.
    """
    if area.repeats is None:
        return
    reliability = area.repeats.estimate_reliability()
    for definition in FROM_POWER:
        ratio = partial(compute_definition, definition)
        yield _row(area, labels, definition, _each_site(area, tables, reliability, ratio))
    own = [predictions[:, area.sites] for predictions in result.predictions]
    explained = area.repeats.estimate_explained(own, list(area.splits.test))
    explainable = area.repeats.estimate_explainable()
    if nanmedian(explainable.value) > 0:
        resampled = area.take_median(explained).combine(_divide, area.take_median(explainable))
        yield _row(area, labels, FEVE, (resampled, None))
    ratio_of = Estimate(
        _divide(explained.value, explainable.value), _divide(explained.resampled, explainable.resampled)
    )
    yield _row(area, labels, FEVE, (area.take_median(ratio_of), int(np.isfinite(ratio_of.value).sum())))


def _each_site(area: Area, tables: Tables, reliability: Estimate, ratio: Any) -> tuple[Resampled, int]:
    """Median of each site's ratio on every resample; the reliability of a site is that of the same stimuli."""
    picked = np.take_along_axis(reliability.resampled, area.picks, axis=1)
    value = ratio(nanmean(tables.value, axis=0), reliability.value)
    resampled = Resampled(
        both=nanmedian(ratio(nanmean(tables.both, axis=1), picked)),
        stimuli=nanmedian(ratio(nanmean(tables.stimuli, axis=1), reliability.resampled)),
        sites=nanmedian(value[area.picks]),
        n_stimuli=area.n_drawn,
        n_sites=area.n_second,
        value=float(nanmedian(value)),
    )
    return resampled, int(np.isfinite(value).sum())


def _row(area: Area, labels: Mapping[str, Any], definition: str, found: tuple[Resampled, int | None]) -> dict[str, Any]:
    resampled, n_sites = found
    low, high = resampled.interval()
    row = {**labels, "area": area.name, "statistic": OF_MEDIANS, "definition": definition, "value": resampled.value}
    row |= {"ci_low": low, "ci_high": high, "ceiling_low": 1.0, "ceiling_high": 1.0}
    return row if n_sites is None else row | {"statistic": EACH_SITE, "n_sites": n_sites}


def _divide(value: Array, by: Array) -> Array:
    return value / np.where(by > 0, by, np.nan)
