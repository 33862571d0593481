import numpy as np
import pytest

from brainconv.predictivity import centre_gram, decompose_gram


@pytest.mark.parametrize(("n", "p"), [(30, 100), (30, 5), (30, 29), (30, 30), (2, 4)])
def test_the_parts_make_the_centred_gram_again(n, p):
    features = np.random.default_rng(0).normal(size=(n, p)) + 3.0
    centred = features - features.mean(axis=0)
    np.testing.assert_allclose(centre_gram(features @ features.T), centred @ centred.T, atol=1e-10)
    found = decompose_gram(features @ features.T)
    np.testing.assert_allclose((found.vectors * found.values) @ found.vectors.T, centred @ centred.T, atol=1e-9)
    assert len(found.values) == min(n - 1, p)
    basis = np.concatenate([found.vectors, found.null_vectors], axis=1)
    assert basis.shape == (n, n - 1)
    np.testing.assert_allclose(basis.T @ basis, np.eye(n - 1), atol=1e-12)
    np.testing.assert_allclose(basis.sum(axis=0), 0.0, atol=1e-12)


def test_eigenvalues_below_the_noise_floor_are_dropped():
    rng = np.random.default_rng(1)
    features = rng.normal(size=(40, 10)) @ rng.normal(size=(10, 200))
    noisy = features + 1e-4 * rng.normal(size=(40, 200))
    assert len(decompose_gram(noisy @ noisy.T, noise_floor=1e-12).values) == 39
    assert len(decompose_gram(noisy @ noisy.T, noise_floor=1e-6).values) == 10


def test_constant_features_say_nothing():
    found = decompose_gram(np.full((10, 10), 4.0))
    assert found.null_vectors.shape[1] + len(found.values) == 9
    assert found.values.sum() < 1e-12
