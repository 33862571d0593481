"""Stimuli in Brain-Score's file format: a CSV table and a flat zip archive of images."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from brainconv.containers import StimulusSet
from brainconv.containers.stimuli import ImageSubset
from brainconv.errors import InvalidInputError
from brainconv.io import ZipImages
from brainconv.validation import align_indices, check_unique


def read_stimuli(
    table: Path,
    images: Path,
    *,
    name: str,
    degrees: float | None = None,
    category: str | None = None,
    group: str | None = None,
) -> StimulusSet:
    """Read a BrainIO stimulus set.

    Parameters
    ----------
    table : path
        CSV with ``stimulus_id`` (``image_id`` in old files) and ``filename``; all columns are kept.
    images : path
        Zip archive with exactly the files listed.
    name : str
    degrees : float, optional
    category : str, optional
        Column that stratifies Brain-Score's splits (``object_name``, ``texture_type``); copied to ``category``.
    group : str, optional
        Column whose stimuli group splits keep together; copied to ``group``.

    Returns
    -------
    StimulusSet
        In the order of the CSV file; images are decoded when they are asked for.

    Raises
    ------
    InvalidInputError
        If the two files do not list the same images, or a column is missing.
    """
    try:
        rows = pd.read_csv(table, compression=None)
        # once more as text, so that ids such as "007" or "NA" stay names
        texts = pd.read_csv(table, dtype=str, keep_default_na=False, compression=None)
    except (OSError, ValueError) as error:
        msg = f"{table} cannot be read as CSV ({error}); get it again."
        raise InvalidInputError(msg) from error
    for column in rows.columns.intersection(["stimulus_id", "image_id", "filename"]):
        rows[column] = texts[column]
    if "stimulus_id" not in rows and "image_id" in rows:
        rows = rows.rename(columns={"image_id": "stimulus_id"})
    for column in filter(None, ("stimulus_id", "filename", category, group)):
        if column not in rows:
            msg = f"{table} has no column {column!r}; it has {', '.join(map(str, rows.columns))}."
            raise InvalidInputError(msg)
    for column in ("stimulus_id", "filename"):
        empty = np.flatnonzero(rows[column].str.strip() == "")
        if empty.size:
            msg = f"Row {empty[0] + 1} of {table} has no {column}; each row names one stimulus and its file."
            raise InvalidInputError(msg)
    rows = rows.loc[:, ~rows.columns.str.startswith("Unnamed:")]
    ids = check_unique(rows["stimulus_id"].tolist(), what="stimulus")
    archive = ZipImages(images, key=str)
    stored = [str(PurePosixPath(member)) for member in archive.members]
    listed = [str(PurePosixPath(member)) for member in rows["filename"]]
    extra = sorted(set(stored) - set(listed))
    if extra:
        msg = f"{images} holds {len(extra)} image(s) that {table} does not list, for example {extra[0]!r}."
        raise InvalidInputError(msg)
    order = align_indices(stored, listed, what="image")
    labels = rows.set_index(pd.Index(ids)).drop(columns=["stimulus_id"])
    for column, source in (("category", category), ("group", group)):
        if source is not None:
            labels[column] = labels[source].astype(str)
    words = [column for column in labels if not pd.api.types.is_numeric_dtype(labels[column])]
    labels = labels.astype(dict.fromkeys(words, str))
    return StimulusSet(name, ids, ImageSubset(archive, np.asarray(order).tolist()), degrees, labels)
