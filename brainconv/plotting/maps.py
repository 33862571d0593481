"""Maps of stimuli: those that an RDM calls alike lie side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from brainconv.containers import RDMs
from brainconv.plotting.layouts import METHODS, compute_stress, place_stimuli, turn_onto
from brainconv.plotting.panels import colour_categories, list_rdms, name_panels, sort_stimuli
from brainconv.plotting.style import (
    MUTED,
    OKABE_ITO,
    RULE,
    count_legend_columns,
    create_figure,
    draw_heading,
    draw_legend,
    figure_style,
    wrap_name,
)
from brainconv.plotting.thumbnails import draw_thumbnail, shrink_images
from brainconv.validation import check_choice

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p")
_PANEL = 4.0  # inches


def plot_image_map(
    rdms: RDMs | Sequence[RDMs],
    *,
    images: Mapping[str, NDArray[np.uint8]] | None = None,
    categories: Mapping[str, str] | Sequence[str] | None = None,
    method: str = "mds",
    titles: Sequence[str] | None = None,
    title: str = "",
    note: str = "",
    random_state: int = 0,
) -> Figure:
    """The stimuli of each RDM as a map in the plane, side by side, the later maps turned onto the first.

    Metric MDS (`method` ``"mds"``) makes distances in the plane as nearly proportional to the dissimilarities as it
    can; the number under each map is Kruskal's stress-1, how much the plane distorts them.  t-SNE keeps neighbours
    together and nothing else.  Maps are turned and reflected, which changes no distance; each has its own scale.

    Parameters
    ----------
    rdms : RDMs or sequence of RDMs
        All over the same stimuli.
    images : mapping of str to ndarray, uint8, shape (height, width, 3), optional
        Picture of each stimulus, by id, drawn small in a frame of its category's colour; without them dots are drawn.
    categories : mapping or sequence of str, optional
        Category of each stimulus, by id or in the order of the first `RDMs`; by default the column ``category`` of
        its stimuli, where there is one.
    method : {"mds", "tsne"}
    titles : sequence of str, optional
        One for each RDM; by default what tells it from the others in `labels`.
    title, note : str
        Heading, and further words beneath it.
    random_state : int
        Handed to t-SNE, whose start is not random here.

    Returns
    -------
    Figure

    Raises
    ------
    InvalidInputError
        If there are no RDMs, fewer than 4 stimuli, a dissimilarity is NaN, an image is missing or not uint8 RGB, or
        counts do not agree.
    NotFoundError
        If there is no such method.
    """
    check_choice(method, METHODS, what="method of maps")
    sets = list_rdms(rdms)
    ids, names = sort_stimuli(sets[0], categories)
    heads = name_panels(sets, titles)
    rows = np.concatenate([one.reorder(ids).dissimilarities for one in sets])
    thumbnails = None if images is None else shrink_images(images, ids)
    maps: list[Array] = []
    for row in rows:
        places = place_stimuli(row, method=method, random_state=random_state)
        maps.append(turn_onto(places, maps[0]) if maps else places)
    n_negative = int((rows < 0).sum())

    n_across = len(maps) if len(maps) < 4 else 2 if len(maps) == 4 else 3
    size = min(_PANEL, 9.6 / n_across - 0.1)
    with figure_style():
        n_down = math.ceil(len(maps) / n_across)
        width = max((size + 0.1) * n_across + 0.1, 4.2)
        legend = list(dict.fromkeys(names))
        below = 0.2 * math.ceil(len(legend) / count_legend_columns(width, legend)) if legend else 0.0
        figure = create_figure(width, (size + 0.5) * n_down + 0.55 + below)
        axes = figure.subplots(n_down, n_across, squeeze=False).ravel()
        for axis in axes[len(maps) :]:
            axis.set_visible(False)
        for axis, places, row, head in zip(axes, maps, rows, heads, strict=False):
            _draw_map(axis, places, names, thumbnails, size)
            told = f"stress-1 {compute_stress(row, places):.2f}" if method == "mds" else _TSNE_WORDS
            axis.set_xlabel(f"{wrap_name(head, int(13 * size))}\n{told}", linespacing=1.3)
        if names:
            draw_legend(figure, _label_categories(names, framed=thumbnails is not None))
        said = [f"{len(ids)} stimuli", _METHOD_WORDS[method], note]
        if n_negative:
            said.append(f"{n_negative:,} of {rows.size:,} dissimilarities are below 0 and count as 0")
        simulated = any(bool(one.metadata.get("simulated", False)) for one in sets)
        draw_heading(figure, title or " · ".join(dict.fromkeys(one.name for one in sets)), said, simulated=simulated)
    return figure


_METHOD_WORDS = {
    "mds": "metric MDS · stress-1: how much the plane distorts the dissimilarities (0: not at all)",
    "tsne": "t-SNE",
}
_TSNE_WORDS = "distances between clusters mean nothing"


def _draw_map(
    axis: Axes, places: Array, names: Sequence[str], thumbnails: Sequence[NDArray[np.uint8]] | None, size: float
) -> None:
    share = 0.0 if thumbnails is None else min(0.1, 0.67 / math.sqrt(len(places)))  # of the panel's width
    low, high = places.min(axis=0), places.max(axis=0)
    side = 1.04 * float((high - low).max()) / (1.0 - share - 0.04)
    middle = (low + high) / 2
    axis.set(xlim=middle[0] + side * np.array([-0.5, 0.5]), ylim=middle[1] + side * np.array([-0.5, 0.5]))
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set(visible=True, color=RULE)
    colours = colour_categories(names)
    if thumbnails is None:
        for name, marker in _choose_markers(names).items() if names else [("", "o")]:
            own = [other == name for other in names] if names else slice(None)
            axis.plot(*places[own].T, marker, color=colours.get(name, OKABE_ITO["blue"]), markersize=5, alpha=0.85)
    else:
        for place, ((x, y), picture) in enumerate(zip(places, thumbnails, strict=True)):
            colour = colours[names[place]] if names else MUTED
            order = 2 + place / len(places)
            draw_thumbnail(axis, picture, (x, y), share * side, colour, width=0.3 * size, order=order)
    axis.set_aspect("equal")


def _choose_markers(names: Sequence[str]) -> dict[str, str]:
    """Shape of each category's dots, so that colour is not the only difference."""
    return {name: _MARKERS[place % len(_MARKERS)] for place, name in enumerate(dict.fromkeys(names))}


def _label_categories(names: Sequence[str], *, framed: bool) -> dict[str, Artist]:
    from matplotlib.lines import Line2D

    markers, colours = _choose_markers(names), colour_categories(names)
    return {
        name: Line2D([], [], linestyle="none", marker="s", markersize=7, color=colour, markerfacecolor="white")
        if framed
        else Line2D([], [], linestyle="none", marker=markers[name], markersize=6, color=colour)
        for name, colour in colours.items()
    }
