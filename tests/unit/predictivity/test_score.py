import numpy as np
import pandas as pd
import pytest

from brainconv import Recording, Representation, StimulusSet, score_predictivity
from brainconv.errors import InvalidInputError, NotFoundError
from brainconv.predictivity import DEFINITIONS, Splits

N = 120
IDS = tuple(f"s{i:03d}" for i in range(N))


def make_recording(features, order=None, *, n_repeats=6, groups=None, noise=1.0, averaged=False):
    """Eight sites that read layer "two", four in V4 and four in IT."""
    rng = np.random.default_rng(7)
    signal = features["two"] @ rng.normal(size=(features["two"].shape[1], 8))
    signal /= signal.std(axis=0)
    trials = signal[:, None] + noise * rng.normal(size=(N, n_repeats, 8))
    order = np.arange(N) if order is None else order
    ids = tuple(IDS[i] for i in order)
    table = pd.DataFrame() if groups is None else pd.DataFrame({"group": np.asarray(groups)[order]}, index=ids)
    stimuli = StimulusSet("set", ids, np.zeros((N, 1, 1, 3), np.uint8), table=table)
    sites = pd.DataFrame({"area": ["V4"] * 4 + ["IT"] * 4}, index=[f"u{i}" for i in range(8)])
    trials = trials.mean(axis=1, keepdims=True) if averaged else trials
    return Recording("rec", stimuli, trials[order], sites, averaged=averaged, simulated=True)


@pytest.fixture(scope="module")
def features():
    rng = np.random.default_rng(0)
    return {"one": rng.normal(size=(N, 40)), "two": rng.normal(size=(N, 10)), "three": rng.normal(size=(N, 300))}


def layers_of(features, order=None):
    order = np.arange(N) if order is None else order
    ids = [IDS[i] for i in order]
    return {
        name: Representation.from_features(x[order], ids, keep=False, model="net", layer=name, layer_index=i)
        for i, (name, x) in enumerate(features.items())
    }


@pytest.fixture(scope="module")
def scores(features):
    return score_predictivity(layers_of(features), make_recording(features), n_boot=100)


def value(scores, *, area="V4", statistic="median over sites", definition="r", layer=None, column="value"):
    table = scores.table
    keep = (table["area"] == area) & (table["statistic"] == statistic) & (table["definition"] == definition)
    if layer is not None:
        keep &= table["layer"] == layer
    (found,) = table.loc[keep, column]
    return found


def test_the_generating_layer_is_found_in_every_way(scores):
    for area in ("V4", "IT"):
        profile = {layer: value(scores, area=area, layer=layer) for layer in ("one", "two", "three")}
        assert max(profile, key=profile.get) == "two"
        assert (
            value(scores, area=area, statistic="median over sites, best layer (plain maximum)", column="layer") == "two"
        )
        nested = "median over sites, layer chosen in training folds"
        assert value(scores, area=area, statistic=nested, column="layer") == "nested"
        assert value(scores, area=area, statistic=nested) == profile["two"]
    assert (scores.details["nested_layer"] == "two").all()


def test_the_perfect_layer_reaches_the_ceiling(scores):
    assert value(scores, layer="two", definition="r/sqrt(ceiling)") == pytest.approx(1.0, abs=0.06)
    low, high = (value(scores, layer="two", column=f"ceiling_{side}") for side in ("low", "high"))
    assert low == high == pytest.approx(np.sqrt(6 / 7), abs=0.03)
    ends = [value(scores, layer="two", column=f"ceiling_ci_{side}") for side in ("low", "high")]
    assert ends[0] < low < ends[1]


def test_the_table_is_what_details_say(scores):
    details = scores.details
    r = details["r"].mean("split").where(details["site_area"] == "IT").median("site")
    for layer in ("one", "two", "three"):
        assert value(scores, area="IT", layer=layer) == pytest.approx(float(r.sel(layer=layer)))
    np.testing.assert_allclose(details["site_r"], details["r"].mean("split"))
    reliability = float(details["reliability"].where(details["site_area"] == "V4").median())
    r = value(scores, layer="one")
    assert value(scores, layer="one", definition="r2/ceiling") == pytest.approx(r * abs(r) / reliability)
    (row,) = scores.table[(scores.table["analysis"] == "reliability") & (scores.table["area"] == "V4")].to_dict(
        "records"
    )
    assert row["value"] == pytest.approx(reliability)
    assert row["ci_low"] < reliability < row["ci_high"]


def test_every_stimulus_is_tested_once_and_never_trained_on(scores):
    train, test = scores.details["train"].values, scores.details["test"].values
    assert (test.sum(axis=0) == 1).all()
    assert not (train & test).any()


def test_intervals_hold_the_value_and_the_definitions_are_named(scores):
    rows = scores.table[
        (scores.table["statistic"] == "median over sites") & (scores.table["analysis"] == "predictivity")
    ]
    assert set(rows["definition"]) == {*DEFINITIONS, "FEVE"}
    assert (rows["ci_low"] < rows["ci_high"]).all()
    inside = (rows["ci_low"] <= rows["value"]) & (rows["value"] <= rows["ci_high"])
    assert inside.mean() > 0.9
    assert scores.table["simulated"].all()
    assert scores.table["p"].isna().all()


def test_shuffled_stimuli_are_about_zero(scores):
    statistic = "median over sites, stimuli shuffled"
    shuffled = [
        value(scores, area=a, statistic=statistic, layer=x) for a in ("V4", "IT") for x in ("one", "two", "three")
    ]
    assert np.abs(shuffled).max() < 0.2
    assert abs(np.mean(shuffled)) < 0.08


def test_the_order_of_files_plays_no_part(features, scores):
    rng = np.random.default_rng(5)
    other = score_predictivity(
        layers_of(features, rng.permutation(N)), make_recording(features, rng.permutation(N)), n_boot=100
    )
    for column in ("value", "ci_low", "ci_high", "ceiling_low"):
        np.testing.assert_allclose(
            other.table[column].to_numpy(float, na_value=np.nan),
            scores.table[column].to_numpy(float, na_value=np.nan),
            atol=1e-6,
        )


def test_an_area_scored_alone_gives_the_same(features, scores):
    alone = score_predictivity(layers_of(features), make_recording(features).select(area="IT"), n_boot=100)
    both = scores.table[scores.table["area"] == "IT"].reset_index(drop=True)
    for column in ("value", "ci_low", "ceiling_high"):
        np.testing.assert_allclose(
            alone.table[column].to_numpy(float, na_value=np.nan),
            both[column].to_numpy(float, na_value=np.nan),
            atol=1e-9,
        )


def test_an_averaged_recording_is_scored_without_a_ceiling_and_says_so(features):
    scores = score_predictivity(layers_of(features), make_recording(features, averaged=True), n_boot=20)
    assert set(scores.table["definition"]) == {"r", "r2"}
    assert scores.table["ceiling_low"].isna().all()
    assert scores.table["n_repeats"].isna().all()
    assert any("one averaged value per stimulus" in note for note in scores.notes)


def test_without_a_bootstrap_there_are_no_intervals_but_the_ceiling_stays(features):
    scores = score_predictivity(layers_of(features), make_recording(features), n_boot=0, n_shuffles=0)
    assert scores.table["ci_low"].isna().all()
    rows = scores.table[scores.table["definition"] == "r"]
    assert (rows["ceiling_low"] == rows["ceiling_high"]).all()
    assert not scores.table["statistic"].str.contains("shuffled").any()


def test_missing_constant_and_edge_cases_are_counted_in_notes(features):
    recording = make_recording(features)
    responses = recording.responses.copy()
    responses[:10, :, 1] = np.nan
    responses[:, :, 2] = 3.0
    holed = Recording("rec", recording.stimuli, responses, recording.sites)
    scores = score_predictivity(layers_of(features), holed, n_boot=10)
    text = " ".join(scores.notes)
    assert "1 of 8 sites (u1) lack some stimuli" in text
    assert "1 of 8 sites (u2) have no score" in text
    assert "largest penalty of the grid" in text
    assert value(scores, layer="two", column="n_sites") == 3
    assert value(scores, area="IT", layer="two", column="n_sites") == 4


def test_brainscore_splits_take_the_median_first(features):
    scores = score_predictivity(layers_of(features), make_recording(features), splits="brainscore", n_boot=10)
    statistic = "median over sites, mean over splits"
    r = scores.details["r"].sel(layer="two")
    expected = float(r.where(scores.details["site_area"] == "V4").median("site").mean())
    assert value(scores, layer="two", statistic=statistic) == pytest.approx(expected)


def test_group_splits_and_their_bootstrap(features):
    groups = [f"photo{i % 24:02d}" for i in range(N)]
    scores = score_predictivity(layers_of(features), make_recording(features, groups=groups), splits="group", n_boot=10)
    test = scores.details["test"].values
    member = np.array(groups)  # ids sort as they stand
    for row in test:
        assert not set(member[row]) & set(member[~row])
    assert any("24 groups" in note for note in scores.notes)
    plain = score_predictivity(layers_of(features), make_recording(features), splits="group", n_boot=10)
    assert set(plain.table["splits"].dropna()) == {"kfold10"}
    assert any("no groups" in note for note in plain.notes)


def test_given_splits(features):
    splits = Splits.from_ids("paper", [(IDS[:90], IDS[90:])], IDS)
    scores = score_predictivity(layers_of(features), make_recording(features), splits=splits, n_boot=10)
    assert set(scores.table["splits"].dropna()) == {"paper"}
    np.testing.assert_array_equal(scores.details["test"].values[0], np.arange(N) >= 90)


def test_a_subset_of_the_stimuli_of_the_layers(features):
    recording = make_recording(features).select(stimuli=IDS[20:])
    scores = score_predictivity(layers_of(features), recording, n_boot=0)
    assert set(scores.table["n_stimuli"]) == {100}


def test_layers_of_several_models_and_unknown_regressions_are_refused(features):
    layers = list(layers_of(features).values())
    twin = Representation.from_features(features["one"], IDS, keep=False, model="other", layer="x")
    recording = make_recording(features)
    with pytest.raises(InvalidInputError, match="of 2 models"):
        score_predictivity([*layers, twin], recording)
    with pytest.raises(InvalidInputError, match="name each"):
        score_predictivity([layers[0], layers[0]], recording)
    with pytest.raises(InvalidInputError, match="expected at least one layer"):
        score_predictivity([], recording)
    with pytest.raises(NotFoundError, match="regression 'lasso'"):
        score_predictivity(layers, recording, regression="lasso")
    with pytest.raises(InvalidInputError, match="missing"):
        score_predictivity(layers[0].select(IDS[:50]), recording)


def test_a_perfect_model_explains_what_can_be_explained():
    n, rng = 300, np.random.default_rng(0)
    truth = rng.normal(size=(n, 5))
    rate = np.maximum(8.0 + 2.0 * truth @ rng.normal(size=(5, 40)) / 5**0.5, 0.5)
    trials = rng.poisson(rate[:, None], size=(n, 6, 40)).astype(float)
    ids = tuple(f"s{i:03d}" for i in range(n))
    stimuli = StimulusSet("set", ids, np.zeros((n, 1, 1, 3), np.uint8))
    sites = pd.DataFrame({"area": ["V4"] * 40}, index=[f"u{k:02d}" for k in range(40)])
    layer = Representation.from_features(truth, ids, keep=False, layer="truth", layer_index=0)
    scores = score_predictivity(layer, Recording("rec", stimuli, trials, sites), n_boot=200, n_shuffles=0)
    table = scores.table[~scores.table["statistic"].str.contains(",").fillna(False)]
    each = table[table["statistic"] == "median over sites of each site's ratio"].set_index("definition")
    assert sorted(each.index) == ["CCnorm", "FEVE", "r2/ceiling (NSD)"]
    assert each["value"].to_numpy(dtype=float) == pytest.approx(1.0, abs=0.06)
    assert (each["ci_low"] < each["value"]).all()
    assert (each["n_sites"] == 40).all()
    rows = table[table["statistic"] == "median over sites"].set_index("definition")
    for definition in ("r/sqrt(ceiling)", "r2/ceiling", "CCnorm", "r2/ceiling (NSD)", "FEVE"):
        row = rows.loc[definition]
        assert row["value"] == pytest.approx(1.0, abs=0.04), definition
        assert row["ci_low"] < row["value"] < row["ci_high"], definition
        assert row["ceiling_low"] == row["ceiling_high"] == 1.0
    # one number from two estimates of the same reliability
    assert rows.loc["CCnorm", "value"] == pytest.approx(rows.loc["r/sqrt(ceiling)", "value"], abs=0.01)


@pytest.mark.parametrize("n_animals", [2, 5])
def test_each_animal_is_scored_and_many_are_drawn(n_animals):
    rng = np.random.default_rng(1)
    features = rng.normal(size=(N, 6))
    # animals differ: the later, the worse
    noise = np.repeat(0.3 + 1.2 * np.arange(n_animals), 20 // n_animals)
    responses = features @ rng.normal(size=(6, 20)) / 6**0.5 + noise * rng.normal(size=(N, 20))
    sites = pd.DataFrame(
        {"area": ["V4"] * 20, "animal": np.repeat([f"m{k}" for k in range(n_animals)], 20 // n_animals)},
        index=[f"u{k:02d}" for k in range(20)],
    )
    stimuli = StimulusSet("set", IDS, np.zeros((N, 1, 1, 3), np.uint8))
    layer = Representation.from_features(features, IDS, keep=False, layer="one", layer_index=0)
    found = score_predictivity(layer, Recording("rec", stimuli, responses, sites), n_boot=200, n_shuffles=0)
    own = found.table[found.table["statistic"].str.contains("of animal").fillna(False)]
    assert own["statistic"].tolist() == [f"median over sites of animal m{k}" for k in range(n_animals)]
    assert own["n_sites"].tolist() == [20 // n_animals] * n_animals
    assert own["value"].iloc[0] > own["value"].iloc[1:].max() + 0.3
    assert int(found.details["n_drawn_sites"].sel(area="V4")) == (20 if n_animals == 2 else 5)
    plain = score_predictivity(
        layer, Recording("rec", stimuli, responses, sites.drop(columns="animal")), n_boot=200, n_shuffles=0
    )
    widths = [
        float(row["ci_high"] - row["ci_low"])
        for one in (found, plain)
        for row in [one.table[one.table["statistic"] == "mean over sites"].iloc[0]]
    ]
    if n_animals == 2:
        assert widths[0] == widths[1]
        assert any("too few to be drawn" in note for note in found.notes)
    else:
        assert widths[0] > 1.2 * widths[1]


def test_every_sites_reliability_has_an_interval(scores):
    details = scores.details
    assert (details["reliability_low"] < details["reliability"]).all()
    assert (details["reliability"] < details["reliability_high"]).all()


@pytest.mark.parametrize("regression", ["ridge", "pls3"])
def test_the_layer_that_generalises_over_objects_is_chosen(regression):
    """One layer knows what objects share, the other which object it is: only the first predicts a new object."""
    rng = np.random.default_rng(0)
    n_objects, n_views = 32, 8
    member = np.repeat(np.arange(n_objects), n_views)
    shared = rng.normal(size=(n_objects, 4))[member] + 0.3 * rng.normal(size=(len(member), 4))
    names = np.eye(n_objects)[member] + 0.01 * rng.normal(size=(len(member), n_objects))
    responses = shared @ rng.normal(size=(4, 20)) / 2 + rng.normal(size=(n_objects, 20))[member]
    responses += 0.5 * rng.normal(size=responses.shape)
    ids = tuple(f"s{i:03d}" for i in range(len(member)))
    table = pd.DataFrame({"group": [f"object{k}" for k in member]}, index=ids)
    stimuli = StimulusSet("set", ids, np.zeros((len(ids), 1, 1, 3), np.uint8), table=table)
    sites = pd.DataFrame({"area": ["IT"] * 20}, index=[f"u{k:02d}" for k in range(20)])
    layers = [
        Representation.from_features(x, ids, keep=False, layer=name, layer_index=k)
        for k, (name, x) in enumerate({"which object": names, "what it is like": shared}.items())
    ]
    recording = Recording("rec", stimuli, responses, sites)
    kwargs = {"splits": "group", "regression": regression, "n_boot": 0, "n_shuffles": 0}
    details = score_predictivity(layers, recording, **kwargs).details
    assert (details["nested_layer"] == "what it is like").all()
    r, nested = (details[name].mean(["split", "site"]) for name in ("r", "nested_r"))
    np.testing.assert_allclose(nested, r, atol=0.12)  # inside training as outside
    assert float(r.sel(layer="which object")) < 0.1 < 0.3 < float(r.sel(layer="what it is like"))


def test_an_early_group_of_sites_does_not_decide_the_form_for_later_ones():
    """Sites that lack stimuli are fitted apart: with few units the features pay for some and the Gram for others."""
    rng = np.random.default_rng(0)
    n, ids = 80, tuple(f"s{i:02d}" for i in range(80))
    features = rng.normal(size=(n, 45))
    responses = features @ rng.normal(size=(45, 6)) + rng.normal(size=(n, 6))
    responses[40:, :3] = np.nan  # 36 training stimuli: the Gram; the others have 72: the features
    stimuli = StimulusSet("set", ids, np.zeros((n, 1, 1, 3), np.uint8))
    sites = pd.DataFrame({"area": ["V4"] * 6}, index=list("abcdef"))
    kept, dropped = (
        score_predictivity(
            Representation.from_features(features, ids, keep=keep, layer="one"),
            Recording("rec", stimuli, responses, sites),
            n_boot=0,
            n_shuffles=0,
        ).details["r"]
        for keep in (True, False)
    )
    np.testing.assert_allclose(kept, dropped, atol=1e-8)
