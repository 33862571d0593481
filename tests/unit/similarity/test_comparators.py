from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import kendalltau, pearsonr, spearmanr

from brainconv.containers import RDMs, Representation
from brainconv.errors import InvalidInputError, NotFoundError
from brainconv.similarity.comparators import COMPARATORS, RESAMPLED_COMPARATORS, compare_rdms, compare_rows
from brainconv.similarity.rdms import compute_rdms


def make_rdms(rows, ids=None, name="rdms"):
    rows = np.atleast_2d(rows)
    n = round((1 + np.sqrt(1 + 8 * rows.shape[1])) / 2)
    ids = tuple(f"s{i}" for i in range(n)) if ids is None else tuple(ids)
    return RDMs(name, rows, ids, pd.DataFrame(index=range(len(rows))), "correlation")


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    first = rng.random((3, 45))
    second = first[:2] + rng.random((2, 45))
    second[1] = np.round(second[1] * 2)
    return first, second


def test_against_scipy(rows):
    a, b = rows
    for i in range(3):
        for j in range(2):
            assert compare_rows(a, b, comparator="pearson")[i, j] == pytest.approx(pearsonr(a[i], b[j])[0], abs=1e-12)
            assert compare_rows(a, b, comparator="spearman")[i, j] == pytest.approx(spearmanr(a[i], b[j])[0], abs=1e-12)
            assert compare_rows(a, b, comparator="tau-b")[i, j] == pytest.approx(kendalltau(a[i], b[j])[0], abs=1e-12)


def test_tau_a_by_brute_force_on_ten_pairs():
    rng = np.random.default_rng(3)
    x, y = rng.random(10), np.round(rng.random(10) * 3)
    signs = [np.sign(x[i] - x[j]) * np.sign(y[i] - y[j]) for i in range(10) for j in range(i)]
    assert compare_rows(x[None], y[None], comparator="tau-a")[0, 0] == sum(signs) / 45


def test_rho_a_is_spearman_over_random_breaking_of_ties():
    rng = np.random.default_rng(4)
    x, y = np.round(rng.random(28) * 3), rng.random(28)
    broken = [spearmanr(x + 1e-6 * rng.random(28), y)[0] for _ in range(600)]
    assert compare_rows(x[None], y[None], comparator="rho-a")[0, 0] == pytest.approx(np.mean(broken), abs=0.01)


def test_tied_model_is_favoured_by_tau_b_and_spearman_only():
    """A category model with ties against a graded one: the rank order of the two depends on the comparator."""
    rng = np.random.default_rng(0)
    n = 24
    category = np.repeat([0, 1], n // 2)
    truth = (category[:, None] != category[None, :])[np.triu_indices(n, 1)].astype(float)
    data = truth + rng.normal(0, 1.2, truth.size)
    graded = data + rng.normal(0, 2.3, truth.size)
    scores = {name: compare_rows(np.stack([truth, graded]), data[None], comparator=name)[:, 0] for name in COMPARATORS}
    for unfair, fair in (("spearman", "rho-a"), ("tau-b", "tau-a")):
        assert scores[unfair][0] > scores[fair][0] + 0.05
        assert scores[unfair][1] == pytest.approx(scores[fair][1], abs=1e-12)


def test_permuted_stimulus_order_is_aligned_by_id(rows):
    a, b = make_rdms(rows[0]), make_rdms(rows[1])
    order = np.random.default_rng(1).permutation(10)
    shuffled = b.reorder([b.stimulus_ids[i] for i in order])
    for name in RESAMPLED_COMPARATORS:  # the others need patterns behind the distances
        straight = compare_rdms(a, b, comparator=name)
        np.testing.assert_allclose(compare_rdms(a, shuffled, comparator=name), straight, atol=1e-12)
        blind = compare_rows(a.dissimilarities, shuffled.dissimilarities, comparator=name)
        assert np.abs(blind - straight).max() > 1e-3


def test_other_stimuli_are_refused(rows):
    a = make_rdms(rows[0])
    with pytest.raises(InvalidInputError, match="in one only, for example 's9'"):
        compare_rdms(a, make_rdms(rows[1], [*a.stimulus_ids[:-1], "x"]))
    with pytest.raises(InvalidInputError, match=r"10 stimuli and .* has 9"):
        compare_rdms(a, a.reorder(a.stimulus_ids[:9]))


def test_undefined_dissimilarities_are_refused_by_name(rows):
    values = rows[0].copy()
    values[1, :9] = np.nan
    with pytest.raises(InvalidInputError, match=r"RDM 1 of 'broken' has 9 undefined .* 1 stimuli such as 's0'"):
        compare_rdms(make_rdms(values, name="broken"), make_rdms(rows[1]))


def test_constant_rdm_has_no_correlation_but_a_tau_a_of_zero(rows):
    flat = np.full((1, 45), 0.1)
    for name in ("pearson", "spearman", "tau-b"):
        assert np.isnan(compare_rows(flat, rows[0], comparator=name)).all()
    for name in ("rho-a", "tau-a"):
        assert np.all(compare_rows(flat, rows[0], comparator=name) == 0)


def test_unknown_comparator(rows):
    with pytest.raises(NotFoundError, match="Did you mean 'tau-a'"):
        compare_rdms(make_rdms(rows[0]), make_rdms(rows[1]), comparator="tau_a")


def make_two_categories(n=60, seed=0):
    """Two units whose correlation distance is 0 within a category and 2 between, whatever their size; and just that."""
    rng = np.random.default_rng(seed)
    category = rng.integers(0, 2, n)
    ids = tuple(f"s{k:02d}" for k in range(n))
    shape = np.where(category[:, None] == 0, [1.0, -1.0], [-1.0, 1.0])
    features = shape * rng.uniform(0.5, 3.0, (n, 1)) + rng.standard_normal((n, 1))
    rows = 2.0 * (category[:, None] != category)[np.triu_indices(n, 1)][None]
    return features, ids, RDMs("truth", rows, ids, pd.DataFrame({"model": ["truth"]}), "category")


@pytest.mark.parametrize("comparator", ["spearman", "tau-b", "rho-a", "tau-a"])
@pytest.mark.parametrize("offset", [0.0, 300.0])
def test_equal_distances_from_a_gram_matrix_stay_equal(comparator, offset):
    """Without care rounding orders them: Spearman is .896 instead of 1, and less with a mean to be taken off."""
    features, ids, truth = make_two_categories()
    rdm = compute_rdms(Representation.from_features(features + offset, ids))
    expected = compare_rdms(truth, truth, comparator=comparator)[0, 0]
    for one, other in ((rdm, truth), (rdm, rdm)):
        assert compare_rdms(one, other, comparator=comparator)[0, 0] == pytest.approx(expected, abs=1e-12)
    assert expected == pytest.approx(1.0, abs=1e-12) or comparator.endswith("-a")


def test_equal_distances_of_a_streamed_layer_stay_equal():
    """Its products are formed in float32, block by block, so that equal distances differ by 1e-7."""
    import torch

    from brainconv.extraction.gram import GramSum

    features, ids, truth = make_two_categories()
    total = GramSum(ids)
    for unit in features.astype(np.float32).T:
        total.add(torch.from_numpy(unit[:, None].copy()))
    gram, sums = total.finish()
    rdm = compute_rdms(Representation(gram=gram, unit_sums=sums, n_units=2, stimulus_ids=ids))
    assert compare_rdms(rdm, truth, comparator="spearman")[0, 0] == pytest.approx(1.0, abs=1e-12)


def test_equal_distances_of_an_array_stay_equal():
    rng = np.random.default_rng(1)
    category = rng.integers(0, 3, 40)
    rows = pdist(np.eye(3)[category] @ rng.normal(size=(3, 500)), "correlation")
    order = {value: place for place, value in enumerate(sorted(set(np.round(rows, 9))))}
    exact = np.array([order[value] for value in np.round(rows, 9)], dtype=float)
    assert len(np.unique(rows)) > len(order)
    for comparator in ("spearman", "rho-a", "tau-a", "tau-b"):
        found = compare_rows(rows[None], exact[None], comparator=comparator)
        np.testing.assert_allclose(found, compare_rows(exact[None], exact[None], comparator=comparator), atol=1e-12)
