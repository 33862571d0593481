"""The matrix of layers by areas: order, outlines, intervals, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from brainconv.errors import InvalidInputError
from brainconv.plotting import figure_to_svg, plot_layer_area_matrix

AREAS = {"IT": (0.1, 0.2, 0.4), "V1": (0.4, 0.3, -0.004), "V4": (0.1, 0.5, 0.4)}


def make_table() -> pd.DataFrame:
    rows = [
        (f"conv{k + 1}", k, f"rec.{area}", area, value, value - 0.05, value + 0.04)
        for area, profile in AREAS.items()
        for k, value in reversed(list(enumerate(profile)))
    ]
    return pd.DataFrame(rows, columns=["layer", "layer_index", "recording", "area", "value", "ci_low", "ci_high"])


def draw(table, **more):
    return plot_layer_area_matrix(table, title="net", label="median r", **more)


def written(figure):
    found = {}
    for text in figure.axes[0].texts:
        x, y = text.xy if hasattr(text, "xy") else text.get_position()
        found.setdefault((y, x), []).append(text.get_text())
    return found


def test_layers_rise_and_areas_follow_the_stream():
    axis = draw(make_table()).axes[0]
    assert [tick.get_text() for tick in axis.get_yticklabels()] == ["conv1", "conv2", "conv3"]
    assert [tick.get_text() for tick in axis.get_xticklabels()] == ["V1", "V4", "IT"]
    low, high = axis.get_ylim()
    assert low < high
    wanted = np.array([AREAS["V1"], AREAS["V4"], AREAS["IT"]]).T
    np.testing.assert_array_equal(np.asarray(axis.images[0].get_array()), wanted)


def test_the_best_layer_of_each_column_is_outlined_and_bold():
    axis = draw(make_table()).axes[0]
    outlined = {(round(p.get_y() + 0.44), round(p.get_x() + 0.47)) for p in axis.patches}
    assert outlined == {(0, 0), (1, 1), (2, 2)}
    bold = {text.xy[::-1] for text in axis.texts if text.get_fontweight() == "bold"}
    assert bold == outlined


def test_intervals_stand_beneath_where_there_are_any():
    table = make_table()
    table.loc[(table["area"] == "V4") & (table["layer"] == "conv1"), "ci_low"] = np.nan
    words = written(draw(table))
    assert words[1, 1] == ["0.50", "[0.45, 0.54]"]
    assert words[2, 0] == ["0.00", "[−0.05, 0.04]"]
    assert words[0, 1] == ["0.10"]
    assert written(draw(table.drop(columns=["ci_low", "ci_high"])))[1, 1] == ["0.50"]


def test_missing_values_are_said():
    table = make_table()
    table.loc[table["area"] == "V4", "value"] = pd.NA
    table = table.drop(table.index[(table["area"] == "IT") & (table["layer"] == "conv3")])
    figure = draw(table)
    words = written(figure)
    assert words[2, 2] == words[0, 1] == ["–"]
    assert len(figure.axes[0].patches) == 2  # a column without values has no best layer
    figure_to_svg(figure)


def test_recordings_of_one_area_are_told_apart():
    more = make_table().query("area == 'V4'").assign(recording="other.V4")
    figure = draw(pd.concat([make_table(), more]))
    names = [tick.get_text().replace("\n", " ") for tick in figure.axes[0].get_xticklabels()]
    assert names == ["V1", "V4 · other.V4", "V4 · rec.V4", "IT"]
    assert "V1: rec.V1" in figure.axes[0].get_title(loc="left").replace("\n", " ")


def test_colour_bar_and_heading():
    figure = draw(make_table(), simulated=True, note="by ridge")
    assert figure.axes[1].get_ylabel() == "median r"
    assert figure.get_suptitle() == "SIMULATED · net"
    assert "by ridge" in figure.axes[0].get_title(loc="left")


def test_one_value_has_a_colour():
    figure_to_svg(draw(make_table().iloc[:1]))


def test_refusals():
    table = make_table()
    with pytest.raises(InvalidInputError, match="at least one row"):
        draw(table.iloc[:0])
    with pytest.raises(InvalidInputError, match=r"several kinds of model \(a, b\)"):
        draw(pd.concat([table.assign(model="a"), table.assign(model="b")]))
    with pytest.raises(InvalidInputError, match=r"several kinds of weights"):
        draw(pd.concat([table.assign(weights="default"), table.assign(weights="random")]))
    with pytest.raises(InvalidInputError, match=r"'conv3' stands twice for rec\.IT IT"):
        draw(pd.concat([table, table]))
    with pytest.raises(InvalidInputError, match="no column area"):
        draw(table.drop(columns="area"))
    with pytest.raises(InvalidInputError, match="All 9 values are missing"):
        draw(table.assign(value=np.nan))
