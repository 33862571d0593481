"""Orientation tuning of 308 macaque V1 neurons (Ringach, Shapley & Hawken 2002)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from brainconv.containers import Properties
from brainconv.errors import InvalidInputError
from brainconv.recordings.readers.formats import read_matlab
from brainconv.recordings.registry import RecordingRow
from brainconv.validation import check_array

UNTUNED_BANDWIDTH = 180.0

# field of the file: (our column, unit)
_MEASURES = {
    "orivar": ("circular_variance", "1"),
    "bw": ("bandwidth", "deg"),
    "po": ("orth_pref_ratio", "1"),
    "maxdc": ("max_dc", "spikes/s"),
    "mindc": ("min_dc", "spikes/s"),
    "maxfirst": ("max_f1", "spikes/s"),
    "spont": ("spont", "spikes/s"),
    "rdepth": ("cortical_depth", "1"),
}
_IDENTIFIERS = {"expt": "experiment", "unit": "unit", "chan": "channel"}


def read(row: RecordingRow, paths: Mapping[str, Path]) -> Properties:
    """Tuning statistics, one row per neuron.

    Columns: ``circular_variance`` of the mean rate over orientation, 0 sharp to 1 flat; ``bandwidth``, half width at
    1/√2 of the height, deg, NaN where the file has 180 (not defined: the neuron is untuned); ``orth_pref_ratio``,
    response at the orthogonal over that at the preferred orientation; ``max_dc`` and ``min_dc``, highest and lowest
    mean rate, and ``max_f1``, first harmonic at the best orientation, spikes/s; ``f1_f0_ratio``, which is
    ``max_f1 / max_dc``, computed here; ``spont``, spontaneous rate, spikes/s; ``cortical_depth``, 0 to 1; and the
    identifiers.

    Parameters
    ----------
    row : RecordingRow
    paths : mapping
        ``database`` (MATLAB file).

    Returns
    -------
    Properties
        ``metadata["n_untuned"]`` counts the neurons without a bandwidth.

    Raises
    ------
    InvalidInputError
        If the file is not as described.
    """
    path = paths["database"]
    record = read_matlab(path, "db")["db"].ravel()[0]
    wanted = [*_MEASURES, *_IDENTIFIERS, "animal"]
    missing = [name for name in wanted if name not in (record.dtype.names or ())]
    if missing:
        msg = f"{path} has no field {missing[0]!r}; expected {', '.join(wanted)}."
        raise InvalidInputError(msg)
    columns = {}
    for source, (name, _) in _MEASURES.items():
        values = check_array(record[source], (1, row.n_sites), what=f"Field {source!r} of {path.name}", finite=True)
        columns[name] = values[0].copy()
    if not ((columns["circular_variance"] >= 0) & (columns["circular_variance"] <= 1)).all():
        msg = f"{path} holds circular variances outside 0..1; expected none."
        raise InvalidInputError(msg)
    untuned = columns["bandwidth"] >= UNTUNED_BANDWIDTH
    columns["bandwidth"][untuned] = np.nan
    table = pd.DataFrame(columns)
    table.insert(6, "f1_f0_ratio", table["max_f1"] / table["max_dc"])
    table["animal"] = [str(np.asarray(cell).ravel()[0]) for cell in record["animal"].ravel()]
    for source, name in _IDENTIFIERS.items():
        table[name] = check_array(
            record[source], (1, row.n_sites), what=f"Field {source!r} of {path.name}", dtype=np.int64
        )[0]
    # three combinations of the identifiers stand twice in the file, so the file's order names the cells
    table.index = pd.Index([f"cell{i + 1:03d}" for i in range(len(table))], name="cell")
    return Properties(
        name=row.name,
        table=table,
        units={**dict(_MEASURES.values()), "f1_f0_ratio": "1"},
        area="V1",
        metadata={"n_untuned": int(untuned.sum())},
    )
