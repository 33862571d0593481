"""Many score tables into one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from brainconv.containers import Scores
from brainconv.io.atomic import write_atomically
from brainconv.io.tables import open_scores


def join_scores(parts: Iterable[Scores]) -> Scores:
    """Put score tables under each other; their details stay where they are.

    Parameters
    ----------
    parts : iterable of Scores

    Returns
    -------
    Scores
        With the notes of all, each once.
    """
    parts = list(parts)
    tables = [part.table for part in parts if len(part)]
    table = pd.concat(tables, ignore_index=True) if tables else Scores.from_rows([]).table
    return Scores(table, notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)))


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
    """Write a table, atomically, as CSV or Parquet by the ending of its name.

    Parameters
    ----------
    path : path
    table : DataFrame
    """
    with write_atomically(path) as temporary:
        if Path(path).suffix == ".parquet":
            table.to_parquet(temporary, index=False)
        else:
            table.to_csv(temporary, index=False)
