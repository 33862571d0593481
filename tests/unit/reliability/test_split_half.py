import numpy as np
import pytest

from brainconv.reliability import apply_spearman_brown, carry_factor, count_repeats, draw_halves, split_half_reliability


def recording(counts, n_stimuli=4000, n_sites=4, signal=1.0, noise=2.0, seed=0):
    """Gaussian responses; counts cycle over the stimuli."""
    rng = np.random.default_rng(seed)
    number = np.resize(counts, n_stimuli)
    truth = np.sqrt(signal) * rng.normal(size=(n_stimuli, 1, n_sites))
    trials = truth + np.sqrt(noise) * rng.normal(size=(n_stimuli, max(counts), n_sites))
    absent = rng.random((n_stimuli, max(counts))).argsort(axis=1).argsort(axis=1) >= number[:, None]
    trials[absent] = np.nan
    expected = signal / (signal + noise * (1 / number).mean())
    return trials, expected


def test_spearman_brown_of_two_halves():
    assert apply_spearman_brown(0.5) == pytest.approx(2 / 3)
    np.testing.assert_allclose(apply_spearman_brown([0.0, 1.0, 0.3], 1.0), [0.0, 1.0, 0.3])
    assert np.isnan(apply_spearman_brown(-1.0))


@pytest.mark.parametrize("counts", [[4], [5], [3], [2, 4, 6], [6, 7, 8, 9, 10], [1, 4], [2, 3]])
def test_even_odd_and_unequal_repeats_give_the_reliability_of_the_full_mean(counts):
    trials, expected = recording(counts)
    found, spread = split_half_reliability(trials, n_splits=20)
    assert found.mean() == pytest.approx(expected, abs=0.02)
    assert (spread > 0).all()


def test_the_plain_doubling_would_be_wrong_for_three_repeats():
    trials, expected = recording([3])
    halves = next(draw_halves(trials, n_splits=1))
    r = np.mean([np.corrcoef(a, b)[0, 1] for a, b in zip(halves[0].T, halves[1].T, strict=True)])
    assert apply_spearman_brown(r, 2.0) < expected - 0.05


def test_the_factor_of_equal_repeats():
    ones = np.ones((1, 6))
    for repeats, factor in [(2, 2.0), (10, 2.0), (3, 3.0), (5, 2.5), (7, 7 / 3)]:
        assert carry_factor(np.full((6, 1), repeats), ones)[0, 0] == pytest.approx(factor)
    assert np.isnan(carry_factor(np.full((6, 1), 1), ones)[0, 0])


def test_halves_are_disjoint_and_leave_one_of_an_odd_number_out():
    # Powers of two show which repeats went into a half.
    trials = np.tile(2.0 ** np.arange(5), (50, 1))[:, :, None]
    trials[::2, 4] = np.nan
    for first, second in draw_halves(trials, n_splits=10):
        sums = np.stack([first, second])[:, :, 0] * 2
        bits = [[{i for i in range(5) if round(x) >> i & 1} for x in half] for half in sums]
        for stimulus, (a, b) in enumerate(zip(*bits, strict=True)):
            assert len(a) == len(b) == 2
            assert not a & b
            assert stimulus % 2 or 4 not in a | b


def test_a_pattern_of_its_own_for_each_site_gives_what_the_site_gives_alone():
    trials, _ = recording([6], n_stimuli=200)
    trials[:50, 5, 0] = np.nan
    together, _ = split_half_reliability(trials, n_splits=30)
    for site in range(trials.shape[2]):
        alone, _ = split_half_reliability(trials[:, :, [site]], n_splits=30)
        assert together[site] == pytest.approx(alone[0], abs=1e-12)


def test_a_stimulus_shown_once_has_no_halves():
    trials, _ = recording([1, 4], n_stimuli=20)
    first, _ = next(draw_halves(trials, n_splits=1))
    assert np.isnan(first[::2]).all()
    assert np.isfinite(first[1::2]).all()
    np.testing.assert_array_equal(count_repeats(trials)[:4, 0], [1, 4, 1, 4])


def test_resamples_equal_repeated_rows():
    trials, _ = recording([4], n_stimuli=60)
    weights = np.random.default_rng(0).multinomial(60, np.full(60, 1 / 60), size=3).astype(float)
    found, _ = split_half_reliability(trials, n_splits=5, weights=weights)
    plain, _ = split_half_reliability(trials, n_splits=5, weights=np.ones((1, 60)))
    np.testing.assert_allclose(plain[0], split_half_reliability(trials, n_splits=5)[0])
    halves = list(draw_halves(trials, n_splits=5))
    for row, weight in zip(found, weights, strict=True):
        rows = np.repeat(np.arange(60), weight.astype(int))
        r = np.mean(
            [[np.corrcoef(a, b)[0, 1] for a, b in zip(x[rows].T, y[rows].T, strict=True)] for x, y in halves], axis=0
        )
        np.testing.assert_allclose(row, apply_spearman_brown(r), atol=1e-12)


def test_a_silent_site_has_no_reliability():
    trials, _ = recording([4], n_stimuli=60)
    trials[:, :, 1] = 3.0
    found, _ = split_half_reliability(trials, n_splits=5)
    assert np.isnan(found[1])
    assert np.isfinite(found[[0, 2, 3]]).all()
