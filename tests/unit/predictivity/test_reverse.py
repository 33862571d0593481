import numpy as np
import pandas as pd
import pytest

from brainconv import Recording, Representation, StimulusSet, score_predictivity
from brainconv.errors import InvalidInputError
from brainconv.predictivity import score_reverse_predictivity

N = 100
IDS = tuple(f"s{i:03d}" for i in range(N))


def recording(y, area="IT"):
    stimuli = StimulusSet("set", IDS, np.zeros((N, 1, 1, 3), np.uint8))
    return Recording("rec", stimuli, y, pd.DataFrame({"area": area}, index=[f"n{i:02d}" for i in range(y.shape[1])]))


def layer(x, **labels):
    return Representation.from_features(x, IDS, layer="fc", model="net", **labels)


def test_a_layer_with_more_than_the_sites_know_is_predicted_worse_than_it_predicts():
    rng = np.random.default_rng(0)
    units = rng.normal(size=(N, 20))
    y = units[:, :5] @ rng.normal(size=(5, 10)) + 0.2 * rng.normal(size=(N, 10))
    forward = score_predictivity(layer(units), recording(y), n_boot=0, n_shuffles=0).table["value"].iloc[0]
    reverse = score_reverse_predictivity(layer(units), recording(y)).table.iloc[0]
    assert forward > 0.9
    assert reverse["value"] < 0.3  # 15 of 20 units are unknown to the sites
    only = score_reverse_predictivity(layer(units[:, :5]), recording(y)).table.iloc[0]
    assert only["value"] > 0.9
    assert (reverse["n_units"], reverse["n_sites"]) == (20, 10)
    assert reverse["analysis"] == "reverse predictivity"


def test_it_is_the_forward_score_with_the_sides_exchanged():
    rng = np.random.default_rng(1)
    units, y = rng.normal(size=(N, 8)), rng.normal(size=(N, 6))
    y += units[:, :6]
    exchanged = score_predictivity(layer(y), recording(units), n_boot=0, n_shuffles=0).table["value"].iloc[0]
    reverse = score_reverse_predictivity(layer(units), recording(y)).table["value"].iloc[0]
    assert reverse == pytest.approx(exchanged, abs=1e-9)


def test_constant_units_samples_and_gaps_are_noted():
    rng = np.random.default_rng(2)
    units = np.hstack([rng.normal(size=(N, 30)), np.ones((N, 2))])
    y = rng.normal(size=(N, 6))
    y[5, 0] = np.nan
    scores = score_reverse_predictivity(layer(units), recording(y), max_units=10)
    assert scores.table["n_units"].iloc[0] == 10
    assert scores.notes == (
        "2 of 32 units are constant and were left out.",
        "10 of 30 units were drawn at random.",
        "1 of 6 sites lack stimuli and predict nothing.",
    )
    with pytest.raises(InvalidInputError, match="constant"):
        score_reverse_predictivity(layer(np.ones((N, 3))), recording(y))
    with pytest.raises(InvalidInputError, match="holds no features"):
        score_reverse_predictivity(layer(units, keep=False), recording(y))
