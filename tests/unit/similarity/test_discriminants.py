from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import squareform
from sklearn.linear_model import RidgeClassifier

from brainconv.containers import Representation
from brainconv.errors import InvalidInputError
from brainconv.similarity.discriminants import Discriminants, compute_category_rdms, fit_discriminant

N = 30
IDS = tuple(f"s{i:02d}" for i in range(N))
ANIMATE = np.arange(N) % 3 == 0


@pytest.fixture
def layer():
    features = np.random.default_rng(0).normal(size=(N, 12))
    features[:, 0] += 4.0 * ANIMATE
    return Representation.from_features(features, IDS)


@pytest.fixture
def labels():
    return pd.DataFrame({"animate": ANIMATE, "odd": np.arange(N) % 2 == 1}, index=IDS)


def test_discriminant_tells_new_stimuli_apart(layer, labels):
    decision = fit_discriminant(layer, labels["animate"].iloc[:20])
    assert ((decision[20:] > 0) == ANIMATE[20:]).mean() >= 0.9
    assert ((decision[:20] > 0) == ANIMATE[:20]).mean() >= 0.9


def test_no_stimulus_judges_itself(layer, labels):
    """Labels at random: decisions of the training stimuli are at chance, for each is left out of its own."""
    shuffled = labels["odd"].iloc[:20]
    right = []
    for seed in range(20):
        features = np.random.default_rng(seed).normal(size=(N, 100))
        decision = fit_discriminant(Representation.from_features(features, IDS), shuffled)
        right.append(((decision[:20] > 0) == shuffled).mean())
    assert np.mean(right) < 0.65


def test_direction_is_that_of_ridge_regression(layer, labels):
    """Both codes of the labels differ by scale only where the sides are equal."""
    train = labels["odd"].iloc[:20]
    decision = fit_discriminant(layer, train)[20:]
    fits = [
        RidgeClassifier(alpha=alpha).fit(layer.features[:20], train).decision_function(layer.features[20:])
        for alpha in np.linalg.eigvalsh(np.cov(layer.features[:20].T, ddof=0) * 20).sum()
        / 20
        * 10 ** np.arange(-3, 4.5, 0.5)
    ]
    assert min(np.abs(decision - fit).max() for fit in fits) < 1e-8


def test_rdms_of_a_split_use_training_stimuli_only(layer, labels):
    discriminants = Discriminants(layer, labels)
    training = np.arange(20)
    rows = discriminants.rdms_of_split(IDS, training)
    assert rows.shape == (2, N * (N - 1) // 2)
    changed = labels.copy()
    changed.loc[list(IDS[20:]), "animate"] = ~changed.loc[list(IDS[20:]), "animate"]
    np.testing.assert_array_equal(Discriminants(layer, changed).rdms_of_split(IDS, training), rows)
    square = squareform(rows[0])[20:, 20:]
    same = ANIMATE[20:, None] == ANIMATE[None, 20:]
    assert square[same].mean() < square[~same].mean()


def test_independent_stimuli_are_used_where_given(layer, labels):
    known = labels.iloc[20:]
    discriminants = Discriminants(layer, known, training_ids=IDS[20:])
    rows = discriminants.rdms_of_split(IDS[:20], np.arange(5))
    np.testing.assert_array_equal(rows, discriminants.rdms_of_split(IDS[:20], np.arange(15)))


def test_category_rdms(labels):
    rdms = compute_category_rdms(labels)
    assert list(rdms.labels["label"]) == ["animate", "odd"]
    square = squareform(rdms.dissimilarities[0])
    np.testing.assert_array_equal(square, (ANIMATE[:, None] != ANIMATE[None]).astype(float))


def test_refusals(layer, labels):
    with pytest.raises(InvalidInputError, match="2 stimuli on one side and 4 on the other"):
        fit_discriminant(layer, labels["animate"].iloc[:6])
    with pytest.raises(InvalidInputError, match="labelled stimuli, such as 'x', are not in array:features"):
        Discriminants(layer, pd.DataFrame({"a": [True]}, index=["x"]))
    with pytest.raises(InvalidInputError, match="1 category labels are missing"):
        compute_category_rdms(pd.DataFrame({"a": ["x", None]}, index=IDS[:2]))
