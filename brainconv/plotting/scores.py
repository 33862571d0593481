"""Dot plots of best layers, and scores of single sites against their reliability."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from brainconv.containers import Scores
from brainconv.errors import InvalidInputError
from brainconv.plotting.selection import (
    describe_score,
    get_ceiling_span,
    is_simulated,
    order_areas,
    select_best_layers,
    select_scores,
)
from brainconv.plotting.style import (
    CEILING,
    INK,
    MUTED,
    OKABE_ITO,
    RULE,
    SeriesStyle,
    assign_series_styles,
    create_figure,
    draw_heading,
    draw_legend,
    figure_style,
)

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def plot_best_layers(
    scores: Scores | pd.DataFrame,
    *,
    statistic: str | None = None,
    definition: str | None = None,
    analysis: str | None = None,
    comparator: str | None = None,
    estimator: str | None = None,
    models: Sequence[str] | None = None,
    title: str = "Best layers",
    xlabel: str | None = None,
    note: str = "",
) -> Figure:
    """The best layer of every model, recording by recording, as points with intervals.

    Where the table holds several layers of a model the row of the highest value is shown, and the figure says that
    it is a plain maximum over layers on the same data. Rows already chosen (one per model, by nested choice) are
    drawn as they are. The grey band is the ceiling: its interval or, where it has none, its bounds.

    Parameters
    ----------
    scores : Scores or DataFrame
        Tidy table; columns of `brainconv.containers.Scores`.
    statistic, definition, analysis, comparator, estimator : str, optional
        Which rows; what remains must be of one formula. Only `statistic` and `splits` may differ from recording to
        recording, and a `statistic` that does is written beneath the recording's name.
    models : sequence of str, optional
        Order of the models, which gives them their colours.
    title : str
    xlabel : str, optional
        Instead of the name of the score.
    note : str
        Further words under the title.

    Returns
    -------
    Figure

    Raises
    ------
    NotFoundError
        If there is no such row.
    InvalidInputError
        If the rows mix formulas.
    """
    table = select_scores(
        scores,
        free=("statistic", "splits"),
        statistic=statistic,
        definition=definition,
        analysis=analysis,
        comparator=comparator,
        estimator=estimator,
    )
    best = select_best_layers(table)
    said = [note] if len(best) == len(table) else ["maximum over layers on the same data", note]
    order = [model for model in (models or []) if model in set(best["model"])]
    order += [model for model in dict.fromkeys(best["model"]) if model not in order]
    best = best.sort_values("model", key=lambda names: names.map(order.index), kind="stable")
    styles = assign_series_styles(best[["model", "weights"]].itertuples(index=False, name=None))
    blocks = [
        (area, recording, best[(best["area"] == area) & (best["recording"] == recording)])
        for area in order_areas(best["area"])
        for recording in dict.fromkeys(best.loc[best["area"] == area, "recording"])
    ]
    mixed = len(set(best["statistic"])) > 1
    with figure_style():
        n_lines = sum(rows.groupby(["model", "weights"]).ngroups + 0.9 for _, _, rows in blocks)
        figure = create_figure(6.6, 1.5 + 0.2 * n_lines + 0.17 * (len(styles) // 2))
        axis = figure.subplots()
        y, ticks, labels = 0.0, [], []
        for area, recording, rows in blocks:
            top = y
            for (model, weights), style in styles.items():
                seeds = rows[(rows["model"] == model) & (rows["weights"] == weights)]
                if not seeds.empty:
                    _draw_series(axis, seeds, y, style)
                    y += 1.0
            _draw_ceiling(axis, rows, top - 0.5, y - 0.5)
            ticks.append((top + y - 1.0) / 2)
            own = str(rows["statistic"].iloc[0]) if mixed else ""
            labels.append("\n".join(filter(None, [area, recording, own])))
            axis.axhline(y - 0.05, color=RULE, linewidth=0.6)
            y += 0.9
        handles: dict[str, Artist] = {
            s.label: axis.plot([], [], s.marker, color=s.colour, markerfacecolor=s.face)[0] for s in styles.values()
        }
        if np.isfinite(get_ceiling_span(best)).any():
            handles["ceiling"] = axis.fill_between([], [], [], color=CEILING, alpha=0.5, linewidth=0)
        axis.set_yticks(ticks, labels)
        axis.tick_params(axis="y", length=0)
        axis.set_ylim(y - 0.95, -0.75)
        low, high = (float(number) for number in (axis.dataLim.xmin, axis.dataLim.xmax))
        low, high = min(0.0, low), max(0.0, high)
        axis.set_xlim(low - (0.03 * (high - low) if low < 0 else 0.0), high + 0.04 * (high - low or 1.0))
        axis.axvline(0.0, color=RULE, linewidth=1.0)
        axis.grid(axis="x")
        axis.spines["left"].set_visible(False)
        axis.set_xlabel(xlabel or describe_score(table))
        axis.text(1.02, 1.01, "layer", transform=axis.transAxes, fontsize=8, color=MUTED, va="bottom")
        draw_legend(figure, handles)
        draw_heading(figure, title, said, simulated=is_simulated(best))
    return figure


def _draw_series(axis: Axes, seeds: pd.DataFrame, y: float, style: SeriesStyle) -> None:
    """All seeds of one model with one kind of weights on one line, and the name of the layer at its end."""
    for row in seeds.to_dict("records"):
        if pd.notna(row["ci_low"]) and pd.notna(row["ci_high"]):
            axis.hlines(y, row["ci_low"], row["ci_high"], color=style.colour, linewidth=1.4, zorder=2)
        axis.plot(row["value"], y, style.marker, color=style.colour, markerfacecolor=style.face, zorder=3)
    names = list(dict.fromkeys(seeds["layer"]))
    said = ", ".join(names) if len(names) <= 2 else f"{len(names)} layers"
    if len(seeds) > 1:
        said += f" ({len(seeds)} seeds)"
    axis.text(1.02, y, said, transform=axis.get_yaxis_transform(), va="center", fontsize=8, color=INK)


def _draw_ceiling(axis: Axes, rows: pd.DataFrame, top: float, bottom: float) -> None:
    low, high = get_ceiling_span(rows)
    if np.isfinite(low):
        axis.fill_betweenx([top, bottom], low, high, color=CEILING, alpha=0.5, linewidth=0, zorder=0)
        axis.vlines([low, high], top, bottom, color=CEILING, linewidth=1.2, zorder=0)


def plot_site_scatter(
    details: xr.Dataset | pd.DataFrame,
    *,
    score: str = "site_r",
    reliability: str = "reliability",
    bound: bool = True,
    title: str = "Sites",
    simulated: bool = False,
    note: str = "",
) -> Figure:
    """Score of every site against its reliability.

    Parameters
    ----------
    details : Dataset or DataFrame
        One value of `score` and of `reliability` per site: variables over the dimension ``site``, or columns.
    score, reliability : str
        Names of the two.
    bound : bool
        Draw sqrt(reliability), the highest correlation that a noise-free model can reach on average.
    title : str
    simulated : bool
    note : str
        Further words under the title.

    Returns
    -------
    Figure

    Raises
    ------
    InvalidInputError
        If one of the two is not there, or a variable has another dimension than ``site``.
    """
    there = list(details.columns) if isinstance(details, pd.DataFrame) else [str(name) for name in details.variables]
    for name in (score, reliability):
        if name not in there:
            msg = f"The details have no {name!r}; they have: {', '.join(there)}."
            raise InvalidInputError(msg)
        if isinstance(details, xr.Dataset) and details[name].ndim != 1:
            msg = f"{name!r} has dimensions {details[name].dims}; expected ('site',); choose a layer first."
            raise InvalidInputError(msg)
    x, y = (np.asarray(details[name], dtype=float) for name in (reliability, score))
    names = (
        [str(n) for n in details["site"]]
        if "site" in there
        else [str(n) for n in (details.index if isinstance(details, pd.DataFrame) else range(len(x)))]
    )
    absent = [name for name, a, b in zip(names, x, y, strict=True) if not (np.isfinite(a) and np.isfinite(b))]
    with figure_style():
        figure = create_figure(4.2, 3.9)
        axis = figure.subplots()
        dots = axis.scatter(x, y, s=16, color=OKABE_ITO["blue"], alpha=0.65, linewidths=0, zorder=3)
        handles: dict[str, Artist] = {"site": dots}
        if bound:
            line = np.linspace(0.0, 1.0, 101)
            (curve,) = axis.plot(line, np.sqrt(line), color=INK, linewidth=1.0, linestyle=":", label="bound")
            handles["√reliability, the bound of r"] = curve
        draw_legend(figure, handles)
        axis.axhline(0.0, color=RULE, linewidth=1.0)
        axis.grid()
        axis.set(
            xlabel=f"{reliability.replace('_', ' ')} of the site",
            ylabel=f"{score.removeprefix('site_').replace('_', ' ')} of the site",
        )
        shown = [f"{len(x) - len(absent)} sites"]
        if absent:
            listed = ", ".join(absent[:4]) + (", …" if len(absent) > 4 else "")
            shown.append(f"not drawn, for want of a value: {len(absent)} ({listed})")
        draw_heading(figure, title, [*shown, note], simulated=simulated)
    return figure
