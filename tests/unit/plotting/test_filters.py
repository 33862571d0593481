"""Pictures of filters and the plane of their shapes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from brainconv.errors import InvalidInputError
from brainconv.plotting import figure_to_svg, plot_filters, plot_shape_plane

RNG = np.random.default_rng(0)
FILTERS = RNG.normal(size=(5, 3, 7, 7))
FITS = pd.DataFrame(
    {
        "r2": [0.95, 0.4, np.nan, 0.9, 0.85],
        "n_x": [0.4, 0.2, np.nan, 0.05, 0.6],
        "n_y": [0.5, 0.2, np.nan, 0.01, 0.3],
        "symmetry_phase": [10.0, 20.0, np.nan, np.nan, 80.0],
        "colour_class": ["achromatic", "achromatic", "none", "achromatic", "opponent"],
    }
)
COUNTS = np.arange(9).reshape(3, 3)
EDGES = np.array([0.1, 0.25, 0.6, 1.6])
PAIR = ("net", "default")


def collect_texts(figure):
    return [text.get_text() for axis in figure.axes for text in axis.texts]


def test_every_filter_has_its_r2_and_a_mark_and_the_best_comes_first():
    figure = plot_filters(FILTERS, FITS, FILTERS, gate=0.8)
    assert collect_texts(figure) == ["● 0.95", "● 0.90", "● 0.85", "○ 0.40", "○ no fit"]
    assert len(figure.axes[0].images) == 2 * len(FILTERS)
    assert "3 of 5" in figure_to_svg(figure)


def test_pictures_keep_colour_and_have_grey_as_zero():
    filters = np.zeros((1, 3, 7, 7))
    filters[0, 0, 2, 3] = 2.0
    figure = plot_filters(filters, FITS[:1], np.full((1, 7, 7), np.nan), gate=0.8)
    left, right = (image.get_array() for image in figure.axes[0].images)
    assert left[2, 3].tolist() == [1.0, 0.5, 0.5]
    assert left[0, 0].tolist() == [0.5, 0.5, 0.5]
    assert (np.asarray(right) == 0.5).all()


def test_only_the_best_are_shown_when_asked_and_that_is_said():
    figure = plot_filters(FILTERS, FITS, FILTERS, gate=0.8, max_filters=2)
    assert collect_texts(figure) == ["● 0.95", "● 0.90"]
    assert "the best 2 shown" in figure_to_svg(figure)


def test_filters_and_fits_of_different_number_are_refused():
    with pytest.raises(InvalidInputError, match="5 filters of 7 px, 4 fits"):
        plot_filters(FILTERS, FITS[:4], FILTERS, gate=0.8)
    with pytest.raises(InvalidInputError, match="filters have shape"):
        plot_filters(FILTERS[:, :2], FITS, FILTERS, gate=0.8)


def test_the_plane_shows_filters_above_the_gate_by_kind():
    figure = plot_shape_plane({PAIR: FITS}, COUNTS, EDGES, gates={PAIR: 0.8})
    axis = figure.axes[1]
    achromatic, coloured, blob = (points.get_offsets().tolist() for points in axis.collections[1:])
    assert achromatic == [[0.4, 0.5]]
    assert coloured == [[0.6, 0.3]]
    assert blob == [[0.05, 0.05]]  # n_y = .01 lies beyond the axis: on the border
    assert "3 of 5 above R² = 0.80\n1 achromatic, oriented" in collect_texts(figure)


def test_the_cells_of_the_plane_have_n_x_along_the_horizontal():
    figure = plot_shape_plane({PAIR: FITS}, COUNTS, EDGES, gates={PAIR: 0.8})
    axis = figure.axes[1]
    mesh = axis.collections[0]
    np.testing.assert_array_equal(np.asarray(mesh.get_array()).reshape(3, 3), COUNTS.T)
    place = {text.get_text(): text.get_position() for text in axis.texts}
    assert EDGES[0] < place["2"][0] < EDGES[1]  # row 0 is the lowest n_x
    assert EDGES[2] < place["2"][1] < EDGES[3]  # column 2 is the highest n_y
    assert "n = 36" in figure.legends[0].get_texts()[0].get_text()


def test_many_models_have_a_panel_each_and_no_text_leaves_the_page():
    pairs = [(name, weights) for name in ("a_rather_long_model_name", "b") for weights in ("default", "random")]
    figure = plot_shape_plane(dict.fromkeys(pairs, FITS), COUNTS, EDGES, gates=dict.fromkeys(pairs, 0.99))
    assert len(figure.axes) == 1 + len(pairs)
    assert figure.axes[2].get_title(loc="left") == "a_rather_long_model_name,\nuntrained"
    figure.draw_without_rendering()
    width, height = figure.get_size_inches() * figure.dpi
    for axis in figure.axes[1:]:
        box = axis.get_tightbbox()
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= width
        assert box.y1 <= height


def test_a_model_without_a_gate_is_refused():
    with pytest.raises(InvalidInputError, match="'net' has no gate"):
        plot_shape_plane({PAIR: FITS}, COUNTS, EDGES, gates={})
    with pytest.raises(InvalidInputError, match="no fits to draw"):
        plot_shape_plane({}, COUNTS, EDGES, gates={})
