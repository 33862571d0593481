import numpy as np
import pytest

from brainconv.predictivity.influence import measure_influence
from brainconv.reliability import correlate_columns


def pairs(n=20, n_sites=4, rho=0.5, seed=0):
    rng = np.random.default_rng(seed)
    p, noise = rng.normal(size=(2, n, n_sites))
    return p, rho * p + np.sqrt(1 - rho**2) * noise


def test_they_have_the_jackknifes_variance_and_sum_to_zero():
    p, y = pairs()
    found = measure_influence(p, y, np.arange(20))
    without = np.array([correlate_columns(np.delete(p, k, 0), np.delete(y, k, 0)) for k in range(20)])
    jackknife = 19 / 20 * ((without - without.mean(axis=0)) ** 2).sum(axis=0)
    np.testing.assert_allclose((found**2).sum(axis=0), jackknife)
    np.testing.assert_allclose(found.sum(axis=0), 0.0, atol=1e-12)


@pytest.mark.parametrize("n", [7, 9, 25])
@pytest.mark.parametrize("rho", [0.0, 0.6])
def test_the_variance_of_a_correlation_is_too_large_by_the_factor_that_is_documented(n, rho):
    p, y = pairs(n, 4000, rho)
    estimate = (measure_influence(p, y, np.arange(n)) ** 2).sum(axis=0).mean()
    assert estimate * (n - 2) / n == pytest.approx(correlate_columns(p, y).var(), rel=0.15)


def test_groups_are_what_varies_where_groups_are_drawn():
    p, y = pairs(12)
    units = np.repeat([5, 7, 9], 4)
    found = measure_influence(p, y, units)
    sums = np.stack([found[units == k].sum(axis=0) for k in (5, 7, 9)])
    np.testing.assert_allclose(sums.sum(axis=0), 0.0, atol=1e-12)
    assert (measure_influence(p, y, np.zeros(12, dtype=int)) == 0).all()


def test_what_a_site_lacks_or_says_nothing_of_has_none():
    p, y = pairs()
    y[3, 1] = np.nan
    y[:, 2] = 1.0
    found = measure_influence(p, y, np.arange(20))
    assert found[3, 1] == 0.0
    assert (found[:, 2] == 0.0).all()
    whole = measure_influence(np.delete(p[:, [1]], 3, 0), np.delete(y[:, [1]], 3, 0), np.arange(19))
    np.testing.assert_allclose(np.delete(found[:, [1]], 3, 0), whole, rtol=0.01)
