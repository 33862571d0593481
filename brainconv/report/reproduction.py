"""Known values beside those of this run: reproduced, different, or not tested and why."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import pandas as pd

from brainconv.containers import Scores
from brainconv.errors import InvalidInputError

COLUMNS = ("quantity", "source", "expected", "tolerance", "value", "ci_low", "ci_high", "verdict", "reason")


def compare_with_known(scores: Scores | pd.DataFrame) -> pd.DataFrame:
    """Look up the known values that this run could find again.

    Parameters
    ----------
    scores : Scores or DataFrame
        All score tables of a run.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`, one row per known value of the recordings (and first layers) that the run has.  ``verdict``
        is "reproduced" within the tolerance, "differs", or "not tested" with its reason.

    Raises
    ------
    InvalidInputError
        If a known value leads to several rows of the table.
    """
    import yaml

    table = (scores if isinstance(scores, Scores) else Scores(scores)).table
    known = yaml.safe_load(files("brainconv.report").joinpath("reproduction.yaml").read_text(encoding="utf-8"))
    present = {str(name) for name in table["recording"].dropna()}
    rows = [
        _judge(item, table)
        for item in known
        if _recording_of(item) in present or (_recording_of(item) is None and not _find(item, table).empty)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _recording_of(item: Mapping[str, Any]) -> str | None:
    name = item["row"].get("recording")
    return None if name is None else str(name)


def _find(item: Mapping[str, Any], table: pd.DataFrame) -> pd.DataFrame:
    for column, value in item["row"].items():
        table = table[(table[column] == value).fillna(False).astype(bool)]
    return table


def _judge(item: Mapping[str, Any], table: pd.DataFrame) -> dict[str, Any]:
    judged = {
        "quantity": item["quantity"],
        "source": item["source"],
        "expected": float(item["value"]),
        "tolerance": float(item["tolerance"]),
    }
    found = _find(item, table)
    if found.empty:
        return judged | {"verdict": "not tested", "reason": "this run has no such number"}
    if len(found) > 1:
        msg = f"{item['quantity']!r} leads to {len(found)} rows of the score table; name it more closely."
        raise InvalidInputError(msg)
    row = found.iloc[0]
    column = item.get("column", "value")
    ours = float(row[column])
    near = abs(ours - judged["expected"]) <= judged["tolerance"]
    spread = {name: row[name] for name in ("ci_low", "ci_high")} if column == "value" else {}
    return judged | {"value": ours, **spread, "verdict": "reproduced" if near else "differs"}
