"""Noise that sites share and gains that drift: correlation, marginals and share of variance are as asked."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import poisson

from brainconv.errors import InvalidInputError
from brainconv.recordings.noise import draw_counts, draw_gains, find_loadings, find_quantiles

RNG = np.random.default_rng


def correlate_sites(counts, rates):
    """Mean over pairs of sites of the correlation of their deviations from the expected counts."""
    deviations = ((counts - rates) / np.sqrt(rates)).reshape(-1, counts.shape[-1])
    matrix = np.corrcoef(deviations.T)
    return matrix[np.triu_indices_from(matrix, 1)].mean()


@pytest.mark.parametrize("correlation", [0.05, 0.3, 0.6, 0.9, 0.97])
@pytest.mark.parametrize("rate", [0.2, 1.0, 8.0])
def test_noise_correlation_is_the_one_asked_for(correlation, rate):
    rates = np.full((4, 4000, 4), rate)
    counts = draw_counts(rates, correlation=correlation, rng=RNG(0))
    assert correlate_sites(counts, rates) == pytest.approx(correlation, abs=0.02)


def test_noise_correlation_over_stimuli_and_sites_of_unequal_rates():
    rates = np.repeat(RNG(1).gamma(6.0, 0.5, size=(20, 1, 8)), 500, axis=1)
    counts = draw_counts(rates, correlation=0.4, rng=RNG(2))
    assert correlate_sites(counts, rates) == pytest.approx(0.4, abs=0.02)
    assert correlate_sites(draw_counts(rates, correlation=0.0, rng=RNG(2)), rates) == pytest.approx(0.0, abs=0.02)


def test_correlated_counts_are_poisson():
    rates = np.broadcast_to([0.0, 0.3, 2.0, 12.0], (1, 60_000, 4))
    counts = draw_counts(rates, correlation=0.7, rng=RNG(3))[0]
    np.testing.assert_array_equal(counts, counts.round())
    assert not counts[:, 0].any()
    np.testing.assert_allclose(counts.mean(axis=0), rates[0, 0], rtol=0.03)
    np.testing.assert_allclose(counts.var(axis=0), rates[0, 0], rtol=0.04)


@pytest.mark.parametrize("most", [0.0, 8.0, 300.0])
def test_quantiles_are_scipys(most):
    probabilities, rates = RNG(8).random((2, 400)) * [[1.0], [most]]
    probabilities[:2] = 0.0, 1.0
    found = find_quantiles(probabilities, rates)
    expected = np.where(rates > 0, poisson.ppf(np.clip(probabilities, 1e-12, 1 - 1e-12), rates), 0.0)
    np.testing.assert_array_equal(found, expected)


def test_stimuli_do_not_share_noise():
    counts = draw_counts(np.full((2, 20_000, 3), 3.0), correlation=0.8, rng=RNG(4))
    assert abs(np.corrcoef(counts[0, :, 0], counts[1, :, 1])[0, 1]) < 0.03


def test_low_rates_need_the_larger_loadings():
    loadings = find_loadings(np.array([0.0, 0.1, 1.0, 10.0]), 0.3)
    assert loadings[0] == 0
    assert loadings[1] > loadings[2] > loadings[3] > np.sqrt(0.3)


@pytest.mark.parametrize("drift", [0.1, 0.5, 0.9])
def test_gains_have_mean_one_and_the_share_of_the_variance_asked_for(drift):
    expected = RNG(5).gamma(2.0, 1.5, size=(50, 7))
    gains = draw_gains(expected, drift=drift, n_repeats=6, rng=RNG(6))
    assert gains.shape == (50, 6, 7)
    assert (gains > 0).all()
    np.testing.assert_allclose(gains.mean(axis=(0, 1)), 1.0)
    slow = (expected**2).mean(axis=0) * gains.var(axis=(0, 1))
    np.testing.assert_allclose(slow / (slow + expected.mean(axis=0)), drift)


def test_drift_is_slow():
    """Means of blocks of presentations differ far more than shuffled gains would let them."""
    gains = draw_gains(np.full((100, 20), 3.0), drift=0.5, n_repeats=8, rng=RNG(7))
    between = gains.mean(axis=0).var(axis=0) / gains.var(axis=(0, 1))
    assert np.median(between) > 0.5  # 1/100 without order


def test_a_drift_that_cannot_be_is_refused():
    with pytest.raises(InvalidInputError, match=r"gain of variance .* over 8 presentations"):
        draw_gains(np.full((4, 1), 0.01), drift=0.9, n_repeats=2, rng=RNG(0))
