import numpy as np
import pytest
from scipy.stats import t as student

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
    for seed in range(40):
        resampled = draw(12, 9, seed=seed)
        ratios.append([resampled.variance() * 108, resampled.both.var() * 108])
    corrected, plain = np.mean(ratios, axis=0)
    assert plain > 2.2  # three times, less the small-sample loss
    # never below what either factor has alone, which is the larger of two equal estimates here
    assert 1.0 < corrected < 1.35


@pytest.mark.parametrize(("n", "m"), [(30, 4), (30, 5), (30, 10), (12, 30)])
def test_additive_effects_have_their_variance_however_few_sites_there_are(n, m):
    ratios = []
    for seed in range(60):
        rng = np.random.default_rng([seed, n, m])
        table = rng.normal(size=(n, 1)) + rng.normal(size=m) + 0.5 * rng.normal(size=(n, m))
        truth = 1.0 / n + 1.0 / m + 0.25 / (n * m)
        rows = rng.multinomial(n, np.full(n, 1 / n), 1000) / n
        columns = rng.multinomial(m, np.full(m, 1 / m), 1000) / m
        both = np.einsum("rn,nm,rm->r", rows, table, columns)
        resampled = Resampled(both, rows @ table.mean(axis=1), columns @ table.mean(axis=0), n, m)
        ratios.append(resampled.variance() / truth)
    error = np.std(ratios) / np.sqrt(60)
    assert abs(np.mean(ratios) - 1.0) < 3.3 * error
    assert error < 0.12


def test_the_interval_is_centred_on_the_estimate_wherever_the_resamples_lie():
    one = draw(12, 9)
    moved = Resampled(one.both - 5.0, one.stimuli - 3.0, one.sites, 12, 9, value=0.25)
    low, high = moved.interval()
    assert (low + high) / 2 == pytest.approx(0.25)
    freedom = moved.degrees_of_freedom()
    assert high - low == pytest.approx(2 * student.ppf(0.975, freedom) * np.sqrt(one.variance()))
    assert one.value == pytest.approx(one.both.mean())


def test_degrees_of_freedom_are_those_of_what_varies():
    rng = np.random.default_rng(0)
    nothing = 1e-9 * rng.normal(size=500)
    noise = rng.normal(size=500)
    assert Resampled(noise, nothing, noise, 1000, 5).degrees_of_freedom() == pytest.approx(4, rel=0.05)
    assert Resampled(noise, noise, nothing, 92, 5).degrees_of_freedom() == pytest.approx(91, rel=0.05)


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
    assert constant.p_value() == 0.0
    gaps = draw(12, 9)
    gaps.both[:5] = np.nan
    assert np.isfinite(gaps.interval()).all()


def test_p_agrees_with_the_interval():
    resampled = draw(12, 9)
    low, high = resampled.interval()
    for value in (low, high):
        at_zero = Resampled(resampled.both, resampled.stimuli, resampled.sites, 12, 9, value=resampled.value - value)
        assert at_zero.p_value() == pytest.approx(0.05)
    shifted = Resampled(resampled.both + 1, resampled.stimuli + 1, resampled.sites + 1, 12, 9)
    assert shifted.p_value() < 1e-4
    zero = shifted.combine(np.subtract, shifted)
    assert zero.p_value() == 1.0


def test_a_function_of_two_statistics_is_centred_on_that_of_the_estimates():
    one, other = draw(12, 9), draw(12, 9, seed=1)
    moved = Resampled(one.both - 5.0, one.stimuli - 5.0, one.sites - 5.0, 12, 9, value=2.0)
    by = Resampled(other.both, other.stimuli, other.sites, 12, 9, value=4.0)
    ratio = moved.combine(np.divide, by)
    assert ratio.value == 0.5
    assert ratio.stimuli.mean() == pytest.approx(0.5, abs=0.01)
