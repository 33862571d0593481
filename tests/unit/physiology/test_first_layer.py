"""The summary of a first layer: counts, medians, intervals and the distance from V1."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from brainconv.containers import Properties, Scores
from brainconv.errors import InvalidInputError
from brainconv.physiology import RINGACH_NX_NY, GaborGate, compare_shapes, mark_filters, summarise_first_layer
from brainconv.physiology.first_layer import compute_wilson_interval


def make_fits(rows):
    table = pd.DataFrame(rows, columns=["r2", "n_x", "n_y", "symmetry_phase", "colour_class"])
    return Properties("fits", table, {}, metadata={"kernel_size": 7, "n_channels": 3, "n_starts": 12})


FITS = make_fits(
    [
        (0.95, 0.40, 0.50, 5.0, "achromatic"),
        (0.90, 0.60, 0.70, 85.0, "achromatic"),
        (0.90, 0.50, 0.60, 45.0, "achromatic"),
        (0.92, 0.05, 0.05, np.nan, "achromatic"),
        (0.91, 0.30, 0.40, 80.0, "opponent"),
        (0.70, 0.30, 0.40, 80.0, "mixed"),
        (np.nan, np.nan, np.nan, np.nan, "none"),
        (0.80, 0.30, 0.40, 10.0, "achromatic"),
    ]
)


def make_gate(**changes):
    values = {"r2": 0.8, "ci_low": 0.78, "ci_high": 0.82, "quantile": 0.95, "kernel_size": 7, "n_channels": 3}
    return GaborGate(**{**values, "n_noise": 1000, "n_starts": 12, "random_state": 0, **changes})


def get(rows, statistic):
    (row,) = [row for row in rows if row["statistic"] == statistic]
    return row


def test_marks_follow_gate_shape_and_colour():
    marks = mark_filters(FITS, 0.8)
    assert marks["is_gabor"].tolist() == [True, True, True, True, True, False, False, False]
    assert marks["is_oriented"].tolist() == [True, True, True, False, True, False, False, False]
    assert marks["is_comparable"].tolist() == [True, True, True, False, False, False, False, False]


def test_the_summary_counts_and_takes_medians():
    rows = summarise_first_layer(FITS, make_gate(), n_boot=200)
    assert get(rows, "gabor_gate")["value"] == 0.8
    above = get(rows, "fraction_above_gate")
    assert above["value"] == 5 / 8
    assert above["ci_low"] < 5 / 8 < above["ci_high"]
    assert get(rows, "fraction_coloured")["value"] == 2 / 8
    assert get(rows, "fraction_opponent")["value"] == 1 / 8
    assert get(rows, "median_n_x")["value"] == pytest.approx(0.5)
    assert get(rows, "median_n_y")["n_units"] == 3
    assert get(rows, "fraction_clear_symmetry")["value"] == pytest.approx(2 / 3)


def test_the_rows_make_a_table_of_scores_in_which_every_number_has_its_formula():
    scores = Scores.from_rows(summarise_first_layer(FITS, make_gate(), n_boot=100))
    assert (scores.table["analysis"] == "first_layer").all()
    assert scores.table["definition"].str.len().min() > 3
    assert scores.table["statistic"].is_unique


def test_without_a_comparable_filter_the_numbers_are_missing_and_not_zero():
    rows = summarise_first_layer(FITS, 0.99, n_boot=100)
    assert get(rows, "fraction_above_gate")["value"] == 0
    for name in ("median_n_x", "median_n_y", "shape_distance", "shape_distance_floor", "fraction_clear_symmetry"):
        assert np.isnan(get(rows, name)["value"])


def test_a_gate_of_other_filters_is_refused():
    with pytest.raises(InvalidInputError, match="kernel_size = 11, the filters have 7"):
        mark_filters(FITS, make_gate(kernel_size=11))
    with pytest.raises(InvalidInputError, match="n_starts = 6"):
        mark_filters(FITS, make_gate(n_starts=6))
    with pytest.raises(InvalidInputError, match="no column 'r2'"):
        mark_filters(Properties("x", pd.DataFrame({"a": [1]}), {}), 0.8)


def spread(counts):
    edges = RINGACH_NX_NY.edges
    middle = np.sqrt(edges[:-1] * edges[1:])
    row, column = (np.repeat(index.ravel(), counts.ravel()) for index in np.indices(counts.shape))
    return middle[row], middle[column]


def test_filters_shaped_as_the_cells_have_no_distance():
    distance, floor, outside = compare_shapes(*spread(RINGACH_NX_NY.counts))
    assert distance["value"] == pytest.approx(0.0, abs=1e-12)
    assert distance["p"] == pytest.approx(1.0)
    assert 0 < floor["ci_low"] < floor["value"] < floor["ci_high"] < 0.5
    assert outside["value"] == 0.0


def test_filters_in_bins_without_cells_are_at_distance_one():
    distance, *_ = compare_shapes(np.full(10, 1.2), np.full(10, 1.2))
    assert distance["value"] == pytest.approx(1.0)
    assert distance["p"] < 0.001
    assert distance["n_units"] == 10
    assert distance["n_sites"] == 79


def test_p_and_floor_permute_the_labels_of_filters_and_cells():
    """Two filters and two cells in two bins: of six deals four put one of each kind on either side (D = 0)."""
    counts = np.zeros((5, 5), dtype=int)
    counts[1, 1] = 2
    cells = replace(RINGACH_NX_NY, counts=counts.T[::-1])
    distance, floor, _ = compare_shapes(*spread(counts), reference=cells, n_samples=20_000)
    assert distance["value"] == 1.0
    assert distance["p"] == pytest.approx(2 / 6, abs=0.015)
    assert floor["value"] == pytest.approx(2 / 6, abs=0.015)
    assert (floor["ci_low"], floor["ci_high"]) == (0.0, 1.0)


def test_the_floor_knows_that_filters_are_few():
    """An observed sample of twelve is not the distribution it came from: with the filters fixed the floor was .11."""
    few, many = (
        compare_shapes(*(values[::step] for values in spread(RINGACH_NX_NY.counts)))[1]["value"] for step in (7, 1)
    )
    assert few > 0.3 > many > 0.15


def test_the_distance_is_total_variation_by_hand():
    counts = np.zeros((5, 5), dtype=int)
    counts[2, 2], counts[1, 0] = 3, 1
    distance, *_ = compare_shapes(*spread(counts))
    shared = min(0.75, 19 / 79) + min(0.25, 8 / 79)
    assert distance["value"] == pytest.approx(1 - shared)


@pytest.mark.parametrize(
    ("hits", "n", "expected"), [(0, 96, (0.0, 0.03848)), (81, 263, (0.2553, 0.3662)), (5, 5, (0.5655, 1.0))]
)
def test_wilson_interval(hits, n, expected):
    assert compute_wilson_interval(hits, n) == pytest.approx(expected, abs=1e-4)


def test_wilson_interval_without_trials_is_missing():
    assert np.isnan(compute_wilson_interval(0, 0)).all()
