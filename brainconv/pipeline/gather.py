"""Many score tables into one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from brainconv.containers import Scores
from brainconv.io.atomic import write_atomically
from brainconv.io.provenance import collect_provenance
from brainconv.io.tables import open_scores


def join_scores(parts: Mapping[str, Scores] | Iterable[Scores]) -> Scores:
    """Put score tables under each other; their details stay where they are.

    Parameters
    ----------
    parts : mapping of str to Scores, or iterable of Scores
        A mapping's keys say what each table is about; a note that does not hold for all of them names those that it
        holds for.

    Returns
    -------
    Scores
        Rows and notes, each once.
    """
    named = dict(parts) if isinstance(parts, Mapping) else {f"{number}": part for number, part in enumerate(parts)}
    tables = [part.table for part in named.values() if len(part)]
    table = pd.concat(tables, ignore_index=True).drop_duplicates() if tables else Scores.from_rows([]).table
    about: dict[str, list[str]] = {}
    for name, part in named.items():
        for note in part.notes:
            about.setdefault(note, []).append(name)
    if not isinstance(parts, Mapping):
        return Scores(table, notes=tuple(about))
    return Scores(table, notes=tuple(_name_scope(note, names, len(named)) for note, names in about.items()))


_SHOWN = 3


def _name_scope(note: str, names: list[str], total: int) -> str:
    if len(names) == total:
        return note
    shown = "; ".join(names[:_SHOWN]) + (f"; and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    return f"{note} ({shown})"


def gather_scores(paths: Iterable[Path | str]) -> Scores:
    """Read score files and join them.

    Parameters
    ----------
    paths : iterable of path
        CSV files written by `brainconv.io.tables.save_scores`; other files among them are passed over.

    Returns
    -------
    Scores
    """
    return join_scores(open_scores(path) for path in paths if Path(path).suffix == ".csv")


def write_table(path: Path | str, table: pd.DataFrame) -> None:
    """Write a table, atomically, as CSV or Parquet by the ending of its name; Parquet holds the provenance too.

    Parameters
    ----------
    path : path
    table : DataFrame
    """
    with write_atomically(path) as temporary:
        if Path(path).suffix == ".parquet":
            described = table.copy()
            described.attrs["provenance"] = collect_provenance()  # read_parquet gives it back in .attrs
            described.to_parquet(temporary, index=False)
        else:
            table.to_csv(temporary, index=False)
