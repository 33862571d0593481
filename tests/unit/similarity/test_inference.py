from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import ttest_1samp, ttest_rel

from brainconv.containers import RDMs
from brainconv.errors import InvalidInputError, NotFoundError
from brainconv.similarity import compare_models, compare_rdms, compute_rdm_ceiling

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


def test_refusals():
    models, people = make_sets()
    with pytest.raises(InvalidInputError, match="expected at least 100"):
        compare_models(models, people, n_boot=20)
    with pytest.raises(InvalidInputError, match="needs at least 20"):
        compare_models(models.reorder(IDS[:15]), people.reorder(IDS[:15]))
    twice = replace(models, dissimilarities=models.dissimilarities[[0, 0, 2]])
    with pytest.raises(InvalidInputError, match="true:0 and noisy:1 do not differ in any sample"):
        compare_models(twice, people, n_boot=100)
    with pytest.raises(NotFoundError, match="factor to generalise over"):
        compare_models(models, people, generalise="images")
