from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.spatial.distance import squareform

from brainconv.similarity import combine_variances, count_pairs_once, draw_multiplicities
from brainconv.similarity.variances import Jackknife, bootstrap_interaction


def test_combined_variance_is_that_of_rsatoolbox():
    from rsatoolbox.util.inference_util import _dual_bootstrap

    rng = np.random.default_rng(0)
    stimuli, subjects, both = rng.random((3, 50)) * np.array([1.0, 1.0, 3.0])[:, None]
    n, m = 30, 6
    interaction = (both - stimuli - subjects) * n * m / ((n - 1) * (m - 1))
    ours = combine_variances(stimuli * n / (n - 1), subjects * m / (m - 1), interaction)
    theirs = _dual_bootstrap(np.stack([both, subjects, stimuli]), n_rdm=m, n_pattern=n)
    np.testing.assert_allclose(np.minimum(ours, both), theirs)  # which caps what we have no need to cap


def test_bounds():
    bootstrap = np.array([3.0, 3.0, 3.0, 3.0])
    np.testing.assert_allclose(count_pairs_once(np.array([2.0, 2.5, 4.0, 1.0]), bootstrap), [1.0, 2.0, 4.0, 1.0])


@pytest.mark.parametrize(("of_stimuli", "of_pairs"), [(0.0, 1.0), (1.0, 0.0), (0.3, 1.0)])
def test_mean_over_pairs_has_its_own_variance(of_stimuli, of_pairs):
    """The mean of g_i + g_j + e_ij, of which everything is known."""
    n, n_runs = 30, 150
    rng = np.random.default_rng(7)
    estimates = {"ours": [], "bootstrap": [], "jackknife": []}
    means = []
    for _ in range(n_runs):
        g = of_stimuli * rng.normal(size=n)
        x = g[:, None] + g + of_pairs * squareform(rng.normal(size=n * (n - 1) // 2))
        np.fill_diagonal(x, 0.0)
        means.append(x.sum() / (n * (n - 1)))
        w = np.concatenate([draw_multiplicities(n, 300, rng), 1 - np.eye(n, dtype=np.int32)]).astype(float)
        drawn = np.einsum("ki,ij,kj->k", w, x, w) / (w.sum(axis=1) ** 2 - (w**2).sum(axis=1))
        bootstrap = np.var(drawn[:300]) * n / (n - 1)
        jackknife = Jackknife.of(drawn[300:, None], n).variance
        for name, value in (
            ("ours", count_pairs_once(jackknife, np.asarray(bootstrap))),
            ("bootstrap", bootstrap),
            ("jackknife", jackknife),
        ):
            estimates[name].append(float(value))
    true = 4 * of_stimuli**2 / n + 2 * of_pairs**2 / (n * (n - 1))
    assert np.var(means) == pytest.approx(true, rel=0.45)
    ratio = np.mean(estimates["ours"]) / true
    assert ratio == pytest.approx(1.0, abs=0.15) if of_stimuli else 1.0 < ratio < 1.4  # 1.21 at 30 stimuli, exactly
    if not of_stimuli:  # what the correction is for
        assert np.mean(estimates["bootstrap"]) == pytest.approx(3 * true, rel=0.15)
        assert np.mean(estimates["jackknife"]) == pytest.approx(2 * true, rel=0.15)


def test_subjects_need_not_be_drawn():
    """Every sample of three subjects beside every sample of stimuli, as a two-factor bootstrap would draw them."""
    rng = np.random.default_rng(0)
    observed = rng.normal(size=3)
    drawn = observed + rng.normal(size=(40, 3))
    samples = np.array(list(product(range(3), repeat=3)))
    both = np.var(drawn[:, samples].mean(axis=2))
    of_subjects, of_stimuli = np.var(observed[samples].mean(axis=1)), np.var(drawn.mean(axis=1))
    expected = (both - of_subjects - of_stimuli) * 3 / 2
    assert bootstrap_interaction(drawn, observed) == pytest.approx(expected, rel=1e-12)
    assert bootstrap_interaction(np.tile(observed.mean(), (40, 3)), observed) == 0.0


def test_interaction_is_what_differs_between_subjects():
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(40, 1))
    found = Jackknife.of(np.tile(shared, (1, 5)), 40)
    assert found.interaction == pytest.approx(0.0, abs=1e-15)
    assert found.variance == pytest.approx(39 / 40 * np.sum((shared - shared.mean()) ** 2))
    found = Jackknife.of(rng.normal(size=(400, 50)), 400)
    assert found.interaction == pytest.approx(found.variance, rel=0.2)
    assert np.isnan(Jackknife.of(shared, 40).interaction)


def test_some_stimuli_left_out_stand_for_all():
    rng = np.random.default_rng(0)
    everyone = rng.normal(size=(600, 1))
    some = [Jackknife.of(everyone[rng.permutation(600)[:300]], 600) for _ in range(200)]
    every = Jackknife.of(everyone, 600)
    assert np.mean([one.variance for one in some]) == pytest.approx(every.variance, rel=0.02)
    assert np.mean([one.dof for one in some]) == pytest.approx(every.dof, rel=0.1)


def test_heavy_tails_leave_fewer_degrees_of_freedom():
    """Expected: 2 variance² / variance of the variance.  From 100 terms a heavy tail is seen in part."""
    rng = np.random.default_rng(0)
    medians = []
    for draw in (rng.standard_normal, lambda n: rng.standard_t(9, n)):
        found = [Jackknife.of(draw(100)[:, None], 100) for _ in range(2_000)]
        values = np.array([one.variance for one in found])
        expected = 2.0 * values.mean() ** 2 / values.var()
        medians.append(np.median([one.dof for one in found]))
        assert 0.9 * expected < medians[-1] <= 99.0
    assert medians[1] < 0.9 * medians[0]
