"""What training does: trained networks against untrained twins, where the spread over seeds counts for both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from brainconv.containers import Scores
from brainconv.errors import InvalidInputError
from brainconv.predictivity.inference import correct_family
from brainconv.predictivity.resampled_scores import get_details, list_areas, read_mean, require_same_resamples
from brainconv.predictivity.twofactor import Resampled
from brainconv.validation import check_instance, check_text

Array = NDArray[np.float64]

MIN_TWINS = 5  # seeds of the untrained twin below which nothing is said about trained against untrained


def compare_with_twins(
    trained: Scores | Sequence[Scores], twins: Sequence[Scores], *, area: str | None = None
) -> pd.DataFrame:
    """Every layer of a trained network minus the same layer of its untrained twins, where all have that layer.

    Parameters
    ----------
    trained : Scores, or sequence of Scores
        Several where the network was trained from several seeds: they are then the sample.
    twins : sequence of Scores
        At least five, one per seed of the random weights, scored with the same recording, splits and seed of resamples.
    area : str, optional
        All areas where none is named.

    Returns
    -------
    DataFrame
        Columns ``area``, ``layer``, ``difference`` (mean over trained minus mean over untrained networks), ``ci_low``,
        ``ci_high``, ``p``, ``q`` (p corrected for all rows of the table), ``n_tests``, ``smallest`` (the worst trained
        minus the best untrained one), ``n_trained`` and ``n_twins``.

    Raises
    ------
    InvalidInputError
        If there are fewer than five twins, or not all were scored on the same stimuli, splits and resamples.

    References
    ----------
    Welch (1947), Biometrika 34:28, doi:10.1093/biomet/34.1-2.28; Satterthwaite (1946), doi:10.2307/3002019.

    Notes
    -----
    The standard error has three parts: new stimuli and sites (`Resampled`), the seeds of the twins (their variance over
    seeds divided by their number), and the seeds of the trained network.  The last is that of several trained ones, and
    for a single one the variance of the twins, undivided: a single trained network is one draw.  The spread over seeds
    holds what differs between seeds on these stimuli and sites, so that the interval is rather too wide.
    """
    if area is not None:
        check_text(area, what="area")
    several = "of `score_predictivity`, or a list of them for several seeds"
    check_instance(trained, (Scores, tuple, list), what="trained", hint=several)
    networks = [trained] if isinstance(trained, Scores) else list(trained)
    check_instance(twins, (tuple, list), what="twins", hint="the scores of each seed")
    for one, what in (*((one, "A trained network") for one in networks), *((twin, "A twin") for twin in twins)):
        check_instance(one, Scores, what=what, hint="of `score_predictivity`")
    if not networks:
        msg = "No trained network was given; a comparison with untrained twins takes at least one."
        raise InvalidInputError(msg)
    if len(twins) < MIN_TWINS:
        msg = f"{len(twins)} untrained twin(s) were given; at least {MIN_TWINS} seeds are needed to speak of training."
        raise InvalidInputError(msg)
    require_same_resamples([*networks, *twins])
    rows: list[dict[str, Any]] = []
    for name in list_areas(get_details(networks[0]), area):
        for layer in _shared_layers([*networks, *twins]):
            own, others = ([read_mean(one, layer, name) for one in group] for group in (networks, twins))
            rows.append({"area": name, "layer": layer} | _compare_groups(own, others))
    return correct_family(pd.DataFrame(rows))


def _compare_groups(trained: Sequence[Resampled], twins: Sequence[Resampled]) -> dict[str, Any]:
    """Difference of two means over seeds, by the t test of Welch with the variance over stimuli and sites added."""
    points, twin_points = (np.array([one.value for one in group]) for group in (trained, twins))
    difference = _average(trained).combine(np.subtract, _average(twins))
    n, k = len(trained), len(twins)
    spread = float(twin_points.var(ddof=1))
    parts = [(difference.variance(), difference.degrees_of_freedom())]
    if n > 1:
        parts += [(float(points.var(ddof=1)) / n, n - 1.0), (spread / k, k - 1.0)]
    else:  # one variance, known from the twins alone
        parts += [(spread * (1.0 + 1.0 / k), k - 1.0)]
    variance = sum(part for part, _ in parts)
    weights = sum(part**2 / freedom for part, freedom in parts)
    freedom = variance**2 / weights if weights > 0 else float(k - 1)
    error = float(np.sqrt(variance))
    half = float(stdtrit(freedom, 0.975)) * error
    p = float(2.0 * stdtr(freedom, -abs(difference.value) / error)) if error > 0 else float(difference.value == 0)
    return {
        "difference": difference.value,
        "ci_low": difference.value - half,
        "ci_high": difference.value + half,
        "p": p,
        "smallest": float(points.min() - twin_points.max()),
        "n_trained": n,
        "n_twins": k,
    }


def _average(group: Sequence[Resampled]) -> Resampled:
    """Mean over networks on every resample; no network is drawn."""
    first = group[0]
    return replace(
        first,
        value=float(np.mean([one.value for one in group])),
        **{name: np.mean([getattr(one, name) for one in group], axis=0) for name in ("both", "stimuli", "sites")},
    )


def _shared_layers(scores: Sequence[Scores]) -> list[str]:
    """Layers of the first that all others have."""
    named = [list(map(str, get_details(one)["layer"].to_numpy())) for one in scores]
    shared = [layer for layer in named[0] if all(layer in others for others in named)]
    if not shared:
        msg = f"The trained network's layers ({', '.join(named[0])}) are not among those of all its untrained twins."
        raise InvalidInputError(msg)
    return shared
