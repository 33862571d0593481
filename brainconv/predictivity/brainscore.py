"""Brain-Score's ceilings beside ours, and its score with each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from brainconv.predictivity.area import Area, Centres
from brainconv.predictivity.definitions import compute_definition
from brainconv.predictivity.resampling import aggregate
from brainconv.predictivity.twofactor import Resampled
from brainconv.reliability import alternate_halves, fixed_half_reliability, shuffle_halves
from brainconv.reliability.fixed_halves import Halves

Array = NDArray[np.float64]

SCORE = "r2/ceiling"


class Ceiling(NamedTuple):
    """A ceiling of Brain-Score's.

    Parameters
    ----------
    definition : str
        Of the reliability itself.
    score : str
        Definition of r2/ceiling with it.
    halves : callable
        From the number of repeats to pairs of halves.
    statistic : str
        How sites and pairs of halves are made one number.
    """

    definition: str
    score: str
    halves: Callable[[int], list[Halves]]
    statistic: str


CEILINGS = (
    Ceiling("even/odd repeats, Spearman-Brown", f"{SCORE} (even/odd)", alternate_halves, "median over sites"),
    Ceiling(
        "ten halves of the repeats, Spearman-Brown",
        f"{SCORE} (ten halves)",
        shuffle_halves,
        "median over sites, mean over splits",
    ),
)


def list_ceiling_rows(
    area: Area, responses: Array, rows: Iterable[Mapping[str, Any]], resampled: Mapping[str, Centres]
) -> Iterator[dict[str, Any]]:
    """Rows of the reliability of an area as Brain-Score estimates it, and of r2/ceiling with that.

    Parameters
    ----------
    area : Area
    responses : ndarray, shape (n_stimuli, n_repeats, n_sites of the recording)
    rows : iterable of dict
        The rows of the area with our own ceiling.
    resampled : mapping of layer to Centres

    Yields
    ------
    dict
        For every row of the reliability and of r2/ceiling, one with each of `CEILINGS`.
    """
    own = [row for row in rows if row["area"] == area.name]
    trials = responses[:, :, area.sites]
    for ceiling in CEILINGS:
        halves = ceiling.halves(trials.shape[1])
        found = fixed_half_reliability(trials, halves)
        values = _resample(area, found, fixed_half_reliability(trials, halves, weights=area.weights))
        for row in own:
            if row["analysis"] == "reliability":
                low, high = values.interval()
                n_sites = int(np.isfinite(found).any(axis=0).sum())
                named = {"statistic": ceiling.statistic, "definition": ceiling.definition, "n_sites": n_sites}
                yield {**row, **named, "value": values.value, "ci_low": low, "ci_high": high}
            elif row["definition"] == SCORE:
                share = resampled[row["layer"]].median.combine(partial(compute_definition, SCORE), values)
                low, high = share.interval()
                yield {**row, "definition": ceiling.score, "value": share.value, "ci_low": low, "ci_high": high}


def _resample(area: Area, reliability: Array, by_stimuli: Array) -> Resampled:
    """The aggregate for every resample of stimuli and sites; ``by_stimuli`` has (n_resamples, n_pairs, n_sites)."""
    both = np.take_along_axis(by_stimuli, area.picks[:, None, :], axis=2)
    sites = reliability[:, area.picks].transpose(1, 0, 2)
    return Resampled(
        both=aggregate(both, median_first=True),
        stimuli=aggregate(by_stimuli, median_first=True),
        sites=aggregate(sites, median_first=True),
        n_stimuli=area.n_drawn,
        n_sites=area.n_second,
        value=float(aggregate(reliability, median_first=True)),
    )
