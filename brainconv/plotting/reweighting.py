"""Layers, categories and both, weighted: what each reaches of the ceiling on held-out stimuli and subjects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from brainconv.errors import InvalidInputError
from brainconv.plotting.selection import is_simulated
from brainconv.plotting.style import (
    CEILING,
    RULE,
    assign_series_styles,
    create_figure,
    draw_heading,
    draw_legend,
    figure_style,
)

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure


def plot_reweighting(table: pd.DataFrame, *, title: str, note: str = "") -> Figure:
    """Held-out similarity of weighted RDMs, one group of dots per set of components.

    Parameters
    ----------
    table : DataFrame
        Rows of a score table of one recording: ``model``, ``weights``, ``layer`` (the components), ``value``,
        ``comparator``, ``ceiling_low``, ``ceiling_high``.
    title : str
    note : str

    Returns
    -------
    Figure

    Raises
    ------
    InvalidInputError
        If there are no rows.
    """
    if table.empty:
        msg = "There is no weighted RDM to draw; give at least one row."
        raise InvalidInputError(msg)
    sets = list(dict.fromkeys(table["layer"]))
    styles = assign_series_styles(table[["model", "weights"]].itertuples(index=False, name=None))
    with figure_style():
        figure = create_figure(4.8, 3.3 + 0.17 * len(styles))
        axis = figure.subplots()
        handles: dict[str, Artist] = {}
        for place, (pair, style) in enumerate(styles.items()):
            own = table[(table["model"] == pair[0]) & (table["weights"] == pair[1])].set_index("layer")["value"]
            x = [k + 0.12 * (place - (len(styles) - 1) / 2) for k in range(len(sets))]
            (dots,) = axis.plot(
                x,
                [own.get(name, float("nan")) for name in sets],
                style.marker,
                color=style.colour,
                markerfacecolor=style.face,
                linestyle="none",
                zorder=3,
            )
            handles[style.label] = dots
        bounds = table[["ceiling_low", "ceiling_high"]].dropna()
        if len(bounds):
            low, high = float(bounds["ceiling_low"].min()), float(bounds["ceiling_high"].max())
            handles["ceiling"] = axis.axhspan(low, high, color=CEILING, alpha=0.45, linewidth=0, zorder=0)
        axis.axhline(0.0, color=RULE, linewidth=1.0)
        axis.grid(axis="y")
        axis.set_xticks(range(len(sets)), [name.replace("+", "\nand ") for name in sets])
        axis.set_xlim(-0.5, len(sets) - 0.5)
        axis.set_ylabel(f"similarity of RDMs ({table['comparator'].iloc[0]}), held out")
        draw_legend(figure, handles)
        said = [f"{int(table['n_stimuli'].iloc[0])} stimuli" if pd.notna(table["n_stimuli"].iloc[0]) else "", note]
        draw_heading(figure, title, said, simulated=is_simulated(table))
    return figure
