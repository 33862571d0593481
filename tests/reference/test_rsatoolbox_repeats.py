"""Distances from repeats against rsatoolbox, to 1e-8 (its own noise covariances where it estimates them)."""

from __future__ import annotations

import numpy as np
import pytest

from brainconv.similarity.noise import estimate_noise_covariance
from brainconv.similarity.repeats import estimate_from_repeats

toolbox = pytest.importorskip("rsatoolbox")
N, N_REPEATS = 15, 4


def make_dataset(responses):
    n, n_repeats, n_sites = responses.shape
    present = np.isfinite(responses[:, :, 0]).ravel()
    stimulus = np.repeat([f"s{i:02d}" for i in range(n)], n_repeats)[present]
    fold = np.tile(np.arange(n_repeats), n)[present]
    descriptors = {"stimulus": stimulus.tolist(), "fold": fold.tolist()}
    return toolbox.data.Dataset(responses.reshape(-1, n_sites)[present], obs_descriptors=descriptors)


@pytest.fixture(params=[12, 200], ids=["few sites", "more sites than residuals"])
def responses(request):
    rng = np.random.default_rng(0)
    return rng.gamma(2.0, 2.0, (N, 1, request.param)) + rng.gamma(1.0, 1.0, (N, N_REPEATS, request.param))


def test_noise_covariance(responses):
    theirs = toolbox.data.noise.cov_from_unbalanced(make_dataset(responses), "stimulus", method="shrinkage_eye")
    np.testing.assert_allclose(estimate_noise_covariance(responses).to_matrix(), theirs, atol=1e-10)


@pytest.mark.parametrize("estimator", ["crossnobis", "mahalanobis"])
def test_whitened_distances(responses, estimator):
    data = make_dataset(responses)
    precision = toolbox.data.noise.prec_from_unbalanced(data, "stimulus", method="shrinkage_eye")
    folds = {"cv_descriptor": "fold"} if estimator == "crossnobis" else {}
    theirs = toolbox.rdm.calc_rdm(data, method=estimator, descriptor="stimulus", noise=precision, **folds)
    ours = estimate_from_repeats(responses, estimator=estimator, noise=estimate_noise_covariance(responses))
    np.testing.assert_allclose(ours, theirs.dissimilarities[0], atol=1e-8)


def test_without_noise_covariance(responses):
    data = make_dataset(responses)
    theirs = toolbox.rdm.calc_rdm(data, method="crossnobis", descriptor="stimulus", cv_descriptor="fold")
    ours = estimate_from_repeats(responses, estimator="cv_sqeuclidean_per_unit")
    np.testing.assert_allclose(ours, theirs.dissimilarities[0], atol=1e-8)


def test_poisson(responses):
    theirs = toolbox.rdm.calc_rdm(make_dataset(responses), method="poisson", descriptor="stimulus")
    ours = estimate_from_repeats(responses, estimator="poisson")
    np.testing.assert_allclose(ours, theirs.dissimilarities[0], atol=1e-8)
