"""Brain-Score's ceilings as rows beside ours."""

import numpy as np
import pandas as pd
import pytest

from brainconv import Recording, Representation, StimulusSet, score_predictivity
from brainconv.predictivity.brainscore import CEILINGS

N = 80
DRAWS = "median over sites, mean over splits"


def score(*, n_repeats=5, n_boot=20, splits="brainscore"):
    rng = np.random.default_rng(3)
    ids = [f"s{i:03d}" for i in rng.permutation(N)]
    features = {name: rng.normal(size=(N, 12)) for name in ("one", "two")}
    signal = features["two"] @ rng.normal(size=(12, 8)) / 3
    trials = signal[:, None] + rng.normal(size=(N, n_repeats, 8))
    sites = pd.DataFrame({"area": ["V4", "IT"] * 4}, index=[f"u{i}" for i in range(8)])
    recording = Recording("rec", StimulusSet("set", tuple(ids), np.zeros((N, 1, 1, 3), np.uint8)), trials, sites)
    layers = {
        name: Representation.from_features(x, ids, model="net", layer=name, layer_index=i)
        for i, (name, x) in enumerate(features.items())
    }
    found = score_predictivity(layers, recording, regression="pls5-sklearn", splits=splits, n_boot=n_boot, n_shuffles=1)
    return found.table, recording


@pytest.fixture(scope="module")
def scored():
    return score()


def of_area(table, area):
    return table[table["area"] == area]


@pytest.mark.parametrize("area", ["V4", "IT"])
def test_the_reliability_is_theirs(scored, area):
    table, recording = scored
    rows = of_area(table, area)
    trials = recording.responses[:, :, recording.sites["area"] == area]
    found = rows[rows["analysis"] == "reliability"].set_index("definition")
    for ceiling in CEILINGS:
        medians = []
        for first, second in ceiling.halves(5):
            pair = trials[:, first].mean(axis=1), trials[:, second].mean(axis=1)
            r = np.array([np.corrcoef(a, b)[0, 1] for a, b in zip(pair[0].T, pair[1].T, strict=True)])
            medians.append(np.median(2 * r / (1 + r)))
        row = found.loc[ceiling.definition]
        assert row["value"] == pytest.approx(np.mean(medians))
        assert row["statistic"] == ceiling.statistic
        assert row["ci_low"] < row["value"] < row["ci_high"]
        assert row["n_sites"] == 4
    assert len(found) == 3, "ours stands beside them"


@pytest.mark.parametrize("area", ["V4", "IT"])
def test_every_score_over_our_ceiling_has_one_over_each_of_theirs(scored, area):
    rows = of_area(scored[0], area)
    reliability = rows[rows["analysis"] == "reliability"].set_index("definition")["value"]
    ours = rows[rows["definition"] == "r2/ceiling"].set_index(["layer", "statistic"])
    r = rows[rows["definition"] == "r"].set_index(["layer", "statistic"])["value"]
    assert len(ours) == 4, "two layers, the best and the nested choice"
    for ceiling in CEILINGS:
        theirs = rows[rows["definition"] == ceiling.score].set_index(["layer", "statistic"])
        assert list(theirs.index) == list(ours.index)
        for key, row in theirs.iterrows():
            assert row["value"] == pytest.approx(r[key] * abs(r[key]) / reliability[ceiling.definition])
            assert row["ci_low"] < row["ci_high"]
            unchanged = ["model", "regression", "splits", "n_stimuli", "n_repeats", "n_sites", "ceiling_low"]
            assert row[unchanged].equals(ours.loc[key, unchanged])


def test_two_repeats_are_halved_and_no_bootstrap_has_no_interval():
    table, _ = score(n_repeats=2, n_boot=0)
    rows = table[table["definition"].isin([name for ceiling in CEILINGS for name in ceiling[:2]])]
    assert rows["value"].notna().all()
    assert rows[["ci_low", "ci_high"]].isna().all(axis=None)
    both = [of_area(table, "V4").set_index("definition").loc[ceiling.definition, "value"] for ceiling in CEILINGS]
    assert both[0] == pytest.approx(both[1]), "two repeats have one way to be halved"


@pytest.mark.parametrize(("n_repeats", "splits"), [(1, "brainscore"), (5, "kfold10")])
def test_there_are_none_without_repeats_or_in_other_analyses(n_repeats, splits):
    table, _ = score(n_repeats=n_repeats, n_boot=0, splits=splits)
    assert not table["definition"].isin([name for ceiling in CEILINGS for name in ceiling[:2]]).any()
