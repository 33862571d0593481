"""Differences that were tested: between layers and a reference, and between models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from brainconv.errors import InvalidInputError
from brainconv.plotting.style import INK, MUTED, OKABE_ITO, RULE, create_figure, draw_heading, draw_legend, figure_style

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

#: What is called a finding, after correction.
LEVEL = 0.05

_DIVERGING = "PuOr_r"


def plot_layer_differences(
    table: pd.DataFrame,
    *,
    title: str,
    ylabel: str = "difference of r",
    simulated: bool = False,
    note: str = "",
) -> Figure:
    """Each layer's difference from something, with its interval, one panel per statistic.

    Parameters
    ----------
    table : DataFrame
        Rows of a score table: ``layer``, ``layer_index``, ``statistic`` (one panel each), ``value``, ``ci_low``,
        ``ci_high``, ``q``.
    title, ylabel : str
    simulated : bool
    note : str
        Further words under the title.

    Returns
    -------
    Figure

    Raises
    ------
    InvalidInputError
        If there are no rows, or a layer stands twice in a panel.
    """
    panels = list(table.groupby("statistic", sort=False))
    if not panels:
        msg = "There is no difference to draw; give at least one row."
        raise InvalidInputError(msg)
    widths = [max(0.34 * len(rows), 1.5) for _, rows in panels]
    with figure_style():
        figure = create_figure(max(0.9 + 0.35 * len(panels) + sum(widths), 4.4), 3.4)
        axes = figure.subplots(1, len(panels), sharey=True, squeeze=False, width_ratios=widths)[0]
        handles: dict[str, Artist] = {}
        for axis, (statistic, rows) in zip(axes, panels, strict=True):
            if rows["layer"].duplicated().any():
                msg = f"A layer stands twice under {statistic!r}; give the rows of one model."
                raise InvalidInputError(msg)
            ordered = rows.sort_values("layer_index", kind="stable")
            y, low, high, q = (
                ordered[name].to_numpy(float, na_value=np.nan) for name in ("value", "ci_low", "ci_high", "q")
            )
            axis.axhline(0.0, color=RULE, linewidth=1.0, zorder=1)
            for found, label in ((q < LEVEL, f"q < {LEVEL:g}"), (~(q < LEVEL), "not significant")):
                x = np.flatnonzero(found)
                axis.vlines(x, low[found], high[found], color=OKABE_ITO["blue"], linewidth=1.3, zorder=2)
                face = OKABE_ITO["blue"] if label.startswith("q") else "white"
                (dots,) = axis.plot(
                    x, y[found], "o", color=OKABE_ITO["blue"], markerfacecolor=face, linestyle="none", zorder=3
                )
                if len(x):
                    handles[label] = dots
            axis.set_xlim(-0.6, len(y) - 0.4)
            axis.set_xticks(range(len(y)), ordered["layer"], rotation=45, ha="right", va="top", rotation_mode="anchor")
            axis.set_xlabel(str(statistic).split(", ", 1)[-1])
            axis.grid(axis="y")
        axes[0].set_ylabel(ylabel)
        draw_legend(figure, handles)
        draw_heading(figure, title, [note], simulated=simulated)
    return figure


def plot_model_differences(
    table: pd.DataFrame,
    *,
    title: str,
    label: str = "difference of r, row minus column",
    order: Sequence[str] | None = None,
    simulated: bool = False,
    note: str = "",
) -> Figure:
    """Every model against every other as a matrix; a dot where the difference stands after correction.

    Parameters
    ----------
    table : DataFrame
        One row per pair: ``first``, ``second``, ``difference`` (first minus second), ``q``, missing where the pair was
        not tested.
    title, label : str
    order : sequence of str, optional
        Of the models; by default as they come.
    simulated : bool
    note : str

    Returns
    -------
    Figure

    Raises
    ------
    InvalidInputError
        If there are no pairs, or one stands twice.
    """
    names = list(order or dict.fromkeys([*table["first"], *table["second"]]))
    if table.empty or table.duplicated(["first", "second"]).any():
        msg = f"{len(table)} pair(s) of models, some twice or none at all; expected one row for each pair of one area."
        raise InvalidInputError(msg)
    values = np.full((len(names), len(names)), np.nan)
    marks = np.full(values.shape, "", dtype=object)
    corrected = table["q"].to_numpy(dtype=float, na_value=np.nan)
    for row, q in zip(table.to_dict("records"), corrected, strict=True):
        i, j = names.index(row["first"]), names.index(row["second"])
        values[i, j], values[j, i] = row["difference"], -row["difference"]
        marks[i, j] = marks[j, i] = " ○" if np.isnan(q) else " ●" if q < LEVEL else ""
    longest = max(map(len, names))
    with figure_style():
        from matplotlib import colormaps
        from matplotlib.colors import Normalize

        side = 0.78 * len(names)
        figure = create_figure(max(side + 0.075 * longest + 0.5, 4.0), 0.62 * side + 0.055 * longest + 1.4)
        axis = figure.subplots()
        span = float(np.nanmax(np.abs(values))) or 1.0
        norm = Normalize(-span, span)
        axis.imshow(
            values,
            cmap=colormaps[_DIVERGING].with_extremes(bad="#f2f3f4"),
            norm=norm,
            aspect="auto",
            interpolation="none",
        )
        for i, j in np.argwhere(np.isfinite(values)):
            strong = abs(values[i, j]) > 0.65 * span
            text = f"{values[i, j]:+.2f}".replace("-", "−") + marks[i, j]
            axis.text(j, i, text, ha="center", va="center", fontsize=8, color="white" if strong else INK)
        axis.set_xticks(range(len(names)), names, rotation=30, ha="right", va="top", rotation_mode="anchor")
        axis.set_yticks(range(len(names)), names)
        axis.tick_params(length=0)
        axis.spines[:].set_visible(False)
        untested = "   ○: not tested" if np.isnan(corrected).any() else ""
        figure.supxlabel(f"●: q < {LEVEL:g}{untested}", fontsize=8, color=MUTED, x=0.012, ha="left")
        draw_heading(figure, title, [label, note], simulated=simulated)
    return figure
