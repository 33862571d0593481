import numpy as np

from brainconv.predictivity import PENALTY_GRID, mean_eigenvalue, predict_ridge
from brainconv.predictivity.ridge import _identity_pays


def test_the_grid_is_the_one_that_the_design_names():
    assert len(PENALTY_GRID) == 15
    np.testing.assert_allclose(np.log10(PENALTY_GRID), np.arange(-3, 4.25, 0.5))


def test_the_mean_eigenvalue_is_that_of_the_centred_training_gram():
    features = np.random.default_rng(0).normal(size=(30, 50)) + 2.0
    train = np.arange(0, 30, 2)
    centred = features[train] - features[train].mean(axis=0)
    expected = np.linalg.eigvalsh(centred @ centred.T).mean()
    assert abs(mean_eigenvalue(features @ features.T, train) - expected) < 1e-10


def test_constant_features_predict_the_training_mean():
    responses = np.random.default_rng(0).normal(size=(30, 2))
    train, test = np.arange(20), np.arange(20, 30)
    (one,) = predict_ridge(np.full((30, 30), 9.0), responses, [train], [test])
    np.testing.assert_allclose(one.predictions, np.tile(responses[train].mean(axis=0), (10, 1)))


def test_small_penalties_keep_their_digits():
    # The identity by 1 - H is off by 1e-3 here (performance.md); the residual maker itself is not.
    rng = np.random.default_rng(0)
    features, responses = rng.normal(size=(200, 400)), rng.normal(size=(200, 3))
    train, test = np.arange(180), np.arange(180, 200)
    gram = features @ features.T
    (one,) = predict_ridge(gram, responses, [train], [test], grid=np.array([1e-10]))
    centred = features[train] - features[train].mean(axis=0)
    weights = centred.T @ np.linalg.solve(
        centred @ centred.T + one.settings[0] * np.eye(180), responses[train] - responses[train].mean(axis=0)
    )
    expected = (features[test] - features[train].mean(axis=0)) @ weights + responses[train].mean(axis=0)
    assert np.abs(one.predictions - expected).max() < 1e-9


def test_a_noisy_site_gets_a_larger_penalty_than_a_clean_one():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(100, 300))
    signal = features @ rng.normal(size=300) / 17
    responses = np.stack([signal, signal + 5 * rng.normal(size=100)], axis=1)
    train, test = np.arange(80), np.arange(80, 100)
    (one,) = predict_ridge(features @ features.T, responses, [train], [test])
    assert one.choice[1] > one.choice[0]


def test_the_cheaper_of_two_ways_is_taken():
    assert _identity_pays(1000, [(900, 100)] * 10, 15)
    assert not _identity_pays(1000, [(500, 500)] * 2, 15)
    assert not _identity_pays(1000, [(900, 100)], 15)
