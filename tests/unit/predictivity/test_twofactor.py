import numpy as np
import pytest

from brainconv.predictivity import Resampled


def draw(n, m, n_resamples=4000, seed=0):
    """Resampled means of an n × m table of independent numbers, whose variance is 1 / (n m)."""
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(n, m))
    rows = rng.multinomial(n, np.full(n, 1 / n), n_resamples) / n
    columns = rng.multinomial(m, np.full(m, 1 / m), n_resamples) / m
    both = np.einsum("rn,nm,rm->r", rows, table, columns)
    return Resampled(both, rows @ table.mean(axis=1), columns @ table.mean(axis=0), n, m)


def test_what_stimuli_and_sites_share_is_counted_once():
    ratios = []
    for seed in range(20):
        resampled = draw(12, 9, seed=seed)
        ratios.append([resampled.variance() * 108, resampled.both.var() * 108])
    corrected, plain = np.mean(ratios, axis=0)
    assert plain > 2.2  # three times, less the small-sample loss
    assert corrected == pytest.approx(1.0, abs=0.25)


def test_the_interval_has_that_variance_and_the_mean_of_the_resamples():
    resampled = draw(12, 9)
    values = resampled.rescaled()
    # eight degrees of freedom: Student's t over the normal at 97.5 %
    wider = 2.306 / 1.96
    assert values.var() == pytest.approx(resampled.variance() * wider**2, rel=1e-4)
    assert values.mean() == pytest.approx(resampled.both.mean())
    low, high = resampled.interval()
    assert high - low == pytest.approx(2 * 2.306 * np.sqrt(resampled.variance()), rel=0.1)


def test_the_variance_is_never_below_that_of_one_factor_alone():
    rng = np.random.default_rng(0)
    both, stimuli, sites = rng.normal(size=(3, 500)) * np.array([[3.0], [1.0], [0.1]])
    assert Resampled(both, stimuli, sites, 10**6, 10**6).variance() == pytest.approx(stimuli.var(), rel=1e-5)


def test_few_or_no_resamples():
    empty = np.empty(0)
    nothing = Resampled(empty, empty, empty, 10, 10)
    assert np.isnan(nothing.variance())
    assert np.isnan(nothing.interval()).all()
    constant = Resampled(np.ones(9), np.ones(9), np.ones(9), 10, 1)
    assert constant.interval() == (1.0, 1.0)
    assert constant.p_value() == pytest.approx(0.2)
    gaps = draw(12, 9)
    gaps.both[:5] = np.nan
    assert np.isfinite(gaps.interval()).all()


def test_p_is_small_where_zero_is_far_and_large_where_it_is_near():
    resampled = draw(12, 9)
    shifted = Resampled(resampled.both + 1, resampled.stimuli + 1, resampled.sites + 1, 12, 9)
    assert shifted.p_value() == pytest.approx(2 / 4001)
    assert resampled.p_value() > 0.01
    zero = shifted.combine(np.subtract, shifted)
    assert zero.p_value() == 1.0
