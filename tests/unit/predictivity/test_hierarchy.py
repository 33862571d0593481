from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from brainconv import Recording, Representation, StimulusSet, score_predictivity
from brainconv.errors import InvalidInputError
from brainconv.predictivity import compute_preferred_depth, score_hierarchy

N = 150
IDS = tuple(f"s{i:03d}" for i in range(N))
PLAN = {"V1": "early", "V2": "early", "V4": "middle", "IT": "late"}


def layers(seed=0):
    rng = np.random.default_rng(seed)
    found = {name: rng.normal(size=(N, 8)) for name in ("early", "middle", "late")}
    return found, {
        # named in an order that is not the order of execution
        name: Representation.from_features(found[name], IDS, layer=name, layer_index=k, model="net")
        for name, k in (("late", 9), ("early", 0), ("middle", 4))
    }


def recording(features, plan, *, n_sites=6, noise=1.0, seed=1, name="rec"):
    rng = np.random.default_rng(seed)
    parts = [features[layer] @ rng.normal(size=(8, n_sites)) for layer in plan.values()]
    responses = np.concatenate(parts, axis=1)
    sites = pd.DataFrame({"area": np.repeat(list(plan), n_sites)}, index=[f"n{i:02d}" for i in range(len(responses.T))])
    stimuli = StimulusSet("set", IDS, np.zeros((N, 1, 1, 3), np.uint8))
    return Recording(name, stimuli, responses + noise * rng.normal(size=responses.shape), sites)


def score(representations, rec, **settings):
    return score_predictivity(representations, rec, **{"n_boot": 0, "n_shuffles": 0} | settings)


def test_every_site_prefers_the_layer_that_made_it():
    features, representations = layers()
    rec = recording(features, PLAN)
    responses = rec.responses.copy()
    responses[:, :, 0] = np.random.default_rng(5).normal(size=(N, 1))
    found = compute_preferred_depth(score(representations, replace(rec, responses=responses))).set_index("site")
    assert found.loc["n01":, "layer"].tolist() == ["early"] * 11 + ["middle"] * 6 + ["late"] * 6
    np.testing.assert_allclose(found.loc["n01":, "depth"], [0] * 11 + [0.5] * 6 + [1] * 6, atol=1e-9)
    assert (found.loc["n01":, "r"] > 0.5).all()
    # A site of pure noise has either no depth at all or a low r, never a high one.
    assert not found.loc["n00", "r"] > 0.3


def test_the_order_of_areas_is_found_and_has_an_interval():
    features, representations = layers()
    scores = score_hierarchy(score(representations, recording(features, PLAN)), n_permutations=2000, n_boot=200)
    row = scores.table.iloc[0]
    assert row["value"] > 0.9
    assert row["ci_low"] > 0.8
    # the larger of two: no permutation in 2,000 is beyond
    assert row["p"] == pytest.approx(1 / 2001)
    assert row["area"] == "V1 < V2 < V4 < IT"
    assert row["analysis"] == "hierarchy"
    assert row["n_sites"] == 24


def test_the_reverse_order_and_no_order():
    features, representations = layers()
    backwards = {"V1": "late", "V4": "middle", "IT": "early"}
    row = score_hierarchy(score(representations, recording(features, backwards)), n_boot=50).table.iloc[0]
    assert row["value"] < -0.9
    assert row["p"] > 0.99
    same = {"V1": "middle", "V4": "middle", "IT": "middle"}
    row = score_hierarchy(score(representations, recording(features, same)), n_boot=50).table.iloc[0]
    assert row["value"] == 0.0
    assert row["p"] == 1.0


def test_areas_may_be_recordings_of_their_own_if_they_share_stimuli():
    features, representations = layers()
    parts = [
        score(representations, recording(features, {area: PLAN[area]}, name=f"rec.{area}")) for area in ("V4", "IT")
    ]
    row = score_hierarchy(parts, n_boot=20).table.iloc[0]
    assert row["value"] > 0.9
    assert row["recording"] == "rec.V4 + rec.IT"
    assert row["area"] == "V4 < IT"


def test_different_stimuli_are_refused_even_under_the_same_ids():
    features, representations = layers()
    first = score(representations, recording(features, {"V4": "middle"}))
    others, shown = layers(seed=7)
    second = score(shown, recording(others, {"IT": "late"}))
    with pytest.raises(InvalidInputError, match="different stimuli: order not interpretable"):
        score_hierarchy([first, second])
    part = recording(features, {"IT": "late"}).select(stimuli=IDS[:100])
    with pytest.raises(InvalidInputError, match="different stimuli: order not interpretable"):
        score_hierarchy([first, score(representations, part)])


def test_other_refusals():
    features, representations = layers()
    one = score(representations, recording(features, {"V4": "middle"}))
    with pytest.raises(InvalidInputError, match="at least two areas"):
        score_hierarchy(one)
    untrained = {name: replace(layer, weights="random", seed=1) for name, layer in representations.items()}
    with pytest.raises(InvalidInputError, match="2 models"):
        score_hierarchy([one, score(untrained, recording(features, {"IT": "late"}))])
    few = {name: representations[name] for name in ("early", "late")}
    with pytest.raises(InvalidInputError, match="different layers"):
        score_hierarchy([one, score(few, recording(features, {"IT": "late"}))])
    with pytest.raises(InvalidInputError, match="at least two"):
        compute_preferred_depth(score(representations["early"], recording(features, PLAN)))
