"""Known values beside those of this run: reproduced, different, or not tested and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from importlib.resources import files
from typing import Any

import pandas as pd

from brainconv.containers import Scores
from brainconv.errors import InvalidInputError

COLUMNS = ("quantity", "source", "expected", "tolerance", "value", "ci_low", "ci_high", "verdict", "reason")


def compare_with_known(scores: Scores | pd.DataFrame, *, left_out: Collection[str] = ()) -> pd.DataFrame:
    """Look up the known values that this run could find again.

    Parameters
    ----------
    scores : Scores or DataFrame
        All score tables of a run.
    left_out : collection of str
        Recordings that the run was to have and did without; their known values are not tested.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`, one row per known value of the recordings (and first layers) that the run has or did
        without.  ``verdict``
        is "reproduced" within the tolerance, "differs", or "not tested" with its reason.

    Raises
    ------
    InvalidInputError
        If a known value leads to several rows of the table.
    """
    import yaml

    table = (scores if isinstance(scores, Scores) else Scores(scores)).table
    known = yaml.safe_load(files("brainconv.report").joinpath("reproduction.yaml").read_text(encoding="utf-8"))
    present = {str(name) for name in table["recording"].dropna()} | set(left_out)
    rows = [
        _judge(item, table, left_out)
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


def _judge(item: Mapping[str, Any], table: pd.DataFrame, left_out: Collection[str]) -> dict[str, Any]:
    judged = {
        "quantity": item["quantity"],
        "source": item["source"],
        "expected": float(item["value"]),
        "tolerance": float(item["tolerance"]),
    }
    found = _find(item, table)
    if found.empty:
        missed = _recording_of(item) in left_out
        elsewhere = f"; {item['configuration']} computes it" if "configuration" in item else ""
        reason = "the recording was left out of this run" if missed else f"this run has no such number{elsewhere}"
        return judged | {"verdict": "not tested", "reason": reason}
    if len(found) > 1:
        msg = f"{item['quantity']!r} leads to {len(found)} rows of the score table; name it more closely."
        raise InvalidInputError(msg)
    row = found.iloc[0]
    column = item.get("column", "value")
    ours = float(row[column])
    near = abs(ours - judged["expected"]) <= judged["tolerance"]
    spread = {name: row[name] for name in ("ci_low", "ci_high")} if column == "value" else {}
    return judged | {"value": ours, **spread, "verdict": "reproduced" if near else "differs"}
