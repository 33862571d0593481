"""Ridge from one Gram against scikit-learn on explicit features, fold by fold, and against a nested loop."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.model_selection import LeaveOneOut

from brainconv import StimulusSet
from brainconv.predictivity import PENALTY_GRID, make_splits, mean_eigenvalue, predict_ridge, predict_ridge_primal
from brainconv.predictivity.heldout import Choices


@pytest.fixture(autouse=True, params=[True, False], ids=["identity", "refit"])
def path(request, monkeypatch):
    """Both ways to the same predictions, whichever would be the cheaper."""
    monkeypatch.setattr("brainconv.predictivity.ridge._identity_pays", lambda *_: request.param)


def problem(n, p, t=6, seed=0):
    rng = np.random.default_rng(seed)
    features = np.maximum(rng.normal(size=(n, p)) * rng.uniform(0.2, 3.0, p) + 0.5, 0.0)
    weights = rng.normal(size=(p, t)) / np.sqrt(p)
    responses = features @ weights + rng.uniform(0.1, 2.0, t) * rng.normal(size=(n, t)) + 5.0
    folds = rng.permutation(np.arange(n) % 5)
    train = [np.flatnonzero(folds != k) for k in range(5)]
    test = [np.flatnonzero(folds == k) for k in range(5)]
    return features, responses, train, test


SHAPES = [(60, 300), (120, 20), (61, 60), (80, 79), (80, 1)]


@pytest.mark.parametrize(("n", "p"), SHAPES)
@pytest.mark.parametrize("multiple", [1e-6, 1e-3, 1.0, 1e4])
def test_predictions_equal_sklearn_on_every_fold(n, p, multiple):
    features, responses, train, test = problem(n, p)
    found = predict_ridge(features @ features.T, responses, train, test, grid=np.array([multiple]))
    for fit, held, one in zip(train, test, found, strict=True):
        centred = features[fit] - features[fit].mean(axis=0)
        alpha = multiple * (centred**2).sum() / len(fit)
        np.testing.assert_allclose(one.settings, [alpha], rtol=1e-9)
        oracle = Ridge(alpha=alpha, solver="svd").fit(features[fit], responses[fit]).predict(features[held])
        assert np.abs(one.predictions - oracle).max() < 1e-8


@pytest.mark.parametrize(("n", "p"), [(30, 60), (40, 12)])
def test_the_nested_choice_equals_a_brute_force_loop(n, p):
    features, responses, train, test = problem(n, p, seed=3)
    gram = features @ features.T
    found = predict_ridge(gram, responses, train[:2], test[:2])
    chosen = set()
    for fit, one in zip(train[:2], found, strict=True):
        alphas = PENALTY_GRID * mean_eigenvalue(gram, fit)
        inside = np.empty((len(alphas), len(fit), responses.shape[1]))
        for number, alpha in enumerate(alphas):
            for rest, left_out in LeaveOneOut().split(fit):
                model = Ridge(alpha=alpha, solver="svd").fit(features[fit[rest]], responses[fit[rest]])
                inside[number, left_out] = model.predict(features[fit[left_out]])
        press = ((inside - responses[fit]) ** 2).sum(axis=1)
        np.testing.assert_array_equal(one.choice, press.argmin(axis=0))
        assert np.isnan(one.nested_r).all()  # there were no inner folds
        chosen |= set(one.choice)
    assert len(chosen) > 1  # otherwise the comparison would show little


def leave_out(features, responses, fit, parts, alpha):
    """Predictions of each part of a training set by a read-out fitted on the rest."""
    found = np.empty((len(fit), responses.shape[1]))
    for part in parts:
        rest = np.setdiff1d(fit, part)
        model = Ridge(alpha=alpha, solver="svd").fit(features[rest], responses[rest])
        found[np.searchsorted(fit, part)] = model.predict(features[part])
    return found


@pytest.mark.parametrize("primal", [False, True])
@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize(("n", "p"), [(48, 90), (60, 12)])
def test_penalties_and_nested_r_leave_whole_groups_out(n, p, grouped, primal):
    features, responses, _, _ = problem(n, p, seed=7)
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 12, n).astype(str)
    responses = responses + 3.0 * rng.normal(size=(12, responses.shape[1]))[groups.astype(int)]
    features = features + rng.normal(size=(12, p))[groups.astype(int)]
    ids = tuple(f"s{i:02d}" for i in range(n))
    stimuli = StimulusSet(
        "set", ids, np.zeros((n, 1, 1, 3), np.uint8), table=pd.DataFrame({"group": groups}, index=ids)
    )
    splits = make_splits("group4" if grouped else "kfold4", stimuli)
    inner = [splits.inner_folds(k) for k in range(4)]
    choices = [Choices(one) for one in inner]
    gram = features @ features.T
    if primal:
        found = predict_ridge_primal(features, responses, splits.train, splits.test, choices=choices)
    else:
        found = predict_ridge(gram, responses, splits.train, splits.test, choices=choices)
    chosen = set()
    for fit, held, parts, one in zip(splits.train, splits.test, inner, found, strict=True):
        alphas = PENALTY_GRID * mean_eigenvalue(gram, fit)
        blocks = parts.blocks if grouped else [np.array([k]) for k in fit]
        assert all(len(set(groups[block])) == 1 for block in blocks)
        press = [
            ((leave_out(features, responses, fit, blocks, alpha) - responses[fit]) ** 2).sum(axis=0) for alpha in alphas
        ]
        np.testing.assert_array_equal(one.choice, np.argmin(press, axis=0))
        for site, place in enumerate(one.choice):
            inside = leave_out(features, responses, fit, parts.folds, alphas[place])[:, site]
            r = [np.corrcoef(inside[np.searchsorted(fit, fold)], responses[fold, site])[0, 1] for fold in parts.folds]
            assert abs(one.nested_r[site] - np.mean(r)) < 1e-8
            model = Ridge(alpha=alphas[place], solver="svd").fit(features[fit], responses[fit, site])
            assert np.abs(one.predictions[:, site] - model.predict(features[held])).max() < 1e-8
        chosen |= set(one.choice)
    assert len(chosen) > 1


@pytest.mark.parametrize(("n", "p"), [(60, 300), (120, 20)])
def test_the_nested_choice_equals_ridgecv_per_target(n, p):
    features, responses, train, test = problem(n, p, seed=5)
    gram = features @ features.T
    for fit, held, one in zip(train, test, predict_ridge(gram, responses, train, test), strict=True):
        alphas = PENALTY_GRID * mean_eigenvalue(gram, fit)
        oracle = RidgeCV(alphas=alphas, alpha_per_target=True).fit(features[fit], responses[fit])
        np.testing.assert_allclose(alphas[one.choice], oracle.alpha_)
        assert np.abs(one.predictions - oracle.predict(features[held])).max() < 1e-8


def test_float32_features_agree_to_their_precision():
    features, responses, train, test = problem(60, 300)
    single = features.astype(np.float32)
    exact = predict_ridge(features @ features.T, responses, train, test)
    double = single.astype(np.float64)
    found = predict_ridge(double @ double.T, responses, train, test, noise_floor=1e-6)
    for one, other in zip(exact, found, strict=True):
        assert np.abs(one.predictions - other.predictions).max() < 1e-4 * responses.std()


def test_a_training_set_that_is_not_the_complement_of_the_test_set():
    features, responses, train, test = problem(80, 30)
    fit, held = train[0][:40], test[0]
    (one,) = predict_ridge(features @ features.T, responses, [fit], [held])
    alphas = PENALTY_GRID * mean_eigenvalue(features @ features.T, fit)
    oracle = RidgeCV(alphas=alphas, alpha_per_target=True).fit(features[fit], responses[fit])
    assert np.abs(one.predictions - oracle.predict(features[held])).max() < 1e-8
