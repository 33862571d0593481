from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist

from brainconv.containers import Recording, Representation, StimulusSet
from brainconv.errors import BrainconvWarning, InvalidInputError
from brainconv.similarity import compute_rdms, estimate_from_repeats

IDS = tuple(f"s{i:02d}" for i in range(10))


def make_layer(seed=0, ids=IDS, **labels):
    features = np.random.default_rng(seed).normal(size=(len(ids), 30))
    return Representation.from_features(features, ids, **labels)


def make_recording(responses, areas):
    stimuli = StimulusSet("set", IDS, np.zeros((10, 2, 2, 3), np.uint8))
    sites = pd.DataFrame({"area": areas}, index=[f"n{i}" for i in range(len(areas))])
    return Recording("rec", stimuli, responses, sites)


def test_labels_say_which_layer():
    rdms = compute_rdms({"a": make_layer(0, layer="conv1", model="net"), "b": make_layer(1, layer="fc", layer_index=3)})
    assert list(rdms.labels["layer"]) == ["conv1", "fc"]
    assert list(rdms.labels["layer_index"]) == [0, 3]
    assert list(rdms.labels["n_units"]) == [30, 30]
    assert rdms.estimator == "correlation"


def test_layers_are_aligned_by_id():
    layer = make_layer()
    shuffled = layer.select(IDS[::-1])
    rdms = compute_rdms([layer, shuffled])
    np.testing.assert_allclose(rdms.dissimilarities[0], rdms.dissimilarities[1], atol=1e-12)


def test_layers_of_other_stimuli_are_refused():
    with pytest.raises(InvalidInputError, match="take the same stimuli"):
        compute_rdms([make_layer(), make_layer(ids=IDS[:8])])
    with pytest.raises(InvalidInputError, match="missing"):
        compute_rdms([make_layer(), make_layer(ids=(*IDS[:9], "other"))])
    with pytest.raises(InvalidInputError, match="at least one layer"):
        compute_rdms({})


def test_constant_pattern_warns():
    features = np.random.default_rng(0).normal(size=(10, 30))
    features[4] = 1.0
    with pytest.warns(BrainconvWarning, match="1 of 10 patterns of layer 'conv'.*'s04'"):
        rdms = compute_rdms(Representation.from_features(features, IDS, layer="conv"))
    assert np.isnan(rdms.dissimilarities).sum() == 9


def test_recording_gives_one_rdm_per_area_of_mean_responses():
    responses = np.random.default_rng(0).normal(size=(10, 3, 6))
    responses[0, 2] = np.nan
    recording = make_recording(responses, ["V4"] * 4 + ["IT"] * 2)
    rdms = compute_rdms(recording)
    assert list(rdms.labels["area"]) == ["V4", "IT"]
    assert list(rdms.labels["n_sites"]) == [4, 2]
    np.testing.assert_allclose(rdms.dissimilarities[0], pdist(recording.mean_responses()[:, :4], "correlation"))


def test_nan_sites_and_stimuli_are_counted_and_named():
    responses = np.random.default_rng(0).normal(size=(10, 5))
    responses[2] = np.nan
    responses[7, 3] = np.nan
    with pytest.warns(BrainconvWarning, match=r"1 stimuli.*s02.*1 of 5 sites.*n3"):
        rdms = compute_rdms(make_recording(responses, ["V4"] * 5))
    assert rdms.stimulus_ids == tuple(i for i in IDS if i != "s02")
    assert rdms.labels.loc[0, "n_sites"] == 4
    assert rdms.labels.loc[0, "n_sites_excluded"] == 1
    kept = np.delete(np.delete(responses, 2, axis=0), 3, axis=1)
    np.testing.assert_allclose(rdms.dissimilarities[0], pdist(kept, "correlation"))


@pytest.mark.filterwarnings("ignore::brainconv.errors.BrainconvWarning")
def test_area_without_a_complete_site_is_refused():
    responses = np.random.default_rng(0).normal(size=(10, 2))
    responses[3, 1] = np.nan
    with pytest.raises(InvalidInputError, match="No site of area 'IT'"):
        compute_rdms(make_recording(responses, ["V4", "IT"]))


def test_estimators_from_repeats_need_a_recording_with_repeats():
    with pytest.raises(InvalidInputError, match=r"'crossnobis' is for recordings.*`target_estimator`"):
        compute_rdms(make_layer(), estimator="crossnobis")
    once = make_recording(np.random.default_rng(0).normal(size=(10, 5)), ["V4"] * 5)
    with pytest.raises(InvalidInputError, match="'rec' has one repeat of each stimulus"):
        compute_rdms(once, estimator="crossnobis")


def test_crossnobis_of_a_recording():
    responses = np.random.default_rng(0).normal(size=(10, 4, 6))
    responses[3, 1:, 5] = np.nan
    with pytest.warns(BrainconvWarning, match="1 of 6 sites.*n5"):
        rdms = compute_rdms(make_recording(responses, ["V4"] * 3 + ["IT"] * 3), estimator="crossnobis")
    assert rdms.estimator == "crossnobis"
    assert list(rdms.labels["n_sites"]) == [3, 2]
    np.testing.assert_allclose(
        rdms.dissimilarities[1], estimate_from_repeats(responses[:, :, 3:5], estimator="crossnobis")
    )
    mean = compute_rdms(make_recording(responses[:, :, :3], ["V4"] * 3), estimator="mahalanobis")
    assert (mean.dissimilarities > 0).all()
    assert mean.dissimilarities.mean() > rdms.dissimilarities[0].mean() + 0.2  # what the noise adds
