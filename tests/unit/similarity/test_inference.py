from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import ttest_1samp, ttest_rel

from brainconv.containers import RDMs
from brainconv.errors import InvalidInputError, NotFoundError
from brainconv.similarity import adjust_p, compare_best_layers, compare_models, compare_rdms, compute_rdm_ceiling
from brainconv.similarity.contrasts import Estimate, add_seeds, resample_similarities

N = 24
IDS = tuple(f"s{i:02d}" for i in range(N))


def make_sets(n_subjects=6, noise=1.0, seed=0):
    rng = np.random.default_rng(seed)
    truth = pdist(rng.normal(size=(N, 10)), "correlation")
    spread = truth.std()
    subjects = truth + noise * spread * rng.normal(size=(n_subjects, truth.size))
    models = np.stack([truth, truth + 2.0 * spread * rng.normal(size=truth.size), pdist(rng.normal(size=(N, 10)))])
    labels = pd.DataFrame({"subject": [f"p{k}" for k in range(n_subjects)]})
    named = pd.DataFrame({"model": ["true", "noisy", "other"]})
    return RDMs("models", models, IDS, named, "any"), RDMs("people", subjects, IDS, labels, "any")


@pytest.mark.parametrize("generalise", ["stimuli", "subjects", "both"])
def test_clear_order_is_found(generalise):
    result = compare_models(*make_sets(), generalise=generalise, n_boot=300)
    models = result.models.set_index("model")
    assert models.loc["true", "q"] < 0.05 < models.loc["other", "q"]
    pairs = result.pairs.set_index(["model_a", "model_b"])
    assert pairs.loc[("true", "other"), "q"] < 0.05
    assert pairs.loc[("true", "noisy"), "difference"] == pytest.approx(
        models.loc["true", "value"] - models.loc["noisy", "value"]
    )
    assert (result.models["q"] >= result.models["p"] - 1e-12).all()
    assert any("Benjamini and Hochberg" in note for note in result.notes)


def test_values_and_ceiling_are_those_of_the_plain_functions():
    models, people = make_sets()
    table = compare_models(models, people, n_boot=100, comparator="spearman").models
    np.testing.assert_allclose(table["value"], compare_rdms(models, people, comparator="spearman").mean(axis=1))
    bounds = compute_rdm_ceiling(people, comparator="spearman")
    np.testing.assert_allclose(table[["ceiling_low", "ceiling_high"]], [bounds] * 3)


def test_reaching_and_missing_the_ceiling():
    table = compare_models(*make_sets(noise=0.7), n_boot=300).models.set_index("model")
    assert table.loc["true", "p_below_ceiling"] > 0.05 > table.loc["true", "p_equivalent"]
    assert table.loc["other", "q_below_ceiling"] < 0.05 < table.loc["other", "p_equivalent"]


def test_new_subjects_are_the_t_test():
    models, people = make_sets()
    result = compare_models(models, people, generalise="subjects", correction="none")
    similarity = compare_rdms(models, people, comparator="rho-a")
    expected = ttest_1samp(similarity[1], 0.0, alternative="greater")
    assert result.models.loc[1, "p"] == pytest.approx(expected.pvalue, rel=1e-9)
    np.testing.assert_allclose(
        result.models.loc[1, ["ci_low", "ci_high"]].astype(float),
        ttest_1samp(similarity[1], 0.0).confidence_interval(),
    )
    expected = ttest_rel(similarity[0], similarity[1])
    assert result.pairs.loc[0, "difference"] / result.pairs.loc[0, "se"] == pytest.approx(expected.statistic, rel=1e-9)
    assert result.pairs.loc[0, "p"] == pytest.approx(expected.pvalue, rel=1e-9)


def test_two_factors_are_less_certain_than_one():
    errors = {
        g: compare_models(*make_sets(), generalise=g, n_boot=500).models["se"].to_numpy()
        for g in ("stimuli", "subjects", "both")
    }
    assert (errors["both"] >= np.maximum(errors["stimuli"], errors["subjects"]) * 0.95).all()


def test_order_of_stimuli_does_not_matter():
    models, people = make_sets()
    shuffled = people.reorder(IDS[::-1])
    one = compare_models(models, people, n_boot=100, generalise="both")
    other = compare_models(models, shuffled, n_boot=100, generalise="both")
    np.testing.assert_allclose(one.pairs["se"], other.pairs["se"], atol=1e-12)


def test_one_subject_allows_claims_about_stimuli_only():
    models, people = make_sets()
    one = people.select([0])
    result = compare_models(models, one, n_boot=100)
    assert result.models["ceiling_low"].isna().all()
    assert result.models["q_below_ceiling"].isna().all()
    assert result.models["se"].notna().all()
    with pytest.raises(InvalidInputError, match="has one subject; nothing can be said about others"):
        compare_models(models, one, generalise="both")


def test_sessions_are_not_subjects():
    models, people = make_sets()
    sessions = replace(people, labels=pd.DataFrame({"subject": ["p"] * 6, "session": range(6)}))
    with pytest.raises(InvalidInputError, match="has one subject"):
        compare_models(models, sessions, generalise="subjects")


def test_two_models_that_are_the_same_are_named_and_their_pair_left_out():
    models, people = make_sets()
    twice = replace(models, dissimilarities=models.dissimilarities[[0, 0, 2]])
    test = compare_models(twice, people, n_boot=100)
    assert any("true:0 and noisy:1 do not differ in any sample" in note for note in test.notes)
    assert len(test.models) == 3
    assert set(zip(test.pairs["model_a"], test.pairs["model_b"], strict=True)) == {
        ("true", "other"),
        ("noisy", "other"),
    }


def test_refusals():
    models, people = make_sets()
    with pytest.raises(InvalidInputError, match="expected at least 100"):
        compare_models(models, people, n_boot=20)
    with pytest.raises(InvalidInputError, match="needs at least 20"):
        compare_models(models.reorder(IDS[:15]), people.reorder(IDS[:15]))
    with pytest.raises(NotFoundError, match="factor to generalise over"):
        compare_models(models, people, generalise="images")


def test_correction_is_over_all_areas():
    models, people = make_sets()
    areas = people.labels.assign(area=["V4", "IT"] * 3)
    result = compare_models(models, replace(people, labels=areas), n_boot=100)
    for table in (result.models, result.pairs):
        assert set(table["n_tests"]) == {6}
        assert set(table["area"]) == {"V4", "IT"}
        np.testing.assert_allclose(table["q"], adjust_p(table["p"].to_numpy()))
    assert set(result.models["n_tests_below_ceiling"]) == {6}
    assert any("over all areas (n_tests)" in note for note in result.notes)


def make_layers(counts, n=40, n_subjects=1, seed=0):
    """Models of some layers each; all are equally good, but for the last layer of the first, which is better."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(n, 4))
    rows, names = [], []
    for k, count in enumerate(counts):
        for j in range(count):
            noise = 0.3 if (k, j) == (0, counts[0] - 1) else 1.0
            rows.append(pdist(np.hstack([common, noise * rng.normal(size=(n, 4))]), "sqeuclidean"))
            names.append({"model": f"m{k}", "layer": f"l{j}"})
    subjects = [pdist(np.hstack([common, 0.7 * rng.normal(size=(n, 4))]), "sqeuclidean") for _ in range(n_subjects)]
    ids = tuple(f"s{i:02d}" for i in range(n))
    labels = pd.DataFrame({"subject": [f"p{k}" for k in range(n_subjects)]})
    return (
        RDMs("models", np.stack(rows), ids, pd.DataFrame(names), "any"),
        RDMs("people", np.stack(subjects), ids, labels, "any"),
    )


@pytest.mark.parametrize(("generalise", "n_subjects"), [("stimuli", 1), ("stimuli", 3), ("subjects", 3), ("both", 3)])
def test_best_layers_are_chosen_elsewhere_and_compared(generalise, n_subjects):
    models, people = make_layers((3, 2), n_subjects=n_subjects)
    result = compare_best_layers(models, people, generalise=generalise, n_boot=200)
    best = result.models.set_index("model")
    assert best.loc["m0", ["layer", "share"]].tolist() == ["l2", 1.0]
    pair = result.pairs.iloc[0]
    assert (pair["model_a"], pair["model_b"], pair["n_tests"]) == ("m0", "m1", 1)
    assert pair["difference"] == pytest.approx(best.loc["m0", "value"] - best.loc["m1", "value"])
    assert pair["ci_low"] < pair["difference"] < pair["ci_high"]
    assert any("chosen on the other" in note for note in result.notes)
    assert np.isfinite(best["p_below_ceiling"].to_numpy(dtype=float)).all() == (n_subjects > 1)


def test_a_layer_that_is_always_chosen_has_the_errors_of_that_layer():
    models, people = make_layers((3, 1))
    resampling = resample_similarities(models, people, n_boot=200)
    area = resampling.areas[0]
    chosen = area.choose([0, 1, 2])
    assert (chosen == 2).all()
    estimate, plain = area.estimate([(chosen, 1.0), (3, -1.0)]), area.estimate([(2, 1.0), (3, -1.0)])
    assert (estimate.se, estimate.dof) == pytest.approx((plain.se, plain.dof))
    assert estimate.value == pytest.approx(plain.value, abs=0.05)  # of halves, and of all stimuli
    assert area.estimate([(chosen, 1.0), (2, -1.0)]).se == 0.0


def test_single_layers_are_compared_on_all_stimuli():
    models, people = make_layers((1, 1))
    best = compare_best_layers(models, people, n_boot=200)
    plain = compare_models(models, people, n_boot=200)
    for name in ("difference", "se", "ci_low", "ci_high", "p", "q"):
        assert best.pairs[name].tolist() == pytest.approx(plain.pairs[name].tolist()), name
    assert best.models["value"].tolist() == pytest.approx(plain.models["value"].tolist())


def test_the_choice_never_sees_what_it_is_scored_on():
    """Change the subjects' RDM on one half: the choice for that half stays, that for the other half follows."""
    models, people = make_layers((3, 1), n_subjects=3)
    area = resample_similarities(models, people, n_boot=100, generalise="both").areas[0]
    halves = area.halves.copy()
    halves[0, 1, 0] += 1.0  # the first layer becomes the best for all subjects on the second half
    halves[1, 0, 1, 2] += 9.0  # the second one for the last subject on the first half
    changed = replace(area, halves=halves).choose([0, 1, 2])
    before = area.choose([0, 1, 2])
    assert changed.shape == (10, 2, 3)
    np.testing.assert_array_equal(changed[0, 0], [0, 0, 0])
    np.testing.assert_array_equal(changed[0, 1], before[0, 1])
    np.testing.assert_array_equal(changed[1, 1], [1, 1, before[1, 1, 2]])
    np.testing.assert_array_equal(changed[1, 0], before[1, 0])


def test_choice_of_equally_good_layers_gains_nothing():
    """The plain maximum of eight gains .08 here."""
    gains, plain = [], []
    for seed in range(40):
        models, people = make_layers((9, 8), seed=seed)
        area = resample_similarities(models, people, n_boot=100, comparator="pearson").areas[0]
        chosen = area.choose(range(9, 17))
        gains.append(area.estimate([(chosen, 1.0)]).value - area.values[9:17].mean())
        plain.append(area.values[9:17].max() - area.values[9:17].mean())
    assert np.mean(plain) > 0.06
    assert abs(np.mean(gains)) < 3.3 * np.std(gains, ddof=1) / np.sqrt(40)
    assert np.std(gains, ddof=1) / np.sqrt(40) < 0.01


def test_order_of_stimuli_does_not_matter_to_the_choice():
    models, people = make_layers((3, 2), n_subjects=3)
    shuffled = people.reorder(people.stimulus_ids[::-1])
    one, other = (compare_best_layers(models, x, n_boot=100, generalise="both") for x in (people, shuffled))
    np.testing.assert_allclose(one.pairs["difference"], other.pairs["difference"], atol=1e-12)
    np.testing.assert_allclose(one.pairs["se"], other.pairs["se"], atol=1e-12)


def test_seeds_count_for_the_trained_network_too():
    values = [0.1, 0.2, 0.3, 0.4, 0.5]
    found = add_seeds(Estimate(0.6, 0.0, 30.0), values)
    assert found.se**2 == pytest.approx(np.var(values, ddof=1) * 1.2)
    assert found.dof == pytest.approx(4.0)
    mixed = add_seeds(Estimate(0.6, 0.2, 30.0), values)
    assert mixed.se**2 == pytest.approx(0.04 + found.se**2)
    assert 4.0 < mixed.dof < 34.0
    assert add_seeds(Estimate(0.6, 0.2, 30.0), [0.3] * 5) == pytest.approx((0.6, 0.2, 30.0))
