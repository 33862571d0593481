"""Differences between layers and models on the same resamples, and how often a layer is best."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from brainconv.containers import Scores
from brainconv.errors import InvalidInputError
from brainconv.predictivity.resampling import interval
from brainconv.validation import align_indices

Array = NDArray[np.float64]


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
    details = _resampled(scores)
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
    """Difference of r between two layers, of one model or of two, on the same resamples.

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
        ``difference`` (first minus second), ``ci_low``, ``ci_high``: 95 % interval, and ``p``: twice the share of
        resamples on the other side of zero, with one added to both counts.

    Raises
    ------
    InvalidInputError
        If the two were not scored on the same stimuli, splits and resamples, or a layer is unknown.

    Notes
    -----
    Predictions stay fixed and nothing is fitted again.  p is of the percentile bootstrap over stimuli and sites.
    """
    details = [_resampled(scores) for scores in (first, second)]
    same = all(
        details[0].sizes[name] == details[1].sizes[name] and bool((details[0][name] == details[1][name]).all())
        for name in ("stimulus", "site")
    )
    if not (same and details[0].sizes["resample"] == details[1].sizes["resample"]) or not bool(
        (details[0]["test"].to_numpy() == details[1]["test"].to_numpy()).all()
    ):
        msg = "The scores differ in stimuli, sites, splits or resamples; score both with the same settings and seed."
        raise InvalidInputError(msg)
    values, points = [], []
    for one, scores, layer in zip(details, (first, second), layers, strict=True):
        align_indices([str(name) for name in one["layer"].to_numpy()], [layer], what="layer")
        align_indices([str(name) for name in one["area"].to_numpy()], [area], what="area")
        values.append(one["bootstrap_r"].sel(layer=layer, area=area).to_numpy())
        table = scores.table
        keep = (table["layer"] == layer) & (table["area"] == area) & (table["definition"] == "r")
        points.append(
            float(
                table.loc[keep & table["statistic"].str.match("median over sites(, mean over splits)?$"), "value"].iloc[
                    0
                ]
            )
        )
    difference = values[0] - values[1]
    finite = difference[np.isfinite(difference)]
    low, high = interval(finite)
    smaller = min((finite <= 0).sum(), (finite >= 0).sum())
    p = min(1.0, 2.0 * (smaller + 1) / (finite.size + 1))
    return {"difference": points[0] - points[1], "ci_low": low, "ci_high": high, "p": float(p)}


def _resampled(scores: Scores) -> xr.Dataset:
    if scores.details is None or not scores.details.sizes.get("resample"):
        msg = "These scores hold no resamples; call score_predictivity with n_boot above 0."
        raise InvalidInputError(msg)
    return scores.details
