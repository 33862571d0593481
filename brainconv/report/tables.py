"""Tables as a page shows them: rounded, intervals beside their values, what is the same everywhere said once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from brainconv.report.content import TableItem

_INTERVAL = ("ci_low", "ci_high")
_BOUNDS = ("ceiling_low", "ceiling_high")
_CEILING_INTERVAL = ("ceiling_ci_low", "ceiling_ci_high")

#: Columns of which one cell holds several.
_JOINED = ("value", *_INTERVAL, *_BOUNDS, *_CEILING_INTERVAL)

#: Probabilities; below this limit only that is said.
_PROBABILITIES, _LEAST = ("p", "q"), 0.001

_HEADINGS = {
    "value": "score",
    "n_stimuli": "stimuli",
    "n_repeats": "repeats",
    "n_sites": "sites",
    "n_units": "units",
    "n_tests": "tests",
    "layer_index": "index",
    "definition": "formula",
}

#: Never hoisted out of the rows: without them a row is not understood.
_ALWAYS = ("model", "layer", "recording", "value")

MISSING = "–"

#: Rounding errors of sums, which are zero to every reader.
_NOISE = 1e-12


@dataclass(frozen=True)
class Cell:
    """One cell: what is read, and what the tool tip says.

    Parameters
    ----------
    text : str
    full : str
        The value with all its digits; empty where `text` says all.
    number : bool
        Numbers are set flush right.
    """

    text: str
    full: str = ""
    number: bool = False


@dataclass(frozen=True)
class ShownTable:
    """A table ready for the template.

    Parameters
    ----------
    caption : str
    headings : tuple of Cell
    rows : tuple of tuple of Cell
    constants : tuple of (str, str)
        Columns that have one value in every row.
    number : int
        Its number in the page.
    """

    caption: str
    headings: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    constants: tuple[tuple[str, str], ...] = ()
    number: int = 0


def format_value(value: Any, *, digits: int = 3) -> Cell:
    """A value as a cell.

    Parameters
    ----------
    value : object
        Numbers are rounded, counts get thousands separators, what is missing becomes a dash.
    digits : int
        Decimals of numbers below 10.

    Returns
    -------
    Cell
    """
    if isinstance(value, (list, tuple, set, frozenset)):
        return Cell(", ".join(format_value(item, digits=digits).text for item in value) or MISSING)
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)) or value == "":
        return Cell(MISSING, "does not apply, or is not known")
    if pd.api.types.is_bool(value):
        return Cell("yes" if value else "no")
    if pd.api.types.is_integer(value):
        return Cell(f"{int(value):,}", number=True)
    if pd.api.types.is_float(value):
        return Cell(_round(float(value), digits), repr(float(value)), number=True)
    return Cell(str(value))


def format_probability(value: Any, *, digits: int = 3) -> Cell:
    """A p or q as a cell; below .001 only that is said, because no finite number of samples shows a p of 0.

    Parameters
    ----------
    value : float or missing
    digits : int
        Decimals, at least 3.

    Returns
    -------
    Cell
    """
    cell = format_value(value, digits=max(digits, 3))
    return Cell("< .001", cell.full, number=True) if cell.number and float(value) < _LEAST else cell


def _round(number: float, digits: int) -> str:
    size = abs(number)
    if math.isinf(number):
        text = "∞" if number > 0 else "-∞"
    elif _NOISE < size < 0.5 * 10.0**-digits or size >= 1e7:
        mantissa, power = f"{number:.1e}".split("e")
        text = f"{mantissa}·10{str(int(power)).translate(_RAISED)}"
    else:
        decimals = digits if size < 10 else max(digits - 1, 0) if size < 100 else max(digits - 2, 0)
        text = f"{number if size > _NOISE else 0.0:,.{decimals}f}"
    return text.replace("-", "−")


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def arrange_table(item: TableItem, *, number: int = 0) -> ShownTable:
    """The table as the page shows it.

    Parameters
    ----------
    item : TableItem
    number : int
        Its number in the page.

    Returns
    -------
    ShownTable
    """
    frame = item.frame
    columns = [str(column) for column in frame.columns]
    frame = frame.set_axis(columns, axis="columns").copy()
    constants: list[tuple[str, str]] = []
    if item.compact:
        kept = []
        for column in columns:
            filled = frame[column].notna() & (frame[column].astype(str) != "")
            if not filled.any():
                continue
            same = filled.all() and len(set(frame[column].astype(str))) == 1
            if same and len(frame) > 1 and column not in (*_ALWAYS, *_JOINED):
                constants.append((_heading(item, column), _format(column, frame[column].iloc[0], item.digits).text))
            else:
                kept.append(column)
        columns = kept
    for column in columns:
        frame[column] = _as_counts(frame[column])
    inner: set[str] = set()
    for pair, needed in ((_INTERVAL, ("value",)), (_BOUNDS, ()), (_CEILING_INTERVAL, _BOUNDS)):
        if {*pair, *needed} <= set(columns):
            inner |= {*pair}
    shown: list[str] = []
    for column in columns:
        if column == "ceiling_low" and column in inner:
            shown.append("ceiling")
        elif column not in inner:
            shown.append(column)
    rows = tuple(
        tuple(_cell(record, column, inner, item.digits) for column in shown) for record in frame.to_dict("records")
    )
    numeric = [any(row[place].number for row in rows) for place in range(len(shown))]
    headings = []
    for column, is_number in zip(shown, numeric, strict=True):
        interval = {"value": "ci_low", "ceiling": "ceiling_ci_low"}.get(column)
        text = _heading(item, column) + (" [interval]" if interval in inner else "")
        headings.append(Cell(text, column if text != column else "", is_number))
    return ShownTable(item.caption, tuple(headings), rows, tuple(constants), number)


def _as_counts(column: pd.Series[Any]) -> pd.Series[Any]:
    """Whole numbers that became floats only because one of them is missing."""
    if not pd.api.types.is_float_dtype(column) or column.name in (*_JOINED, *_PROBABILITIES):
        return column
    there = column.dropna()
    whole = len(there) and len(there) < len(column) and bool((there % 1 == 0).all())
    return column.astype("Int64") if whole else column


def _heading(item: TableItem, column: str) -> str:
    return item.labels.get(column, _HEADINGS.get(column, column.replace("_", " ")))


def _format(column: str, value: Any, digits: int) -> Cell:
    return (format_probability if column in _PROBABILITIES else format_value)(value, digits=digits)


def _cell(record: dict[Any, Any], column: str, inner: set[str], digits: int) -> Cell:
    if column == "value" and "ci_low" in inner:
        return _add_interval(format_value(record["value"], digits=digits), record, _INTERVAL, digits)
    if column == "ceiling" and "ceiling_low" in inner:
        bounds = [format_value(record[name], digits=digits) for name in _BOUNDS]
        known = {cell.text: cell for cell in bounds if cell.text != MISSING}
        if not known:
            return Cell(MISSING, "no ceiling")
        full = " to ".join(dict.fromkeys(cell.full or cell.text for cell in bounds if cell.text != MISSING))
        ceiling = Cell(" to ".join(known), full, number=True)
        return _add_interval(ceiling, record, _CEILING_INTERVAL, digits) if "ceiling_ci_low" in inner else ceiling
    return _format(column, record[column], digits)


def _add_interval(cell: Cell, record: dict[Any, Any], names: tuple[str, str], digits: int) -> Cell:
    low, high = (format_value(record[name], digits=digits) for name in names)
    if low.text == MISSING and high.text == MISSING:
        return cell
    full = f"{cell.full or cell.text} [{low.full or low.text}, {high.full or high.text}]"
    return Cell(f"{cell.text} [{low.text}, {high.text}]", full, number=True)
