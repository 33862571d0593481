from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from brainconv.errors import NotFoundError
from brainconv.similarity.estimators import ESTIMATORS, estimate_from_gram


def estimate(patterns, estimator, **options):
    return estimate_from_gram(
        patterns @ patterns.T, patterns.sum(axis=1), patterns.shape[1], estimator=estimator, **options
    )


@pytest.fixture
def patterns():
    return np.maximum(np.random.default_rng(0).normal(0.3, 1.0, (12, 40)), 0.0)


def test_against_scipy(patterns):
    expected = {
        "correlation": pdist(patterns, "correlation"),
        "euclidean": pdist(patterns),
        "sqeuclidean_per_unit": pdist(patterns, "sqeuclidean") / 40,
        "cosine": pdist(patterns, "cosine"),
        "cosine_centred": pdist(patterns - patterns.mean(axis=0), "cosine"),
    }
    assert set(expected) == set(ESTIMATORS)
    for estimator, distances in expected.items():
        np.testing.assert_allclose(estimate(patterns, estimator), distances, atol=1e-12)


@pytest.mark.parametrize("estimator", ["correlation", "cosine"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_constant_pattern_is_undefined_and_never_zero(patterns, estimator, dtype):
    patterns[3] = 0.0 if estimator == "cosine" else 2.5
    distances = estimate(patterns, estimator, feature_dtype=dtype)
    touched = np.array([3 in pair for pair in zip(*np.triu_indices(12, 1), strict=True)])
    assert np.isnan(distances[touched]).all()
    assert np.isfinite(distances[~touched]).all()


def test_pattern_equal_to_the_mean_has_no_centred_cosine(patterns):
    patterns[0] = patterns[1:].mean(axis=0)
    distances = estimate(patterns, "cosine_centred")
    assert np.isnan(distances[:11]).all()
    assert np.isfinite(distances[11:]).all()


def test_duplicate_patterns_are_at_zero_and_never_below(patterns):
    patterns[7] = patterns[2]
    for estimator in ESTIMATORS:
        distances = estimate(patterns, estimator)
        assert distances.min() >= 0.0
        assert np.isclose(distances.min(), 0.0, atol=1e-6)


def test_euclid_and_correlation_can_tell_opposite_stories():
    """Pattern norm dominates Euclidean distances: the estimator is part of a result's name."""
    rng = np.random.default_rng(1)
    directions = rng.normal(size=(2, 50))
    directions -= directions.mean(axis=1, keepdims=True)
    gains = np.array([1.0, 10.0, 1.0, 10.0])
    patterns = gains[:, None] * directions[[0, 0, 1, 1]]
    by_angle = estimate(patterns, "correlation")
    by_length = estimate(patterns, "sqeuclidean_per_unit")
    same_direction, same_gain = 0, 1
    assert by_angle[same_direction] < by_angle[same_gain]
    assert by_length[same_direction] > by_length[same_gain]


def test_unknown_estimator_names_the_nearest(patterns):
    with pytest.raises(NotFoundError, match="Did you mean 'correlation'"):
        estimate(patterns, "corelation")
