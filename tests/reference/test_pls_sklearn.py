"""Partial least squares from one Gram against scikit-learn on explicit features, fold by fold."""

import warnings

import numpy as np
import pytest
from sklearn.cross_decomposition import PLSRegression

from brainconv.predictivity import predict_pls
from brainconv.predictivity.power_iteration import MAX_ITER, TOL


def problem(n, p, t, seed=0):
    rng = np.random.default_rng(seed)
    features = np.maximum(rng.normal(size=(n, p)) * rng.uniform(0.2, 3.0, p) + 0.5, 0.0)
    responses = features @ rng.normal(size=(p, t)) / np.sqrt(p) + rng.normal(size=(n, t)) + 5.0
    folds = rng.permutation(np.arange(n) % 4)
    return (
        features,
        responses,
        [np.flatnonzero(folds != k) for k in range(4)],
        [np.flatnonzero(folds == k) for k in range(4)],
    )


@pytest.mark.parametrize(("n", "p", "t", "k"), [(120, 400, 12, 25), (150, 40, 12, 25), (80, 200, 1, 5), (80, 30, 5, 1)])
def test_predictions_equal_sklearn_on_every_fold(n, p, t, k):
    features, responses, train, test = problem(n, p, t)
    found = predict_pls(features @ features.T, responses, train, test, n_components=k)
    for fit, held, one in zip(train, test, found, strict=True):
        oracle = PLSRegression(k, scale=False, tol=1e-14, max_iter=100_000).fit(features[fit], responses[fit])
        expected = oracle.predict(features[held]).reshape(len(held), t)
        assert np.abs(one.predictions - expected).max() < 1e-5 * expected.std()
        assert one.settings[0] == k


def test_as_many_components_as_features_give_least_squares():
    features, responses, train, test = problem(100, 6, 3)
    for fit, held, one in zip(train, test, predict_pls(features @ features.T, responses, train, test), strict=True):
        design = np.c_[np.ones(len(fit)), features[fit]]
        weights = np.linalg.lstsq(design, responses[fit], rcond=None)[0]
        np.testing.assert_allclose(one.predictions, np.c_[np.ones(len(held)), features[held]] @ weights, atol=1e-6)


def test_the_sites_entered_together_decide_the_answer():
    features, responses, train, test = problem(100, 60, 6)
    gram = features @ features.T
    together = predict_pls(gram, responses, train, test, n_components=3)[0].predictions[:, 0]
    alone = predict_pls(gram, responses[:, :1], train, test, n_components=3)[0].predictions[:, 0]
    assert np.abs(together - alone).max() > 1e-3


def test_constant_features_predict_the_training_mean():
    _, responses, train, test = problem(100, 6, 3)
    for fit, one in zip(train, predict_pls(np.full((100, 100), 3.0), responses, train, test), strict=True):
        np.testing.assert_allclose(one.predictions, np.broadcast_to(responses[fit].mean(axis=0), one.predictions.shape))
        assert one.settings[0] == 0


STOPPED = {
    "more units than stimuli": (120, 400, 12, 25),
    "more stimuli than units": (150, 40, 12, 25),
    "few stimuli": (36, 300, 12, 25),
    "few sites": (120, 400, 2, 25),
    "one site": (120, 200, 1, 25),
    "more sites than components": (120, 400, 60, 25),
    "more sites than units": (120, 30, 60, 25),
    "one component": (80, 30, 5, 1),
}


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("constant", [(), (0,), (1, 3)], ids=["", "first site constant", "other sites constant"])
@pytest.mark.parametrize("case", STOPPED)
def test_with_its_stopping_rule_predictions_are_sklearns_defaults(case, constant, seed):
    n, p, t, k = STOPPED[case]
    features, responses, train, test = problem(n, p, t, seed)
    responses[:, [site for site in constant if site < t]] = 5.0
    found = predict_pls(features @ features.T, responses, train, test, n_components=k, tol=TOL)
    for fit, held, one in zip(train, test, found, strict=True):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # sklearn warns where no response is left
            expected = PLSRegression(k, scale=False).fit(features[fit], responses[fit]).predict(features[held])
        np.testing.assert_allclose(one.predictions, expected.reshape(len(held), t), rtol=0, atol=1e-9)


def test_the_most_steps_are_sklearns():
    # two nearly equal singular values, and a first site far from the larger one: each step turns a little, for long
    features = np.random.default_rng(0).normal(size=(50, 2))
    features = np.linalg.qr(features - features.mean(axis=0))[0]
    angle = np.deg2rad(77.0)
    turn = np.array([[np.cos(angle), np.sin(angle)], [np.sin(angle), -np.cos(angle)]])
    responses = features @ np.diag([1.0, np.sqrt(0.995)]) @ turn
    rows = np.arange(50)
    found = predict_pls(features @ features.T, responses, [rows], [rows], n_components=1, tol=TOL)[0]
    with pytest.warns(UserWarning, match="Maximum number of iterations"):
        oracle = PLSRegression(1, scale=False).fit(features, responses)
    assert oracle.n_iter_ == [MAX_ITER]
    np.testing.assert_allclose(found.predictions, oracle.predict(features), rtol=0, atol=1e-9)


def test_the_stopping_rule_makes_the_order_of_sites_count():
    features, responses, train, test = problem(120, 400, 12)
    gram = features @ features.T
    for tol, least, most in ((None, 0.0, 1e-8), (TOL, 1e-5, 0.1)):
        plain = predict_pls(gram, responses, train, test, tol=tol)[0].predictions
        turned = predict_pls(gram, responses[:, ::-1], train, test, tol=tol)[0].predictions
        assert least <= np.abs(plain - turned[:, ::-1]).max() < most


def test_a_site_that_is_constant_but_for_rounding_does_not_start_the_iteration():
    features, responses, train, test = problem(120, 400, 12)
    gram = features @ features.T
    responses[:, 0] = 37.3  # its mean is not 37.3 to the last digit
    both = predict_pls(gram, responses, train, test, tol=TOL)
    rest = predict_pls(gram, responses[:, 1:], train, test, tol=TOL)
    for one, other in zip(both, rest, strict=True):
        np.testing.assert_allclose(one.predictions[:, 1:], other.predictions, rtol=0, atol=1e-9)
        np.testing.assert_allclose(one.predictions[:, 0], 37.3)
