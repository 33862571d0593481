from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from brainconv.similarity.kernels import (
    centre_gram,
    compute_bures_of_rows,
    compute_neg_riemannian,
    fidelity,
    root_of_gram,
    to_centred_gram,
)


@pytest.fixture
def patterns():
    return np.random.default_rng(0).normal(size=(2, 6, 12))


def distances(*patterns):
    return np.stack([pdist(x, "sqeuclidean") for x in patterns])


def test_gram_of_distances_is_that_of_centred_patterns(patterns):
    x = patterns[0] - patterns[0].mean(axis=0)
    np.testing.assert_allclose(to_centred_gram(distances(patterns[0])[0]), x @ x.T, atol=1e-12)
    np.testing.assert_allclose(centre_gram(patterns[0] @ patterns[0].T), x @ x.T, atol=1e-12)


def test_fidelity_is_the_nuclear_norm(patterns):
    x, y = patterns
    expected = np.linalg.norm(x.T @ y, "nuc")
    assert fidelity(root_of_gram(x @ x.T), root_of_gram(y @ y.T)) == pytest.approx(expected, rel=1e-9)


def test_bures_ignores_rotation_scale_and_shift(patterns):
    x, y = patterns
    rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(12, 12)))[0]
    values = compute_bures_of_rows(distances(x), distances(3.0 * x @ rotation + 1.0, y))
    assert values[0, 0] == pytest.approx(1.0)
    assert 0 < values[0, 1] < 0.95
    assert np.isnan(compute_bures_of_rows(distances(x), -distances(y))).all()


def test_riemannian_distance_is_zero_for_a_scaled_copy(patterns):
    x, y = patterns
    values = compute_neg_riemannian(distances(x), distances(2.0 * x, y))
    assert values[0, 0] == pytest.approx(0.0, abs=1e-2)  # noise can only be scaled towards 0
    assert values[0, 1] < -1.0


def test_riemannian_distance_needs_more_units_than_stimuli(patterns):
    flat = distances(patterns[0][:, :2])
    assert np.isnan(compute_neg_riemannian(distances(patterns[0]), flat)).all()
