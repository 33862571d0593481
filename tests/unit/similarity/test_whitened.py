from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import squareform

from brainconv.similarity import compare_resampled, draw_multiplicities, permute_labels
from brainconv.similarity.ceiling import compute_ceiling_of_rows
from brainconv.similarity.comparators import compare_rows
from brainconv.similarity.whitened import compute_whitened_corr, compute_whitened_cosine, fit_margins

N = 9


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    a = 1.0 + rng.random((2, N * (N - 1) // 2))
    return a, 0.5 * a[[0, 1, 0]] + rng.random((3, a.shape[1]))


def covariance_of_pairs(n):
    i, j = np.triu_indices(n, 1)
    contrasts = np.eye(n)[i] - np.eye(n)[j]
    return (contrasts @ contrasts.T) ** 2


def whitened_by_inversion(a, b, v):
    inverse = np.linalg.inv(v)
    lengths = [np.sqrt(np.einsum("ij,jk,ik->i", rows, inverse, rows)) for rows in (a, b)]
    return (a @ inverse @ b.T) / np.outer(*lengths)


def centre(rows):
    return rows - rows.mean(axis=1, keepdims=True)


def test_equals_inversion_of_the_covariance_of_pairs(rows):
    v = covariance_of_pairs(N)
    np.testing.assert_allclose(compute_whitened_cosine(*rows), whitened_by_inversion(*rows, v), atol=1e-12)
    expected = whitened_by_inversion(*map(centre, rows), v)
    np.testing.assert_allclose(compute_whitened_corr(*rows), expected, atol=1e-12)


def test_constant_rdm_has_no_whitened_correlation(rows):
    constant = np.ones_like(rows[0])
    assert np.isnan(compute_whitened_corr(constant, rows[1])).all()
    assert np.isfinite(compute_whitened_cosine(constant, rows[1])).all()


@pytest.mark.parametrize("comparator", ["whitened-corr", "whitened-cosine"])
def test_bootstrap_sample_equals_inversion_over_its_pairs(rows, comparator):
    """Copies are stimuli of their own, whose pairs with one another are missing."""
    multiplicities = draw_multiplicities(N, 5, np.random.default_rng(0))
    ours = compare_resampled(*rows, multiplicities, comparators=[comparator])[comparator]
    for sample, w in zip(ours, multiplicities, strict=True):
        index = np.repeat(np.arange(N), w)
        i, j = np.triu_indices(N, 1)
        keep = index[i] != index[j]
        drawn = [np.stack([squareform(row)[index[i], index[j]][keep] for row in side]) for side in rows]
        if comparator == "whitened-corr":
            drawn = [centre(side) for side in drawn]
        expected = whitened_by_inversion(*drawn, covariance_of_pairs(N)[np.ix_(keep, keep)])
        np.testing.assert_allclose(sample, expected, atol=1e-10)


@pytest.mark.parametrize("comparator", ["whitened-corr", "whitened-cosine"])
def test_permutation_equals_comparison_after_relabelling(rows, comparator):
    null = permute_labels(*rows, 3, np.random.default_rng(1), comparators=[comparator])[comparator]
    rng = np.random.default_rng(1)
    for values in null:
        order = rng.permutation(N)
        moved = np.stack([squareform(squareform(row)[np.ix_(order, order)]) for row in rows[1]])
        np.testing.assert_allclose(values, compare_rows(rows[0], moved, comparator=comparator), atol=1e-12)


def test_ceiling_pools_rdms_of_equal_whitened_length(rows):
    subjects = centre(np.vstack(rows))
    v = covariance_of_pairs(N)
    lengths = np.sqrt(np.einsum("ij,jk,ik->i", subjects, np.linalg.inv(v), subjects))
    parts = subjects / lengths[:, None]
    upper = whitened_by_inversion(parts.mean(axis=0)[None], subjects, v).mean()
    lower = np.mean(
        [
            whitened_by_inversion(np.delete(parts, k, axis=0).mean(axis=0)[None], subjects[[k]], v)[0, 0]
            for k in range(5)
        ]
    )
    ours = compute_ceiling_of_rows(np.vstack(rows), comparator="whitened-corr")
    np.testing.assert_allclose(ours, (lower, upper), atol=1e-12)


def test_margins_solve_their_equations(rows):
    w = draw_multiplicities(N, 1, np.random.default_rng(3)).astype(float)
    square = squareform(rows[0][0])
    m = fit_margins((square @ w[0])[None, None], w)[0, 0]
    residual = square - m[:, None] - m[None, :]
    np.fill_diagonal(residual, 0.0)
    kept = w[0] > 0
    np.testing.assert_allclose((residual @ w[0] - 2 * m)[kept], 0.0, atol=1e-12)
