"""The rows of one area: layer by layer, the best layer, the layer chosen in training folds, shuffled stimuli."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from brainconv.predictivity.area import BEST, MEAN, NESTED, NESTED_LAYER, SHUFFLED, Area, Centres
from brainconv.predictivity.crossvalidation import CrossValidation
from brainconv.predictivity.ratios import ratio_rows


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
    resampled: dict[str, Centres] = {}
    for layer, result in results.items():
        tables = area.tabulate(result)
        resampled[layer] = centres = area.resample(tables)
        rows += area.rows(centres.median, {**labels[layer], "statistic": area.statistic})
        rows.append(area.mean_row(centres, {**labels[layer], "statistic": MEAN}))
        rows += ratio_rows(area, result, tables, labels[layer])
    best = max(resampled, key=lambda layer: float(np.nan_to_num(resampled[layer].median.value, nan=-np.inf)))
    rows += area.rows(resampled[best].median, {**labels[best], "statistic": area.statistic + BEST})
    chosen = area.choose_layers(results)
    nested = compose(results, chosen)
    common = {**labels[best], "layer": NESTED_LAYER, "layer_index": None, "n_units": None}
    resampled[NESTED_LAYER] = centres = area.resample(area.tabulate(nested))
    rows += area.rows(centres.median, {**common, "statistic": area.statistic + NESTED})
    rows.append(area.mean_row(centres, {**common, "statistic": MEAN + NESTED}))
    for layer, result in results.items():
        value = area.aggregate(result.shuffled_r)
        if np.isfinite(value):
            extra = {"statistic": area.statistic + SHUFFLED, "definition": "r", "value": value, "area": area.name}
            rows.append({**labels[layer], **extra})
    return rows, resampled, chosen


def compose(results: Mapping[str, CrossValidation], chosen: list[str]) -> CrossValidation:
    """Cross-validation with a layer of its own in each split.

    Parameters
    ----------
    results : mapping of layer to CrossValidation
    chosen : list of str, length n_splits

    Returns
    -------
    CrossValidation
    """
    return CrossValidation(
        predictions=[results[layer].predictions[k] for k, layer in enumerate(chosen)],
        observed=[results[layer].observed[k] for k, layer in enumerate(chosen)],
        influence=[results[layer].influence[k] for k, layer in enumerate(chosen)],
        **{
            name: np.stack([getattr(results[layer], name)[k] for k, layer in enumerate(chosen)])
            for name in ("r", "nested_r", "shuffled_r", "setting", "edge")
        },
    )
