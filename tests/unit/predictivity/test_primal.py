import numpy as np
import pandas as pd
import pytest

from brainconv import Recording, Representation, StimulusSet, score_predictivity
from brainconv.predictivity import predict_ridge, predict_ridge_primal
from brainconv.predictivity.primal import primal_pays

N = 80


def problem(p, dtype=float, seed=0):
    rng = np.random.default_rng(seed)
    x = (np.maximum(rng.normal(size=(N, p)), 0) + 5).astype(dtype)
    y = x[:, :4] @ rng.normal(size=(4, 6)) + rng.normal(size=(N, 6))
    fold = rng.permutation(np.arange(N) % 5)
    return x, y, [np.flatnonzero(fold != k) for k in range(5)], [np.flatnonzero(fold == k) for k in range(5)]


@pytest.mark.parametrize("p", [5, 30, 60, 63])
def test_it_equals_the_dual_form(p):
    x, y, train, test = problem(p)
    for dual, primal in zip(
        predict_ridge(x @ x.T, y, train, test), predict_ridge_primal(x, y, train, test), strict=True
    ):
        np.testing.assert_allclose(primal.settings, dual.settings, rtol=1e-8)
        np.testing.assert_array_equal(primal.choice, dual.choice)
        np.testing.assert_allclose(primal.predictions, dual.predictions, atol=1e-7)
        np.testing.assert_allclose(primal.nested_r, dual.nested_r, atol=1e-7)


def test_units_that_say_nothing_or_say_it_twice():
    x, y, train, test = problem(10)
    x = np.concatenate([x, x[:, :3], np.full((N, 2), 7.0)], axis=1)
    for dual, primal in zip(
        predict_ridge(x @ x.T, y, train, test), predict_ridge_primal(x, y, train, test), strict=True
    ):
        np.testing.assert_allclose(primal.predictions, dual.predictions, atol=1e-7)
    constant = predict_ridge_primal(np.ones((N, 3)), y, train, test)[0]
    np.testing.assert_allclose(constant.predictions, np.tile(y[train[0]].mean(axis=0), (len(test[0]), 1)))


def test_splits_that_leave_stimuli_out():
    x, y, train, test = problem(10)
    train = [fit[::2] for fit in train]
    for dual, primal in zip(
        predict_ridge(x @ x.T, y, train, test), predict_ridge_primal(x, y, train, test), strict=True
    ):
        np.testing.assert_allclose(primal.predictions, dual.predictions, atol=1e-7)


def test_it_is_taken_where_it_pays_and_changes_no_score(monkeypatch):
    x, y, train, _ = problem(20, np.float32)
    assert primal_pays(20, train)
    assert not primal_pays(64, train)
    y[3, 2] = np.nan
    ids = tuple(f"s{i:02d}" for i in range(N))
    recording = Recording(
        "rec",
        StimulusSet("set", ids, np.zeros((N, 1, 1, 3), np.uint8)),
        y,
        pd.DataFrame({"area": ["V4"] * 6}, index=list("abcdef")),
    )
    kept, dropped = (Representation.from_features(x, ids, keep=keep) for keep in (True, False))
    called = []
    monkeypatch.setattr(
        "brainconv.predictivity.crossvalidation.predict_ridge_primal",
        lambda *args, **settings: called.append(1) or predict_ridge_primal(*args, **settings),
    )
    a, b = (score_predictivity(one, recording, n_boot=0) for one in (kept, dropped))
    assert len(called) == 2  # once for each pattern of missing stimuli
    np.testing.assert_allclose(a.table["value"].astype(float), b.table["value"].astype(float), atol=1e-6)
