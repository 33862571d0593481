"""What must not change a prediction, for any problem."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from brainconv.predictivity import PENALTY_GRID, predict_ridge


@st.composite
def problems(draw):
    n, p, t = draw(st.integers(20, 40)), draw(st.integers(1, 60)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    features = rng.normal(size=(n, p)) * 10.0 ** rng.uniform(-1, 1, p)
    responses = features[:, :1] * rng.normal(size=t) + rng.normal(size=(n, t))
    folds = rng.permutation(np.arange(n) % 4)
    train = [np.flatnonzero(folds != k) for k in range(4)]
    return rng, features, responses, train, [np.flatnonzero(folds == k) for k in range(4)]


def predictions(features, responses, train, test, grid=PENALTY_GRID[5:6]):
    return np.concatenate(
        [x.predictions for x in predict_ridge(features @ features.T, responses, train, test, grid=grid)]
    )


@settings(max_examples=25, deadline=None)
@given(problems())
def test_rotation_shift_and_scale_of_the_features_change_nothing(problem):
    rng, features, responses, train, test = problem
    rotation, _ = np.linalg.qr(rng.normal(size=(features.shape[1],) * 2))
    moved = 7.0 * (features @ rotation) + rng.normal(size=features.shape[1])
    before = predictions(features, responses, train, test)
    np.testing.assert_allclose(predictions(moved, responses, train, test), before, atol=1e-7 * responses.std())


@settings(max_examples=25, deadline=None)
@given(problems())
def test_predictions_are_linear_in_the_responses(problem):
    _, features, responses, train, test = problem
    before = predictions(features, responses, train, test)
    np.testing.assert_allclose(predictions(features, 3.0 * responses + 2.0, train, test), 3.0 * before + 2.0, atol=1e-8)


@settings(max_examples=25, deadline=None)
@given(problems())
def test_a_site_is_predicted_alone_as_among_others(problem):
    _, features, responses, train, test = problem
    together = predictions(features, responses, train, test, grid=PENALTY_GRID)
    alone = predictions(features, responses[:, :1], train, test, grid=PENALTY_GRID)
    np.testing.assert_allclose(together[:, :1], alone, atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(problems())
def test_a_huge_penalty_predicts_the_training_mean(problem):
    _, features, responses, train, test = problem
    found = predictions(features, responses, train, test, grid=np.array([1e12]))
    means = np.concatenate([np.tile(responses[a].mean(axis=0), (len(b), 1)) for a, b in zip(train, test, strict=True)])
    np.testing.assert_allclose(found, means, atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(problems())
def test_test_responses_play_no_part_in_their_own_prediction(problem):
    rng, features, responses, train, test = problem
    before = predict_ridge(features @ features.T, responses, train, test)
    for k, held in enumerate(test):
        changed = responses.copy()
        changed[held] += 100.0 * rng.normal(size=changed[held].shape)
        after = predict_ridge(features @ features.T, changed, train, test)[k]
        np.testing.assert_allclose(after.predictions, before[k].predictions, atol=1e-6)
        np.testing.assert_array_equal(after.choice, before[k].choice)
