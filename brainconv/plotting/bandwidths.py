"""Orientation bandwidth of V1 cells, and of first-layer filters as their Gabor fits predict it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from brainconv.plotting.style import (
    INK,
    assign_series_styles,
    create_figure,
    draw_heading,
    draw_legend,
    figure_style,
    series_label,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MIN_FILTERS = 5  # fewer say nothing about a distribution


def plot_bandwidths(
    cells: NDArray[np.float64],
    filters: Mapping[tuple[str, str], NDArray[np.float64]],
    *,
    title: str = "Orientation bandwidth",
    cells_label: str = "macaque V1 cells",
) -> Figure:
    """Cumulative distributions of bandwidth.

    Parameters
    ----------
    cells : ndarray, shape (n_cells,), deg
        Measured half-widths at 1/√2 of the peak; NaN where a cell is untuned.
    filters : mapping of (str, str) to ndarray, deg
        Model and weights to the half-widths of its filters; models of fewer than five filters are named, not drawn.
    title : str
    cells_label : str
        What was measured, for the legend.

    Returns
    -------
    Figure
    """
    measured = cells[np.isfinite(cells)]
    styles = assign_series_styles(filters)
    few = [series_label(*key) for key, values in filters.items() if len(values) < MIN_FILTERS]
    with figure_style():
        figure = create_figure(5.2, 3.6)
        axis = figure.subplots()
        handles = {f"{cells_label}, n = {len(measured)}": axis.ecdf(measured, color=INK, linewidth=2)}
        for key, values in filters.items():
            if len(values) >= MIN_FILTERS:
                label = f"{series_label(*key)}, n = {len(values)}"
                handles[label] = axis.ecdf(values, color=styles[key].colour, linewidth=1.6)
        axis.set_xlim(0, 90)
        axis.set_ylim(0, 1)
        axis.set_xlabel("half-width at 1/√2 of the peak (deg)")
        axis.set_ylabel("cumulative share")
        draw_legend(figure, handles)
        said = [f"{len(cells) - len(measured)} untuned cells are left out"]
        said += [f"fewer than {MIN_FILTERS} comparable filters: {', '.join(few)}"] if few else []
        draw_heading(figure, title, said, simulated=False)
    return figure
