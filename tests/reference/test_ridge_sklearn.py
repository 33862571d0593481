"""Ridge from one Gram against scikit-learn on explicit features, fold by fold, and against a nested loop."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.model_selection import LeaveOneOut

from brainconv.predictivity import PENALTY_GRID, mean_eigenvalue, predict_ridge


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
        for site, place in enumerate(one.choice):
            r = np.corrcoef(inside[place, :, site], responses[fit, site])[0, 1]
            assert abs(one.nested_r[site] - r) < 1e-8
        chosen |= set(one.choice)
    assert len(chosen) > 1  # otherwise the comparison would show little


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
