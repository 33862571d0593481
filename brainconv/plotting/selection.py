"""Which rows of a score table a figure shows and what they are called.  Rows are chosen, nothing is computed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd

from brainconv.containers import Scores
from brainconv.containers.scores import COLUMNS
from brainconv.errors import InvalidInputError, NotFoundError

#: The order in which areas stand in figures; others follow by name.
AREAS = ("LGN", "V1", "V2", "V3", "V4", "IT")

#: What tells one curve of a figure from another.
SERIES = ("model", "weights", "seed")

#: Models of so few layers have no profile; they stand apart from the networks.
MAX_BASELINE_LAYERS = 2

_FORMULAS = ("analysis", "estimator", "comparator", "regression", "splits", "statistic", "definition")


def get_table(scores: Scores | pd.DataFrame) -> pd.DataFrame:
    """The tidy table, with every column of `Scores` and missing words as empty strings.

    Parameters
    ----------
    scores : Scores or DataFrame

    Returns
    -------
    DataFrame

    Raises
    ------
    InvalidInputError
        If a column is unknown or a value has no definition.
    """
    table = (scores if isinstance(scores, Scores) else Scores(scores)).table.copy()
    for column, kind in COLUMNS.items():
        if kind == "string":
            table[column] = table[column].fillna("")
    return table


def check_columns(table: pd.DataFrame, columns: Collection[str], *, what: str) -> pd.DataFrame:
    """The table, if it has rows and these columns.

    Parameters
    ----------
    table : DataFrame
    columns : collection of str
    what : str
        The word for one row in the message, such as ``"score"``.

    Returns
    -------
    DataFrame

    Raises
    ------
    InvalidInputError
        If a column or every row is missing.
    """
    absent = [column for column in columns if column not in table]
    if absent:
        msg = f"The table has no column {', '.join(absent)}; it has: {', '.join(map(str, table.columns)) or 'none'}."
        raise InvalidInputError(msg)
    if table.empty:
        msg = f"There is no {what} to draw; give at least one row."
        raise InvalidInputError(msg)
    return table


def select_scores(scores: Scores | pd.DataFrame, *, free: Collection[str] = (), **wanted: Any) -> pd.DataFrame:
    """The rows in which each named column has the wanted value and `value` is not missing.

    Parameters
    ----------
    scores : Scores or DataFrame
    free : collection of str
        Columns of the formula in which recordings may differ from each other, such as ``statistic`` where one has
        several subjects and another has not.
    **wanted
        Column name to value; ``None`` leaves the column free.

    Returns
    -------
    DataFrame
        All of one formula, at most one row per model, weights, seed, recording, area and layer.

    Raises
    ------
    NotFoundError
        If no row remains.
    InvalidInputError
        If the rows mix formulas, or one layer has several numbers.
    """
    table = get_table(scores)
    for column, value in wanted.items():
        if value is None:
            continue
        there = [str(word) for word in table[column].unique()]
        table = table[(table[column] == value).fillna(False)]
        if table.empty:
            msg = f"No score has {column} {value!r}; among the rows left there are: {', '.join(there) or 'none'}."
            raise NotFoundError(msg)
    table = table[table["value"].notna()]
    if table.empty:
        msg = "None of the scores asked for has a value; every one is missing."
        raise NotFoundError(msg)
    for column in _FORMULAS:
        kinds = list(table[column].unique())
        if column in free:
            kinds = max((list(part.unique()) for _, part in table.groupby(["recording", "area"])[column]), key=len)
        if len(kinds) > 1:
            msg = f"The rows mix {len(kinds)} kinds of {column} ({', '.join(kinds)}); a figure shows one, name it."
            raise InvalidInputError(msg)
    keys = [*SERIES, "recording", "area", "degrees", "layer"]
    twice = table[table.duplicated(keys, keep=False)]
    if not twice.empty:
        first = twice.iloc[0]
        msg = (
            f"{first['model']}:{first['layer']} has more than one row for {first['recording']} "
            f"({len(twice)} such rows); expected one per model, weights, seed, recording, area and layer."
        )
        raise InvalidInputError(msg)
    return table.reset_index(drop=True)


def select_best_layers(scores: Scores | pd.DataFrame) -> pd.DataFrame:
    """For every model, weights, seed, recording, area and formula the row of its highest value.

    A plain maximum over layers on the same data is too high by chance (by .02 to .2, the more layers the more);
    tables and figures that show it must say so.

    Parameters
    ----------
    scores : Scores or DataFrame

    Returns
    -------
    DataFrame
        One row per group, in the order of the table; of equal values the earliest layer.  Rows without a layer, such
        as reliabilities, are left out.
    """
    table = get_table(scores)
    table = table[table["value"].notna() & (table["layer"] != "")].sort_values("layer_index", kind="stable")
    groups = [*SERIES, "recording", "area", "degrees", *_FORMULAS]
    best = table.groupby(groups, dropna=False, sort=False)["value"].idxmax()
    return table.loc[sorted(best)].reset_index(drop=True)


def order_areas(areas: Any) -> list[str]:
    """The areas along the ventral stream, then the others by name.

    Parameters
    ----------
    areas : iterable of str

    Returns
    -------
    list of str
    """
    found = dict.fromkeys(str(area) for area in areas)
    return [area for area in AREAS if area in found] + sorted(area for area in found if area not in AREAS)


def is_simulated(table: pd.DataFrame) -> bool:
    """Whether any row comes from a simulated recording.

    Parameters
    ----------
    table : DataFrame

    Returns
    -------
    bool
    """
    return bool(table["simulated"].fillna(False).any())


def get_ceiling_span(table: pd.DataFrame) -> tuple[float, float]:
    """What the band of the ceiling covers: the ceiling's interval where there is one, else its bounds.

    Parameters
    ----------
    table : DataFrame

    Returns
    -------
    low, high : float
        The lowest and the highest over the rows; NaN where no row has a ceiling.
    """
    span = get_ceiling_bands(table).to_numpy()
    there = span[np.isfinite(span)]
    return (float(there.min()), float(there.max())) if there.size else (np.nan, np.nan)


def get_ceiling_bands(table: pd.DataFrame) -> pd.DataFrame:
    """The band of every row's ceiling.

    Parameters
    ----------
    table : DataFrame

    Returns
    -------
    DataFrame
        Columns ``low`` and ``high``, one row per row of the table; NaN for a row without a ceiling.
    """
    bounds = table[["ceiling_low", "ceiling_high"]].to_numpy(dtype=float, na_value=np.nan)
    interval = table[["ceiling_ci_low", "ceiling_ci_high"]].to_numpy(dtype=float, na_value=np.nan)
    has_interval = np.isfinite(interval).all(axis=1, keepdims=True)
    return pd.DataFrame(np.where(has_interval, interval, bounds), table.index, ["low", "high"])


def describe_score(table: pd.DataFrame) -> str:
    """Label of the axis on which these rows are drawn: what the number is, and its formula.

    Parameters
    ----------
    table : DataFrame
        Rows of one formula, as `select_scores` gives them.

    Returns
    -------
    str
    """
    row = table.iloc[0]
    definition = str(row["definition"])
    statistic = str(row["statistic"]) if len(set(table["statistic"])) == 1 else ""
    if str(row["analysis"]) == "rsa":
        definition = f"similarity of RDMs ({str(row['comparator']) or definition})"
    return definition if statistic in ("", definition) else f"{definition}, {statistic}"


def describe_counts(table: pd.DataFrame) -> str:
    """How many stimuli, repeats and sites stand behind these rows.

    Parameters
    ----------
    table : DataFrame

    Returns
    -------
    str
        Such as ``"92 stimuli · 674 sites"``; empty where the table does not say.
    """
    said = []
    for column, one, many in (
        ("n_stimuli", "stimulus", "stimuli"),
        ("n_sites", "site", "sites"),
        ("n_repeats", "repeat", "repeats"),
    ):
        counts = sorted({int(count) for count in table[column].dropna()})
        if counts:
            number = f"{counts[0]:,}" if len(counts) == 1 else f"{counts[0]:,}–{counts[-1]:,}"
            said.append(f"{number} {one if counts == [1] else many}")
    return " · ".join(said)
