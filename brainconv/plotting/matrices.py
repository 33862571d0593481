"""Layers by areas as a matrix of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brainconv.errors import InvalidInputError
from brainconv.plotting.selection import SERIES, check_columns, order_areas
from brainconv.plotting.style import COLOUR_MAP, INK, MUTED, create_figure, draw_heading, figure_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_N_COLOURS = 32  # steps of the colour bar
_NUMBERS = ("value", "ci_low", "ci_high")


def plot_layer_area_matrix(
    table: pd.DataFrame,
    *,
    title: str,
    label: str,
    simulated: bool = False,
    note: str = "",
) -> Figure:
    """Layers of one model as rows, the first at the bottom, by areas along the ventral stream as columns.

    If early layers are most similar to early areas, the outlined cells rise from left to right.

    Parameters
    ----------
    table : DataFrame
        One row per layer and recording: ``layer``, ``layer_index``, ``recording``, ``area``, ``value`` and, where
        known, ``ci_low``, ``ci_high``.
    title : str
    label : str
        Of the colour bar: what the number is.
    simulated : bool
    note : str
        Further words under the title.

    Returns
    -------
    Figure

    Raises
    ------
    InvalidInputError
        If there are no rows, a column is missing, there are several models, a layer stands twice in a column, or
        every value is missing.
    """
    table = check_columns(table, ["layer", "layer_index", "recording", "area", "value"], what="score")
    for column in SERIES:
        if column in table and len(table[column].unique()) > 1:
            several = ", ".join(map(str, table[column].unique()))
            msg = f"The rows have several kinds of {column} ({several}); a matrix shows one model, choose it."
            raise InvalidInputError(msg)
    if table.duplicated(["recording", "area", "layer"]).any():
        first = table[table.duplicated(["recording", "area", "layer"])].iloc[0]
        msg = f"{first['layer']!r} stands twice for {first['recording']} {first['area']}; give the rows of one score."
        raise InvalidInputError(msg)
    table = table.sort_values("layer_index", kind="stable")
    layers = list(dict.fromkeys(table["layer"]))
    pairs = list(dict.fromkeys(zip(table["area"], table["recording"], strict=True)))
    pairs.sort(key=lambda pair: (order_areas(table["area"]).index(pair[0]), pair[1]))
    shared = {area for area, _ in pairs if sum(other == area for other, _ in pairs) > 1}
    names = [f"{area} ·\n{recording}" if area in shared else area for area, recording in pairs]
    numbers = np.full((3, len(layers), len(pairs)), np.nan)
    for row in table.to_dict("records"):
        cell = layers.index(row["layer"]), pairs.index((row["area"], row["recording"]))
        for part, column in zip(numbers, _NUMBERS, strict=True):
            part[cell] = row[column] if pd.notna(row.get(column)) else np.nan
    values, low, high = numbers
    if not np.isfinite(values).any():
        msg = f"All {values.size} values are missing; there is nothing to draw."
        raise InvalidInputError(msg)
    said = [f"{area}: {recording}" for area, recording in pairs if area not in shared and str(recording) != str(area)]
    with figure_style():
        each = max(1.0, 0.075 * max(len(line) for name in names for line in name.split("\n")))
        bounded = bool(np.isfinite(low).any())
        width = max(0.075 * max(map(len, layers)) + each * len(pairs) + 1.6, 4.2)
        figure = create_figure(width, (0.38 if bounded else 0.3) * len(layers) + 1.6)
        axis = figure.subplots()
        _draw_cells(axis, values, low, high, label)
        axis.set_xticks(range(len(names)), names)
        axis.set_yticks(range(len(layers)), layers)
        axis.set_ylabel("layer, in the order of execution")
        axis.tick_params(length=0)
        axis.spines[:].set_visible(False)
        draw_heading(figure, title, ["outlined: best layer of each column", *said, note], simulated=simulated)
    return figure


def _draw_cells(
    axis: Axes, values: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64], label: str
) -> None:
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize
    from matplotlib.patches import Rectangle
    from matplotlib.patheffects import Normal, Stroke

    colours = colormaps[COLOUR_MAP].resampled(_N_COLOURS).with_extremes(bad="#f2f3f4")
    norm = Normalize(float(np.nanmin(values)), float(np.nanmax(values)))
    axis.imshow(values, cmap=colours, norm=norm, aspect="auto", interpolation="none", origin="lower")
    for i, j in np.ndindex(*values.shape):
        if np.isnan(values[i, j]):
            axis.text(j, i, "–", ha="center", va="center", color=MUTED)
            continue
        light = float(np.dot(colours(norm(values[i, j]))[:3], (0.299, 0.587, 0.114))) > 0.45
        ink = INK if light else "white"
        best = bool(values[i, j] == np.nanmax(values[:, j]))
        bounded = bool(np.isfinite([low[i, j], high[i, j]]).all())
        axis.annotate(
            _write(float(values[i, j])),
            (j, i),
            xytext=(0, 4.5 if bounded else 0),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=9,
            fontweight="bold" if best else "normal",
            color=ink,
        )
        if bounded:
            axis.annotate(
                f"[{_write(float(low[i, j]))}, {_write(float(high[i, j]))}]",
                (j, i),
                xytext=(0, -6),
                textcoords="offset points",
                ha="center",
                va="center",
                fontsize=6.5,
                color=ink,
            )
        if best:
            axis.add_patch(
                Rectangle(
                    (j - 0.47, i - 0.44),
                    0.94,
                    0.88,
                    fill=False,
                    edgecolor=INK,
                    linewidth=1.8,
                    zorder=3,
                    path_effects=[Stroke(linewidth=3.6, foreground="white"), Normal()],
                )
            )
    bar = axis.figure.colorbar(ScalarMappable(norm, colours), ax=axis, label=label, aspect=28, pad=0.03)
    bar.outline.set_visible(False)


def _write(value: float) -> str:
    return f"{value:z.2f}".replace("-", "−")
