"""Differences between layers and models on the same resamples, and how often a layer is best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from brainconv.containers import Scores
from brainconv.errors import InvalidInputError
from brainconv.predictivity.area import MEAN, NESTED, NESTED_LAYER
from brainconv.predictivity.details import BOOTSTRAPS, NESTED_BOOTSTRAPS
from brainconv.predictivity.twofactor import Resampled
from brainconv.validation import align_indices, check_array, check_instance, check_seed, check_text

Array = NDArray[np.float64]

MIN_TWINS = 5  # seeds of the untrained twin below which nothing is said about trained against untrained


def compute_selection_frequency(scores: Scores) -> pd.DataFrame:
    """How often each layer has the largest r of an area over the resamples of stimuli and sites.

    Parameters
    ----------
    scores : Scores
        Of `score_predictivity` with a bootstrap.

    Returns
    -------
    DataFrame
        Columns ``area``, ``layer``, ``frequency`` (adds up to 1 in each area).  It is a frequency of selection and not
        the probability that the layer is the right one.

    Raises
    ------
    InvalidInputError
        If there are no resamples.
    """
    check_instance(scores, Scores, what="scores")
    details = _details(scores)
    rows = []
    for area in details["area"].to_numpy():
        best = details["bootstrap_r"].sel(area=area).fillna(-np.inf).argmax("layer").to_numpy()
        counts = np.bincount(best, minlength=details.sizes["layer"]) / len(best)
        rows += [
            {"area": str(area), "layer": str(layer), "frequency": float(share)}
            for layer, share in zip(details["layer"].to_numpy(), counts, strict=True)
        ]
    return pd.DataFrame(rows)


def compare_layers(first: Scores, second: Scores, layers: tuple[str, str], *, area: str) -> dict[str, float]:
    """Difference of the mean r over sites between two layers, of one model or of two, on the same resamples.

    Parameters
    ----------
    first, second : Scores
        Of `score_predictivity` for the same recording, splits and seed; the same object twice for layers of one model.
    layers : (str, str)
        A layer of each.
    area : str

    Returns
    -------
    dict
        ``difference`` (first minus second), ``ci_low``, ``ci_high``: 95 % interval, and ``p``, two-sided, not corrected
        for several comparisons (`control_fdr`).

    Raises
    ------
    InvalidInputError
        If the two were not scored on the same stimuli, splits and resamples, or a layer is unknown.

    Notes
    -----
    Predictions stay fixed and nothing is fitted again.  Interval and p are of the bootstrap over stimuli and sites,
    with the variance of `Resampled`.  Means are compared and not medians, whose bootstrap is far too wide for 30 sites
    (no false positive in 300 null comparisons, and a quarter of the power).
    """
    for value, what in ((first, "first"), (second, "second")):
        check_instance(value, Scores, what=what, hint="of `score_predictivity`")
    if len(check_instance(layers, (tuple, list), what="layers", hint="the layer of each")) != 2:
        msg = f"layers has {len(layers)} names; expected two: the layer of each of both scores."
        raise InvalidInputError(msg)
    for name in (*layers, area):
        check_text(name, what="A name of layer or area")
    _require_same(first, second)
    values = [_resampled(scores, layer, area) for scores, layer in zip((first, second), layers, strict=True)]
    points = [_point(scores, layer, area) for scores, layer in zip((first, second), layers, strict=True)]
    return _describe(points[0] - points[1], values[0].combine(np.subtract, values[1]))


def compare_with_layer(scores: Scores, layer: str, *, area: str | None = None) -> pd.DataFrame:
    """Every other layer of a model minus one of its layers, such as the first.

    Parameters
    ----------
    scores : Scores
        Of `score_predictivity` with a bootstrap.
    layer : str
        The layer that the others are compared with.
    area : str, optional
        All areas where none is named.

    Returns
    -------
    DataFrame
        Columns ``area``, ``layer``, ``reference``, ``difference``, ``ci_low``, ``ci_high``, ``p`` and ``q``: p
        corrected for all rows of the table (`control_fdr`).

    Raises
    ------
    InvalidInputError
        If there are no resamples or there is no such layer.
    """
    if area is not None:
        check_text(area, what="area")
    check_instance(scores, Scores, what="scores", hint="of `score_predictivity`")
    check_text(layer, what="layer")
    details = _details(scores)
    rows = [
        {"area": name, "layer": other, "reference": layer} | compare_layers(scores, scores, (other, layer), area=name)
        for name in _areas(details, area)
        for other in map(str, details["layer"].to_numpy())
        if other != layer
    ]
    return _with_q(rows)


def compare_with_twins(
    trained: Scores, twins: Sequence[Scores], *, area: str | None = None, random_state: int = 0
) -> pd.DataFrame:
    """Every layer of a trained network minus the same layer of its untrained twins, where all have that layer.

    Parameters
    ----------
    trained : Scores
    twins : sequence of Scores
        At least five, one per seed of the random weights, scored with the same recording, splits and seed of resamples.
    area : str, optional
        All areas where none is named.
    random_state : int
        Seed of the draw of twins.

    Returns
    -------
    DataFrame
        Columns ``area``, ``layer``, ``difference`` (trained minus the mean over twins), ``ci_low``, ``ci_high``, ``p``,
        ``q`` (p corrected for all rows of the table), ``smallest`` (trained minus the best twin) and ``n_twins``.

    Raises
    ------
    InvalidInputError
        If there are fewer than five twins, or not all were scored on the same stimuli, splits and resamples.

    Notes
    -----
    Each resample draws stimuli, sites and, with replacement, as many twins as there are.  Twins are drawn with the
    sites, and the small-sample factor of the two is that of the twins, which makes the interval rather too wide
    than too narrow.
    """
    if area is not None:
        check_text(area, what="area")
    check_instance(twins, (tuple, list), what="twins", hint="the scores of each seed")
    for one, what in ((trained, "trained"), *((twin, "A twin") for twin in twins)):
        check_instance(one, Scores, what=what, hint="of `score_predictivity`")
    check_seed(random_state)
    if len(twins) < MIN_TWINS:
        msg = f"{len(twins)} untrained twin(s) were given; at least {MIN_TWINS} seeds are needed to speak of training."
        raise InvalidInputError(msg)
    for twin in twins:
        _require_same(trained, twin)
    details = _details(trained)
    n_resamples, n_twins = details.sizes["resample"], len(twins)
    picks = np.random.default_rng([random_state, 6]).integers(0, n_twins, size=(n_resamples, n_twins))
    drawn = np.stack([(picks == k).mean(axis=1) for k in range(n_twins)])
    evenly = np.full(drawn.shape, 1.0 / n_twins)
    rows: list[dict[str, Any]] = []
    for name in _areas(details, area):
        for layer in _shared_layers([trained, *twins]):
            own = _resampled(trained, layer, name)
            others = [_resampled(twin, layer, name) for twin in twins]
            points = np.array([_point(twin, layer, name) for twin in twins])
            mean = Resampled(
                # The twins are drawn with the sites, so that their spread enters the variance once.
                both=(drawn * np.stack([other.both for other in others])).sum(axis=0),
                stimuli=(evenly * np.stack([other.stimuli for other in others])).sum(axis=0),
                sites=(drawn * np.stack([other.sites for other in others])).sum(axis=0),
                n_stimuli=own.n_stimuli,
                n_sites=min(own.n_sites, n_twins),
            )
            difference = Resampled(
                own.both - mean.both, own.stimuli - mean.stimuli, own.sites - mean.sites, mean.n_stimuli, mean.n_sites
            )
            value = _point(trained, layer, name)
            rows.append(
                {"area": name, "layer": layer}
                | _describe(value - float(points.mean()), difference)
                | {"smallest": value - float(points.max()), "n_twins": n_twins}
            )
    return _with_q(rows)


def compare_models(scores: Mapping[str, Scores], *, area: str | None = None) -> pd.DataFrame:
    """Every model minus every other, each at the layer that is chosen inside the training stimuli of each split.

    Parameters
    ----------
    scores : mapping of str to Scores
        Of `score_predictivity` for the same recording, splits and seed, by any name.
    area : str, optional
        All areas where none is named.

    Returns
    -------
    DataFrame
        Columns ``area``, ``first``, ``second``, ``difference`` of the mean r over sites (first minus second),
        ``ci_low``, ``ci_high``, ``p`` (two-sided) and ``q`` (p corrected for all rows of the table).

    Raises
    ------
    InvalidInputError
        If there are fewer than two models, or they were not scored on the same stimuli, splits and resamples.

    Notes
    -----
    The plain maximum over layers would favour the model with more layers.
    """
    if area is not None:
        check_text(area, what="area")
    for name, value in check_instance(scores, Mapping, what="scores", hint="name of each model to its scores").items():
        check_instance(value, Scores, what=f"scores[{name!r}]", hint="of `score_predictivity`")
    if len(scores) < 2:
        msg = f"{len(scores)} model(s) were given; a comparison takes at least two."
        raise InvalidInputError(msg)
    names = list(scores)
    for name in names[1:]:
        _require_same(scores[names[0]], scores[name])
    rows = []
    for place in _areas(_details(scores[names[0]]), area):
        values = {name: _resampled(one, NESTED_LAYER, place) for name, one in scores.items()}
        points = {name: _point(one, NESTED_LAYER, place) for name, one in scores.items()}
        for first, second in combinations(names, 2):
            difference = values[first].combine(np.subtract, values[second])
            rows.append(
                {"area": place, "first": first, "second": second}
                | _describe(points[first] - points[second], difference)
            )
    return _with_q(rows)


def control_fdr(p: ArrayLike) -> Array:
    """Smallest false-discovery rate at which each of several tests would be called positive.

    Parameters
    ----------
    p : array_like, shape (n_tests,)
        NaN where a test could not be done; it does not count.

    Returns
    -------
    ndarray, shape (n_tests,)

    References
    ----------
    Benjamini & Hochberg (1995), J. R. Stat. Soc. B 57:289, doi:10.1111/j.2517-6161.1995.tb02031.x.
    """
    p = check_array(p, (None,), what="p", axes={"test": None})
    if ((p < 0) | (p > 1)).any():
        msg = f"p runs from {np.nanmin(p):g} to {np.nanmax(p):g}; expected values from 0 to 1, or NaN."
        raise InvalidInputError(msg)
    values = np.asarray(p, dtype=np.float64)
    q = np.full(values.shape, np.nan)
    tested = np.flatnonzero(np.isfinite(values))
    order = tested[np.argsort(values[tested], kind="stable")]
    scaled = values[order] * len(order) / np.arange(1, len(order) + 1)
    q[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return q


def _describe(difference: float, resampled: Resampled) -> dict[str, float]:
    low, high = resampled.interval()
    return {"difference": difference, "ci_low": low, "ci_high": high, "p": resampled.p_value()}


def _with_q(rows: list[dict[str, Any]]) -> pd.DataFrame:
    table = pd.DataFrame(rows)
    if len(table):
        table.insert(list(table).index("p") + 1, "q", control_fdr(table["p"].to_numpy()))
    return table


def _areas(details: xr.Dataset, area: str | None) -> list[str]:
    known = [str(name) for name in details["area"].to_numpy()]
    if area is not None:
        align_indices(known, [area], what="area")
    return known if area is None else [area]


def _shared_layers(scores: Sequence[Scores]) -> list[str]:
    """Layers of the first that all others have."""
    named = [list(map(str, _details(one)["layer"].to_numpy())) for one in scores]
    shared = [layer for layer in named[0] if all(layer in others for others in named)]
    if not shared:
        msg = f"The trained network's layers ({', '.join(named[0])}) are not among those of all its untrained twins."
        raise InvalidInputError(msg)
    return shared


def _resampled(scores: Scores, layer: str, area: str) -> Resampled:
    details = _details(scores)
    align_indices([str(name) for name in details["area"].to_numpy()], [area], what="area")
    if layer == NESTED_LAYER:
        found = {which: details[name].sel(area=area).to_numpy() for name, (_, which) in NESTED_BOOTSTRAPS.items()}
    else:
        align_indices([str(name) for name in details["layer"].to_numpy()], [layer], what="layer")
        found = {
            which: details[name].sel(layer=layer, area=area).to_numpy()
            for name, (centre, which) in BOOTSTRAPS.items()
            if centre == "mean"
        }
    n_sites = int(details["n_drawn_sites"].sel(area=area))
    return Resampled(**found, n_stimuli=int(details.attrs["n_drawn"]), n_sites=n_sites)


def _point(scores: Scores, layer: str, area: str) -> float:
    table = scores.table
    keep = (table["layer"] == layer) & (table["area"] == area) & (table["definition"] == "r")
    statistic = MEAN + NESTED if layer == NESTED_LAYER else MEAN
    return float(table.loc[keep & (table["statistic"] == statistic), "value"].iloc[0])


def _require_same(first: Scores, second: Scores) -> None:
    details = [_details(scores) for scores in (first, second)]
    same = all(
        details[0].sizes[name] == details[1].sizes[name] and bool((details[0][name] == details[1][name]).all())
        for name in ("stimulus", "site")
    )
    if not (same and details[0].sizes["resample"] == details[1].sizes["resample"]) or not bool(
        (details[0]["test"].to_numpy() == details[1]["test"].to_numpy()).all()
    ):
        msg = "The scores differ in stimuli, sites, splits or resamples; score both with the same settings and seed."
        raise InvalidInputError(msg)


def _details(scores: Scores) -> xr.Dataset:
    if scores.details is None or not scores.details.sizes.get("resample"):
        msg = "These scores hold no resamples; call score_predictivity with n_boot above 0."
        raise InvalidInputError(msg)
    return scores.details
