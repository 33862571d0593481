from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from brainconv.containers import RDMs, Recording, Representation, StimulusSet
from brainconv.errors import BrainconvWarning, InvalidInputError, NotFoundError
from brainconv.similarity import compute_rdm_ceiling, compute_rdms, score_rsa

N = 24
IDS = tuple(f"s{i:02d}" for i in range(N))
LATENT = np.random.default_rng(0).normal(size=(N, 6))


def make_layers(ids=IDS, n_noise=2):
    rng = np.random.default_rng(1)
    layers = {}
    for k in range(n_noise):
        layers[f"noise{k}"] = Representation.from_features(
            rng.normal(size=(N, 60)), IDS, layer=f"noise{k}", layer_index=k, model="net"
        )
    layers["true"] = Representation.from_features(
        LATENT @ rng.normal(size=(6, 60)), IDS, layer="true", layer_index=n_noise, model="net"
    )
    return {name: layer.select(ids) for name, layer in layers.items()}


def make_recording(n_sites=25, areas=("V4",), n_repeats=1):
    rng = np.random.default_rng(2)
    stimuli = StimulusSet("set", IDS, np.zeros((N, 2, 2, 3), np.uint8))
    total = n_sites * len(areas)
    responses = (LATENT @ rng.normal(size=(6, total)))[:, None] + rng.normal(size=(N, n_repeats, total))
    sites = pd.DataFrame({"area": np.repeat(areas, n_sites)}, index=[f"n{i}" for i in range(total)])
    return Recording("rec", stimuli, responses, sites, simulated=True)


def make_people(n_subjects=3, n_sessions=2):
    rng = np.random.default_rng(3)
    true = compute_rdms(make_layers()["true"]).dissimilarities
    rows = true + 0.5 * rng.normal(size=(n_subjects * n_sessions, true.shape[1]))
    labels = pd.DataFrame(
        {
            "subject": np.repeat([f"p{i}" for i in range(n_subjects)], n_sessions),
            "session": [*range(n_sessions)] * n_subjects,
            "area": "IT",
        }
    )
    return RDMs("people", rows, IDS, labels, "correlation")


FAST = {"n_boot": 50, "n_permutations": 49}


def test_recording_gives_a_single_rdm_row_per_layer_and_comparator():
    scores = score_rsa(make_layers(), make_recording(), comparator=["rho-a", "pearson"], **FAST)
    table = scores.table
    assert len(table) == 3 * 2
    assert set(table["statistic"]) == {"single RDM"}
    assert list(table["definition"]) == list(table["comparator"])
    assert set(table["recording"]) == {"rec"}
    assert table["simulated"].all()
    assert set(table["n_stimuli"]) == {N}
    assert set(table["n_sites"]) == {25}
    assert set(table["n_units"]) == {60}
    best = table.loc[table["comparator"] == "rho-a"].set_index("layer")
    assert best["value"].astype(float).idxmax() == "true"
    assert best.loc["true", "p"] == pytest.approx(1 / 50)
    assert best.loc["true", "ci_low"] < best.loc["true", "value"] < best.loc["true", "ci_high"]
    assert best["ceiling_low"].isna().all()
    assert any("no ceiling, for there is one subject" in note for note in scores.notes)


def test_people_give_mean_over_subjects_with_the_ceiling_and_mean_rdm():
    people = make_people()
    scores = score_rsa(make_layers(), people, comparator="tau-a", **FAST)
    low, high = compute_rdm_ceiling(people, comparator="tau-a")
    mean = scores.table[scores.table["statistic"] == "mean over subjects"].set_index("layer")
    assert mean.loc["true", "ceiling_low"] == pytest.approx(low)
    assert mean.loc["true", "ceiling_high"] == pytest.approx(high)
    assert low < mean.loc["true", "value"] < high
    pooled = scores.table[scores.table["statistic"] == "mean RDM"].set_index("layer")
    assert pooled["ceiling_low"].isna().all()
    assert pooled.loc["true", "value"] > mean.loc["true", "value"]
    by_subject = scores.details["similarity"].sel(candidate=2)
    assert float(by_subject.mean()) == pytest.approx(mean.loc["true", "value"])
    assert by_subject.sizes["comparison"] == 3
    assert any("2 sessions were averaged" in note for note in scores.notes)


def test_each_area_is_scored_by_itself():
    scores = score_rsa(make_layers(), make_recording(areas=("V1", "IT")), **FAST)
    assert list(scores.table["area"]) == ["V1"] * 3 + ["IT"] * 3


def test_stored_rdms_stand_in_for_layers():
    layers = make_layers()
    by_layers = score_rsa(layers, make_recording(), **FAST)
    by_rdms = score_rsa(compute_rdms(layers), make_recording(), **FAST)
    pd.testing.assert_frame_equal(by_layers.table, by_rdms.table)


def test_result_does_not_depend_on_the_order_of_stimuli():
    recording, layers = make_recording(), make_layers()
    order = [IDS[i] for i in np.random.default_rng(9).permutation(N)]
    straight = score_rsa(layers, recording, **FAST)
    shuffled = score_rsa(make_layers(order), recording.select(stimuli=order), **FAST)
    pd.testing.assert_frame_equal(straight.table, shuffled.table, atol=1e-12)


def test_same_seed_same_table_other_seed_other_interval():
    first, again, other = (score_rsa(make_layers(), make_recording(), random_state=s, **FAST).table for s in (4, 4, 5))
    pd.testing.assert_frame_equal(first, again)
    assert (first["value"] == other["value"]).all()
    assert (first["ci_low"] != other["ci_low"]).any()


def test_comparators_together_equal_comparators_alone():
    together = score_rsa(make_layers(), make_recording(), comparator=["pearson", "tau-a"], **FAST).table
    alone = score_rsa(make_layers(), make_recording(), comparator="tau-a", **FAST).table
    part = together[together["comparator"] == "tau-a"].reset_index(drop=True)
    pd.testing.assert_frame_equal(part, alone)


def test_bootstrap_samples_are_paired_between_layers():
    layers = make_layers()
    layers["twin"] = layers["true"]
    scores = score_rsa(layers, make_recording(), **FAST)
    samples = scores.details["bootstrap"]
    np.testing.assert_array_equal(samples.sel(row=2), samples.sel(row=3))


def test_without_bootstrap_or_permutation():
    table = score_rsa(make_layers(), make_recording(), n_boot=0, n_permutations=0).table
    assert table["value"].notna().all()
    assert table["ci_low"].isna().all()
    assert table["p"].isna().all()


def test_more_stimuli_in_the_layers_than_in_the_recording():
    part = make_recording().select(stimuli=IDS[:20])
    table = score_rsa(make_layers(), part, **FAST).table
    assert set(table["n_stimuli"]) == {20}
    with pytest.raises(InvalidInputError, match="4 of 24 stimulus"):
        score_rsa(make_layers(IDS[:20]), make_recording(), **FAST)


def test_too_few_stimuli_or_sites_are_refused():
    with pytest.raises(InvalidInputError, match="19 stimuli; RSA needs at least 20"):
        score_rsa(make_layers(), make_recording().select(stimuli=IDS[:19]), **FAST)
    with pytest.raises(InvalidInputError, match=r"V4 \(19\).*at least 20"):
        score_rsa(make_layers(), make_recording(n_sites=19), **FAST)


def test_an_area_with_few_sites_is_left_out_with_a_word():
    recording = make_recording(areas=("V1", "IT"))
    keep = [site for i, site in enumerate(recording.sites.index) if i < 25 or i > 40]
    with pytest.warns(BrainconvWarning, match=r"no RSA for IT \(9\)"):
        scores = score_rsa(make_layers(), recording.select(sites=keep), **FAST)
    assert set(scores.table["area"]) == {"V1"}


def test_duplicate_stimuli_are_refused_by_name():
    layers = {}
    for name, layer in make_layers().items():
        features = layer.features.copy()
        features[5] = features[11]
        layers[name] = Representation.from_features(features, IDS, layer=name)
    with pytest.raises(InvalidInputError, match="'s05' and 's11'"):
        score_rsa(layers, make_recording(), **FAST)


def test_layer_with_a_constant_pattern_has_no_score_and_says_so():
    layers = make_layers()
    features = layers["noise0"].features.copy()
    features[3] = 0.0
    layers["noise0"] = Representation.from_features(features, IDS, layer="noise0", model="net")
    with pytest.warns(BrainconvWarning, match="net:noise0 has no score: its patterns are constant for 1 of 24"):
        scores = score_rsa(layers, make_recording(), **FAST)
    table = scores.table.set_index("layer")
    assert pd.isna(table.loc["noise0", "value"])
    assert table.drop(index="noise0")["value"].notna().all()


def test_tied_model_with_spearman_warns_and_says_why():
    category = np.repeat([0, 1], N // 2)
    row = (category[:, None] != category[None, :])[np.triu_indices(N, 1)].astype(float)
    model = RDMs("models", row[None], IDS, pd.DataFrame({"label": ["animacy"]}), "category")
    with pytest.warns(BrainconvWarning, match="which spearman would reward; compare it with others by rho-a or tau-a"):
        scores = score_rsa(model, make_recording(), comparator="spearman", **FAST)
    assert list(scores.table["layer"]) == ["animacy"]
    assert any("computed as correlation, those of the candidates as category" in note for note in scores.notes)
    score_rsa(model, make_recording(), comparator=["rho-a", "tau-a"], **FAST)


def test_kind_of_units_is_part_of_the_estimators_name():
    layer = Representation.from_features(np.random.default_rng(0).normal(size=(N, 30)), IDS, layer="x", units="zscored")
    table = score_rsa(layer, make_recording(), **FAST).table
    assert list(table["estimator"]) == ["correlation (zscored units)"]


def test_bad_arguments():
    with pytest.raises(NotFoundError, match="Unknown RDM comparator"):
        score_rsa(make_layers(), make_recording(), comparator="kendall")
    with pytest.raises(NotFoundError, match="Unknown RDM estimator"):
        score_rsa(make_layers(), make_recording(), estimator="manhattan")
    with pytest.raises(InvalidInputError, match="n_boot is 5; expected at least 20"):
        score_rsa(make_layers(), make_recording(), n_boot=5)


def test_tau_at_many_stimuli_takes_fewer_samples_and_says_so(monkeypatch):
    from brainconv.similarity import score

    monkeypatch.setattr(score, "_TAU_BUDGET", 1.0)
    scores = score_rsa(make_layers(), make_recording(), comparator="tau-a", n_boot=250, n_permutations=150)
    assert any("200 bootstrap samples instead of 250" in note for note in scores.notes)
    assert any("99 permutations instead of 150" in note for note in scores.notes)
    assert scores.table["ci_low"].notna().all()
    assert np.isfinite(scores.details["bootstrap"].to_numpy()[0]).sum() == 200
    assert scores.table["p"].astype(float).min() == pytest.approx(1 / 100)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_rdms_of_no_area_are_of_no_area(missing):
    rows = compute_rdms(make_layers()).dissimilarities
    labels = pd.DataFrame({"subject": [missing] * 3, "area": [missing] * 3})
    target = RDMs("models", rows, IDS, labels, "as published")
    scores = score_rsa(make_layers()["true"], target, n_boot=0, n_permutations=0)
    assert scores.table["area"].isna().all()
    assert scores.details["subject"].to_numpy().tolist() == ["models"]
    assert any("3 RDMs of models name no subject; their mean is compared" in note for note in scores.notes)


def test_areas_between_which_one_is_missing_are_kept_apart():
    rows = compute_rdms(make_layers()).dissimilarities
    labels = pd.DataFrame({"subject": list("aba"), "area": ["V4", "V4", None]})
    table = score_rsa(make_layers()["true"], RDMs("both", rows, IDS, labels, "x"), n_boot=0, n_permutations=0).table
    assert set(table["area"].dropna()) == {"V4"}
    assert table["area"].isna().any()
