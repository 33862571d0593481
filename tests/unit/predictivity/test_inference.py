import numpy as np
import pandas as pd
import pytest
from scipy.stats import false_discovery_control

from brainconv import Recording, Representation, StimulusSet, score_predictivity
from brainconv.errors import InvalidInputError
from brainconv.predictivity import (
    compare_layers,
    compare_models,
    compare_with_layer,
    compute_selection_frequency,
    control_fdr,
)

N = 100
IDS = tuple(f"s{i:03d}" for i in range(N))


def scores(n_boot=100, seed=0, **settings):
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
    return score_predictivity(layers, recording, n_boot=n_boot, n_shuffles=0, **settings)


def test_the_right_layer_is_selected_nearly_always():
    found = compute_selection_frequency(scores()).set_index("layer")["frequency"]
    assert found.sum() == pytest.approx(1.0)
    assert found["good"] > 0.95


def test_a_difference_that_is_there_and_one_that_is_not():
    one = scores()
    there = compare_layers(one, scores(seed=5), ("good", "twin"), area="V4")
    assert there["difference"] > 0.3
    assert 0 < there["ci_low"] < there["difference"] < there["ci_high"]
    assert there["p"] < 0.01
    none = compare_layers(one, one, ("bad", "twin"), area="V4")
    assert none["ci_low"] < 0 < none["ci_high"]
    assert none["p"] > 0.05
    back = compare_layers(one, one, ("twin", "bad"), area="V4")
    assert back["difference"] == -none["difference"]
    assert back["p"] == none["p"]


@pytest.mark.parametrize(
    ("other", "what"),
    [
        ({"random_state": 1}, "test stimuli, seed of the resamples"),
        ({"n_boot": 50}, "differ in their number of resamples;"),
        ({"splits": "kfold5"}, "training stimuli, test stimuli"),
    ],
)
def test_scores_on_other_resamples_are_refused(other, what):
    with pytest.raises(InvalidInputError, match=what):
        compare_layers(scores(), scores(**other), ("good", "bad"), area="V4")


def test_equal_splits_with_other_resamples_are_refused():
    # Brain-Score's splits have a seed of their own; the resamples do not
    one, other = scores(splits="brainscore"), scores(splits="brainscore", random_state=1)
    assert (one.details["test"] == other.details["test"]).all()
    with pytest.raises(InvalidInputError, match="differ in their seed of the resamples;"):
        compare_models({"a": one, "b": other})


def test_two_regressions_on_the_same_resamples_are_compared_and_named():
    found = compare_models({"ridge": scores(), "pls": scores(regression="pls5")})
    assert found["regression"].tolist() == ["ridge and pls5"]
    assert np.isfinite(found["p"][0])


def test_scores_that_do_not_belong_together_are_refused():
    with pytest.raises(InvalidInputError, match="no resamples"):
        compute_selection_frequency(scores(n_boot=0))
    with pytest.raises(InvalidInputError, match="'none'"):
        compare_layers(scores(), scores(), ("good", "none"), area="V4")


def test_layers_against_one_layer_are_corrected_together():
    found = compare_with_layer(scores(), "bad")
    assert found["layer"].tolist() == ["good", "twin"]
    assert (found["reference"] == "bad").all()
    assert found["q"].tolist() == control_fdr(found["p"]).tolist()
    assert found["n_tests"].tolist() == [2, 2]
    assert found["q"][0] < 0.05 < found["q"][1]
    with pytest.raises(InvalidInputError, match="'IT'"):
        compare_with_layer(scores(), "bad", area="IT")


def test_models_are_compared_at_the_layer_chosen_inside_the_training_stimuli():
    found = compare_models({"a": scores(), "b": without_the_good_layer(), "c": scores(seed=5)})
    assert found[["first", "second"]].to_numpy().tolist() == [["a", "b"], ["a", "c"], ["b", "c"]]
    one, other = (
        part.table.query("statistic == 'mean over sites, layer chosen in training folds'")["value"].iloc[0]
        for part in (scores(), without_the_good_layer())
    )
    assert found["difference"][0] == pytest.approx(one - other)
    assert 0 < found["ci_low"][0] < found["difference"][0] < found["ci_high"][0]
    # both choose the same layer in every split, so that nothing differs on any resample
    assert found["difference"][1] == 0
    assert found["p"][1] == 1
    assert found["q"].tolist() == control_fdr(found["p"]).tolist()


def test_a_single_model_or_other_stimuli_cannot_be_compared():
    with pytest.raises(InvalidInputError, match="at least two"):
        compare_models({"a": scores()})
    with pytest.raises(InvalidInputError, match="same recording, splits, n_boot and random_state"):
        compare_models({"a": scores(), "b": scores(random_state=1)})


def without_the_good_layer():
    rng = np.random.default_rng(0)
    good, bad = rng.normal(size=(N, 10)), rng.normal(size=(N, 10))
    signal = good @ rng.normal(size=(10, 6))
    stimuli = StimulusSet("set", IDS, np.zeros((N, 1, 1, 3), np.uint8))
    sites = pd.DataFrame({"area": ["V4"] * 6}, index=list("abcdef"))
    recording = Recording("rec", stimuli, signal + 2 * rng.normal(size=signal.shape), sites)
    layer = Representation.from_features(bad, IDS, keep=False, layer="bad", layer_index=0)
    return score_predictivity(layer, recording, n_boot=100, n_shuffles=0)


def test_false_discovery_rate_equals_scipy():
    p = np.array([0.02, 0.5, 0.001, 0.04, np.nan, 0.9, 0.04])
    found = control_fdr(p)
    assert np.isnan(found[4])
    np.testing.assert_allclose(found[np.isfinite(p)], false_discovery_control(p[np.isfinite(p)]))
