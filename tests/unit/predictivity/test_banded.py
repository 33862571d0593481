import sys

import numpy as np
import pandas as pd
import pytest

from brainconv import Recording, Representation, StimulusSet
from brainconv.errors import InvalidInputError, MissingDependencyError
from brainconv.predictivity import fit_banded, score_banded

N = 90
IDS = tuple(f"s{i:03d}" for i in range(N))


def layers(rng):
    shared, own, other = (rng.normal(size=(N, 6)) for _ in range(3))
    return {"a": np.hstack([shared, own]), "b": np.hstack([shared, other]), "c": rng.normal(size=(N, 6))}, shared, own


def test_the_prediction_is_that_of_ridge_on_scaled_features():
    rng = np.random.default_rng(0)
    features, shared, own = layers(rng)
    y = (shared + own) @ rng.normal(size=(6, 4)) + rng.normal(size=(N, 4))
    train, test = np.arange(70), np.arange(70, N)
    fit = fit_banded(np.stack([x @ x.T for x in features.values()]), y, train, test, n_iter=10)
    for site in range(4):
        columns = []
        for weight, x in zip(fit.weights[:, site], features.values(), strict=True):
            centred = x - x[train].mean(axis=0)
            columns.append(centred * np.sqrt(weight / ((centred[train] ** 2).sum() / len(train))))
        z = np.hstack(columns)
        target = y[train, site] - y[train, site].mean()
        b = np.linalg.solve(z[train].T @ z[train] + np.eye(z.shape[1]), z[train].T @ target)
        np.testing.assert_allclose(fit.predictions[:, site], z[test] @ b + y[train, site].mean(), atol=1e-6)


def recording(y, **changes):
    sites = pd.DataFrame({"area": ["V4", "V4", "IT", "IT"]}, index=list("abcd"))
    return Recording("rec", StimulusSet("set", IDS, np.zeros((N, 1, 1, 3), np.uint8)), y, sites, **changes)


def test_what_is_unique_and_what_is_shared():
    rng = np.random.default_rng(1)
    features, shared, own = layers(rng)
    y = np.concatenate([own @ rng.normal(size=(6, 2)), shared @ rng.normal(size=(6, 2))], axis=1)
    y += 0.5 * rng.normal(size=y.shape)
    representations = {
        name: Representation.from_features(x, IDS, keep=False, layer=name, layer_index=k, model="net")
        for k, (name, x) in enumerate(features.items())
    }
    scores = score_banded(representations, recording(y), splits="kfold5", n_iter=10)
    value = scores.table.set_index(["area", "layer"])["value"]
    assert value["V4", "all"] > 0.85
    assert value["IT", "all"] > 0.85
    assert value["V4", "a"] > 0.5  # no other layer knows `own`
    assert abs(value["IT", "a"]) < 0.1  # b knows `shared` too
    assert abs(value["V4", "c"]) < 0.1
    assert scores.details["unique"].dims == ("layer", "site")
    again = score_banded(representations, recording(y), splits="kfold5", n_iter=10)
    assert again.table["value"].tolist() == scores.table["value"].tolist()


def test_sites_that_lack_stimuli_are_counted_and_other_refusals(monkeypatch):
    rng = np.random.default_rng(2)
    features, *_ = layers(rng)
    y = rng.normal(size=(N, 4))
    y[0, 1] = np.nan
    representations = {
        name: Representation.from_features(x, IDS, keep=False, layer=name) for name, x in features.items()
    }
    two = {name: representations[name] for name in ("a", "c")}
    scores = score_banded(two, recording(y), splits="kfold3", n_iter=2)
    assert scores.notes == ("1 of 4 sites lack stimuli and were left out of banded ridge.",)
    assert scores.details.sizes["site"] == 3
    with pytest.raises(InvalidInputError, match="takes 2 to 8"):
        score_banded({"a": representations["a"]}, recording(y))
    y[1] = np.nan
    with pytest.raises(InvalidInputError, match="has every stimulus"):
        score_banded(two, recording(y))
    monkeypatch.setitem(sys.modules, "himalaya.backend", None)
    with pytest.raises(MissingDependencyError, match="needs himalaya"):
        fit_banded(np.stack([np.eye(N)] * 2), rng.normal(size=(N, 2)), np.arange(60), np.arange(60, N))
