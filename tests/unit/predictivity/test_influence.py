"""Influences against what happens when a stimulus is really left out."""

import numpy as np
import pytest

from brainconv.predictivity import Splits, cross_validate
from brainconv.predictivity.influence import draw_signs, measure_test, measure_training
from brainconv.reliability import correlate_columns

N, M = 60, 4


def problem(seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(N, 8))
    y = x @ rng.normal(size=(8, M)) + rng.normal(size=(N, M))
    return x, y


def one_split():
    return Splits("one", tuple(f"s{i:02d}" for i in range(N)), (np.arange(40),), (np.arange(40, N),))


@pytest.mark.parametrize("regression", ["ridge", "pcr4"])
def test_the_influence_of_a_training_stimulus_is_what_leaving_it_out_does(regression):
    x, y = problem()
    splits = one_split()
    found = cross_validate(x @ x.T, y, splits, regression=regression, signs=draw_signs(2, np.arange(N)))
    changes = np.empty((40, M))
    for left_out in range(40):
        fit = np.delete(np.arange(40), left_out)
        centred = x[fit] - x[fit].mean(axis=0)
        for site in range(M):
            if regression == "ridge":
                gram = centred.T @ centred + found.setting[0, site] * np.eye(8)
            else:  # the components of all training stimuli, as the influence holds them
                whole = x[:40] - x[:40].mean(axis=0)
                basis = np.linalg.svd(whole, full_matrices=False)[2][:4].T
                centred = (x[fit] - x[:40].mean(axis=0)) @ basis
                design = np.c_[np.ones(39), centred]
                w = np.linalg.lstsq(design, y[fit, site], rcond=None)[0]
                p = np.c_[np.ones(20), (x[40:] - x[:40].mean(axis=0)) @ basis] @ w
                changes[left_out, site] = correlate_columns(p[:, None], y[40:, [site]])[0] - found.r[0, site]
                continue
            w = np.linalg.solve(gram, centred.T @ (y[fit, site] - y[fit, site].mean()))
            changes[left_out, site] = correlate_columns((x[40:] @ w)[:, None], y[40:, [site]])[0] - found.r[0, site]
    expected = -found.influence[0, :40]
    # to first order: the same but for curvature, which 20 test stimuli leave a good deal of
    assert np.abs(changes - expected).max() < 0.25 * np.abs(changes).max()
    assert np.corrcoef(changes.ravel(), expected.ravel())[0, 1] > 0.98


def test_the_influences_of_test_stimuli_have_the_jackknifes_variance():
    x, y = problem()
    found = cross_validate(x @ x.T, y, one_split(), signs=draw_signs(2, np.arange(N)))
    without = np.array(
        [correlate_columns(np.delete(found.predictions[0], k, 0), np.delete(y[40:], k, 0)) for k in range(20)]
    )
    jackknife = 19 / 20 * ((without - without.mean(axis=0)) ** 2).sum(axis=0)
    np.testing.assert_allclose((found.influence[0, 40:] ** 2).sum(axis=0), jackknife, rtol=1e-5)


def test_groups_are_what_varies_where_groups_are_drawn():
    rng = np.random.default_rng(0)
    y = rng.normal(size=(12, M))
    p = y + rng.normal(size=(12, M))
    units = np.repeat([5, 7, 9], 4)
    found = measure_test(p, y, units)
    sums = np.stack([found[units == k].sum(axis=0) for k in (5, 7, 9)])
    np.testing.assert_allclose(sums.sum(axis=0), 0.0, atol=1e-12)
    assert (measure_test(p, y, np.zeros(12, dtype=int)) == 0).all()


def test_the_squares_of_signed_pairs_are_the_variance_that_pairs_add():
    rng = np.random.default_rng(2)
    p, y = rng.normal(size=(2, 10, M))
    smoother, errors = rng.normal(size=(10, 30)), rng.normal(size=(30, M))
    signs = draw_signs(20000, np.arange(40))
    influence, pairs = measure_training(p, y, smoother, errors, signs=(signs[:, :10], signs[:, 10:]))
    step = 1e-6
    for site in range(M):
        each = np.empty((10, 30))
        for i in range(10):
            moved = p[:, [site]].copy()
            moved[i] += step
            gradient = (correlate_columns(moved, y[:, [site]]) - correlate_columns(p[:, [site]], y[:, [site]])) / step
            each[i] = gradient * smoother[i] * errors[:, site]
        np.testing.assert_allclose(each.sum(axis=0), influence[:, site], rtol=1e-3, atol=1e-5)
        # a shift of all predictions is none: without it the pairs are what r can see
        shift = smoother.mean(axis=0) * errors[:, site]
        each -= (each / smoother / errors[:, site]) * shift
        own = each - each.mean(axis=0) - each.mean(axis=1, keepdims=True) + each.mean()
        assert (pairs[:, site] ** 2).mean() == pytest.approx((own**2).sum(), rel=0.05)


def test_influences_of_sites_that_lack_stimuli_lie_on_those_they_have():
    x, y = problem()
    y[3, 1] = y[45, 1] = np.nan
    found = cross_validate(x @ x.T, y, one_split(), signs=draw_signs(2, np.arange(N)))
    assert found.influence[0, 3, 1] == found.influence[0, 45, 1] == 0
    assert (found.influence[0, :, 0] != 0).all()
    assert np.isfinite(found.pairs).all()
