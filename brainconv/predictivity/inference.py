"""Differences between layers and models on the same resamples, and how often a layer is best."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from brainconv.containers import Scores
from brainconv.containers.checks import check_table
from brainconv.errors import InvalidInputError
from brainconv.predictivity.area import NESTED_LAYER
from brainconv.predictivity.resampled_scores import (
    get_details,
    list_areas,
    name_regressions,
    read_mean,
    require_same_resamples,
)
from brainconv.predictivity.twofactor import Resampled
from brainconv.validation import check_array, check_instance, check_text

Array = NDArray[np.float64]

UNTRAINED = "random"


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
    details = get_details(scores)
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
    Interval and p are Student's t with the variance of `Resampled`.  Means are compared and not medians, whose
    bootstrap is far too wide for 30 sites (no false positive in 300 null comparisons, and a quarter of the power).
    """
    for value, what in ((first, "first"), (second, "second")):
        check_instance(value, Scores, what=what, hint="of `score_predictivity`")
    if len(check_instance(layers, (tuple, list), what="layers", hint="the layer of each")) != 2:
        msg = f"layers has {len(layers)} names; expected two: the layer of each of both scores."
        raise InvalidInputError(msg)
    for name in (*layers, area):
        check_text(name, what="A name of layer or area")
    require_same_resamples([first, second])
    values = [read_mean(scores, layer, area) for scores, layer in zip((first, second), layers, strict=True)]
    return _describe(values[0].combine(np.subtract, values[1]))


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
        Columns ``area``, ``layer``, ``reference``, ``difference``, ``ci_low``, ``ci_high``, ``p``, ``q``: p corrected
        for all rows of the table (`control_fdr`), and ``n_tests``: their number.

    Raises
    ------
    InvalidInputError
        If there are no resamples or there is no such layer.
    """
    if area is not None:
        check_text(area, what="area")
    check_instance(scores, Scores, what="scores", hint="of `score_predictivity`")
    check_text(layer, what="layer")
    details = get_details(scores)
    rows = [
        {"area": name, "layer": other, "reference": layer} | compare_layers(scores, scores, (other, layer), area=name)
        for name in list_areas(details, area)
        for other in map(str, details["layer"].to_numpy())
        if other != layer
    ]
    return correct_family(pd.DataFrame(rows))


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
        Columns ``area``, ``first``, ``second``, ``regression``, ``difference`` of the mean r over sites (first minus
        second), ``ci_low``, ``ci_high``, ``p`` (two-sided), ``q`` (p corrected for all rows of the table) and
        ``n_tests``.  A network and its untrained twin have no p: what training does takes several seeds
        (`compare_with_twins`).

    Raises
    ------
    InvalidInputError
        If there are fewer than two models, or they were not scored on the same stimuli, splits and resamples.

    Notes
    -----
    The plain maximum over layers would favour the model with more layers.  Two regressions may be compared where the
    resamples are the same; ``regression`` then names both.
    """
    if area is not None:
        check_text(area, what="area")
    for name, value in check_instance(scores, Mapping, what="scores", hint="name of each model to its scores").items():
        check_instance(value, Scores, what=f"scores[{name!r}]", hint="of `score_predictivity`")
    if len(scores) < 2:
        msg = f"{len(scores)} model(s) were given; a comparison takes at least two."
        raise InvalidInputError(msg)
    names = list(scores)
    require_same_resamples(list(scores.values()))
    rows = []
    for place in list_areas(get_details(scores[names[0]]), area):
        values = {name: read_mean(one, NESTED_LAYER, place) for name, one in scores.items()}
        for first, second in combinations(names, 2):
            pair = scores[first], scores[second]
            row: dict[str, Any] = {
                "area": place,
                "first": first,
                "second": second,
                "regression": name_regressions(pair),
            }
            row |= _describe(values[first].combine(np.subtract, values[second]))
            rows.append(row | {"p": np.nan} if _is_twin(*pair) else row)
    return correct_family(pd.DataFrame(rows))


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


def correct_family(table: pd.DataFrame) -> pd.DataFrame:
    """Correct p over all rows of a table: a family is one kind of test on one recording and analysis.

    Parameters
    ----------
    table : DataFrame
        With a column ``p``, NaN where no test was done.

    Returns
    -------
    DataFrame
        With the columns ``q`` and ``n_tests`` after ``p``.
    """
    check_table(table, what="Tests")
    if len(table):
        check_table(table, what="Tests", columns=("p",))
        place = list(table).index("p") + 1
        table = table.drop(columns=["q", "n_tests"], errors="ignore")
        table.insert(place, "q", control_fdr(table["p"].to_numpy()))
        table.insert(place + 1, "n_tests", int(table["p"].notna().sum()))
    return table


def _describe(difference: Resampled) -> dict[str, float]:
    low, high = difference.interval()
    return {"difference": difference.value, "ci_low": low, "ci_high": high, "p": difference.p_value()}


def _is_twin(first: Scores, second: Scores) -> bool:
    """Whether one of two is the other's architecture with random weights."""
    rows = [scores.table.iloc[0] for scores in (first, second)]
    same = str(rows[0]["model"]) == str(rows[1]["model"])
    return same and len({str(row["weights"]) == UNTRAINED for row in rows}) > 1
