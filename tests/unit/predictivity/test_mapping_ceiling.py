from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from brainconv import Recording, Representation, StimulusSet, score_predictivity
from brainconv.errors import InvalidInputError
from brainconv.predictivity import compute_mapping_ceiling

N = 120
IDS = tuple(f"s{i:03d}" for i in range(N))


def recording(n_repeats=6, noise=1.0, seed=0, n_sites=12, images=0):
    """Sites of two animals that share three dimensions."""
    space = np.random.default_rng(0).normal(size=(N, 3))
    rng = np.random.default_rng(seed + 1)
    signal = space @ rng.normal(size=(3, n_sites))
    responses = signal[:, None] + noise * rng.normal(size=(N, n_repeats, n_sites))
    stimuli = StimulusSet("set", IDS, np.full((N, 2, 2, 3), images, np.uint8))
    sites = pd.DataFrame(
        {"area": "IT", "animal": ["a", "b"] * (n_sites // 2)}, index=[f"n{i:02d}" for i in range(n_sites)]
    )
    return Recording("rec", stimuli, responses, sites)


def value(scores, definition="r"):
    return float(scores.table.set_index("definition")["value"][definition])


def test_a_noise_free_recording_predicts_itself_from_every_source():
    clean = recording(noise=0.01)
    for source in ("halves", "animals", "itself", replace(recording(noise=0.01, seed=5), name="other")):
        scores = compute_mapping_ceiling(clean, source=source, n_boot=0)
        assert value(scores) > 0.99
        assert set(scores.table["analysis"]) == {"mapping ceiling"}
        assert set(scores.table["model"]) == {"recording"}


def test_halves_share_no_noise_and_the_same_responses_do():
    """Independent sites: nothing is shared but each site's own noise, which only 'itself' may use."""
    rng = np.random.default_rng(3)
    base = recording()
    noise = replace(base, responses=rng.normal(size=base.responses.shape))
    assert value(compute_mapping_ceiling(noise, source="itself", n_boot=0)) > 0.9
    for source in ("halves", "animals"):
        assert abs(value(compute_mapping_ceiling(noise, source=source, n_boot=0))) < 0.1


def test_halves_are_divided_by_the_reliability_of_a_half():
    scores = compute_mapping_ceiling(recording(noise=3.0), n_boot=100)
    table = scores.table.set_index("definition")
    assert value(scores) < value(scores, "r/sqrt(ceiling)") < 1.1
    reliability = (value(scores) / value(scores, "r/sqrt(ceiling)")) ** 2
    # signal variance about 3, noise variance 9 over three repeats
    assert reliability == pytest.approx(0.5, abs=0.15)
    assert table["ci_low"]["r"] < value(scores) < table["ci_high"]["r"]


def test_each_animal_is_predicted_from_the_other_one_alone():
    rec = recording(noise=0.5)
    own = compute_mapping_ceiling(rec, source="animals", n_boot=0)
    ours = []
    for animal, other in (("a", "b"), ("b", "a")):
        keep, rest = ([s for s, x in rec.sites["animal"].items() if x == name] for name in (animal, other))
        features = rec.select(sites=rest).mean_responses()
        layer = Representation.from_features(features, IDS, keep=False)
        ours.append(score_predictivity(layer, rec.select(sites=keep), n_boot=0, n_shuffles=0).details["site_r"].values)
    assert value(own) == pytest.approx(np.median(np.concatenate(ours, axis=1)))


def test_source_sites_that_lack_a_stimulus_are_counted():
    rec = recording()
    responses = rec.responses.copy()
    responses[4, :, 2] = np.nan
    scores = compute_mapping_ceiling(replace(rec, responses=responses), n_boot=0)
    assert scores.notes == ("IT: 1 source site(s) lack a stimulus and were left out of the source.",)
    assert scores.table["n_sites"].iloc[0] == 12
    assert scores.table["n_units"].iloc[0] == 11


def test_refusals():
    rec = recording()
    with pytest.raises(InvalidInputError, match="another image"):
        compute_mapping_ceiling(rec, source=recording(images=9))
    with pytest.raises(InvalidInputError, match="1 animal"):
        compute_mapping_ceiling(rec.select(sites=["n00", "n02"]), source="animals")
    with pytest.raises(InvalidInputError, match="Unknown source"):
        compute_mapping_ceiling(rec, source="half")
    with pytest.raises(InvalidInputError, match="needs at least two repeats"):
        compute_mapping_ceiling(recording(n_repeats=1))
