"""Pictures of RDMs, side by side on one colour scale."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from brainconv.containers import RDMs
from brainconv.errors import InvalidInputError
from brainconv.plotting.panels import colour_categories, list_rdms, name_panels, sort_stimuli
from brainconv.plotting.style import COLOUR_MAP, INK, MUTED, create_figure, draw_heading, figure_style, wrap_name
from brainconv.plotting.thumbnails import Picture, draw_strip, shrink_images
from brainconv.validation import check_choice

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

_PAGE = 9.6  # inches
_MOST_ACROSS = 5
_THUMBNAIL = 0.29  # inches
_N_COLOURS = 32  # steps of the colour bar: as many as the eye tells apart, and a sixth of the bytes of 256


def plot_rdms(
    rdms: RDMs | Sequence[RDMs],
    *,
    images: Mapping[str, Picture] | None = None,
    categories: Mapping[str, str] | Sequence[str] | None = None,
    titles: Sequence[str] | None = None,
    scale: str = "rank",
    n_columns: int | None = None,
    title: str = "",
    note: str = "",
) -> Figure:
    """RDMs as matrices, stimuli sorted by category, all with one colour bar.

    Parameters
    ----------
    rdms : RDMs or sequence of RDMs
        All over the same stimuli; the order of the first is kept.
    images : mapping of str to ndarray, uint8, shape (height, width, 3), optional
        Picture of each stimulus, by id, drawn small beneath the matrices in the order of their rows, in a frame of
        its category's colour.
    categories : mapping or sequence of str, optional
        Category of each stimulus, by id or in the order of the first `RDMs`; by default the column ``category`` of
        its stimuli, where there is one. Categories stand in the order in which they first appear.
    titles : sequence of str, optional
        One for each RDM; by default what tells it from the others in `labels`.
    scale : {"rank", "raw"}
        ``"rank"`` shows the percentile of each pair among the pairs of its RDM, which makes RDMs of different
        estimators look alike; ``"raw"`` the dissimilarities themselves, on one common range.
    n_columns : int, optional
        Matrices per row; by default as many as fill their rows evenly, at most 5.
    title, note : str
        Heading, and further words beneath it.

    Returns
    -------
    Figure

    Raises
    ------
    InvalidInputError
        If there are no RDMs, their stimuli or (with ``"raw"``) estimators differ, an image is missing or not uint8
        RGB, or counts do not agree.
    """
    check_choice(scale, ("rank", "raw"), what="scale of RDM pictures")
    sets = list_rdms(rdms)
    estimators = list(dict.fromkeys(one.estimator for one in sets))
    if scale == "raw" and len(estimators) > 1:
        msg = f"The RDMs have {len(estimators)} estimators ({', '.join(estimators)}) and no common unit; rank them."
        raise InvalidInputError(msg)
    ids, names = sort_stimuli(sets[0], categories)
    rows = np.concatenate([one.reorder(ids).dissimilarities for one in sets])
    heads = name_panels(sets, titles)
    n_absent = int(np.isnan(rows).sum())
    shown = np.stack([_rank(row) for row in rows]) if scale == "rank" else rows

    thumbnails = None if images is None else shrink_images(images, ids)

    n_across = min(n_columns or math.ceil(len(rows) / math.ceil(len(rows) / _MOST_ACROSS)), len(rows))
    n_down = math.ceil(len(rows) / n_across)
    with figure_style():
        from matplotlib import colormaps
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import Normalize

        room = 0.075 * max(map(len, names)) if names else 0.0
        size = min(2.35, (_PAGE - room) / n_across)
        width = max(size * n_across + room + 0.2, 3.2)
        n_lines = 0 if thumbnails is None else math.ceil(len(ids) * _THUMBNAIL / width)
        n_small = math.ceil(len(ids) / max(n_lines, 1))  # lines are evenly filled
        below = n_lines * width / n_small
        above = (size + 0.32) * n_down + 1.15
        heights = [above, below] if below else [above]
        figure = create_figure(width, sum(heights))
        upper, *lower = figure.subfigures(len(heights), height_ratios=heights, squeeze=False).flat
        axes = upper.subplots(n_down, n_across, squeeze=False)
        colours = colormaps[COLOUR_MAP].resampled(_N_COLOURS).with_extremes(bad="#d7dadd")
        finite = shown[np.isfinite(shown)]
        span = (
            Normalize(0, 100) if scale == "rank" else Normalize(finite.min(initial=np.inf), finite.max(initial=-np.inf))
        )
        if not finite.size:
            msg = "Every dissimilarity is NaN; there is nothing to draw."
            raise InvalidInputError(msg)
        for place, axis in enumerate(axes.flat):
            if place >= len(shown):
                axis.set_visible(False)
                continue
            matrix = squareform(shown[place], checks=False)
            np.fill_diagonal(matrix, np.nan)
            axis.imshow(matrix, cmap=colours, norm=span, interpolation="none")
            axis.set_title(wrap_name(heads[place], int(12 * size)), fontsize=8, fontweight="normal")
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_visible(False)
            if names:
                _draw_categories(axis, names, labelled=place % n_across == 0)
        words = "dissimilarity (percentile within its RDM)" if scale == "rank" else f"dissimilarity ({estimators[0]})"
        bar = upper.colorbar(
            ScalarMappable(span, colours),
            ax=list(axes.flat),
            location="bottom",
            shrink=0.5,
            aspect=34,
            pad=0.03,
            label=words,
        )
        bar.outline.set_visible(False)
        if thumbnails is not None:
            colour = colour_categories(names)
            draw_strip(lower[0].subplots(), thumbnails, [colour[name] for name in names] or [MUTED] * len(ids), n_small)
        said = [
            f"{len(ids)} stimuli{', pictured in the order of the rows' if below else ''}",
            f"estimator: {', '.join(estimators)}",
            note,
        ]
        if n_absent:
            said.append(f"{n_absent:,} of {rows.size:,} pairs are missing (grey)")
        simulated = any(bool(one.metadata.get("simulated", False)) for one in sets)
        draw_heading(figure, title or " · ".join(dict.fromkeys(one.name for one in sets)), [], simulated=simulated)
        figure.supxlabel(" · ".join(filter(None, said)), fontsize=8, color=MUTED, x=0.012, ha="left")
    return figure


def _rank(row: NDArray[np.float64]) -> NDArray[np.float64]:
    """Percentile of each value among those that are there, 0 to 100."""
    there = np.isfinite(row)
    ranks = np.full(row.shape, np.nan)
    if there.any():
        ranks[there] = 100.0 * (rankdata(row[there]) - 1.0) / max(int(there.sum()) - 1, 1)
    return ranks


def _draw_categories(axis: Axes, names: list[str], *, labelled: bool) -> None:
    n = len(names)
    for name, colour in colour_categories(names).items():
        start, stop = names.index(name) - 0.5, n - names[::-1].index(name) - 0.5
        thick, gap = 0.028 * n, 0.012 * n
        for x, y, w, h in (
            (-0.5 - gap - thick, start, thick, stop - start),
            (start, n - 0.5 + gap, stop - start, thick),
        ):
            axis.add_patch(_rectangle(x, y, w, h, colour))
        if start > 0:
            axis.axhline(start, color="white", linewidth=0.6)
            axis.axvline(start, color="white", linewidth=0.6)
        if labelled:
            axis.text(
                -0.5 - 2 * gap - thick, (start + stop) / 2, name, ha="right", va="center", fontsize=7.5, color=INK
            )


def _rectangle(x: float, y: float, width: float, height: float, colour: str) -> Rectangle:
    from matplotlib.patches import Rectangle

    return Rectangle((x, y), width, height, facecolor=colour, edgecolor="white", linewidth=0.5, clip_on=False)
