from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import false_discovery_control

from brainconv.errors import NotFoundError
from brainconv.similarity import adjust_p, correct_family
from brainconv.similarity.corrections import correct_families


def test_fdr_is_that_of_scipy_and_ignores_what_was_not_tested():
    p = np.random.default_rng(0).random(20) ** 3
    np.testing.assert_allclose(adjust_p(p), false_discovery_control(p), atol=1e-15)
    holes = np.insert(p, [3, 9], np.nan)
    q = adjust_p(holes)
    assert np.isnan(q[[3, 10]]).all()
    np.testing.assert_allclose(q[np.isfinite(q)], adjust_p(p))
    assert np.isnan(adjust_p(np.array([np.nan]))).all()


def test_bonferroni_and_none():
    p = np.array([0.01, 0.4, np.nan])
    np.testing.assert_allclose(adjust_p(p, correction="bonferroni"), [0.02, 0.8, np.nan])
    assert adjust_p(np.array([0.9, 0.8]), correction="bonferroni").max() == 1.0
    np.testing.assert_array_equal(adjust_p(p, correction="none"), p)
    with pytest.raises(NotFoundError, match="Did you mean 'fdr'"):
        adjust_p(p, correction="fdrr")


def test_a_family_says_how_many_it_corrects_over():
    rows = [{"p": 0.01, "p_other": None}, {"p": np.nan, "p_other": 0.5}, {"p": 0.03, "p_other": 0.5}]
    correct_family(rows)
    assert [row["q"] for row in rows] == [0.02, None, 0.03]
    assert [row["n_tests"] for row in rows] == [2, None, 2]
    correct_family(rows, kind="_other", correction="none")
    assert [row["q_other"] for row in rows] == [None, 0.5, 0.5]
    assert [row["n_tests_other"] for row in rows] == [None, 1, 1]


def test_scores_are_corrected_over_areas_and_models_of_a_recording():
    shared = {"comparator": "rho-a", "statistic": "single RDM"}
    rows = [
        {"recording": recording, "area": area, "p": p} | shared
        for recording, area, p in (("a", "V4", 0.01), ("a", "IT", 0.02), ("b", "IT", 0.04))
    ]
    correct_families(rows)
    assert [(row["q"], row["n_tests"]) for row in rows] == [(0.02, 2), (0.02, 2), (0.04, 1)]
