"""Scores: one tidy row per number, with its formula, interval and ceiling."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import xarray as xr

from brainconv.containers.checks import check_table
from brainconv.errors import InvalidInputError
from brainconv.validation import check_instance, check_text

COLUMNS: dict[str, str] = {
    "model": "string",
    "weights": "string",
    "layer": "string",
    "layer_index": "Int64",
    "recording": "string",
    "simulated": "boolean",
    "area": "string",
    "degrees": "Float64",
    "analysis": "string",
    "estimator": "string",
    "comparator": "string",
    "regression": "string",
    "splits": "string",
    "statistic": "string",
    "definition": "string",
    "value": "Float64",
    "ci_low": "Float64",
    "ci_high": "Float64",
    "p": "Float64",
    "q": "Float64",
    "n_tests": "Int64",
    "ceiling_low": "Float64",
    "ceiling_high": "Float64",
    "ceiling_ci_low": "Float64",
    "ceiling_ci_high": "Float64",
    "n_stimuli": "Int64",
    "n_repeats": "Int64",
    "n_sites": "Int64",
    "n_units": "Int64",
    "seed": "Int64",
}


@dataclass(frozen=True, eq=False)
class Scores:
    """A tidy table, and the per-site and per-split values behind it.

    Parameters
    ----------
    table : DataFrame
        Columns `COLUMNS`, in that order; what does not apply is missing.  Build it with `Scores.from_rows`.
    details : Dataset, optional
        Values behind the table with dimensions such as ``layer, split, site``.
    notes : tuple of str
        What the reader of the numbers must know, in sentences.

    Raises
    ------
    InvalidInputError
        If a column is unknown or of another type, or a value has no definition.
    """

    table: pd.DataFrame
    details: xr.Dataset | None = None
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        check_table(self.table, what="The scores")
        if self.details is not None:
            check_instance(self.details, xr.Dataset, what="details of the scores")
        notes: Any = self.notes
        if isinstance(notes, str):
            msg = f"The notes are the single text {notes[:60]!r}; expected a tuple of sentences."
            raise InvalidInputError(msg)
        for note in check_instance(notes, (tuple, list), what="notes of the scores"):
            check_text(note.replace("\n", " ") if isinstance(note, str) else note, what="A note of the scores")
        strangers = [str(column) for column in self.table.columns if column not in COLUMNS]
        if strangers:
            msg = f"Unknown column(s) {', '.join(strangers)} in a score table; known: {', '.join(COLUMNS)}."
            raise InvalidInputError(msg)
        try:
            table = self.table.reindex(columns=list(COLUMNS)).astype(COLUMNS)
        except (TypeError, ValueError) as error:
            msg = f"A column of the scores holds values of another type than its own ({error}); see results/README.md."
            raise InvalidInputError(msg) from error
        unnamed = table["value"].notna() & (table["definition"].isna() | table["statistic"].isna())
        if unnamed.any():
            msg = f"{int(unnamed.sum())} value(s) have no `definition` or `statistic`; every number names its formula."
            raise InvalidInputError(msg)
        object.__setattr__(self, "table", table.reset_index(drop=True))

    @classmethod
    def from_rows(
        cls, rows: Iterable[Mapping[str, Any]], *, details: xr.Dataset | None = None, notes: Iterable[str] = ()
    ) -> Scores:
        """Build from rows that name only the columns that apply.

        Parameters
        ----------
        rows : iterable of mapping
            Column name to value.
        details : Dataset, optional
        notes : iterable of str
        """
        table = list(check_instance(rows, Iterable, what="rows"))
        for row in table:
            check_instance(row, Mapping, what="A row of the scores", hint="column name to value")
        if isinstance(notes, str):
            msg = f"The notes are the single text {notes[:60]!r}; expected a sequence of sentences."
            raise InvalidInputError(msg)
        said = dict.fromkeys(check_instance(notes, Iterable, what="notes"))
        return cls(pd.DataFrame(table), details, tuple(said))

    def __len__(self) -> int:
        return len(self.table)
