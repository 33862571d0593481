"""RDMs, comparators, bootstrap and ceilings against rsatoolbox."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist

from brainconv.containers import RDMs, Representation
from brainconv.similarity import compare_rdms, compare_resampled, compute_rdm_ceiling, compute_rdms, draw_multiplicities

toolbox = pytest.importorskip("rsatoolbox")

METHODS = {
    "pearson": "corr",
    "cosine": "cosine",
    "spearman": "spearman",
    "rho-a": "rho-a",
    "tau-a": "tau-a",
    "tau-b": "kendall",
    "whitened-corr": "corr_cov",
    "whitened-cosine": "cosine_cov",
}
N = 30


def make_rdms(rows, **labels):
    return RDMs("x", rows, tuple(f"s{i:02d}" for i in range(N)), pd.DataFrame(labels, index=range(len(rows))), "any")


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    models = rng.random((4, N * (N - 1) // 2))
    data = models[:3] + rng.random((3, models.shape[1]))
    models[1] = np.round(models[1] * 3)
    data[2] = np.round(data[2] * 8)
    return models, data


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-9), (np.float32, 1e-5)])
def test_rdms_of_features(dtype, tolerance):
    from rsatoolbox.data import Dataset

    features = np.maximum(np.random.default_rng(0).normal(0.5, 1.0, (92, 3000)), 0.0).astype(dtype)
    ours = Representation.from_features(features, [f"s{i:02d}" for i in range(92)])
    for estimator, method in (("correlation", "correlation"), ("sqeuclidean_per_unit", "euclidean")):
        theirs = toolbox.rdm.calc_rdm(Dataset(features.astype(dtype)), method=method).dissimilarities
        assert np.abs(compute_rdms(ours, estimator=estimator).dissimilarities - theirs).max() < tolerance


@pytest.mark.parametrize("comparator", sorted(METHODS))
def test_comparators(rows, comparator):
    models, data = rows
    ours = compare_rdms(make_rdms(models), make_rdms(data), comparator=comparator)
    theirs = toolbox.rdm.compare(toolbox.rdm.RDMs(models), toolbox.rdm.RDMs(data), METHODS[comparator])
    np.testing.assert_allclose(ours, theirs, atol=1e-10)


@pytest.mark.parametrize(("comparator", "method"), [("bures", "bures"), ("neg-riemannian", "neg_riem_dist")])
def test_comparators_of_gram_matrices(comparator, method):
    patterns = np.random.default_rng(0).normal(size=(5, N, 60))
    patterns[2:] += patterns[:3]
    a, b = (np.stack([pdist(x, "sqeuclidean") / 60 for x in part]) for part in (patterns[:3], patterns[3:]))
    ours = compare_rdms(make_rdms(a), make_rdms(b), comparator=comparator)
    theirs = toolbox.rdm.compare(toolbox.rdm.RDMs(a), toolbox.rdm.RDMs(b), method)
    np.testing.assert_allclose(ours, theirs, atol=1e-10)


@pytest.mark.parametrize("comparator", sorted(METHODS))
def test_bootstrap_on_the_same_samples(rows, comparator):
    models, data = rows
    multiplicities = draw_multiplicities(N, 8, np.random.default_rng(1))
    ours = compare_resampled(models, data, multiplicities, comparators=[comparator])[comparator]
    for sample, w in zip(ours, multiplicities, strict=True):
        index = np.repeat(np.arange(N), w)
        drawn = [toolbox.rdm.RDMs(side).subsample_pattern("index", index) for side in (models, data)]
        np.testing.assert_allclose(sample, toolbox.rdm.compare(*drawn, METHODS[comparator]), atol=1e-10)


@pytest.mark.parametrize("comparator", sorted(name for name in METHODS if not name.startswith("whitened")))
def test_ceiling(rows, comparator):
    from rsatoolbox.inference import boot_noise_ceiling

    _, data = rows
    ours = compute_rdm_ceiling(make_rdms(data, subject=["a", "b", "c"]), comparator=comparator)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = boot_noise_ceiling(toolbox.rdm.RDMs(data), method=METHODS[comparator])
    np.testing.assert_allclose(ours, theirs, atol=1e-10)


@pytest.mark.parametrize("comparator", ["whitened-corr", "whitened-cosine"])
def test_whitened_ceiling(rows, comparator):
    """Its `boot_noise_ceiling` pools by plain length, its `pooling` by whitened length (iterated to 1e-5) as we do."""
    from rsatoolbox.util.pooling import pool_rdm

    data, method = rows[1], METHODS[comparator]

    def evaluate(train, test):
        pooled = pool_rdm(toolbox.rdm.RDMs(train), method=method)
        return toolbox.rdm.compare(pooled, toolbox.rdm.RDMs(test), method).mean()

    lower = np.mean([evaluate(np.delete(data, k, axis=0), data[[k]]) for k in range(3)])
    ours = compute_rdm_ceiling(make_rdms(data, subject=["a", "b", "c"]), comparator=comparator)
    np.testing.assert_allclose(ours, (lower, evaluate(data, data)), atol=1e-4)
