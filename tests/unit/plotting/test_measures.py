"""The matrix of measures: order of columns, places within rows, what is outlined, what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from brainconv.errors import InvalidInputError
from brainconv.plotting import figure_to_svg, plot_measures

NETWORK = ("conv1", "conv2", "conv3")


def make_table() -> pd.DataFrame:
    rows = []
    for model, weights, layers in (
        ("pixels", None, ("pixels",)),
        ("net", "random", NETWORK),
        ("net", "default", NETWORK),
        ("v1_gabor", "default", ("simple", "complex")),
    ):
        for index in reversed(range(len(layers))):
            value = {"default": 0.5, "random": 0.2}.get(str(weights), 0.1) + 0.1 * index
            for measure, number in (("pearson", value), ("procrustes", 2 - value)):
                rows.append((model, weights, layers[index], index, measure, number))
    return pd.DataFrame(rows, columns=["model", "weights", "layer", "layer_index", "definition", "value"])


def cells(figure):
    """Face colour and outline by (row, number of the column)."""
    axis = figure.axes[0]
    faces = {(round(p.get_y()), p.get_x()): p.get_facecolor() for p in axis.patches if p.get_fill()}
    lefts = sorted({x for _, x in faces})
    outlined = {
        (round(p.get_y()), int(np.abs(np.array(lefts) - p.get_x()).argmin())) for p in axis.patches if not p.get_fill()
    }
    return {(row, lefts.index(x)): face for (row, x), face in faces.items()}, outlined


def labels(figure):
    return [tick.get_text() for tick in figure.axes[0].get_xticklabels()]


def heads(figure):
    return [tick.get_text().replace("\n", " ") for tick in figure.axes[0].child_axes[0].get_xticklabels()]


def test_trained_then_untrained_then_models_of_few_layers():
    figure = plot_measures(make_table(), title="rec")
    assert labels(figure) == [*NETWORK, *NETWORK, "pixels", "v1_gabor simple", "v1_gabor complex"]
    assert heads(figure) == ["net", "net, untrained"]
    solid, dashed = (line.is_dashed() for line in figure.axes[0].lines)
    assert (solid, dashed) == (False, True)


def test_a_distance_is_ranked_the_other_way_round():
    figure = plot_measures(make_table(), title="rec")
    faces, outlined = cells(figure)
    assert outlined == {(0, 2), (1, 2)}
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == ["pearson", "procrustes (distance)"]
    assert all(faces[0, column] == faces[1, column] for column in range(9))
    assert "(distance) smaller is better" in figure.get_supxlabel().replace("\n", " ")

    figure = plot_measures(make_table(), title="rec", distances=())
    assert cells(figure)[1] == {(0, 2), (1, 6)}
    assert "(distance)" not in figure.get_supxlabel()


def test_colour_is_the_place_and_not_the_value():
    table = make_table()
    stretched = table.assign(value=table["value"] ** 9)
    assert cells(plot_measures(table, title="rec")) == cells(plot_measures(stretched, title="rec"))


def test_equal_values_share_colour_and_outline():
    table = make_table()
    table.loc[(table["layer"] == "conv1") & (table["weights"] == "default"), "value"] = [0.7, 1.3]
    faces, outlined = cells(plot_measures(table, title="rec"))
    assert outlined == {(0, 0), (0, 2), (1, 0), (1, 2)}
    assert faces[0, 0] == faces[0, 2] != faces[0, 1]


def test_numbers_are_written_and_missing_ones_said():
    table = make_table()
    table.loc[table["layer"] == "complex", "value"] = np.nan
    table = table.drop(table.index[(table["layer"] == "pixels") & (table["definition"] == "pearson")])
    table.loc[table["layer"] == "simple", "value"] = [-12.345, -0.001]
    figure = plot_measures(table.sort_values("definition", kind="stable"), title="rec")
    words = [text.get_text() for text in figure.axes[0].texts]
    assert words[:9] == ["0.50", "0.60", "0.70", "0.20", "0.30", "0.40", "−12.3", "–", "–"]
    assert words[15] == "0.00"
    assert "–: no value" in figure.get_supxlabel()
    faces, _ = cells(figure)  # the seventh column has no cell at all
    assert (1, 7) in faces
    assert (0, 7) not in faces


def test_letters_are_legible_on_every_cell():
    faces, _ = cells(plot_measures(make_table(), title="rec"))
    linear = {face: np.dot(np.array(face[:3]) ** 2.2, (0.2126, 0.7152, 0.0722)) for face in faces.values()}
    ink = np.dot((np.array([0x1F, 0x23, 0x28]) / 255) ** 2.2, (0.2126, 0.7152, 0.0722))
    assert min((light + 0.05) / (ink + 0.05) for light in linear.values()) > 4.5  # WCAG 2, level AA


def test_twenty_six_columns_fit_on_a_page():
    rows = [
        (model, "default", f"layer{k}", k, f"measure{m}", -1.0 * k)
        for model, n in (("a", 13), ("b", 13))
        for k in range(n)
        for m in range(12)
    ]
    figure = plot_measures(pd.DataFrame(rows, columns=make_table().columns), title="rec", simulated=True, note="said")
    figure_to_svg(figure)  # lays it out
    width, height = figure.get_size_inches()
    assert width <= 9.8
    assert height < 7
    axis = figure.axes[0]
    cell = axis.transData.transform((1, 0))[0] - axis.transData.transform((0, 0))[0]
    assert max(text.get_window_extent().width for text in axis.texts) < cell
    assert figure.get_suptitle().startswith("SIMULATED")


def test_refusals():
    table = make_table()
    with pytest.raises(InvalidInputError, match="at least one row"):
        plot_measures(table.iloc[:0], title="rec")
    with pytest.raises(InvalidInputError, match=r"net, untrained:conv3 stands more than once for 'pearson'"):
        plot_measures(pd.concat([table, table[table["weights"] == "random"]]), title="rec")
    with pytest.raises(InvalidInputError, match="no column definition"):
        plot_measures(table.drop(columns="definition"), title="rec")
