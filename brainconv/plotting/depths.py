"""Which layer each site prefers: how many sites of each area, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from brainconv.errors import InvalidInputError
from brainconv.plotting.style import INK, OKABE_ITO, create_figure, draw_heading, figure_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_preferred_layers(
    table: pd.DataFrame,
    *,
    layers: Sequence[str],
    title: str = "Preferred layer of each site",
    simulated: bool = False,
    note: str = "",
) -> Figure:
    """Share of the sites of each area that are predicted best from each layer.

    Parameters
    ----------
    table : DataFrame
        One row per site: ``area`` (one panel each, in the order of the rows), ``layer`` (missing where no layer
        predicts the site).
    layers : sequence of str
        In the order of execution.
    title : str
    simulated : bool
    note : str

    Returns
    -------
    Figure

    Raises
    ------
    InvalidInputError
        If there are no sites, or one prefers a layer that is not among `layers`.
    """
    strangers = sorted(set(table["layer"].dropna()) - set(layers))
    if table.empty or strangers:
        msg = f"{len(table)} sites, with preferred layers that are not among the {len(layers)} given: {strangers}."
        raise InvalidInputError(msg)
    areas = list(dict.fromkeys(table["area"]))
    with figure_style():
        figure = create_figure(
            max(0.34 * len(layers) + 1.3, 4.4), 1.3 + 0.85 * len(areas) + 0.05 * max(map(len, layers))
        )
        axes = figure.subplots(len(areas), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
        for axis, area in zip(axes, areas, strict=True):
            own = table[table["area"] == area]
            counts = own["layer"].value_counts().reindex(list(layers), fill_value=0).to_numpy(dtype=float)
            axis.bar(np.arange(len(layers)), 100 * counts / len(own), color=OKABE_ITO["blue"], width=0.72)
            lacking = int(own["layer"].isna().sum())
            words = f"{area}: {len(own)} sites" + (f", {lacking} without a preferred layer" if lacking else "")
            axis.text(0.995, 0.97, words, transform=axis.transAxes, ha="right", va="top", fontsize=8, color=INK)
            axis.grid(axis="y")
        axes[0].set_ylim(0.0, 1.3 * axes[0].get_ylim()[1])
        axes[-1].set_xticks(range(len(layers)), list(layers), rotation=45, ha="right", va="top", rotation_mode="anchor")
        axes[-1].set_xlabel("layer, in the order of execution")
        figure.supylabel("% of the area's sites", fontsize=9)
        draw_heading(figure, title, [note], simulated=simulated)
    return figure
