from __future__ import annotations

import numpy as np
import pytest

from brainconv.errors import InvalidInputError
from brainconv.similarity.noise import compute_residuals, estimate_noise_covariance


def make_responses(n=10, n_repeats=3, n_sites=4, seed=0):
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(n_sites, n_sites))
    return rng.normal(size=(n, 1, n_sites)) * 3 + rng.normal(size=(n, n_repeats, n_sites)) @ mixing


def test_residuals_of_unequal_repeats():
    responses = make_responses()
    responses[0, 1:] = np.nan
    responses[1, 2] = np.nan
    residuals, dof = compute_residuals(responses)
    assert residuals.shape == (2 + 8 * 3, 4)
    assert dof == 1 + 8 * 2
    np.testing.assert_allclose(residuals.sum(axis=0), 0, atol=1e-12)


@pytest.mark.parametrize("n_sites", [4, 60])
def test_shrinkage_is_that_of_scikit_learn(n_sites):
    from sklearn.covariance import LedoitWolf

    responses = make_responses(n_sites=n_sites)
    ours = estimate_noise_covariance(responses)
    residuals, dof = compute_residuals(responses)
    theirs = LedoitWolf(assume_centered=True).fit(residuals)
    assert ours.shrinkage == pytest.approx(theirs.shrinkage_, abs=1e-12)
    np.testing.assert_allclose(ours.to_matrix(), theirs.covariance_ * len(residuals) / dof, atol=1e-10)


@pytest.mark.parametrize("n_sites", [4, 60])
def test_whitened_products(n_sites):
    responses = make_responses(n_sites=n_sites)
    patterns = responses.mean(axis=1)
    noise = estimate_noise_covariance(responses)
    expected = patterns @ np.linalg.inv(noise.to_matrix()) @ patterns.T
    np.testing.assert_allclose(noise.whitened_products(patterns), expected, rtol=1e-9, atol=1e-9)
    white = noise.whiten(patterns)
    np.testing.assert_allclose(white @ white.T, expected, rtol=1e-9, atol=1e-9)


def test_one_site_is_divided_by_its_variance():
    responses = make_responses(n_sites=1)
    residuals, dof = compute_residuals(responses)
    np.testing.assert_allclose(estimate_noise_covariance(responses).to_matrix(), (residuals**2).sum() / dof)


def test_no_repeats_are_refused():
    with pytest.raises(InvalidInputError, match="No stimulus has two repeats"):
        estimate_noise_covariance(make_responses(n_repeats=1))
