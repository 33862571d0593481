import numpy as np
import pytest

from brainconv.reliability import alternate_halves, fixed_half_reliability, shuffle_halves


def recording(n_stimuli=200, n_repeats=6, n_sites=4, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n_stimuli, 1, n_sites)) + rng.normal(size=(n_stimuli, n_repeats, n_sites))


def double(first, second):
    r = np.array([np.corrcoef(a, b)[0, 1] for a, b in zip(first.T, second.T, strict=True)])
    return 2 * r / (1 + r)


def test_even_against_odd_repeats():
    trials = recording(n_repeats=5)
    found = fixed_half_reliability(trials, alternate_halves(5))
    expected = double(trials[:, [0, 2, 4]].mean(axis=1), trials[:, [1, 3]].mean(axis=1))
    np.testing.assert_allclose(found, [expected])


@pytest.mark.parametrize("n_repeats", [2, 5, 6])
def test_the_ten_halves_are_scikit_learns(n_repeats):
    from sklearn.model_selection import ShuffleSplit

    trials = recording(n_repeats=n_repeats)
    found = fixed_half_reliability(trials, shuffle_halves(n_repeats))
    drawn = ShuffleSplit(10, train_size=0.5, random_state=1).split(np.arange(n_repeats))
    expected = [double(trials[:, a].mean(axis=1), trials[:, b].mean(axis=1)) for a, b in drawn]
    np.testing.assert_allclose(found, expected)


def test_an_absent_repeat_counts_in_no_mean_and_a_stimulus_of_one_half_in_no_correlation():
    trials = recording(n_repeats=4)
    trials[:30, 3] = np.nan
    trials[0, 1] = np.nan  # of the odd repeats nothing is left
    found = fixed_half_reliability(trials, alternate_halves(4))
    even, odd = np.nanmean(trials[1:, [0, 2]], axis=1), np.nanmean(trials[1:, [1, 3]], axis=1)
    np.testing.assert_allclose(found, [double(even, odd)])


def test_resamples_hold_stimuli_as_often_as_their_weights_say():
    trials = recording(n_stimuli=40)
    weights = np.random.default_rng(1).multinomial(40, np.full(40, 1 / 40), size=3).astype(float)
    found = fixed_half_reliability(trials, shuffle_halves(6), weights=weights)
    assert found.shape == (3, 10, 4)
    for row, one in zip(weights, found, strict=True):
        drawn = np.repeat(np.arange(40), row.astype(int))
        np.testing.assert_allclose(one, fixed_half_reliability(trials[drawn], shuffle_halves(6)))


def test_a_constant_site_has_no_reliability():
    trials = recording()
    trials[:, :, 1] = 3.0
    found = fixed_half_reliability(trials, alternate_halves(6))[0]
    assert np.isnan(found[1])
    assert np.isfinite(found[[0, 2, 3]]).all()
