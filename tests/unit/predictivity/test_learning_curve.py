import numpy as np
import pandas as pd
import pytest

from brainconv import Recording, Representation, StimulusSet, score_predictivity
from brainconv.errors import InvalidInputError
from brainconv.predictivity import score_learning_curve

N = 120
IDS = tuple(f"s{i:03d}" for i in range(N))


def problem(p=80):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(N, p))
    y = x @ rng.normal(size=(p, 8)) / np.sqrt(p) + 0.3 * rng.normal(size=(N, 8))
    stimuli = StimulusSet("set", IDS, np.zeros((N, 1, 1, 3), np.uint8))
    recording = Recording("rec", stimuli, y, pd.DataFrame({"area": ["V4"] * 8}, index=list("abcdefgh")))
    return Representation.from_features(x, IDS, keep=False, layer="conv"), recording


def test_more_stimuli_train_better_and_all_of_them_give_the_score_itself():
    layer, recording = problem()
    curve = score_learning_curve(layer, recording, splits="kfold5").table
    assert curve["n_stimuli"].tolist() == [10, 19, 38, 67, 96]
    values = curve["value"].to_numpy(dtype=float)
    assert (np.diff(values) > 0).all()
    assert values[0] < 0.5 < values[-1]
    whole = score_predictivity(layer, recording, splits="kfold5", n_boot=0, n_shuffles=0).table["value"].iloc[0]
    assert values[-1] == pytest.approx(whole, abs=1e-12)
    assert curve["statistic"].iloc[0] == "median over sites, 10 training stimuli"


def test_the_order_of_files_plays_no_part():
    layer, recording = problem()
    turned = recording.select(stimuli=IDS[::-1])
    a, b = (score_learning_curve(layer, one, fractions=[0.3], splits="kfold5").table for one in (recording, turned))
    assert a["value"].tolist() == pytest.approx(b["value"].tolist(), abs=1e-12)


def test_refusals():
    layer, recording = problem()
    with pytest.raises(InvalidInputError, match="above 0"):
        score_learning_curve(layer, recording, fractions=[0.0, 1.0])
    with pytest.raises(InvalidInputError, match="at least 3"):
        score_learning_curve(layer, recording, fractions=[0.01])
