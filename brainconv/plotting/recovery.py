"""Simulated recordings: which layer made them, and which layer the analysis found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from brainconv.containers import Scores
from brainconv.errors import InvalidInputError, NotFoundError
from brainconv.plotting.selection import describe_score, get_table, is_simulated, order_areas, select_best_layers
from brainconv.plotting.style import (
    COLOUR_MAP,
    INK,
    OKABE_ITO,
    break_label,
    create_figure,
    draw_heading,
    figure_style,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: What fits side by side on a page.
_MAX_PANELS = 3


def plot_layer_recovery(
    scores: Scores | pd.DataFrame,
    *,
    true_layers: Mapping[str, str],
    model: str,
    weights: str = "default",
    title: str = "Recovery of the generating layer",
    note: str = "",
) -> Figure:
    """Score of every layer for every simulated area; the layer that made it outlined, the one found marked.

    Parameters
    ----------
    scores : Scores or DataFrame
        Tidy table of simulated recordings; one panel per formula in it, at most three.
    true_layers : mapping of str to str
        Area to the layer from whose features its recording was made.
    model : str
        The network that made the recordings and is scored.
    weights : str
    title, note : str

    Returns
    -------
    Figure

    Raises
    ------
    InvalidInputError
        If a row is not of a simulated recording, an area has several recordings, or there are too many formulas.
    NotFoundError
        If there is no row of that model, or a true layer is not among the layers scored.
    """
    table = get_table(scores)
    table = table[(table["model"] == model) & (table["weights"] == weights) & table["value"].notna()]
    if table.empty:
        msg = f"No score of {model!r} with weights {weights!r}; score it on the simulated recordings first."
        raise NotFoundError(msg)
    if not table["simulated"].fillna(False).all():
        real = table.loc[~table["simulated"].fillna(False), "recording"].iloc[0]
        msg = f"{real!r} is not a simulated recording and has no true layer; give simulated recordings only."
        raise InvalidInputError(msg)
    areas = order_areas(table["area"])
    layers = list(dict.fromkeys(table.sort_values("layer_index", kind="stable")["layer"]))
    for area in areas:
        if true_layers.get(area) not in layers:
            msg = f"The true layer of {area} is {true_layers.get(area)!r}; expected one of {', '.join(layers)}."
            raise NotFoundError(msg)
    panels = list(table.groupby(["analysis", "statistic", "definition", "comparator"], sort=False))
    if len(panels) > _MAX_PANELS:
        msg = (
            f"The table holds {len(panels)} formulas; at most {_MAX_PANELS} fit in one figure, choose among them first."
        )
        raise InvalidInputError(msg)
    with figure_style():
        from matplotlib.patches import Rectangle

        figure = create_figure(min(1.6 + len(panels) * (0.9 + 0.62 * len(areas)), 9.6), 2.0 + 0.3 * len(layers))
        axes = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
        for axis, (_, rows) in zip(axes, panels, strict=True):
            if rows.duplicated(["layer", "area"]).any():
                msg = f"An area has several scores per layer ({describe_score(rows)}); give one recording per area."
                raise InvalidInputError(msg)
            values = rows.set_index(["layer", "area"])["value"].to_dict()
            matrix = np.array([[values.get((layer, area), np.nan) for area in areas] for layer in layers], dtype=float)
            image = axis.imshow(matrix, cmap=COLOUR_MAP, aspect="auto", interpolation="none")
            found = select_best_layers(rows).set_index("area")["layer"]
            for column, area in enumerate(areas):
                for row in range(len(layers)):
                    dark = image.norm(matrix[row, column]) < 0.6
                    mark = " ●" if found.get(area) == layers[row] else ""
                    axis.text(
                        column,
                        row,
                        f"{matrix[row, column]:.2f}{mark}" if np.isfinite(matrix[row, column]) else "–",
                        ha="center",
                        va="center",
                        fontsize=8,
                        color="white" if dark else INK,
                    )
                place = layers.index(true_layers[area])
                axis.add_patch(
                    Rectangle(
                        (column - 0.47, place - 0.46),
                        0.94,
                        0.92,
                        fill=False,
                        edgecolor=OKABE_ITO["vermillion"],
                        linewidth=2.2,
                    )
                )
            axis.set_xticks(range(len(areas)), areas)
            axis.set_yticks(range(len(layers)), layers)
            axis.tick_params(length=0)
            axis.spines[:].set_visible(False)
            axis.set_xlabel(break_label(describe_score(rows), 8 + 7 * len(areas)))
        axes[0].set_ylabel("layer, in the order of execution")
        said = [model, "outlined: the layer that made the recording", "●: the layer of the highest score", note]
        draw_heading(figure, title, said, simulated=is_simulated(table))
    return figure
