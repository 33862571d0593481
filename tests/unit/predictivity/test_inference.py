import numpy as np
import pandas as pd
import pytest

from brainconv import Recording, Representation, StimulusSet, score_predictivity
from brainconv.errors import InvalidInputError
from brainconv.predictivity import compare_layers, compute_selection_frequency

N = 100
IDS = tuple(f"s{i:03d}" for i in range(N))


def scores(n_boot=100, random_state=0, seed=0):
    rng = np.random.default_rng(0)
    good, bad = rng.normal(size=(N, 10)), rng.normal(size=(N, 10))
    signal = good @ rng.normal(size=(10, 6))
    twin = np.random.default_rng(seed + 1).normal(size=(N, 10))
    stimuli = StimulusSet("set", IDS, np.zeros((N, 1, 1, 3), np.uint8))
    sites = pd.DataFrame({"area": ["V4"] * 6}, index=list("abcdef"))
    recording = Recording("rec", stimuli, signal + 2 * rng.normal(size=signal.shape), sites)
    layers = {
        name: Representation.from_features(x, IDS, keep=False, layer=name, layer_index=i)
        for i, (name, x) in enumerate({"bad": bad, "good": good, "twin": twin}.items())
    }
    return score_predictivity(layers, recording, n_boot=n_boot, n_shuffles=0, random_state=random_state)


def test_the_right_layer_is_selected_nearly_always():
    found = compute_selection_frequency(scores()).set_index("layer")["frequency"]
    assert found.sum() == pytest.approx(1.0)
    assert found["good"] > 0.95


def test_a_difference_that_is_there_and_one_that_is_not():
    one = scores()
    there = compare_layers(one, scores(seed=5), ("good", "twin"), area="V4")
    assert there["difference"] > 0.3
    assert 0 < there["ci_low"] < there["difference"] < there["ci_high"]
    assert there["p"] == pytest.approx(2 / 101)
    none = compare_layers(one, one, ("bad", "twin"), area="V4")
    assert none["ci_low"] < 0 < none["ci_high"]
    assert none["p"] > 0.05
    back = compare_layers(one, one, ("twin", "bad"), area="V4")
    assert back["difference"] == -none["difference"]
    assert back["p"] == none["p"]


def test_scores_that_do_not_belong_together_are_refused():
    with pytest.raises(InvalidInputError, match="same settings and seed"):
        compare_layers(scores(), scores(random_state=1), ("good", "bad"), area="V4")
    with pytest.raises(InvalidInputError, match="no resamples"):
        compute_selection_frequency(scores(n_boot=0))
    with pytest.raises(InvalidInputError, match="'none'"):
        compare_layers(scores(), scores(), ("good", "none"), area="V4")
