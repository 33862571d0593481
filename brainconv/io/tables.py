"""Score tables: CSV for people, and beside it a netCDF file with what stands behind the numbers."""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from brainconv.containers import Scores
from brainconv.containers.scores import COLUMNS
from brainconv.errors import InvalidInputError
from brainconv.io.atomic import write_atomically
from brainconv.io.datasets import read_dataset, read_head, write_dataset
from brainconv.io.provenance import collect_provenance
from brainconv.validation import check_instance, check_path

_BOOLEANS = {"True": True, "False": False}


def save_scores(
    scores: Scores, path_csv: str | os.PathLike[str], *, provenance: Mapping[str, Any] | None = None
) -> None:
    """Write a score table as CSV and its details, notes and provenance as ``.nc`` beside it.

    The CSV is read back exactly: numbers have as many digits as they need, and an empty cell is a missing value
    (an empty text is stored as missing too: DESIGN's tables have no other empty cells).

    Parameters
    ----------
    scores : Scores
    path_csv : path
        Ends in ``.csv``; the details go to the same name with ``.nc``.
    provenance : mapping, optional
        Default: `collect_provenance()`.

    Raises
    ------
    InvalidInputError
        If the path does not end in ``.csv``.
    """
    check_path(path_csv, what="path_csv")
    check_instance(scores, Scores, what="scores")
    if provenance is not None:
        check_instance(provenance, Mapping, what="provenance")
    path = _check_csv(path_csv)
    head = {
        "brainconv_content": "scores",
        "notes": list(scores.notes),
        "provenance": dict(collect_provenance() if provenance is None else provenance),
        "has_details": scores.details is not None,
    }
    rows = scores.table.itertuples(index=False)
    lines = [_as_line(["" if cell is pd.NA else _as_text(cell) for cell in row]) for row in rows]
    text = "".join([_as_line(list(COLUMNS)), *lines]).encode()
    head["csv_sha256"] = hashlib.sha256(text).hexdigest()
    with write_atomically(path.with_suffix(".nc")) as temporary:
        plain = None
        if scores.details is not None:
            plain, head["details_attributes"] = _split_attributes(scores.details)
        write_dataset(temporary, plain, head, group="details")
    # the CSV comes last: where it stands, its details stand too
    with write_atomically(path) as temporary:
        temporary.write_bytes(text)


def open_scores(path_csv: str | os.PathLike[str]) -> Scores:
    """Read a score table back, with its details and notes.

    Parameters
    ----------
    path_csv : path

    Raises
    ------
    InvalidInputError
        If a file is missing, has other columns, or is not as it was written.
    """
    check_path(path_csv, what="path_csv")
    path = _check_csv(path_csv)
    details_path = path.with_suffix(".nc")
    for needed in (path, details_path):
        if not needed.is_file():
            msg = f"There is no file {needed}; a score table is a .csv and a .nc of the same name."
            raise InvalidInputError(msg)
    text = path.read_bytes()
    try:
        rows = list(csv.reader(io.StringIO(text.decode(), newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        msg = f"{path} cannot be read as CSV ({error}); make it again."
        raise InvalidInputError(msg) from error
    if not rows or rows[0] != list(COLUMNS):
        msg = f"{path} has the columns {', '.join(rows[0]) if rows else '(none)'}; expected {', '.join(COLUMNS)}."
        raise InvalidInputError(msg)
    for i, row in enumerate(rows[1:], start=1):
        if len(row) != len(COLUMNS):
            msg = f"row {i} of {path} has {len(row)} cells, expected {len(COLUMNS)}; the file is damaged."
            raise InvalidInputError(msg)
    table = pd.DataFrame(
        {name: _parse([row[i] for row in rows[1:]], name, path) for i, name in enumerate(COLUMNS)},
        columns=list(COLUMNS),
    )
    head = read_head(details_path)
    if head.get("csv_sha256") != hashlib.sha256(text).hexdigest():
        msg = f"{path} is not the table that was written with {details_path.name}: it was changed since; make it again."
        raise InvalidInputError(msg)
    details = None
    if head["has_details"]:
        details = _join_attributes(read_dataset(details_path, group="details"), head["details_attributes"])
    return Scores(table, details, tuple(head["notes"]))


def _check_csv(path: str | os.PathLike[str]) -> Path:
    if Path(path).suffix != ".csv":
        msg = f"The score table is to be {path}; expected a name that ends in .csv."
        raise InvalidInputError(msg)
    return Path(path)


def _as_line(cells: list[str]) -> str:
    """One line of CSV.  Written with CR LF and cut, because only then is a text with a bare CR put in quotes."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()[:-2] + "\n"


def _as_text(cell: Any) -> str:
    return repr(float(cell)) if isinstance(cell, float) else str(cell)


def _parse(cells: list[str], name: str, path: Path) -> Any:
    """A column in its type; Int64 never by way of floating point, which would round large seeds."""
    dtype = COLUMNS[name]
    convert: Any = {"Int64": int, "Float64": float, "boolean": _BOOLEANS.__getitem__}.get(dtype, str)
    try:
        values: list[Any] = [pd.NA if cell == "" else convert(cell) for cell in cells]
        return pd.Series(values, dtype=dtype)
    except (ValueError, KeyError) as error:
        msg = f"Column {name!r} of {path} holds a cell that is no {dtype}: {error}."
        raise InvalidInputError(msg) from error


def _split_attributes(details: xr.Dataset) -> tuple[xr.Dataset, dict[str, dict[str, Any]]]:
    """Take the attributes off, which netCDF can hold only in part; they are kept as JSON in the file's head."""
    plain = details.copy()
    attributes = {"": dict(plain.attrs)}
    plain.attrs = {}
    for name in plain.variables:
        attributes[str(name)] = dict(plain[name].attrs)
        plain[name].attrs = {}
    return plain, attributes


def _join_attributes(details: xr.Dataset, attributes: Mapping[str, Mapping[str, Any]]) -> xr.Dataset:
    for name, values in attributes.items():
        (details if name == "" else details[name]).attrs.update(values)
    return details
