from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from brainconv.report.content import TableItem
from brainconv.report.tables import arrange_table, format_probability, format_value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.56789, "0.568"),
        (-0.03, "−0.030"),
        (0.0, "0.000"),
        (1e-17, "0.000"),
        (0.00012, "1.2·10⁻⁴"),
        (-3.4e9, "−3.4·10⁹"),
        (12.345, "12.35"),
        (1234.5, "1,234.5"),
        (1184000, "1,184,000"),
        (np.int64(92), "92"),
        (True, "yes"),
        (np.bool_(False), "no"),
        (None, "–"),
        (np.nan, "–"),
        (pd.NA, "–"),
        ("", "–"),
        (float("inf"), "∞"),
        ("conv1", "conv1"),
        (("a", 0.5), "a, 0.500"),
    ],
)
def test_values_are_rounded_for_people(value, text):
    assert format_value(value).text == text


def test_the_full_value_is_kept():
    assert format_value(0.123456789).full == "0.123456789"
    assert format_value(0.00012).full == "0.00012"


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "model": ["a", "a"],
            "layer": ["conv1", "conv2"],
            "value": [0.512345, 0.6],
            "ci_low": [0.4, np.nan],
            "ci_high": [0.61, np.nan],
            "ceiling_low": [0.7, 0.7],
            "ceiling_high": [0.9, 0.7],
            "comparator": ["rho-a", "rho-a"],
            "p": [np.nan, np.nan],
            "n_repeats": [np.nan, 8.0],
        }
    )


def texts(shown):
    return [heading.text for heading in shown.headings], [[cell.text for cell in row] for row in shown.rows]


def test_intervals_and_ceilings_stand_beside_their_values(frame):
    headings, rows = texts(arrange_table(TableItem(frame, "x")))
    assert headings == ["model", "layer", "score [interval]", "ceiling", "repeats"]
    assert rows == [
        ["a", "conv1", "0.512 [0.400, 0.610]", "0.700 to 0.900", "–"],
        ["a", "conv2", "0.600", "0.700", "8"],
    ]


def test_a_ceiling_that_is_one_number_is_shown_once_with_its_interval(frame):
    frame = frame.assign(
        ceiling_low=[0.76, 0.6], ceiling_high=[0.76, 0.7], ceiling_ci_low=[0.71, np.nan], ceiling_ci_high=[0.8, np.nan]
    )
    shown = arrange_table(TableItem(frame, "x"))
    headings, rows = texts(shown)
    assert headings == ["model", "layer", "score [interval]", "ceiling [interval]", "repeats"]
    assert [row[3] for row in rows] == ["0.760 [0.710, 0.800]", "0.600 to 0.700"]
    assert [row[3].full for row in shown.rows] == ["0.76 [0.71, 0.8]", "0.6 to 0.7"]


def test_an_interval_of_a_ceiling_without_a_ceiling_stays_in_its_columns(frame):
    frame = frame.drop(columns=["ceiling_low", "ceiling_high"]).assign(ceiling_ci_low=0.7, ceiling_ci_high=[0.8, 0.9])
    headings, rows = texts(arrange_table(TableItem(frame, "x")))
    assert headings[3:5] == ["repeats", "ceiling ci low"]
    assert rows[1][4:] == ["0.700", "0.900"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "< .001"), (1e-300, "< .001"), (0.000999, "< .001"), (0.001, "0.001"), (0.0213, "0.021"), (1.0, "1.000")],
)
@pytest.mark.parametrize("column", ["p", "q"])
@pytest.mark.parametrize("digits", [2, 3])
def test_no_probability_is_shown_as_zero(frame, column, value, text, digits):
    """In the rows and, where all are the same, beneath the table."""
    frame = frame.drop(columns="p").assign(**{column: [value, 0.5]})
    shown = arrange_table(TableItem(frame, "x", digits=digits))
    place = [heading.text for heading in shown.headings].index(column)
    assert shown.rows[0][place].text == text
    assert shown.rows[0][place].full == repr(value)
    assert (column, text) in arrange_table(TableItem(frame.assign(**{column: value}), "x", digits=digits)).constants


def test_a_probability_that_is_missing_is_a_dash():
    assert format_probability(np.nan).text == "–"


def test_full_values_of_an_interval(frame):
    cell = arrange_table(TableItem(frame, "x")).rows[0][2]
    assert cell.full == "0.512345 [0.4, 0.61]"
    assert cell.number


def test_what_is_the_same_everywhere_is_said_once(frame):
    assert arrange_table(TableItem(frame, "x")).constants == (("comparator", "rho-a"),)
    whole = arrange_table(TableItem(frame, "x", compact=False))
    assert whole.constants == ()
    assert {"comparator", "p"} <= {heading.text for heading in whole.headings}


def test_no_column_is_lost_in_silence(frame):
    """Every filled column is a heading, a constant or part of a range."""
    shown = arrange_table(TableItem(frame, "x"))
    said = {heading.full or heading.text for heading in shown.headings} | {name for name, _ in shown.constants}
    assert {"model", "layer", "value", "n_repeats", "comparator"} <= said


def test_the_table_of_the_user_is_not_changed(frame):
    before = frame.copy()
    arrange_table(TableItem(frame, "x"))
    pd.testing.assert_frame_equal(frame, before)


def test_labels_and_empty_tables(frame):
    assert texts(arrange_table(TableItem(frame, "x", labels={"layer": "stage"})))[0][1] == "stage"
    assert arrange_table(TableItem(frame.iloc[:0], "x")).rows == ()


def test_numbers_are_flush_right_in_their_whole_column(frame):
    shown = arrange_table(TableItem(frame, "x"))
    assert [heading.number for heading in shown.headings] == [False, False, True, True, True]


def test_probabilities_are_no_counts(frame):
    headings, rows = texts(arrange_table(TableItem(frame.assign(p=[1.0, np.nan]), "x")))
    assert [row[headings.index("p")] for row in rows] == ["1.000", "–"]
