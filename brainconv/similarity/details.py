"""The values behind a table of similarities, as a labelled dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from brainconv.similarity.candidates import Candidates
from brainconv.similarity.targets import AreaTarget

Floats = NDArray[np.float64]


def collect_details(
    rows: Sequence[Mapping[str, Any]],
    samples: Sequence[Floats],
    by_subject: Sequence[tuple[AreaTarget, str, Floats]],
    candidates: Candidates,
) -> xr.Dataset:
    """Bootstrap samples of every row and the similarity with every subject.

    Parameters
    ----------
    rows : sequence of mapping
        Of the score table, in its order.
    samples : sequence of ndarray, shape (n_boot,)
        One per row.
    by_subject : sequence of (AreaTarget, str, ndarray of shape (n_candidates, n_subjects))
        Target, comparator, values.
    candidates : Candidates

    Returns
    -------
    Dataset
        ``bootstrap`` (row, sample), rows as in the table; ``similarity`` (comparison, candidate), one comparison per
        area, subject and comparator.  Samples with one number are draws of the same stimuli: differences are paired.
    """
    values, areas, subjects, comparators, recordings = [], [], [], [], []
    for part, comparator, table in by_subject:
        for s, subject in enumerate(part.subjects):
            values.append(table[:, s])
            areas.append(part.area or "")
            subjects.append(subject)
            comparators.append(comparator)
            recordings.append(part.recording)
    data: dict[str, Any] = {
        "bootstrap": (("row", "sample"), np.stack(samples)),
        "similarity": (("comparison", "candidate"), np.stack(values)),
    }
    coords: dict[str, Any] = {
        f"row_{name}": ("row", [str(row[name] or "") for row in rows])
        for name in ("model", "layer", "area", "comparator", "statistic")
    }
    coords |= {
        "model": ("candidate", [str(label["model"]) for label in candidates.labels]),
        "layer": ("candidate", [str(label["layer"]) for label in candidates.labels]),
        "recording": ("comparison", recordings),
        "area": ("comparison", areas),
        "subject": ("comparison", subjects),
        "comparator": ("comparison", comparators),
    }
    return xr.Dataset(data, coords)
