from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist

from brainconv.containers import RDMs, Representation
from brainconv.errors import InvalidInputError
from brainconv.similarity import Discriminants, compute_category_rdms, partition_variance, score_reweighted

N = 40
IDS = tuple(f"s{i:02d}" for i in range(N))
LABELS = pd.DataFrame({"animate": np.arange(N) % 2 == 0}, index=IDS)


@pytest.fixture
def sets():
    """People see shape and animacy; the layer holds shape, and animacy so weakly that only a discriminant finds it."""
    rng = np.random.default_rng(0)
    shape = rng.normal(size=(N, 6))
    layer = Representation.from_features(np.c_[shape, LABELS["animate"] + 0.2 * rng.normal(size=N)], IDS, layer="conv")
    category = compute_category_rdms(LABELS)
    truth = pdist(shape, "sqeuclidean") / 12 + 1.5 * category.dissimilarities[0]
    people = truth + 0.5 * rng.normal(size=(3, truth.size))
    labels = pd.DataFrame({"subject": ["a", "b", "c"]})
    return layer, category, RDMs("people", people, IDS, labels, "any")


def test_both_groups_are_needed(sets):
    layer, category, people = sets
    scores = score_reweighted(
        {"layers": layer, "categories": category}, people, estimator="sqeuclidean_per_unit", n_splits=6
    )
    table = scores.table.set_index("layer")
    assert list(table.index) == ["layers", "categories", "layers+categories"]
    values = table["value"].astype(float)
    assert values["layers+categories"] > values[["layers", "categories"]].max() + 0.02
    assert (table["ceiling_low"] < table["ceiling_high"]).all()
    assert table.loc["layers", "splits"] == "holdout10x6 and leave one subject out"
    assert scores.details is not None
    assert scores.details["value"].shape == (3, 6, 3)
    assert any("held-out stimuli" in note for note in scores.notes)


def test_discriminants_stand_in_for_categories(sets):
    layer, _, people = sets
    table = score_reweighted(
        {"layers": layer},
        people,
        discriminants=Discriminants(layer, LABELS),
        estimator="sqeuclidean_per_unit",
        n_splits=4,
    ).table.set_index("layer")
    assert list(table.index) == ["layers", "discriminants", "layers+discriminants"]
    assert table.loc["layers+discriminants", "value"] > table.loc["layers", "value"] + 0.02


def test_order_of_stimuli_does_not_matter(sets):
    layer, category, people = sets
    one = score_reweighted({"a": layer, "b": category}, people, n_splits=3).table["value"]
    other = score_reweighted({"a": layer, "b": category}, people.reorder(IDS[::-1]), n_splits=3).table["value"]
    np.testing.assert_allclose(one.astype(float), other.astype(float), atol=1e-12)


def test_one_subject_has_no_ceiling(sets):
    layer, _, people = sets
    scores = score_reweighted({"layers": layer}, people.select([0]), n_splits=3)
    assert scores.table["ceiling_low"].isna().all()
    assert any("one subject" in note for note in scores.notes)


def test_parts_sum_to_the_total(sets):
    layer, category, people = sets
    other = Representation.from_features(np.random.default_rng(5).normal(size=(N, 8)), IDS)
    groups = {"layers": layer, "categories": category, "other": other}
    table = partition_variance(groups, people, estimator="sqeuclidean_per_unit", n_splits=4).set_index("part")
    total = table.loc["total: layers + categories + other", "value"]
    parts = table[~table.index.str.startswith("total")]
    assert len(parts) == 7
    assert parts["value"].sum() == pytest.approx(total)
    assert parts["share"].sum() == pytest.approx(1.0)
    assert table.loc["unique: categories", "value"] > 0.1 > abs(table.loc["unique: other", "value"])
    unique = total - table.loc["total: layers + categories", "value"]
    assert table.loc["unique: other", "value"] == pytest.approx(unique)


def test_refusals(sets):
    layer, category, people = sets
    with pytest.raises(InvalidInputError, match="holds out 4 of 40 stimuli"):
        score_reweighted({"layers": layer}, people, test_share=0.1)
    with pytest.raises(InvalidInputError, match="between 2 to 4 groups of models; found 1"):
        partition_variance({"layers": layer}, people)
    with pytest.raises(InvalidInputError, match="No component was given"):
        score_reweighted({}, people)
    two = RDMs("p", people.dissimilarities[:2], IDS, pd.DataFrame({"subject": ["a", "a"], "area": ["V4", "IT"]}), "any")
    with pytest.raises(InvalidInputError, match="has 2 areas"):
        score_reweighted({"layers": layer, "c": category}, two)
