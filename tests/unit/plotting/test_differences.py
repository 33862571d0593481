"""Figures of differences: what is filled, what is marked, what is refused."""

import numpy as np
import pandas as pd
import pytest

from brainconv.errors import InvalidInputError
from brainconv.plotting import plot_layer_differences, plot_model_differences, plot_preferred_layers


def layers(n=4):
    return pd.DataFrame(
        {
            "layer": [f"conv{k}" for k in range(n)],
            "layer_index": range(n),
            "statistic": "mean over sites, minus conv0",
            "value": np.linspace(-0.1, 0.3, n),
            "ci_low": np.linspace(-0.2, 0.2, n),
            "ci_high": np.linspace(0.0, 0.4, n),
            "q": [0.01, 0.2, 0.04, np.nan][:n],
        }
    )


def test_what_stands_after_correction_is_filled():
    figure = plot_layer_differences(layers(), title="rec")
    found, other = (line for line in figure.axes[0].lines if line.get_marker() == "o")
    assert found.get_xdata().tolist() == [0, 2]
    assert other.get_xdata().tolist() == [1, 3]
    assert other.get_markerfacecolor() == "white" != found.get_markerfacecolor()
    assert figure.axes[0].get_xlabel() == "minus conv0"


def test_one_panel_for_each_statistic():
    table = pd.concat([layers(), layers(2).assign(statistic="mean over sites, minus mean of 5 untrained twins")])
    assert len(plot_layer_differences(table, title="rec").axes) == 2


def test_layers_twice_or_none_are_refused():
    with pytest.raises(InvalidInputError, match="twice"):
        plot_layer_differences(pd.concat([layers(), layers()]), title="rec")
    with pytest.raises(InvalidInputError, match="at least one"):
        plot_layer_differences(layers().iloc[:0], title="rec")


def pairs():
    rows = [("a", "b", 0.2, 0.01), ("a", "c", -0.1, 0.5), ("b", "c", -0.3, 0.001)]
    return pd.DataFrame(rows, columns=["first", "second", "difference", "q"])


def test_the_matrix_is_antisymmetric_and_marks_findings():
    axis = plot_model_differences(pairs(), title="rec").axes[0]
    words = {tuple(map(int, text.get_position())): text.get_text() for text in axis.texts}
    assert words[1, 0] == "+0.20 ●"
    assert words[0, 1] == "−0.20 ●"
    assert words[2, 0] == "−0.10"
    assert (0, 0) not in words


def test_pairs_twice_or_none_are_refused():
    with pytest.raises(InvalidInputError, match="twice or none"):
        plot_model_differences(pd.concat([pairs(), pairs()]), title="rec")
    with pytest.raises(InvalidInputError, match="twice or none"):
        plot_model_differences(pairs().iloc[:0], title="rec")


def test_preferred_layers_count_each_area_by_itself():
    table = pd.DataFrame({"area": ["V1"] * 4 + ["IT"] * 2, "layer": ["a", "a", "a", "b", "b", None]})
    figure = plot_preferred_layers(table, layers=["a", "b"])
    heights = [[bar.get_height() for bar in axis.patches] for axis in figure.axes]
    assert heights == [[75.0, 25.0], [0.0, 50.0]]
    assert figure.axes[1].texts[0].get_text() == "IT: 2 sites, 1 without a preferred layer"
    with pytest.raises(InvalidInputError, match=r"\['c'\]"):
        plot_preferred_layers(table.replace("b", "c"), layers=["a", "b"])


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA])
def test_a_pair_that_was_not_tested_is_marked_and_draws(missing):
    table = pairs().astype(object)
    table.loc[1, "q"] = missing
    figure = plot_model_differences(table, title="rec")
    words = {tuple(map(int, text.get_position())): text.get_text() for text in figure.axes[0].texts}
    assert words[2, 0] == "−0.10 ○"
    assert words[1, 0] == "+0.20 ●"
    assert "not tested" in figure.get_supxlabel()
