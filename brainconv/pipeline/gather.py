"""Many score tables into one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from brainconv.containers import Scores
from brainconv.io.atomic import write_atomically
from brainconv.io.provenance import collect_provenance
from brainconv.io.tables import open_scores
from brainconv.similarity.corrections import correct_families


def join_scores(parts: Mapping[tuple[str, ...], Scores] | Iterable[Scores]) -> Scores:
    """Put score tables under each other; their details stay where they are.

    Parameters
    ----------
    parts : mapping of (analysis, model, recording) to Scores, or iterable of Scores
        With a mapping, a note that does not hold for all tables names the analyses and recordings that it holds for.

    Returns
    -------
    Scores
        Rows and notes, each once.  What the similarities of several models have in common is one family of tests: their
        q is corrected anew over all of them.
    """
    scoped = isinstance(parts, Mapping)
    named = parts if isinstance(parts, Mapping) else {(str(number),): part for number, part in enumerate(parts)}
    tables = [part.table for part in named.values() if len(part)]
    table = pd.concat(tables, ignore_index=True).drop_duplicates() if tables else Scores.from_rows([]).table
    table = _correct_similarities(table)
    about: dict[str, list[tuple[str, ...]]] = {}
    for key, part in named.items():
        for note in part.notes:
            about.setdefault(note, []).append(key)
    notes = [_name_scope(note, keys, len(named)) if scoped else note for note, keys in about.items()]
    return Scores(table, notes=tuple(notes))


def _correct_similarities(table: pd.DataFrame) -> pd.DataFrame:
    rsa = (table["analysis"] == "rsa").fillna(False).astype(bool)
    rows: list[dict[str, Any]] = [
        {str(name): value for name, value in row.items()}
        for row in table.loc[rsa, ["recording", "comparator", "statistic", "p"]].to_dict("records")
    ]
    correct_families(rows)
    if rows:
        corrected = pd.DataFrame(rows, index=table.index[rsa])
        for name in ("q", "n_tests"):
            table.loc[rsa, name] = corrected[name].astype(table[name].dtype)
    return table


_SHOWN = 4


def _name_scope(note: str, keys: list[tuple[str, ...]], total: int) -> str:
    if len(keys) == total:
        return note
    models = {key[1] for key in keys}
    names = list(dict.fromkeys(", ".join(key if len(models) == 1 else (key[0], *key[2:])) for key in keys))
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
