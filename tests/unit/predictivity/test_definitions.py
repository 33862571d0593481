import numpy as np
import pytest

from brainconv.errors import NotFoundError
from brainconv.predictivity import DEFINITIONS, compute_definition

# AlexNet, IT, Brain-Score's precomputed features: raw r and internal consistency (peers.md 3.2).
R, C = 0.584053, 0.821841


def test_brain_scores_two_formulas_give_their_published_numbers():
    assert compute_definition("r2/ceiling", R, C) == pytest.approx(0.415, abs=5e-4)
    assert compute_definition("(r/ceiling)2", R, C) == pytest.approx(0.505, abs=5e-4)


def test_the_right_normalisation_divides_r_by_the_root():
    assert compute_definition("r/sqrt(ceiling)", R, C) == pytest.approx(R / C**0.5)
    assert compute_definition("r/sqrt(ceiling)", R, C) ** 2 == pytest.approx(
        float(compute_definition("r2/ceiling", R, C))
    )


@pytest.mark.parametrize(
    ("r", "c", "new"), [(0.490, 0.89503, 0.268), (0.466, 0.873345, 0.249), (0.459, 0.824836, 0.256)]
)
def test_other_areas_of_the_same_table(r, c, new):
    assert compute_definition("r2/ceiling", r, c) == pytest.approx(new, abs=1e-3)


def test_raw_definitions_need_no_ceiling():
    assert compute_definition("r", 0.5) == 0.5
    assert compute_definition("r2", 0.5) == 0.25
    for name in set(DEFINITIONS) - {"r", "r2"}:
        assert np.isnan(compute_definition(name, 0.5))


@pytest.mark.parametrize("name", ["r/sqrt(ceiling)", "r2/ceiling", "(r/ceiling)2"])
@pytest.mark.parametrize("reliability", [0.0, -0.2, np.nan])
def test_nothing_is_divided_by_a_reliability_that_is_not_above_zero(name, reliability):
    assert np.isnan(compute_definition(name, 0.3, reliability))


@pytest.mark.parametrize("name", DEFINITIONS)
def test_a_negative_correlation_never_counts_as_success(name):
    assert compute_definition(name, -0.3, 0.8) < 0


def test_an_unknown_definition_names_the_nearest():
    with pytest.raises(NotFoundError, match="r2/ceiling"):
        compute_definition("r2/ceilin", 0.3, 0.8)
