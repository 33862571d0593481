"""Layer profiles: one score per layer, in the order of execution, with intervals, ceilings and controls."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from brainconv.containers import Scores
from brainconv.errors import NotFoundError
from brainconv.plotting.selection import (
    MAX_BASELINE_LAYERS,
    describe_counts,
    describe_score,
    get_ceiling_bands,
    get_ceiling_span,
    is_simulated,
    select_scores,
)
from brainconv.plotting.style import (
    CEILING,
    INK,
    RULE,
    SIMULATED_COLOUR,
    SeriesStyle,
    assign_series_styles,
    break_label,
    count_legend_columns,
    create_figure,
    draw_heading,
    draw_legend,
    figure_style,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: What the legend names after the models.
_LAST = ("ceiling", "true layer", "recovered layer")

_INTERVAL = ("value", "ci_low", "ci_high")


def plot_layer_profiles(
    scores: Scores | pd.DataFrame,
    *,
    recording: str,
    area: str | None = None,
    statistic: str | None = None,
    definition: str | None = None,
    analysis: str | None = None,
    comparator: str | None = None,
    estimator: str | None = None,
    ceiling_reason: str = "none in the table",
    true_layer: str | None = None,
    recovered_layer: str | None = None,
    baselines: Sequence[str] | None = None,
    models: Sequence[str] | None = None,
    title: str | None = None,
    ylabel: str | None = None,
    note: str = "",
) -> Figure:
    """Score of every layer, one curve per model, for one recording, area and formula.

    Trained networks are solid, untrained ones dashed with hollow markers (one thin curve per seed). Bands and bars
    are the interval `ci_low` to `ci_high` of the table, the grey band is the ceiling: its interval or, where it has
    none, its bounds. Models of one or two layers
    (``pixels``, ``v1_gabor``) stand at the right in a panel of their own; networks whose layers differ
    have a panel each.

    Parameters
    ----------
    scores : Scores or DataFrame
        Tidy table; columns of `brainconv.containers.Scores`.
    recording : str
    area, statistic, definition, analysis, comparator, estimator : str, optional
        Which rows; what remains must be of one formula.
    ceiling_reason : str
        Why there is no ceiling, where the table has none ("single repeats").
    true_layer, recovered_layer : str, optional
        Of a simulated recording: the layer that made it, and the layer that the analysis found.
    baselines : sequence of str, optional
        Models to be drawn as points; by default those of at most two layers.
    models : sequence of str, optional
        Order of the models, which gives them their colours; by default the order of the table.
    title, ylabel : str, optional
        Instead of the recording and area, and of the name of the score.
    note : str
        Further words under the title.

    Returns
    -------
    Figure

    Raises
    ------
    NotFoundError
        If there is no such row, or no such layer as `true_layer` or `recovered_layer`.
    InvalidInputError
        If the rows mix formulas.
    """
    table = select_scores(
        scores,
        recording=recording,
        area=area,
        statistic=statistic,
        definition=definition,
        analysis=analysis,
        comparator=comparator,
        estimator=estimator,
    )
    layers = _find_layers(table)
    for word, layer in (("true", true_layer), ("recovered", recovered_layer)):
        known = list(dict.fromkeys(table["layer"]))
        if layer is not None and layer not in known:
            msg = f"The {word} layer {layer!r} is not among the layers scored on {recording!r}: {', '.join(known)}."
            raise NotFoundError(msg)
    few = [model for model, names in layers.items() if len(names) <= MAX_BASELINE_LAYERS]
    points = [model for model in layers if model in (few if baselines is None else baselines)]
    panels: dict[tuple[str, ...], list[str]] = {}
    for model, names in layers.items():
        if model not in points:
            panels.setdefault(names, []).append(model)
    order = [model for model in (models or []) if model in layers]
    order += [model for model in layers if model not in order]
    pairs = table[["model", "weights"]].drop_duplicates()
    pairs = pairs.sort_values("model", key=lambda names: names.map(order.index), kind="stable")
    styles = assign_series_styles(pairs.itertuples(index=False, name=None))

    with figure_style():
        widths = _choose_widths([len(names) for names in panels], sum(len(layers[model]) for model in points))
        legend = [style.label for style in styles.values()] + ["ceiling", "true layer"]
        width = max(1.3 + sum(widths), 4.7)
        rows_below = math.ceil(len(legend) / count_legend_columns(width, legend))
        figure = create_figure(width, 3.3 + 0.055 * max(map(len, table["layer"])) + 0.17 * rows_below)
        axes = figure.subplots(1, len(widths), sharey=True, squeeze=False, width_ratios=widths)[0]
        for axis, (names, members) in zip(axes, panels.items(), strict=False):
            rows = table[table["model"].isin(members)]
            _draw_curves(axis, rows, names, styles)
            _label_layers(axis, names, widths[list(panels).index(names)])
            _mark_layers(axis, names, true_layer, recovered_layer)
            words = "layer, in the order of execution" if len(panels) == 1 else f"layer of {', '.join(members)}"
            axis.set_xlabel(textwrap.fill(words, max(int(12 * widths[list(panels).index(names)]), 16)))
        if points:
            _draw_points(axes[-1], table[table["model"].isin(points)], points, styles)
        axes[0].set_ylabel(break_label(ylabel or describe_score(table), 36))
        said = [describe_counts(table), _draw_ceiling(axes, table, ceiling_reason), note]
        _finish(figure, axes, table, said, title or " · ".join(filter(None, [recording, area])))
    return figure


def _choose_widths(n_layers: Sequence[int], n_points: int) -> list[float]:
    """Width of each panel in inches: what layer names need, squeezed where the page ends."""
    points = [max(0.3 * n_points, 0.55)] if n_points else []
    wanted = [max(0.3 * n, 1.2) for n in n_layers]
    total = sum(wanted) + sum(points)
    room = min(max(total, 3.4), 8.3) - sum(points)
    return [width * room / sum(wanted) for width in wanted] + points


def _find_layers(table: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    ordered = table.sort_values("layer_index", kind="stable")
    return {
        model: tuple(dict.fromkeys(ordered.loc[ordered["model"] == model, "layer"]))
        for model in dict.fromkeys(table["model"])
    }


def _draw_curves(
    axis: Axes, table: pd.DataFrame, names: tuple[str, ...], styles: dict[tuple[str, str], SeriesStyle]
) -> None:
    place = {layer: x for x, layer in enumerate(names)}
    for pair, style in styles.items():
        own = table[(table["model"] == pair[0]) & (table["weights"] == pair[1])]
        seeds = list(own["seed"].unique())
        for seed in seeds:
            rows = own[own["seed"].isna() if pd.isna(seed) else (own["seed"] == seed).fillna(False)]
            curve = rows.sort_values("layer_index", kind="stable")
            x = curve["layer"].map(place).to_numpy(dtype=float)
            y, low, high = (curve[column].to_numpy(dtype=float, na_value=float("nan")) for column in _INTERVAL)
            label = style.label + (f" ({len(seeds)} seeds)" if len(seeds) > 1 else "")
            axis.plot(
                x,
                y,
                color=style.colour,
                linestyle=(0, (4, 2)) if style.dashed else "-",
                linewidth=0.9 if len(seeds) > 1 else 1.6,
                marker="" if len(seeds) > 1 else style.marker,  # markers of many seeds would hide one another
                markerfacecolor=style.face,
                label="_again" if seed is not seeds[0] else label,
                zorder=3,
            )
            if len(seeds) == 1:
                faint = 0.10 if style.dashed else 0.18
                axis.fill_between(x, low, high, color=style.colour, alpha=faint, linewidth=0, zorder=2)


def _label_layers(axis: Axes, names: tuple[str, ...], width: float) -> None:
    """Names of the layers as ticks, turned as far as the room of each demands."""
    each = width / len(names)
    axis.set_xlim(-0.5, len(names) - 0.5)
    axis.set_xticks(range(len(names)), names)
    if 0.09 * max(map(len, names)) < each:
        return
    turned = 45 if each >= 0.22 else 90
    for tick in axis.get_xticklabels():
        tick.set(rotation=turned, ha="right", va="top" if turned == 45 else "center", rotation_mode="anchor")
        tick.set_fontsize(8 if each >= 0.16 else 6.5)


def _draw_points(
    axis: Axes, table: pd.DataFrame, points: Sequence[str], styles: dict[tuple[str, str], SeriesStyle]
) -> None:
    ticks: list[str] = []
    for model in points:
        rows = table[table["model"] == model].sort_values("layer_index", kind="stable")
        for layer in dict.fromkeys(rows["layer"]):
            for row in rows[rows["layer"] == layer].to_dict("records"):
                style = styles[model, row["weights"]]
                x = len(ticks) + (0.25 if style.dashed else 0.0)
                if pd.notna(row["ci_low"]) and pd.notna(row["ci_high"]):
                    axis.vlines(x, row["ci_low"], row["ci_high"], color=style.colour, linewidth=1.3)
                axis.plot(
                    x,
                    row["value"],
                    style.marker,
                    color=style.colour,
                    markerfacecolor=style.face,
                    label=style.label,
                    zorder=3,
                )
            ticks.append(layer)
    if len(ticks) == 1:
        axis.set_xticks([0], ticks)
    else:
        axis.set_xticks(range(len(ticks)), ticks, rotation=45, ha="right", va="top", rotation_mode="anchor")
    axis.set_xlim(-0.6, len(ticks) - 0.4)
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)


def _draw_ceiling(axes: Sequence[Axes], table: pd.DataFrame, reason: str) -> str:
    bands = get_ceiling_bands(table).dropna(how="all").drop_duplicates()
    if bands.empty:
        return f"no ceiling: {reason}"
    low, high = get_ceiling_span(table)
    for axis in axes:
        axis.axhspan(low, high, color=CEILING, alpha=0.45, linewidth=0, zorder=0, label="ceiling")
        if high - low < 0.01:  # a band that thin cannot be seen
            axis.axhline((low + high) / 2, color=CEILING, linewidth=2.0, zorder=0)
    return "the ceiling differs between rows: its whole range is shown" if len(bands) > 1 else ""


def _mark_layers(axis: Axes, names: tuple[str, ...], true_layer: str | None, recovered_layer: str | None) -> None:
    if true_layer in names:
        axis.axvline(names.index(true_layer), color=INK, linewidth=1.0, linestyle=":", zorder=1, label="true layer")
    if recovered_layer in names:
        axis.plot(
            names.index(recovered_layer),
            0.965,
            "v",
            transform=axis.get_xaxis_transform(),
            color=SIMULATED_COLOUR,
            markersize=8,
            linestyle="none",
            label="recovered layer",
            zorder=4,
        )


def _finish(figure: Figure, axes: Sequence[Axes], table: pd.DataFrame, said: list[str], title: str) -> None:
    drawn = table[["value", "ci_low", "ci_high"]].join(get_ceiling_bands(table))
    shown = drawn.to_numpy(dtype=float, na_value=0.0)
    floor, top = min(0.0, float(shown.min())), max(0.0, float(shown.max()))
    handles: dict[str, Any] = {}
    for axis in axes:
        axis.grid(axis="y")
        axis.axhline(0.0, color=RULE, linewidth=1.0, zorder=1)
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    room = (0.14 if "recovered layer" in handles else 0.06) * max(top - floor, 1e-6)
    axes[0].set_ylim(floor - (room if floor < 0 else 0.0), top + room)
    draw_legend(figure, dict(sorted(handles.items(), key=lambda item: item[0] in _LAST)))
    draw_heading(figure, title, said, simulated=is_simulated(table))
