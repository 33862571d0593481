"""Tables of the report that stand below the figures of their analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from brainconv.containers import Recording
from brainconv.pipeline import captions
from brainconv.pipeline.configuration import BRAINSCORE
from brainconv.report import TableItem

if TYPE_CHECKING:
    from brainconv.pipeline.results import Comparison

_FEW_SITES = 10


def list_mapping_ceilings(comparison: Comparison) -> TableItem | None:
    """Recordings predicted from recorded sites.

    Parameters
    ----------
    comparison : Comparison

    Returns
    -------
    TableItem or None
    """
    table = comparison.scores.table
    rows = table[table["analysis"] == "mapping ceiling"]
    if rows.empty:
        return None
    columns = ["recording", "area", "layer", "definition", "value", "ci_low", "ci_high", "n_sites", "n_units"]
    labels = {"layer": "predicted from", "n_units": "source sites"}
    return TableItem(rows[[*columns, "simulated"]], captions.MAPPING_TABLE, labels=labels)


def list_hierarchy(comparison: Comparison) -> TableItem | None:
    """Whether the order of layers follows that of areas.

    Parameters
    ----------
    comparison : Comparison

    Returns
    -------
    TableItem or None
    """
    table = comparison.scores.table
    rows = table[table["analysis"] == "hierarchy"]
    if rows.empty:
        return None
    columns = ["model", "weights", "seed", "area", "definition", "value", "ci_low", "ci_high", "p", "n_sites"]
    return TableItem(rows[[*columns, "simulated"]], captions.HIERARCHY_TABLE)


def list_brainscore(comparison: Comparison) -> TableItem | None:
    """Each model's best layer by Brain-Score's procedure and formula.

    Parameters
    ----------
    comparison : Comparison

    Returns
    -------
    TableItem or None
    """
    table = comparison.scores.table
    rows = table[(table["analysis"] == "predictivity") & (table["definition"] == "r2/ceiling")]
    for column, value in BRAINSCORE.items():
        rows = rows[rows[column] == value]
    rows = rows[rows["statistic"].str.contains("plain maximum").fillna(False).astype(bool)]
    if rows.empty:
        return None
    columns = ["recording", "area", "model", "weights", "seed", "layer", "definition", "value", "ci_low", "ci_high"]
    return TableItem(rows[[*columns, "n_stimuli", "n_sites", "simulated"]], captions.BRAINSCORE_TABLE)


def list_sites(comparison: Comparison, recording: str) -> TableItem | None:
    """Every site, where there are few of them.

    Parameters
    ----------
    comparison : Comparison
    recording : str

    Returns
    -------
    TableItem or None
    """
    target = comparison.targets[recording]
    if not isinstance(target, Recording) or target.n_sites > _FEW_SITES:
        return None
    frames = [
        details["site_r"].to_pandas().rename_axis("layer").reset_index().assign(model=model)
        for (analysis, model, name), details in comparison.details.items()
        if analysis == "predictivity" and name == recording
    ]
    if not frames:
        return None
    frame = pd.concat(frames, ignore_index=True)
    frame = frame[["model", "layer", *(column for column in frame if column not in ("model", "layer"))]]
    return TableItem(frame, captions.SITE_TABLE)
