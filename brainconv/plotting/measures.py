"""Measures of similarity beside each other: how much the order of layers and models depends on the measure."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brainconv.errors import InvalidInputError
from brainconv.plotting.selection import MAX_BASELINE_LAYERS, check_columns
from brainconv.plotting.style import INK, MUTED, create_figure, draw_heading, figure_style, series_label, wrap_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

_KEYS = ["model", "weights", "layer"]
_GAP = 0.35  # between models, in widths of a cell
_PAGE = 9.8  # inches
_ROW = 0.27  # inches


def plot_measures(
    table: pd.DataFrame,
    *,
    title: str,
    distances: Collection[str] = ("procrustes",),
    simulated: bool = False,
    note: str = "",
) -> Figure:
    """One row per measure, one column per layer: the value as a number, its place within the row as a colour.

    Columns are grouped by model: trained networks, then untrained ones (dashed line), then models of one or two layers
    such as ``pixels``.

    Parameters
    ----------
    table : DataFrame
        One row per measure and layer: ``model``, ``weights``, ``layer``, ``layer_index``, ``definition`` (the measure;
        rows in the order in which they first appear), ``value`` (may be missing).
    title : str
    distances : collection of str
        Measures of which smaller is better; those that are not in the table do not matter.
    simulated : bool
    note : str
        Further words under the title.

    Returns
    -------
    Figure

    Raises
    ------
    InvalidInputError
        If there are no rows, a column is missing, or a layer stands twice for one measure.
    """
    table = check_columns(table, [*_KEYS, "layer_index", "definition", "value"], what="measure")
    table = table.assign(weights=table["weights"].fillna("").astype(str), value=table["value"].astype(float))
    twice = table[table.duplicated([*_KEYS, "definition"], keep=False)]
    if len(twice):
        first = twice.iloc[0]
        msg = (
            f"{series_label(first['model'], first['weights'])}:{first['layer']} stands more than once for "
            f"{first['definition']!r}; give one row per measure and layer (one seed, one recording, one area)."
        )
        raise InvalidInputError(msg)
    groups = _group_layers(table)
    measures = list(dict.fromkeys(table["definition"]))
    columns = [(group.model, group.weights, layer) for group in groups for layer in group.layers]
    values = np.full((len(measures), len(columns)), np.nan)
    for row in table[np.isfinite(table["value"])].to_dict("records"):
        place = measures.index(row["definition"]), columns.index((row["model"], row["weights"], row["layer"]))
        values[place] = row["value"]
    names = [f"{name} (distance)" if name in distances else name for name in measures]
    places, best = _rank_cells(values, np.array([name in distances for name in measures]))

    with figure_style():
        lefts = _place_columns(groups)
        room = 0.075 * max(map(len, names)) + 0.3
        cell = min((_PAGE - room) / (lefts[-1] + 1), 0.44)
        width = max(room + cell * (lefts[-1] + 1), 4.8)
        labels = [layer if group.headed else group.name(layer) for group in groups for layer in group.layers]
        figure = create_figure(width, 1.45 + _ROW * len(names) + 0.066 * max(map(len, labels)))
        axis = figure.subplots()
        _draw_cells(axis, values, places, best, lefts=lefts, cell=cell)
        axis.set(xlim=(0, lefts[-1] + 1), ylim=(len(names), 0))
        axis.set_yticks(np.arange(len(names)) + 0.5, names)
        axis.set_xticks([left + 0.5 for left in lefts], labels, rotation=90, fontsize=7.5)
        axis.tick_params(length=0)
        axis.spines[:].set_visible(False)
        _draw_heads(axis, groups, lefts, cell)
        said = "Colour: place of the cell within its row, lowest (light) to best (dark). Bold outline: best of the row."
        if any(name in distances for name in measures):
            said += " In a row marked (distance) smaller is better."
        if np.isnan(values).any():
            said += " –: no value."
        words = textwrap.fill(said, int(14.5 * width))
        figure.supxlabel(words, fontsize=8, color=MUTED, x=0.012, ha="left", linespacing=1.3)
        draw_heading(figure, title, [note], simulated=simulated)
    return figure


@dataclass(frozen=True)
class _Group:
    """Layers of one model with one set of weights, side by side."""

    model: str
    weights: str
    layers: tuple[str, ...]
    headed: bool

    def name(self, layer: str) -> str:
        """What a layer without a heading is called."""
        return series_label(" ".join(dict.fromkeys((self.model, layer))), self.weights)


def _group_layers(table: pd.DataFrame) -> list[_Group]:
    ordered = table.sort_values("layer_index", kind="stable")
    groups = []
    for model, weights in dict.fromkeys(zip(table["model"], table["weights"], strict=True)):
        own = ordered[(ordered["model"] == model) & (ordered["weights"] == weights)]
        layers = tuple(dict.fromkeys(own["layer"]))
        groups.append(_Group(model, weights, layers, len(layers) > MAX_BASELINE_LAYERS))
    return sorted(groups, key=lambda group: (not group.headed, group.weights == "random"))


def _rank_cells(
    values: NDArray[np.float64], distance: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Place of each cell within its row, 0 to 1 (ties share theirs), and whether it is the best of the row."""
    signed = pd.DataFrame(np.where(distance[:, None], -values, values))
    ranks, there = signed.rank(axis=1), signed.count(axis=1)
    places = ranks.sub(1).div((there - 1).clip(lower=1), axis=0)
    places[ranks.notna().mul(there == 1, axis=0)] = 1.0
    return places.to_numpy(), signed.eq(signed.max(axis=1), axis=0).to_numpy()


def _place_columns(groups: list[_Group]) -> list[float]:
    """Left edge of each column, in widths of a cell."""
    lefts: list[float] = []
    left = 0.0
    for group in groups:
        lefts += [left + place for place in range(len(group.layers))]
        left += len(group.layers) + (_GAP if group.headed else 0.0)
    return lefts


def _draw_cells(
    axis: Axes,
    values: NDArray[np.float64],
    places: NDArray[np.float64],
    best: NDArray[np.bool_],
    *,
    lefts: Sequence[float],
    cell: float,
) -> None:
    from matplotlib.patches import Rectangle

    words = [[_write(value) for value in row] for row in values]
    longest = max(len(word) for row in words for word in row)
    size = min(7.5, 72 * cell / (0.66 * longest + 0.35))  # letters of DejaVu are about 0.64 of their size wide
    colours = _light_colours()
    for i, j in np.ndindex(*values.shape):
        if not np.isnan(values[i, j]):
            face = colours(places[i, j])
            axis.add_patch(Rectangle((lefts[j], i), 1, 1, facecolor=face, edgecolor="white", linewidth=0.6))
        axis.text(
            lefts[j] + 0.5,
            i + 0.52,
            words[i][j],
            ha="center",
            va="center",
            fontsize=size,
            color=MUTED if np.isnan(values[i, j]) else INK,
        )
        if best[i, j]:
            frame = Rectangle(
                (lefts[j] + 0.03, i + 0.05), 0.94, 0.9, fill=False, edgecolor=INK, linewidth=1.7, zorder=3
            )
            axis.add_patch(frame)


def _draw_heads(axis: Axes, groups: list[_Group], lefts: Sequence[float], cell: float) -> None:
    """Names of the networks above their columns, with a line that is dashed for untrained ones."""
    head = axis.secondary_xaxis("top")
    head.tick_params(length=0, pad=5.5)
    head.spines[:].set_visible(False)
    middles, names, start = [], [], 0
    for group in groups:
        first, last = lefts[start], lefts[start + len(group.layers) - 1] + 1
        start += len(group.layers)
        if not group.headed:
            continue
        middles.append((first + last) / 2)
        names.append(wrap_name(series_label(group.model, group.weights), max(int(cell * (last - first) / 0.075), 6)))
        axis.plot(
            [first + 0.05, last - 0.05],
            [-0.12, -0.12],
            color=INK,
            linewidth=1.3,
            linestyle=(0, (3, 2)) if group.weights == "random" else "-",
            clip_on=False,
        )
    head.set_xticks(middles, names, fontsize=8)


def _write(value: float) -> str:
    """Two decimals; fewer for large numbers, which would not fit."""
    if np.isnan(value):
        return "–"
    decimals = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:z.{decimals}f}".replace("-", "−")


def _light_colours() -> Colormap:
    """The light part of a colour map, on which dark letters are legible."""
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    return ListedColormap(colormaps["YlGnBu"](np.linspace(0.0, 0.55, 32)))
