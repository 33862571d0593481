"""What a run tests against what."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from brainconv import Recording, Representation, Scores, StimulusSet, score_predictivity
from brainconv.pipeline.comparisons import (
    compare_predictivity,
    find_replicates,
    find_twins,
    order_areas_by_depth,
    read_pairs,
)
from brainconv.predictivity import control_fdr

N, N_SITES = 80, 6
IDS = tuple(f"s{i:03d}" for i in range(N))
STIMULI = StimulusSet("set", IDS, np.zeros((N, 1, 1, 3), np.uint8))
LAYERS = ("early", "middle", "late")


def features_of(seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {layer: rng.normal(size=(N, 8)) for layer in LAYERS}


def make_recording(layer: str, area: str = "V4") -> Recording:
    rng = np.random.default_rng(99)
    responses = features_of(0)[layer] @ rng.normal(size=(8, N_SITES)) + rng.normal(size=(N, N_SITES))
    index = [f"{area}{k}" for k in range(N_SITES)]
    return Recording(f"rec.{area}", STIMULI, responses, pd.DataFrame({"area": [area] * N_SITES}, index=index))


def score(
    seed: int,
    *,
    name: str = "net",
    layers: tuple[str, ...] = LAYERS,
    recording: Recording | None = None,
    trained: bool = False,
) -> Scores:
    weights = (
        {"weights": "default"} if trained or seed == 0 or name == "pixels" else {"weights": "random", "seed": seed}
    )
    found = {
        layer: Representation.from_features(x, IDS, keep=False, model=name, layer=layer, layer_index=k, **weights)
        for k, (layer, x) in enumerate(features_of(seed).items())
        if layer in layers
    }
    return score_predictivity(found, recording or make_recording("late"), n_boot=100, n_shuffles=0)


MODELS = {
    "net": {"name": "net", "weights": "default"},
    **{f"twin{k}": {"name": "net", "weights": "random", "seed": k} for k in range(1, 6)},
    "pixels": {"name": "pixels", "weights": "default"},
}


@pytest.fixture(scope="module")
def scores() -> dict[str, Scores]:
    found = {"net": score(0)} | {f"twin{k}": score(k, layers=LAYERS if k == 1 else LAYERS[1:]) for k in range(1, 6)}
    return found | {"pixels": score(7, name="pixels", layers=("early",))}


def test_twins_are_untrained_networks_of_the_same_name() -> None:
    assert find_twins(MODELS) == {"net": [f"twin{k}" for k in range(1, 6)], "pixels": []}


def test_every_kind_of_difference_is_there_once(scores: dict[str, Scores]) -> None:
    found = compare_predictivity(scores, find_twins(MODELS))
    rows = found.table[found.table["analysis"] == "comparison"]
    kinds = {kind: part["layer"].tolist() for kind, part in rows[rows["weights"] == "default"].groupby("statistic")}
    assert kinds["mean over sites, minus early"] == ["middle", "late"]
    assert kinds["mean over sites, minus mean of 5 untrained twins"] == ["middle", "late"]
    best = rows[(rows["layer"] == "late") & (rows["weights"] == "default")]
    assert (best["ci_low"] > 0).all()
    assert (best["q"] < 0.05).all()
    twin = rows["statistic"].str.endswith("net minus twin1")
    assert rows["q"][twin].isna().all()
    assert rows["q"][~twin].notna().all()
    # of the five twins one stands for all where models are compared
    pairs = read_pairs(found)
    assert pairs[["first", "second"]].to_numpy().tolist() == [["net", "twin1"], ["net", "pixels"], ["twin1", "pixels"]]


def test_a_family_is_one_kind_of_test_over_all_networks(scores: dict[str, Scores]) -> None:
    found = compare_predictivity(scores, find_twins(MODELS)).table
    rows = found[found["analysis"] == "comparison"]
    kinds = rows["statistic"].where(~rows["statistic"].str.contains(": "), "pairs")
    kinds = kinds.where(~kinds.str.contains("minus early|minus middle"), "first layer")
    sizes = {}
    for kind, family in rows.groupby(kinds):
        assert family["q"].dropna().tolist() == control_fdr(family["p"].dropna().to_numpy(dtype=float)).tolist()
        sizes[kind] = family["n_tests"].unique().tolist()
    # two layers of the trained network and two of its first twin: one family
    assert sizes == {"first layer": [4], "mean over sites, minus mean of 5 untrained twins": [2], "pairs": [2]}


def test_trained_replicates_are_the_sample_and_are_shown_nowhere_else(scores: dict[str, Scores]) -> None:
    models = MODELS | {"again": {"name": "net", "weights": "other.pt", "replicate_of": "net"}}
    assert find_replicates(models) == {"net": ["again"]}
    more = scores | {"again": score(8, trained=True)}
    found = compare_predictivity(more, find_twins(models), replicates=find_replicates(models))
    alone = compare_predictivity(scores, find_twins(MODELS))
    trained = found.table["statistic"].str.contains("untrained")
    assert not np.allclose(found.table["value"][trained], alone.table["value"][trained])
    pd.testing.assert_frame_equal(found.table[~trained], alone.table[~trained])
    assert any("net was trained once" in note for note in alone.notes)
    assert not any("trained once" in note for note in found.notes)


def test_selection_frequencies_and_preferred_layers(scores: dict[str, Scores]) -> None:
    found = compare_predictivity(scores, find_twins(MODELS))
    chosen = found.table[(found.table["analysis"] == "selection") & (found.table["weights"] == "default")]
    assert chosen["value"].sum() == pytest.approx(1.0)
    assert chosen.set_index("layer")["value"]["late"] > 0.95
    assert found.details is not None
    assert found.details["model"].to_numpy().tolist() == ["net", "twin1"]
    assert (found.details["preferred_layer"].sel(model="net") == "late").all()
    assert found.details.attrs["layers"]["net"] == list(LAYERS)


def test_few_twins_are_said_and_not_tested(scores: dict[str, Scores]) -> None:
    found = compare_predictivity({key: scores[key] for key in ("net", "twin1", "pixels")}, find_twins(MODELS))
    assert any("1 untrained twin(s) of net: trained against untrained needs 5." in note for note in found.notes)
    assert any("without p" in note for note in found.notes)
    assert not found.table["statistic"].str.contains("untrained").any()


def test_without_resamples_nothing_is_tested() -> None:
    plain = score_predictivity(
        Representation.from_features(features_of(0)["late"], IDS, keep=False, layer="late", layer_index=0),
        make_recording("late"),
        n_boot=0,
        n_shuffles=0,
    )
    assert len(compare_predictivity({"net": plain}, {})) == 0


def test_order_of_areas() -> None:
    parts = [score(0, recording=make_recording(layer, area)) for layer, area in (("early", "V1"), ("late", "IT"))]
    row = order_areas_by_depth(parts).table.iloc[0]
    assert row["value"] > 0.9
    assert row["ci_low"] <= row["value"] <= row["ci_high"]
    nothing = order_areas_by_depth([parts[0]])
    assert len(nothing) == 0
    assert "net was not tested: Sites of 1 area(s)" in nothing.notes[0]
