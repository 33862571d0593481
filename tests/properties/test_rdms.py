"""Properties that hold for any patterns and any RDMs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brainconv.containers import RDMs, Representation
from brainconv.similarity import RESAMPLED_COMPARATORS, compare_rdms, compute_rdms
from brainconv.similarity.comparators import compare_rows

ANY = settings(max_examples=25, deadline=None)


def make_layer(features):
    return Representation.from_features(features, [f"s{i}" for i in range(len(features))])


def make_patterns(seed, n, p):
    return np.random.default_rng(seed).normal(0.4, 1.0, (n, p))


@ANY
@given(st.integers(0, 10_000), st.integers(3, 12), st.integers(3, 40))
def test_euclid_and_cosine_ignore_a_rotation_of_units(seed, n, p):
    patterns = make_patterns(seed, n, p)
    rotation = np.linalg.qr(np.random.default_rng(seed + 1).normal(size=(p, p)))[0]
    for estimator in ("euclidean", "sqeuclidean_per_unit", "cosine", "cosine_centred"):
        straight, turned = (
            compute_rdms(make_layer(x), estimator=estimator).dissimilarities for x in (patterns, patterns @ rotation)
        )
        np.testing.assert_allclose(turned, straight, atol=1e-6)


@ANY
@given(st.integers(0, 10_000), st.integers(3, 12), st.integers(5, 40))
def test_correlation_ignores_gain_offset_and_order_of_units(seed, n, p):
    patterns = make_patterns(seed, n, p)
    rng = np.random.default_rng(seed + 1)
    changed = patterns * rng.uniform(0.5, 2.0, (n, 1)) + rng.normal(size=(n, 1))
    straight, other = (compute_rdms(make_layer(x)).dissimilarities for x in (patterns, changed[:, rng.permutation(p)]))
    np.testing.assert_allclose(other, straight, atol=1e-8)


@ANY
@given(st.integers(0, 10_000), st.integers(4, 12), st.booleans(), st.booleans())
def test_comparators_are_symmetric_bounded_and_blind_to_order(seed, n, ties_a, ties_b):
    rng = np.random.default_rng(seed)
    rows = rng.random((2, n * (n - 1) // 2)) + 0.1
    for k, ties in enumerate((ties_a, ties_b)):
        if ties:
            rows[k] = np.ceil(rows[k] * 3)
    ids = tuple(f"s{i}" for i in range(n))
    a, b = (RDMs("x", row[None], ids, pd.DataFrame(index=[0]), "any") for row in rows)
    order = [ids[i] for i in rng.permutation(n)]
    for comparator in RESAMPLED_COMPARATORS:
        forth = compare_rdms(a, b, comparator=comparator)
        np.testing.assert_allclose(compare_rdms(b, a, comparator=comparator), forth.T, atol=1e-12)
        np.testing.assert_allclose(compare_rdms(a.reorder(order), b, comparator=comparator), forth, atol=1e-12)
        assert np.isnan(forth).all() or (np.abs(forth) <= 1 + 1e-12).all()


@ANY
@given(st.integers(0, 10_000), st.sampled_from(["spearman", "rho-a", "tau-a", "tau-b"]))
def test_rank_comparators_ignore_any_rising_change_of_scale(seed, comparator):
    rng = np.random.default_rng(seed)
    a, b = rng.random((1, 45)), rng.random((1, 45))
    straight = compare_rows(a, b, comparator=comparator)
    assert compare_rows(np.exp(3 * a), b**3, comparator=comparator) == pytest.approx(straight, abs=1e-12)


@ANY
@given(st.integers(0, 10_000), st.integers(2, 60))
def test_an_untied_rdm_agrees_with_itself_wholly(seed, m):
    row = np.random.default_rng(seed).permutation(m).astype(float)[None]
    for comparator in ("pearson", "spearman", "rho-a", "tau-a", "tau-b"):
        assert compare_rows(row, row, comparator=comparator)[0, 0] == pytest.approx(1.0, abs=1e-12)
        assert compare_rows(row, -row, comparator=comparator)[0, 0] == pytest.approx(-1.0, abs=1e-12)
