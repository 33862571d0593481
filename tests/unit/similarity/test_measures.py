"""Every measure at once: each number is that of its own function."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from brainconv.containers import RDMs, Recording, Representation, StimulusSet
from brainconv.errors import InvalidInputError
from brainconv.similarity import (
    COMPARATORS,
    compare_rdms,
    compute_animal_ceiling,
    compute_cka,
    compute_procrustes,
    compute_rdms,
    rank_agreement,
    score_measures,
)

N = 40
IDS = tuple(f"s{i:02d}" for i in range(N))
LATENT = np.random.default_rng(0).normal(size=(N, 6))
STIMULI = StimulusSet("set", IDS, np.zeros((N, 2, 2, 3), np.uint8))


def make_layers(weights="default"):
    rng = np.random.default_rng(1)
    found = {}
    for k, noise in enumerate((3.0, 1.0, 0.0)):
        x = LATENT @ rng.normal(size=(6, 60)) + noise * rng.normal(size=(N, 60))
        found[f"conv{k}"] = Representation.from_features(
            x, IDS, layer=f"conv{k}", layer_index=k, model="net", weights=weights
        )
    return found


def make_recording(n_repeats=6, n_sites=50):
    rng = np.random.default_rng(2)
    responses = (LATENT @ rng.normal(size=(6, n_sites)))[:, None] + rng.normal(size=(N, n_repeats, n_sites))
    sites = pd.DataFrame({"area": ["V4"] * n_sites}, index=[f"n{i}" for i in range(n_sites)])
    return Recording("rec", STIMULI, responses, sites)


@pytest.fixture(scope="module")
def table():
    return score_measures(make_layers(), make_recording(), n_boot=50).table


def values(table, name):
    return table[table["definition"] == name].sort_values("layer_index")["value"].to_numpy(dtype=float)


def test_comparators_are_those_of_compare_rdms(table):
    layers, area = compute_rdms(make_layers()), compute_rdms(make_recording())
    for name in set(COMPARATORS) - {"neg-riemannian"}:
        np.testing.assert_allclose(values(table, name), compare_rdms(layers, area, comparator=name)[:, 0], atol=1e-12)


def test_measures_of_patterns_are_those_of_their_functions(table):
    means = Representation.from_features(make_recording().mean_responses(), IDS)
    layers = make_layers()
    np.testing.assert_allclose(values(table, "cka"), compute_cka(layers, means, debiased=False)[:, 0], atol=1e-12)
    np.testing.assert_allclose(values(table, "cka-debiased"), compute_cka(layers, means)[:, 0], atol=1e-12)
    np.testing.assert_allclose(values(table, "procrustes"), compute_procrustes(layers, means)[:, 0], atol=1e-12)
    np.testing.assert_allclose(values(table, "bures of patterns"), 1.0 - values(table, "procrustes") / 2.0)


def test_cross_validated_distances_have_a_ceiling(table):
    rows = table[table["definition"] == "pearson, cross-validated"]
    ceiling = compute_animal_ceiling(make_recording())["ceiling_of_all"]
    np.testing.assert_allclose(rows["ceiling_high"].to_numpy(dtype=float), float(ceiling[0]))
    layers, area = compute_rdms(make_layers(), estimator="sqeuclidean_per_unit"), make_recording()
    expected = compare_rdms(layers, compute_rdms(area, estimator="cv_sqeuclidean_per_unit"), comparator="pearson")
    np.testing.assert_allclose(rows["value"].to_numpy(dtype=float), expected[:, 0], atol=1e-12)
    averaged = make_recording(n_repeats=1)
    assert "pearson, cross-validated" not in set(score_measures(make_layers(), averaged, n_boot=0).table["definition"])


def test_intervals_hold_the_value_and_are_left_out_where_none_is_right(table):
    known = table[table["ci_low"].notna()]
    assert set(known["definition"]) >= {"pearson", "cosine", "whitened-corr", "whitened-cosine", "cka", "cka-debiased"}
    assert (known["ci_low"] < known["ci_high"]).all()
    assert table[table["definition"].isin(["procrustes", "bures", "tau-a"])]["ci_low"].isna().all()


def test_rdms_of_several_subjects_are_compared_one_by_one():
    area = compute_rdms(make_recording())
    rng = np.random.default_rng(3)
    rows = area.dissimilarities + 0.1 * rng.normal(size=(3, area.dissimilarities.shape[1]))
    people = RDMs("people", rows, IDS, pd.DataFrame({"subject": ["a", "b", "c"]}), "correlation")
    found = score_measures(make_layers(), people, n_boot=0)
    expected = compare_rdms(compute_rdms(make_layers()), people, comparator="whitened-corr").mean(axis=1)
    np.testing.assert_allclose(values(found.table, "whitened-corr"), expected)
    assert set(found.table["statistic"]) == {"mean over subjects"}
    assert any("need responses, and these are RDMs" in note for note in found.notes)


def test_order_of_stimuli_does_not_matter(table):
    shuffled = {name: layer.select(IDS[::-1]) for name, layer in make_layers().items()}
    again = score_measures(shuffled, make_recording(), n_boot=50).table
    pd.testing.assert_frame_equal(again, table, check_exact=False, atol=1e-9)


def test_agreement_turns_distances_round(table):
    found = rank_agreement(table).set_index("definition")
    assert found.loc["rho-a", "rho"] == pytest.approx(1.0)
    assert found.loc["procrustes", "rho"] == pytest.approx(found.loc["bures of patterns", "rho"])
    assert set(found.loc[["pearson", "cka", "procrustes"], "best"]) == {"net conv2"}
    assert (found["n"] == 3).all()


def test_agreement_tells_trained_from_untrained(table):
    untrained = table.assign(weights="random", seed=0, value=table["value"] * np.where(table["value"] > 0, 2.0, 0.5))
    found = rank_agreement(pd.concat([table, untrained])).set_index("definition")
    assert found.loc["pearson", "best"] == "net conv2, untrained"
    assert (found["n"] == 6).all()


def test_few_stimuli_are_refused():
    few = {name: layer.select(IDS[:10]) for name, layer in make_layers().items()}
    with pytest.raises(InvalidInputError):
        score_measures(few, make_recording())
