from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import orthogonal_procrustes

from brainconv.containers import Representation
from brainconv.errors import InvalidInputError, NotFoundError
from brainconv.similarity import (
    compare_rdms,
    compute_bures,
    compute_cka,
    compute_procrustes,
    compute_rdms,
    draw_multiplicities,
    resample_measure,
)

N = 20
IDS = tuple(f"s{i:02d}" for i in range(N))


@pytest.fixture
def features():
    rng = np.random.default_rng(0)
    x = 2.0 + rng.normal(size=(N, 15))
    return x, x[:, :8] + rng.normal(size=(N, 8))


def layers(*features, ids=IDS):
    return [Representation.from_features(x, ids, layer=f"l{k}") for k, x in enumerate(features)]


def centred(x):
    return x - x.mean(axis=0)


def hsic_unbiased(k, ell):
    """Sum over sets of four different stimuli, written out as in Song et al."""
    n = len(k)
    k, ell = (m - np.diag(np.diag(m)) for m in (k, ell))
    one = np.ones(n)
    return (
        np.trace(k @ ell)
        + (one @ k @ one) * (one @ ell @ one) / ((n - 1) * (n - 2))
        - 2 / (n - 2) * (one @ k @ ell @ one)
    ) / (n * (n - 3))


def test_cka(features):
    x, y = map(centred, features)
    expected = np.linalg.norm(x.T @ y) ** 2 / np.linalg.norm(x.T @ x) / np.linalg.norm(y.T @ y)
    assert compute_cka(*layers(*features), debiased=False) == pytest.approx(expected, abs=1e-12)
    k, ell = (z @ z.T for z in features)
    expected = hsic_unbiased(k, ell) / np.sqrt(hsic_unbiased(k, k) * hsic_unbiased(ell, ell))
    assert compute_cka(*layers(*features)) == pytest.approx(expected, abs=1e-12)


def test_whitened_cosine_of_squared_distances_is_cka(features):
    """The identity between two modules: whitening an RDM is centring the Gram matrix behind it."""
    a, b = layers(*features)
    rdms = [compute_rdms(layer, estimator="sqeuclidean_per_unit") for layer in (a, b)]
    expected = compare_rdms(*rdms, comparator="whitened-cosine")
    np.testing.assert_allclose(compute_cka(a, b, debiased=False), expected, atol=1e-12)


def test_procrustes_is_the_distance_after_the_best_rotation(features):
    x, y = (centred(z) / np.linalg.norm(centred(z)) for z in features)
    y = np.pad(y, ((0, 0), (0, 7)))
    rotation, _ = orthogonal_procrustes(y, x)
    expected = np.linalg.norm(x - y @ rotation) ** 2
    assert compute_procrustes(*layers(*features)) == pytest.approx(expected, abs=1e-9)
    assert compute_bures(*layers(*features)) == pytest.approx(1 - expected / 2, abs=1e-9)


def test_procrustes_of_a_square_and_a_rectangle():
    """By hand, as `netrep.metrics.LinearMetric(alpha=1, score_method="angular")` defines it: arccos(2 / √5)."""
    corners = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, -1.0], [-1.0, 1.0]])
    ids = ("a", "b", "c", "d")
    square, rectangle = layers(corners, corners * [3.0, 1.0] + 7.0, ids=ids)
    assert compute_bures(square, rectangle)[0, 0] == pytest.approx(2 / np.sqrt(5), abs=1e-12)
    assert compute_procrustes(square, rectangle)[0, 0] == pytest.approx(2 - 4 / np.sqrt(5), abs=1e-12)


def test_angular_distance_is_that_of_shape_metrics(features):
    """netrep's steps: centre, unit norm, both sides turned by the singular vectors of XᵀY, angle of what is left."""
    x, y = (centred(z) / np.linalg.norm(centred(z)) for z in features)
    u, _, v = np.linalg.svd(x.T @ y, full_matrices=False)
    expected = np.arccos(np.sum((x @ u) * (y @ v.T)))
    distance = compute_procrustes(*layers(*features))[0, 0]
    assert np.arccos(1.0 - distance / 2.0) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("measure", [compute_cka, compute_bures])
def test_rotation_scale_and_shift_do_not_matter(features, measure):
    x = features[0]
    rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(15, 15)))[0]
    stretched = x * np.linspace(0.1, 3.0, 15)
    same, other = measure(layers(x), layers(3.0 * x @ rotation - 5.0, stretched))[0]
    assert same == pytest.approx(1.0, abs=1e-9)
    assert other < 0.95


def test_layers_are_aligned_by_id_and_b_is_a_by_default(features):
    both = layers(*features)
    shuffled = [layer.select(IDS[::-1]) for layer in both]
    np.testing.assert_allclose(compute_cka(both), compute_cka(both, shuffled), atol=1e-12)
    np.testing.assert_allclose(np.diag(compute_cka(both)), 1.0)


def test_dead_layer_has_no_value(features):
    dead = layers(np.ones((N, 3)))[0]
    assert np.isnan(compute_cka(dead, layers(features[0]))).all()
    assert np.isnan(compute_bures(dead, layers(features[0]))).all()


def test_refusals(features):
    with pytest.raises(InvalidInputError, match="at least 4 stimuli; found 3"):
        compute_cka(layers(np.eye(3), ids=IDS[:3]))
    with pytest.raises(InvalidInputError, match="take the same stimuli"):
        compute_bures(layers(features[0]), layers(features[1][:10], ids=IDS[:10]))
    with pytest.raises(InvalidInputError, match="at least one layer"):
        compute_cka([])
    with pytest.raises(NotFoundError, match="Unknown measure"):
        resample_measure(layers(features[0]), layers(features[1]), np.ones((1, N), int), measure="dcor")


@pytest.mark.parametrize(
    ("measure", "function"),
    [
        ("cka", lambda a, b: compute_cka(a, b, debiased=False)),
        ("cka-debiased", compute_cka),
        ("procrustes", compute_procrustes),
        ("bures", compute_bures),
    ],
)
def test_resamples(features, measure, function):
    a, b = layers(*features)
    counts = np.ones((2, N), dtype=np.int32)
    counts[1, ::2] = 0  # half of the stimuli, once each
    samples = resample_measure(a, b, counts, measure=measure)
    np.testing.assert_allclose(samples[0], function(a, b), atol=1e-12)
    np.testing.assert_allclose(samples[1], function(a.select(IDS[1::2]), b.select(IDS[1::2])), atol=1e-12)


def test_copies_do_not_bias_the_debiased_cka():
    values = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        a, b = layers(*rng.normal(size=(2, N, 100)))
        values.append(resample_measure(a, b, draw_multiplicities(N, 10, rng), measure="cka-debiased").mean())
    assert abs(np.mean(values)) < 3.29 * np.std(values, ddof=1) / np.sqrt(40)
    assert np.std(values) < 0.1
