"""Partial least squares from one Gram against scikit-learn on explicit features, fold by fold."""

import numpy as np
import pytest
from sklearn.cross_decomposition import PLSRegression

from brainconv.predictivity import predict_pls


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
