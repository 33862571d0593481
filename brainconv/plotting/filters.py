"""First-layer filters: pictures beside their Gabor fits, and their shapes beside those of V1 receptive fields."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brainconv.containers import Properties
from brainconv.errors import InvalidInputError
from brainconv.plotting.style import (
    INK,
    MUTED,
    RULE,
    SeriesStyle,
    assign_series_styles,
    create_figure,
    draw_heading,
    draw_legend,
    figure_style,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

#: Range of both axes of the shape plane; what lies beyond is drawn on the border.
_PLANE = (0.05, 2.2)


def plot_filters(
    filters: Array,
    fits: Properties | pd.DataFrame,
    fitted: Array,
    *,
    gate: float,
    title: str = "First-layer filters and their Gabor fits",
    n_columns: int = 12,
    max_filters: int | None = None,
    note: str = "",
) -> Figure:
    """Every filter at the left of its Gabor fit, the best fits first, with R² and a mark for those above the gate.

    Each pair has one scale, its largest weight; grey is zero.  The fit has the filter's colour direction, so that
    what the single direction leaves out shows as a difference.

    Parameters
    ----------
    filters : ndarray, shape (n_filters, n_channels, k, k)
        Weights on RGB pixels (or on one channel).
    fits : Properties or DataFrame
        One row per filter with the column ``r2``.
    fitted : ndarray, shape (n_filters, 3, k, k) or (n_filters, k, k)
        Pictures of the fits.
    gate : float
        R² that a Gabor exceeds, in units of 1.
    title : str
    n_columns : int
        Pairs side by side.
    max_filters : int, optional
        Show only the best so many; the note says so.
    note : str
        Further words under the title.

    Returns
    -------
    Figure

    Raises
    ------
    InvalidInputError
        If filters, fits and pictures are not equally many, or of different size.
    """
    table = _get_table(fits)
    left, right = _to_pictures(filters, "filters"), _to_pictures(fitted, "fitted pictures")
    if not len(left) == len(table) == len(right) or left.shape != right.shape:
        msg = (
            f"There are {len(left)} filters of {left.shape[1]} px, {len(table)} fits and {len(right)} pictures of "
            f"{right.shape[1]} px; expected one fit and one picture of the same size for every filter."
        )
        raise InvalidInputError(msg)
    r2 = table["r2"].to_numpy(dtype=float)
    order = np.argsort(-np.nan_to_num(r2, nan=-np.inf), kind="stable")[:max_filters]
    n_passed, n_filters, k = int((r2 > gate).sum()), len(r2), left.shape[1]
    n_columns = min(n_columns, len(order))
    n_rows = math.ceil(len(order) / n_columns)
    step_x, step_y = 2 * k + 0.9 * k, 1.62 * k

    with figure_style():
        unit = min(9.6 / (n_columns * step_x), 0.46 / k)
        figure = create_figure(max(n_columns * step_x * unit + 0.2, 3.6), n_rows * step_y * unit + 0.5)
        axis = figure.subplots()
        for place, i in enumerate(order):
            row, column = divmod(place, n_columns)
            x, y = column * step_x, row * step_y
            scale = max(float(np.abs(left[i]).max()), 1e-300)
            for dx, picture in ((0.0, left[i]), (1.06 * k, right[i])):
                shown = (
                    np.full_like(picture, 0.5) if np.isnan(picture).any() else np.clip(0.5 + picture / scale / 2, 0, 1)
                )
                extent = (x + dx, x + dx + k, y + k, y)
                axis.imshow(shown, extent=extent, interpolation="nearest", aspect="equal")
            passed = bool(r2[i] > gate)
            text = ("● " if passed else "○ ") + ("no fit" if np.isnan(r2[i]) else f"{r2[i]:.2f}")
            axis.text(x, y - 0.07 * k, text, fontsize=6.5, va="bottom", color=INK if passed else MUTED)
        axis.set(xlim=(-0.05 * k, n_columns * step_x), ylim=(n_rows * step_y - 0.45 * k, -0.6 * k))
        axis.set_axis_off()
        said = [
            "left filter, right its Gabor fit, above R²",
            f"● above the gate of {gate:.2f}: {n_passed} of {n_filters}",
            f"the best {len(order)} shown" if len(order) < n_filters else "",
            note,
        ]
        draw_heading(figure, title, said, simulated=False)
    return figure


def plot_shape_plane(
    fits_by_model: Mapping[tuple[str, str], Properties | pd.DataFrame],
    counts: NDArray[np.int64],
    edges: Array,
    *,
    gates: Mapping[tuple[str, str], float],
    title: str = "Shape of first-layer filters and of V1 receptive fields",
    cells: str = "macaque V1 simple cells (Ringach 2002)",
    note: str = "",
) -> Figure:
    """Filters above the gate in the plane of n_x and n_y, over the binned table of V1 cells; one panel per model.

    Parameters
    ----------
    fits_by_model : mapping of (str, str) to Properties or DataFrame
        Model and weights to its fits: columns ``r2, n_x, n_y, symmetry_phase, colour_class``.
    counts : ndarray of int, shape (n_bins, n_bins)
        Cells per bin; rows are n_x, columns are n_y.
    edges : ndarray, shape (n_bins + 1,)
        Edges of the bins of both axes, in units of 1.
    gates : mapping of (str, str) to float
        R² that a Gabor exceeds, for each model.
    title : str
    cells : str
        What was counted, for the legend.
    note : str
        Further words under the title.

    Returns
    -------
    Figure

    Raises
    ------
    InvalidInputError
        If there is no model, or a model has no gate.
    """
    missing = [pair for pair in fits_by_model if pair not in gates]
    if missing or not fits_by_model:
        what = f"{missing[0][0]!r} has no gate" if missing else "there are no fits to draw"
        msg = f"For the shape plane {what}; expected fits and a gate for each model."
        raise InvalidInputError(msg)
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    styles = assign_series_styles(fits_by_model)
    n_columns = min(len(styles), 3)
    n_rows = math.ceil(len(styles) / n_columns)
    with figure_style():
        figure = create_figure(max(3.1 * n_columns + 0.2, 4.7), 3.15 * n_rows + 1.1)
        grid = figure.add_gridspec(n_rows + 1, n_columns, height_ratios=[0.01] + [1.0] * n_rows)
        figure.add_subplot(grid[0, :]).set_axis_off()  # bears the small letters of the heading
        axes = [figure.add_subplot(grid[1 + place // n_columns, place % n_columns]) for place in range(len(styles))]
        for axis, (pair, fits) in zip(axes, fits_by_model.items(), strict=True):
            _draw_cells(axis, counts, edges)
            _draw_shapes(axis, _get_table(fits), gates[pair], styles[pair])
        for place, axis in enumerate(axes):
            if place + n_columns >= len(styles):
                axis.set_xlabel("n$_x$ = σ$_x$ f (cycles across the bars)", parse_math=True)
            if place % n_columns == 0:
                axis.set_ylabel("n$_y$ = σ$_y$ f (cycles along the bars)", parse_math=True)
        point: dict[str, Any] = {"linestyle": "", "marker": "o", "markersize": 5, "color": INK}
        draw_legend(
            figure,
            {
                f"{cells}, count per bin, n = {int(np.sum(counts))}": Patch(facecolor="#d5d8dc", edgecolor=RULE),
                "achromatic filter": Line2D([], [], **point),
                "coloured filter": Line2D([], [], markerfacecolor="white", **point),
                "filter of no clear orientation (nₓ < .15)": Line2D([], [], **{**point, "marker": "x"}),
            },
        )
        said = [
            f"Filters above the gate only; what lies beyond {_PLANE[0]:g} to {_PLANE[1]:g} stands on the border",
            note,
        ]
        draw_heading(figure, title, said, simulated=False)
    return figure


def _draw_cells(axis: Axes, counts: NDArray[np.int64], edges: Array) -> None:
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.patheffects import withStroke
    from matplotlib.ticker import FixedLocator, NullLocator

    greys = LinearSegmentedColormap.from_list("cells", ["#f6f7f8", "#aeb4bb"])
    axis.pcolormesh(edges, edges, counts.T, cmap=greys, edgecolors="white", linewidth=0.8, zorder=1)
    outline = [withStroke(linewidth=1.8, foreground="white")]
    for (row, column), count in np.ndenumerate(counts):
        if count:  # at the foot of its bin and over the points, so that none hides it
            x, y = float(edges[row]) * 1.05, float(edges[column]) * 1.05
            axis.text(x, y, str(count), fontsize=7, color=INK, va="bottom", zorder=6, path_effects=outline)
    axis.set(xscale="log", yscale="log", xlim=_PLANE, ylim=_PLANE, aspect="equal")
    for side in (axis.xaxis, axis.yaxis):
        side.set_major_locator(FixedLocator([0.05, 0.1, 0.2, 0.5, 1, 2]))
        side.set_major_formatter("{x:g}")
        side.set_minor_locator(NullLocator())


def _draw_shapes(axis: Axes, table: pd.DataFrame, gate: float, style: SeriesStyle) -> None:
    passed = table[(table["r2"] > gate).fillna(False)]
    oriented = passed["symmetry_phase"].notna()
    achromatic = passed["colour_class"] == "achromatic"
    point: dict[str, Any] = {"s": 20, "linewidths": 0.9, "zorder": 4, "clip_on": False}
    for chosen, marker, face, edge in (
        (oriented & achromatic, "o", style.colour, "white"),
        (oriented & ~achromatic, "o", "white", style.colour),
        (~oriented, "x", style.colour, None),
    ):
        x, y = (passed.loc[chosen, name].clip(*_PLANE).to_numpy(dtype=float) for name in ("n_x", "n_y"))
        axis.scatter(x, y, marker=marker, facecolor=face, edgecolor=edge, **point)
    n_comparable = int((oriented & achromatic).sum())
    said = f"{len(passed)} of {len(table)} above R² = {gate:.2f}\n{n_comparable} achromatic, oriented"
    axis.set_title(textwrap.fill(style.label, 34), fontsize=8.5)
    axis.text(0.98, 0.02, said, transform=axis.transAxes, fontsize=7.5, ha="right", va="bottom", linespacing=1.3)


def _get_table(fits: Properties | pd.DataFrame) -> pd.DataFrame:
    return fits.table if isinstance(fits, Properties) else fits


def _to_pictures(values: Array, what: str) -> Array:
    """Bring to (n_filters, k, k, 3)."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 3:
        array = array[:, None]
    if array.ndim != 4 or array.shape[1] not in (1, 3):
        msg = f"The {what} have shape {np.shape(values)}; expected (n, 3, k, k), (n, 1, k, k) or (n, k, k)."
        raise InvalidInputError(msg)
    return np.moveaxis(np.repeat(array, 3, axis=1) if array.shape[1] == 1 else array, 1, -1)
