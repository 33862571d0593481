from __future__ import annotations

import subprocess
import sys
from xml.etree import ElementTree as ET

import matplotlib as mpl
import pytest

from brainconv.plotting import figure_style, figure_to_png, figure_to_svg, plot_layer_profiles
from brainconv.plotting.style import OKABE_ITO, assign_series_styles, count_legend_columns, create_figure, wrap_name


def test_settings_return_to_the_users(macaque):
    mpl.rcParams["font.size"] = 17.0
    try:
        with figure_style():
            assert mpl.rcParams["font.size"] == 9.0
        plot_layer_profiles(macaque, recording="cowley2023.190923")
        assert mpl.rcParams["font.size"] == 17.0
    finally:
        mpl.rcdefaults()


def test_nothing_is_drawn_through_pyplot():
    code = (
        "import sys, brainconv.plotting as p; heavy = {'matplotlib', 'torch'} & set(sys.modules);"
        "from brainconv.plotting.style import create_figure, figure_to_png; figure_to_png(create_figure(1, 1));"
        "sys.exit(','.join(sorted(heavy | ({'pyplot'} if 'matplotlib.pyplot' in sys.modules else set()))) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_same_table_gives_the_same_characters(macaque):
    first, second = (
        figure_to_svg(plot_layer_profiles(macaque, recording="cowley2023.190923", ceiling_reason="x")) for _ in range(2)
    )
    assert first == second


def test_svg_holds_its_text_as_text(macaque):
    svg = figure_to_svg(plot_layer_profiles(macaque, recording="cowley2023.190923"))
    words = {
        "".join(element.itertext()).strip() for element in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    }
    assert {"conv1", "fire9", "cowley2023.190923"} <= words


def test_png_has_the_size_asked_for():
    png = figure_to_png(create_figure(3.0, 2.0), dpi=100)
    assert (int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")) == (300, 200)


def test_twin_has_the_colour_of_its_model_and_is_dashed():
    styles = assign_series_styles([("a", "default"), ("b", "default"), ("a", "random"), ("pixels", "default")])
    assert styles["a", "default"].colour == styles["a", "random"].colour == OKABE_ITO["blue"]
    assert styles["a", "random"].dashed
    assert styles["a", "random"].face == "white"
    assert not styles["a", "default"].dashed
    assert styles["b", "default"].colour != styles["a", "default"].colour
    assert styles["b", "default"].marker != styles["a", "default"].marker
    assert styles["a", "random"].label == "a, untrained"


def test_palette_is_told_apart_without_red_and_green():
    """Deuteranopes see these colours apart: after the projection of Viénot et al. (1999) no two coincide."""
    import numpy as np

    codes = np.array([[int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)] for code in OKABE_ITO.values()]) ** 2.2
    projection = np.array([[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]])
    seen = np.clip(codes @ projection.T, 0, 1) ** (1 / 2.2)
    distance = np.linalg.norm(seen[:, None] - seen[None], axis=-1)[np.triu_indices(len(seen), 1)]
    assert distance.min() > 0.08


@pytest.mark.parametrize(("width", "columns"), [(1.0, 1), (20.0, 4)])
def test_legend_takes_the_columns_that_fit(width, columns):
    assert count_legend_columns(width, ["a" * 20, "b" * 20, "c" * 20, "d"]) == columns


@pytest.mark.parametrize(
    ("name", "width", "lines"),
    [
        (
            "squeezenet1_0_deepcompression fire6, untrained",
            19,
            ["squeezenet1_0_", "deepcompression", "fire6, untrained"],
        ),
        ("pixels", 19, ["pixels"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
        ("kriegeskorte2008.human_IT", 18, ["kriegeskorte2008.", "human_IT"]),
        ("", 5, [""]),
    ],
)
def test_names_are_broken_where_their_parts_meet(name, width, lines):
    assert wrap_name(name, width).split("\n") == lines
