import numpy as np
import pandas as pd
import pytest

from brainconv import Recording, StimulusSet, compute_ceiling
from brainconv.errors import InvalidInputError


def recording(trials, order=None, **fields):
    n, _, n_sites = trials.shape
    order = np.arange(n) if order is None else order
    stimuli = StimulusSet("set", tuple(f"s{i:03d}" for i in order), np.zeros((n, 1, 1, 3), np.uint8))
    sites = pd.DataFrame({"area": ["V4"] * n_sites}, index=[f"u{i}" for i in range(n_sites)])
    return Recording("rec", stimuli, trials[order], sites, **fields)


@pytest.fixture
def trials():
    rng = np.random.default_rng(0)
    return rng.normal(size=(200, 1, 5)) + rng.normal(size=(200, 6, 5))


def test_split_halves_agree_with_the_estimate_without_splits(trials):
    ceiling = compute_ceiling(recording(trials))
    np.testing.assert_allclose(ceiling["reliability"], ceiling["reliability_analytic"], atol=0.02)
    assert float(ceiling["reliability"].mean()) == pytest.approx(6 / 7, abs=0.04)
    assert (ceiling["n_stimuli"] == 200).all()
    assert (ceiling["n_repeats"] == 6).all()
    assert list(ceiling["area"].values) == ["V4"] * 5


def test_the_order_of_stimuli_plays_no_part(trials):
    one = compute_ceiling(recording(trials))
    other = compute_ceiling(recording(trials, np.random.default_rng(1).permutation(200)))
    np.testing.assert_allclose(one["reliability"], other["reliability"], atol=1e-12)


def test_the_same_seed_gives_the_same_and_another_seed_nearly_the_same(trials):
    one, same, other = (compute_ceiling(recording(trials), random_state=seed)["reliability"] for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert 0 < np.abs(one - other).max() < 0.02


def test_an_averaged_recording_is_refused_in_one_sentence(trials):
    with pytest.raises(InvalidInputError, match="one averaged value per stimulus"):
        compute_ceiling(recording(trials[:, :1], averaged=True))


def test_a_recording_without_repeats_is_refused(trials):
    single = trials.copy()
    single[:, 1:] = np.nan
    with pytest.raises(InvalidInputError, match="no stimulus has two repeats"):
        compute_ceiling(recording(single))


def test_a_site_without_repeats_gets_nan_and_the_others_their_value(trials):
    trials = trials.copy()
    trials[:, 1:, 2] = np.nan
    ceiling = compute_ceiling(recording(trials))
    assert np.isnan(ceiling["reliability"].values).tolist() == [False, False, True, False, False]
    assert int(ceiling["n_stimuli"][2]) == 0


def test_no_split_is_refused(trials):
    with pytest.raises(InvalidInputError, match="n_splits is 0"):
        compute_ceiling(recording(trials), n_splits=0)


def test_too_few_stimuli_for_any_site_leave_no_interval():
    responses = np.random.default_rng(0).normal(size=(8, 4, 2))
    responses[2:] = np.nan
    stimuli = StimulusSet("s", [f"i{k}" for k in range(8)], np.zeros((8, 1, 1, 3), np.uint8))
    found = compute_ceiling(
        Recording("few", stimuli, responses, pd.DataFrame({"area": ["V4"] * 2})), n_splits=3, n_boot=5
    )
    assert found[["reliability", "reliability_low", "reliability_high"]].to_array().pipe(np.isnan).all()
