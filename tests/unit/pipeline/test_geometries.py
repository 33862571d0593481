"""Which layers and models are tested against one another by similarity, and what two areas tell apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from brainconv.containers import RDMs, Recording, Representation, StimulusSet
from brainconv.pipeline.areas import compare_areas, find_dissociations, split_areas
from brainconv.pipeline.comparisons import read_pairs
from brainconv.pipeline.geometries import BELOW, EQUIVALENT, compare_geometries
from brainconv.pipeline.measures import measure_geometries
from brainconv.similarity import adjust_p, compare_models, compare_rdms, compute_rdms, score_rsa

N = 60
IDS = tuple(f"s{i:02d}" for i in range(N))
STIMULI = StimulusSet("set", IDS, np.zeros((N, 2, 2, 3), np.uint8))
LATENT = np.random.default_rng(0).normal(size=(3, N, 6))


def make_layers(seed=0, model="net", weights="default"):
    rng = np.random.default_rng(seed)
    found = {}
    for k, name in enumerate(("early", "middle", "late")):
        x = LATENT[k] @ rng.normal(size=(6, 60)) if weights == "default" else rng.normal(size=(N, 60))
        found[name] = Representation.from_features(
            x, IDS, layer=name, layer_index=k, model=model, weights=weights, seed=None if weights == "default" else seed
        )
    return found


def make_recording(k, area, n_sites=40):
    rng = np.random.default_rng(10 + k)
    responses = (LATENT[k] @ rng.normal(size=(6, n_sites)))[:, None] + 0.5 * rng.normal(size=(N, 1, n_sites))
    sites = pd.DataFrame({"area": [area] * n_sites}, index=[f"{area}{i}" for i in range(n_sites)])
    return Recording(f"rec.{area}", STIMULI, responses, sites)


def make_people():
    true = compute_rdms(make_layers()["late"]).dissimilarities
    rows = true + 0.3 * true.std() * np.random.default_rng(5).normal(size=(4, true.shape[1]))
    return RDMs("people", rows, IDS, pd.DataFrame({"subject": list("abcd")}), "correlation", STIMULI)


def make_twins(k):
    return {f"twin{seed}": make_layers(seed, weights="random") for seed in range(1, k + 1)}


MODELS = {"net": make_layers(), "other": {"early": make_layers(3, "other")["early"]}} | make_twins(2)
TWINS = {"net": ["twin1", "twin2"], "other": []}


def score_all(target):
    return {key: score_rsa(layers, target, n_boot=0, n_permutations=0) for key, layers in MODELS.items()}


def is_kind(table, words):
    return table[(table["analysis"] == "comparison") & table["statistic"].str.contains(words, regex=False)]


def test_layers_and_models_are_each_tested_once():
    target = make_recording(2, "IT")
    found = compare_geometries(MODELS, score_all(target), target, twins=TWINS, n_boot=100)
    layers = is_kind(found.table, "similarity, minus early")
    assert layers["layer"].tolist() == ["middle", "late"]
    pairs = read_pairs(found)
    assert list(zip(pairs["first"], pairs["second"], strict=True)) == [
        ("net", "other"), ("net", "twin1"), ("other", "twin1"),
    ]  # fmt: skip
    assert set(is_kind(found.table, "")["definition"]) == {"difference of rho-a"}
    assert pairs.loc[0, "q"] < 0.05
    np.testing.assert_allclose(layers["q"].to_numpy(dtype=float), adjust_p(layers["p"].to_numpy(dtype=float)))
    assert layers["n_tests"].tolist() == [2, 2]
    assert any("corrected after Benjamini and Hochberg for each kind" in note for note in found.notes)
    chosen = found.table[found.table["analysis"] == "selection"].set_index(["model", "weights", "layer"])["value"]
    assert chosen["net", "default", "late"] == 1.0
    assert chosen["net", "random"].sum() == pytest.approx(1.0)


def test_a_single_untrained_network_has_no_p():
    target = make_recording(2, "IT")
    found = compare_geometries(MODELS, score_all(target), target, twins=TWINS, n_boot=100)
    pairs = read_pairs(found).set_index(["first", "second"])
    assert pairs.loc[[("net", "twin1"), ("other", "twin1")], ["p", "q"]].isna().all(axis=None)
    assert pairs[["difference", "ci_low", "ci_high"]].notna().all(axis=None)
    assert is_kind(found.table, "net minus other")["n_tests"].tolist() == [1]
    assert is_kind(found.table, "untrained twins").empty
    assert any("2 untrained twin(s) of net: trained against untrained needs 5" in note for note in found.notes)


def test_five_twins_are_tested_with_their_spread_over_seeds():
    target = make_recording(2, "IT")
    models = {"net": make_layers()} | make_twins(5)
    models["twin5"] = {name: models["twin5"][name] for name in ("middle", "late")}
    scores = {key: score_rsa(layers, target, n_boot=0, n_permutations=0) for key, layers in models.items()}
    twins = {"net": [f"twin{k}" for k in range(1, 6)]}
    found = compare_geometries(models, scores, target, twins=twins, n_boot=100)
    rows = is_kind(found.table, "minus mean of 5 untrained twins")
    assert rows["layer"].tolist() == ["middle", "late"]  # which all five have
    assert rows["n_tests"].tolist() == [2, 2]
    late = rows.iloc[1]
    values = [scores[key].table.set_index("layer").loc["late", "value"] for key in models]
    assert late["value"] == pytest.approx(values[0] - np.mean(values[1:]), abs=1e-12)
    assert late["q"] < 0.05
    seeds = np.std(values[1:], ddof=1) * np.sqrt(1 + 1 / 5)
    assert late["ci_high"] - late["ci_low"] > 2 * 1.96 * seeds
    assert not any("trained against untrained needs" in note for note in found.notes)


def test_a_family_holds_all_areas_and_layers():
    v4, it = make_recording(1, "V4"), make_recording(2, "IT")
    both = Recording(
        "both", STIMULI, np.concatenate([v4.responses, it.responses], axis=2), pd.concat([v4.sites, it.sites])
    )
    models = {"net": make_layers(), "named": {"first": make_layers(3, "other")["early"]} | make_layers(4, "other")}
    models["named"] = {
        name: replace(x, layer=name, layer_index=k) for k, (name, x) in enumerate(models["named"].items())
    }
    scores = {key: score_rsa(layers, both, n_boot=0, n_permutations=0) for key, layers in models.items()}
    table = compare_geometries(models, scores, both, twins={}, n_boot=100).table
    rows = is_kind(table, "similarity, minus ")
    assert set(rows["statistic"]) == {"similarity, minus early", "similarity, minus first"}
    assert set(rows["area"]) == {"V4", "IT"}
    assert set(rows["n_tests"]) == {len(rows)} == {10}
    np.testing.assert_allclose(rows["q"].to_numpy(dtype=float), adjust_p(rows["p"].to_numpy(dtype=float)))


def test_numbers_are_those_of_compare_models_turned_the_right_way():
    target = make_recording(2, "IT")
    scores = score_all(target)
    table = compare_geometries(MODELS, scores, target, twins=TWINS, n_boot=100).table
    row = table[(table["statistic"] == "similarity, minus early") & (table["layer"] == "late")].iloc[0]
    own = scores["net"].table.set_index("layer")["value"]
    assert row["value"] == pytest.approx(own["late"] - own["early"], abs=1e-12)
    test = compare_models([MODELS["net"]["late"], MODELS["net"]["early"]], target, n_boot=100).pairs.iloc[0]
    assert row["ci_low"] == pytest.approx(test["ci_low"], abs=1e-9)
    assert row["ci_low"] < row["value"] < row["ci_high"]


def test_one_candidate_leaves_nothing_to_compare():
    target = make_recording(2, "IT")
    one = {"other": MODELS["other"]}
    found = compare_geometries(one, {"other": score_all(target)["other"]}, target, twins={}, n_boot=100)
    assert not len(found)


def test_several_subjects_bring_the_ceiling():
    people = make_people()
    table = compare_geometries(MODELS, score_all(people), people, twins=TWINS, n_boot=100).table
    below = table[table["statistic"] == BELOW].set_index("model")
    assert below.loc["net", "p"].max() > 0.05
    assert below.loc["other", "p"] < 0.05
    assert (table["statistic"] == EQUIVALENT).sum() == (table["statistic"] == BELOW).sum() == 3


def test_a_double_dissociation_is_found_where_there_is_one():
    targets = {area: make_recording(k, area) for k, area in ((2, "IT"), (0, "V1"))}
    areas = split_areas(list(targets.values()))
    assert [area for _, area in areas] == ["V1", "IT"]
    scores = {target.name: score_rsa(MODELS["net"], target, n_boot=0, n_permutations=0) for target in targets.values()}
    result = find_dissociations({"net": MODELS["net"]}, {"net": scores}, areas, n_boot=100)
    found = result.table
    assert set(found["layer"]) == {"nested"}
    assert "the layers chosen most often are early and late" in result.notes[0]
    assert found["statistic"].tolist() == ["minus the layer of rec.IT", "minus the layer of rec.V1"]
    assert (found["value"] > 0).all()
    assert (found["q"] == found["p"].max()).all()
    assert found["q"].iloc[0] < 0.05
    assert found["n_tests"].tolist() == [1, 1]


def test_areas_that_share_their_best_layer_are_not_parted():
    one = make_recording(2, "IT")
    other = make_recording(2, "V4")
    scores = {target.name: score_rsa(MODELS["net"], target, n_boot=0, n_permutations=0) for target in (one, other)}
    found = find_dissociations({"net": MODELS["net"]}, {"net": scores}, split_areas([one, other]), n_boot=100)
    assert not len(found)
    assert "both are most alike to one layer (late)" in found.notes[0]


def test_areas_of_one_recording_and_of_several_are_compared():
    v4, it = make_recording(1, "V4"), make_recording(2, "IT")
    joined = Recording(
        "both", STIMULI, np.concatenate([v4.responses, it.responses], axis=2), pd.concat([v4.sites, it.sites])
    )
    apart = compare_areas(split_areas([v4, it]), comparators=["pearson"], n_boot=100).table
    together = compare_areas(split_areas([joined]), comparators=["pearson"], n_boot=100).table
    expected = compare_rdms(compute_rdms(v4), compute_rdms(it), comparator="pearson")[0, 0]
    np.testing.assert_allclose([apart["value"].iloc[0], together["value"].iloc[0]], expected)
    assert together["statistic"].tolist() == ["with the RDM of both IT"]
    assert not len(compare_areas(split_areas([it]), n_boot=0))


def test_geometry_holds_dimensionality_over_the_targets_stimuli():
    found = measure_geometries({"net": make_layers(), "twin": MODELS["twin1"]}, make_recording(2, "IT"), n_boot=20)
    rows = found.table[found.table["analysis"] == "dimensionality"]
    assert set(rows["definition"]) == {"effective dimensionality", "spectral slope"}
    assert set(rows["n_stimuli"]) == {N}
    assert set(rows["recording"]) == {"rec.IT"}
    assert rows["weights"].value_counts().to_dict() == {"default": 6, "random": 6}
