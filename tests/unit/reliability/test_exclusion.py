import numpy as np
import pandas as pd
import pytest

from brainconv import Recording, StimulusSet
from brainconv.errors import InvalidInputError
from brainconv.reliability import exclude_unreliable_sites


def recording(n=60, n_repeats=8, noise=(0.3, 0.3, 8.0, 0.3), seed=0):
    rng = np.random.default_rng(seed)
    signal = rng.normal(size=(n, 1, len(noise)))
    responses = signal + np.array(noise) * rng.normal(size=(n, n_repeats, len(noise)))
    responses[3, 5:] = np.nan
    responses[:, :, 3] = 1.0
    ids = tuple(f"s{i:03d}" for i in rng.permutation(n))
    stimuli = StimulusSet("set", ids, np.zeros((n, 1, 1, 3), np.uint8))
    return Recording("rec", stimuli, responses, pd.DataFrame({"area": ["V4"] * 4}, index=list("abcd")))


def test_the_unreliable_and_the_silent_go_and_are_counted():
    found = exclude_unreliable_sites(recording(), threshold=0.5)
    assert found.kept.tolist() == [True, True, False, False]
    assert found.recording.sites.index.tolist() == ["a", "b"]
    assert found.rule.startswith("2 of 4 sites were excluded: reliability below 0.5 on a random half")
    assert "1 of them without" in found.rule


def test_the_repeats_that_choose_are_not_handed_on():
    whole = recording()
    found = exclude_unreliable_sites(whole, threshold=0.5)
    kept = np.isfinite(found.recording.responses)
    assert (kept.sum(axis=1)[:, 0] == np.where(np.arange(60) == 3, 3, 4)).all()
    assert found.recording.stimuli.ids == whole.stimuli.ids
    np.testing.assert_array_equal(found.recording.responses[kept], whole.responses[:, :, :2][kept])
    # What chooses has no part in what is handed on: changing the latter changes no choice.
    changed = whole.responses.copy()
    changed[:, :, :2][kept] = 99.0
    again = Recording("rec", whole.stimuli, changed, whole.sites)
    np.testing.assert_allclose(exclude_unreliable_sites(again, threshold=0.5).reliability, found.reliability)


def test_all_repeats_where_that_is_asked_for():
    whole = recording()
    found = exclude_unreliable_sites(whole, threshold=0.5, disjoint=False)
    np.testing.assert_array_equal(found.recording.responses, whole.responses[:, :, :2])
    assert "also scored" in found.rule


def test_the_order_of_the_stimuli_plays_no_part():
    whole = recording()
    turned = whole.select(stimuli=whole.stimuli.ids[::-1])
    a, b = (exclude_unreliable_sites(one, threshold=0.5) for one in (whole, turned))
    np.testing.assert_allclose(a.reliability, b.reliability)
    np.testing.assert_array_equal(a.recording.responses, b.recording.responses[::-1])


def test_refusals():
    with pytest.raises(InvalidInputError, match="at least 4"):
        exclude_unreliable_sites(recording(n_repeats=3), threshold=0.5)
    with pytest.raises(InvalidInputError, match=r"No site .* the largest is"):
        exclude_unreliable_sites(recording(), threshold=1.1)
