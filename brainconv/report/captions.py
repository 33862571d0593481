"""Captions made from the rows that a figure shows: formula, counts, interval and ceiling in words."""

from __future__ import annotations

import math

import pandas as pd

from brainconv.containers import Scores
from brainconv.plotting.selection import (
    describe_counts,
    describe_score,
    get_ceiling_span,
    is_simulated,
    select_best_layers,
    select_scores,
)
from brainconv.plotting.style import series_label

_INTERVALS = {
    "rsa": "bootstrap over stimuli",
    "predictivity": "bootstrap over stimuli and sites, centred on the estimate",
}


def describe_profiles(
    rows: Scores | pd.DataFrame, *, ceiling_reason: str = "", n_boot: int | None = None
) -> tuple[str, str]:
    """Caption and alternative text of a figure of layer profiles.

    Parameters
    ----------
    rows : Scores or DataFrame
        What the figure shows: one recording, area and formula.
    ceiling_reason : str
        Why there is no ceiling, where there is none.
    n_boot : int, optional
        Number of bootstrap samples.

    Returns
    -------
    caption, alt : str

    Raises
    ------
    NotFoundError, InvalidInputError
        As `brainconv.plotting.plot_layer_profiles`.
    """
    table = select_scores(rows)
    analysis = str(table["analysis"].iloc[0])
    said = [f"{_subject(table)} of every layer ({describe_score(table)}), in the order of execution{_counts(table)}."]
    random = table.loc[table["weights"] == "random"]
    if not random.empty:
        n_seeds = random["seed"].nunique(dropna=False)
        said.append("Dashed: the same network, untrained" + (f", {n_seeds} seeds." if n_seeds > 1 else "."))
    said.append(_describe_interval(table, analysis, n_boot))
    said.append(_describe_ceiling(table, analysis, ceiling_reason))
    return " ".join(filter(None, said)), _describe_best(table)


def describe_best_layers(rows: Scores | pd.DataFrame, *, n_boot: int | None = None) -> tuple[str, str]:
    """Caption and alternative text of a figure of best layers.

    Parameters
    ----------
    rows : Scores or DataFrame
        What the figure shows.
    n_boot : int, optional
        Number of bootstrap samples.

    Returns
    -------
    caption, alt : str

    Raises
    ------
    NotFoundError, InvalidInputError
        As `brainconv.plotting.plot_best_layers`.
    """
    table = select_scores(rows, free=("statistic", "splits"))
    best = select_best_layers(table)
    analysis = str(table["analysis"].iloc[0])
    said = [
        f"{_subject(table)} of the best layer of each model ({describe_score(table)}); its name stands at the right."
    ]
    if len(best) < len(table):
        said.append("The best layer is the plain maximum over layers on the same data and is too high by chance.")
    if len(set(best["recording"])) > 1:
        said.append("Recordings are comparable only where their stimuli, sites and ceilings are alike.")
    said.append(_describe_interval(best, analysis, n_boot))
    if best[["ceiling_low", "ceiling_high"]].notna().any(axis=None):
        said.append(_describe_ceiling(best, analysis, "", span=False))
    return " ".join(filter(None, said)), _describe_best(table)


def _subject(table: pd.DataFrame) -> str:
    return "Score on a simulated recording" if is_simulated(table) else "Score"


def _counts(table: pd.DataFrame) -> str:
    counts = describe_counts(table).replace(" · ", ", ")
    return f"; {counts}" if counts else ""


def _describe_interval(table: pd.DataFrame, analysis: str, n_boot: int | None) -> str:
    if not table["ci_low"].notna().any():
        return "No interval was computed."
    number = f", {n_boot:,} samples" if n_boot else ""
    how = _INTERVALS.get(analysis)
    return f"Bands and bars: 95 % intervals ({how}{number})." if how else "Bands and bars: 95 % intervals."


def _describe_ceiling(table: pd.DataFrame, analysis: str, reason: str, *, span: bool = True) -> str:
    low, high = get_ceiling_span(table)
    if math.isnan(low):
        return f"No ceiling: {reason}." if reason else "No ceiling."
    what = {
        "rsa": "noise ceiling between subjects",
        "predictivity": "what a model without error would reach, from the reliability of the sites",
    }.get(analysis, "ceiling")
    if not span:
        return f"Grey: {what}."
    bounds = {f"{bound:.3f}" for name in ("ceiling_low", "ceiling_high") for bound in table[name].dropna()}
    if table["ceiling_ci_low"].notna().any() and len(bounds) == 1:
        return f"Grey: {what}, {bounds.pop()} (95 % interval {low:.3f} to {high:.3f})."
    return f"Grey: {what}, {low:.3f}" + (f" to {high:.3f}." if high - low >= 0.0005 else ".")


def _describe_best(table: pd.DataFrame) -> str:
    """The highest score of each model in words, for those who do not see the figure."""
    said = []
    for row in select_best_layers(table).to_dict("records"):
        place = f" on {row['recording']}" if len(set(table["recording"])) > 1 else ""
        seed = f", seed {row['seed']}" if pd.notna(row["seed"]) else ""
        name = series_label(row["model"], row["weights"])
        said.append(f"{name}{seed}: highest {row['value']:.3f} at {row['layer']}{place}")
    return f"{_subject(table)}, {describe_score(table)}. " + "; ".join(said) + "."
