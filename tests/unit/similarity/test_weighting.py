from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import nnls
from scipy.spatial.distance import pdist, squareform

from brainconv.similarity.ceiling import compute_ceiling_of_rows
from brainconv.similarity.weighting import draw_splits, evaluate_held_out, fit_rdm_weights

N = 30


@pytest.fixture
def components():
    return np.stack([pdist(x) for x in np.random.default_rng(0).normal(size=(3, N, 5))])


def test_weights_are_found_again_and_never_negative(components):
    target = 2.0 * components[0] + 0.5 * components[2] + 7.0
    np.testing.assert_allclose(fit_rdm_weights(components, target), [2.0, 0.0, 0.5], atol=1e-9)
    assert fit_rdm_weights(components, -components[0]).min() == 0.0


def test_weights_are_those_of_least_squares_with_a_free_constant(components):
    target = np.random.default_rng(1).normal(size=components.shape[1])
    plain = nnls(np.c_[components.T, np.ones(len(target)), -np.ones(len(target))], target)[0][:3]
    np.testing.assert_allclose(fit_rdm_weights(components, target), plain, atol=1e-9)


def test_nothing_held_out_enters_the_fit(components):
    subjects = components[:2] + 0.1
    splits = draw_splits(N, test_share=0.3, n_splits=2, rng=np.random.default_rng(0))
    sets = {"all": [0, 1, 2]}
    before = evaluate_held_out(lambda _: components, subjects, sets, splits, comparator="pearson")
    square = np.stack([squareform(row) for row in subjects])
    touched = np.zeros((N, N), dtype=bool)
    touched[splits[0], :] = touched[:, splits[0]] = True
    square = np.where(touched, 9.0 - square, square)  # every pair that holds a test stimulus of the first split
    changed = np.stack([squareform(s, checks=False) for s in square])
    after = evaluate_held_out(lambda _: components, changed, sets, splits[:1], comparator="pearson")
    np.testing.assert_allclose(after.weights["all"][0], before.weights["all"][0], atol=1e-12)
    # subject 0 is fitted by subject 1 alone
    np.testing.assert_allclose(before.weights["all"][:, 0], [[0, 1, 0]] * 2, atol=1e-9)


def test_ceiling_is_that_of_the_test_stimuli(components):
    subjects = components + np.random.default_rng(2).normal(size=components.shape)
    splits = draw_splits(N, test_share=0.4, n_splits=3, rng=np.random.default_rng(0))
    found = evaluate_held_out(lambda _: components, subjects, {"a": [0]}, splits, comparator="rho-a")
    for k, test in enumerate(splits):
        part = np.stack([squareform(squareform(row)[np.ix_(test, test)], checks=False) for row in subjects])
        bounds = compute_ceiling_of_rows(part, comparator="rho-a")
        np.testing.assert_allclose((found.lower[k].mean(), found.upper[k].mean()), bounds, atol=1e-12)


def test_no_weight_scores_zero(components):
    splits = draw_splits(N, test_share=0.3, n_splits=1, rng=np.random.default_rng(0))
    found = evaluate_held_out(lambda _: components, -components[:1], {"a": [0]}, splits, comparator="pearson")
    assert found.values["a"][0, 0] == 0.0
    assert np.isnan(found.lower).all()
