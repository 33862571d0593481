"""Known values: found again, different, absent."""

import pytest

from brainconv.containers import Scores
from brainconv.errors import InvalidInputError
from brainconv.report import compare_with_known

RELIABILITY = {
    "analysis": "reliability",
    "recording": "cowley2023.210325",
    "statistic": "median over sites",
    "definition": "split-half, Spearman-Brown",
    "ci_low": 0.7,
    "ci_high": 0.8,
}
QUANTITY = "reliability of cowley2023.210325, median over sites"


def find(rows):
    return compare_with_known(Scores.from_rows(rows)).set_index("quantity")


@pytest.mark.parametrize(("value", "verdict"), [(0.764, "reproduced"), (0.79, "differs")])
def test_a_value_is_judged_by_the_tolerance_that_was_set_before(value, verdict):
    row = find([RELIABILITY | {"value": value}]).loc[QUANTITY]
    assert row["verdict"] == verdict
    assert row["value"] == value
    assert (row["ci_low"], row["ci_high"]) == (0.7, 0.8)
    assert row["expected"] == 0.75


def test_what_a_run_lacks_is_not_tested_and_says_why():
    found = find([RELIABILITY | {"value": 0.76}])
    other = found.loc["cowley2023.210325, SqueezeNet fire6, median cross-validated r"]
    assert other["verdict"] == "not tested"
    assert other["reason"] == "this run has no such number"


def test_what_another_configuration_computes_names_it():
    found = find([RELIABILITY | {"value": 0.76}])
    averaged = found.loc["Brain-Score: raw r of PLS-25, SqueezeNet fire8 averaged over positions, cowley2023.210325"]
    assert averaged["verdict"] == "not tested"
    assert averaged["reason"] == "this run has no such number; config/brainscore.yaml computes it"


def test_what_a_run_did_without_is_not_tested_and_says_so():
    found = compare_with_known(Scores.from_rows([]), left_out=["cowley2023.210325"]).set_index("quantity")
    assert found.loc[QUANTITY, "verdict"] == "not tested"
    assert set(found["reason"]) == {"the recording was left out of this run"}


def test_recordings_that_were_not_run_are_not_listed():
    assert find([RELIABILITY | {"recording": "simulated.V1", "value": 0.9}]).empty


def test_two_rows_for_one_value_are_refused():
    with pytest.raises(InvalidInputError, match="leads to 2 rows"):
        find([RELIABILITY | {"value": 0.76}, RELIABILITY | {"value": 0.77}])
