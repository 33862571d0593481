import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression

from brainconv.predictivity import predict_components


@pytest.mark.parametrize(("n", "p", "k"), [(60, 200, 10), (80, 12, 12), (80, 12, 40)])
def test_predictions_equal_sklearns_pca_and_least_squares(n, p, k):
    rng = np.random.default_rng(0)
    features, responses = rng.normal(size=(n, p)) + 1.0, rng.normal(size=(n, 4))
    train, test = np.arange(50), np.arange(50, n)
    (one,) = predict_components(features @ features.T, responses, [train], [test], n_components=k)
    pca = PCA(min(k, p), svd_solver="full").fit(features[train])
    oracle = LinearRegression().fit(pca.transform(features[train]), responses[train])
    np.testing.assert_allclose(one.predictions, oracle.predict(pca.transform(features[test])), atol=1e-9)
    assert one.settings[0] == min(k, p)


def test_constant_features_predict_the_training_mean():
    responses = np.random.default_rng(0).normal(size=(30, 2))
    (one,) = predict_components(
        np.full((30, 30), 2.0), responses, [np.arange(20)], [np.arange(20, 30)], n_components=18
    )
    np.testing.assert_allclose(one.predictions, np.tile(responses[:20].mean(axis=0), (10, 1)))
    assert one.settings[0] == 0
