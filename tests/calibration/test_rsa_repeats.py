"""Bias of distances from repeats.

Sizes: 60 recordings of 12 stimuli, 4 repeats, 20 sites with correlated noise and one common true pattern.
Bands are the central 99.9 % of a normal mean.
"""

from __future__ import annotations

import numpy as np
import pytest

from brainconv.similarity.noise import estimate_noise_covariance
from brainconv.similarity.repeats import estimate_from_repeats

N_RUNS, N_STIMULI, N_REPEATS, N_SITES = 60, 12, 4, 20


@pytest.fixture(scope="module")
def means():
    values = {"cv_sqeuclidean_per_unit": [], "crossnobis": [], "mahalanobis": [], "same noise": [], "unequal": []}
    for seed in range(N_RUNS):
        rng = np.random.default_rng(seed)
        mixing = np.eye(N_SITES) + 0.3 * rng.normal(size=(N_SITES, N_SITES))
        responses = 3.0 + rng.normal(size=(N_STIMULI, N_REPEATS, N_SITES)) @ mixing
        responses *= np.linspace(0.5, 2.0, N_STIMULI)[:, None, None]  # noise grows with the stimulus, truth follows
        responses -= 3.0 * np.linspace(0.5, 2.0, N_STIMULI)[:, None, None]
        for estimator in ("cv_sqeuclidean_per_unit", "crossnobis", "mahalanobis"):
            values[estimator].append(estimate_from_repeats(responses, estimator=estimator).mean())
        noise = estimate_noise_covariance(responses)
        values["same noise"].append(estimate_from_repeats(responses, estimator="crossnobis", noise=noise).mean())
        responses[rng.permutation(N_STIMULI)[:6], 2:] = np.nan
        values["unequal"].append(estimate_from_repeats(responses, estimator="crossnobis").mean())
    return {name: np.array(v) for name, v in values.items()}


@pytest.mark.parametrize("estimator", ["cv_sqeuclidean_per_unit", "crossnobis", "unequal"])
def test_distances_of_equal_patterns_are_zero_on_average(means, estimator):
    values = means[estimator]
    assert abs(values.mean()) < 3.29 * values.std(ddof=1) / np.sqrt(N_RUNS)


def test_distances_of_mean_responses_are_biased(means):
    values = means["mahalanobis"]
    assert values.mean() > 0.3


def test_noise_covariance_of_the_same_repeats_leaves_a_bias(means):
    """Residuals look smaller to a covariance that was fitted to them; the default avoids it."""
    values = means["same noise"]
    assert values.mean() > 3.29 * values.std(ddof=1) / np.sqrt(N_RUNS)
    assert values.mean() > 0.1
