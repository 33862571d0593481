import numpy as np
import pandas as pd
import pytest

from brainconv import Recording, Representation, StimulusSet, score_predictivity
from brainconv.errors import InvalidInputError
from brainconv.predictivity import compare_models, compare_with_twins

N = 100
IDS = tuple(f"s{i:03d}" for i in range(N))
TRUTH = np.random.default_rng(0).normal(size=(N, 10))


def network(x, weights="default", seed=None, layers=("conv",), model="net"):
    rng = np.random.default_rng(1)
    recording = Recording(
        "rec",
        StimulusSet("set", IDS, np.zeros((N, 1, 1, 3), np.uint8)),
        TRUTH @ rng.normal(size=(10, 6)) + 2 * rng.normal(size=(N, 6)),
        pd.DataFrame({"area": ["V4"] * 6}, index=list("abcdef")),
    )
    found = [
        Representation.from_features(
            x, IDS, keep=False, model=model, weights=weights, seed=seed, layer=layer, layer_index=k
        )
        for k, layer in enumerate(layers)
    ]
    return score_predictivity(found, recording, n_boot=200, n_shuffles=0)


def twin(seed, quality=0.0, **kwargs):
    noise = np.random.default_rng(9 + seed).normal(size=(N, 10))
    return network(quality * TRUTH + noise, "random", seed, **kwargs)


def value(scores):
    return scores.table.query("statistic == 'mean over sites'")["value"].iloc[0]


def test_a_trained_network_against_its_twins():
    trained, twins = network(TRUTH), [twin(k) for k in range(5)]
    found = compare_with_twins(trained, twins).iloc[0]
    others = [value(one) for one in twins]
    assert found["difference"] == pytest.approx(value(trained) - np.mean(others))
    assert found["smallest"] == pytest.approx(value(trained) - max(others))
    assert (found["n_trained"], found["n_twins"], found["n_tests"]) == (1, 5, 1)
    assert 0 < found["ci_low"] < found["difference"] < found["ci_high"]
    assert found["p"] == found["q"] < 0.05
    null = compare_with_twins(network(np.random.default_rng(99).normal(size=(N, 10))), twins).iloc[0]
    assert null["ci_low"] < 0 < null["ci_high"]
    with pytest.raises(InvalidInputError, match="at least 5 seeds"):
        compare_with_twins(trained, twins[:4])
    with pytest.raises(InvalidInputError, match="takes at least one"):
        compare_with_twins([], twins)


def test_a_network_that_is_one_more_draw_of_its_twins_is_not_told_apart():
    """The twins differ from seed to seed by far more than stimuli and sites can tell."""
    rng = np.random.default_rng(0)
    hits = 0
    for run in range(30):
        twins = [twin(10 * run + k, quality) for k, quality in enumerate(rng.uniform(0, 1, 5))]
        trained = network(rng.uniform(0, 1) * TRUTH + rng.normal(size=(N, 10)))
        hits += compare_with_twins(trained, twins)["p"].iloc[0] < 0.05
    assert hits <= 6  # 99.9 % of binomial(30, 0.05)


def test_several_trained_networks_are_the_sample():
    twins = [twin(k, 0.2 * k) for k in range(5)]
    trained = [network(TRUTH + 0.5 * np.random.default_rng(50 + k).normal(size=(N, 10))) for k in range(4)]
    single, several = compare_with_twins(trained[0], twins).iloc[0], compare_with_twins(trained, twins).iloc[0]
    assert several["n_trained"] == 4
    expected = np.mean([value(one) for one in trained]) - np.mean([value(one) for one in twins])
    assert several["difference"] == pytest.approx(expected)
    assert several["ci_high"] - several["ci_low"] < single["ci_high"] - single["ci_low"]


def test_layers_that_not_all_have_are_left_out():
    twins = [twin(k, layers=("conv", "deep")) for k in range(5)]
    assert compare_with_twins(network(TRUTH), twins)["layer"].tolist() == ["conv"]
    with pytest.raises(InvalidInputError, match="not among those of all"):
        compare_with_twins(network(TRUTH, layers=("other",)), twins)


def test_a_pair_of_a_network_and_one_twin_of_its_has_no_p():
    found = compare_models({"net": network(TRUTH), "twin": twin(0), "pixels": network(TRUTH[:, :3], model="pixels")})
    pairs = found.set_index(["first", "second"])
    assert np.isnan(pairs.loc[("net", "twin"), ["p", "q"]].astype(float)).all()
    assert np.isfinite(pairs.loc[("net", "twin"), ["difference", "ci_low", "ci_high"]].astype(float)).all()
    assert np.isfinite(pairs.loc[[("net", "pixels"), ("twin", "pixels")], "q"]).all()
    assert (found["n_tests"] == 2).all()
