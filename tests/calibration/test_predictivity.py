"""Predictivity where the truth is known: nothing to find, and a layer to find."""

import numpy as np
import pandas as pd
import pytest

from brainconv import Recording, Representation, StimulusSet, score_predictivity
from brainconv.predictivity import Splits, cross_validate


def stimuli(n):
    return StimulusSet("set", tuple(f"s{i:04d}" for i in range(n)), np.zeros((n, 1, 1, 3), np.uint8))


def folds(n, k=10):
    number = np.random.default_rng(0).permutation(np.arange(n) % k)
    train, test = (tuple(np.flatnonzero((number == i) == tested) for i in range(k)) for tested in (False, True))
    return Splits("kfold10", stimuli(n).ids, train, test)


@pytest.mark.parametrize(("n", "p"), [(92, 500), (92, 10), (200, 1000)])
def test_a_null_model_scores_zero_on_average(n, p):
    rng = np.random.default_rng(n + p)
    scores = []
    for _ in range(4):
        features = np.maximum(rng.normal(size=(n, p)), 0)
        found = cross_validate(features @ features.T, rng.normal(size=(n, 200)), folds(n))
        scores.append(found.r.mean())
    # r averaged over folds: 800 sites, standard error about 1 / sqrt(800 n); pooling over folds would give about -0.1.
    assert abs(np.mean(scores)) < 4 / np.sqrt(800 * n)


def test_pooling_over_folds_would_put_the_null_below_zero():
    rng = np.random.default_rng(1)
    n = 92
    features = rng.normal(size=(n, 500))
    responses = rng.normal(size=(n, 300))
    splits = folds(n)
    found = cross_validate(features @ features.T, responses, splits)
    pooled = np.empty_like(responses)
    for held, predictions in zip(splits.test, found.predictions, strict=True):
        pooled[held] = predictions
    r = [np.corrcoef(a, b)[0, 1] for a, b in zip(pooled.T, responses.T, strict=True)]
    assert np.mean(r) < -0.05
    assert abs(found.r.mean()) < 0.02


def network(n, rng):
    """Three layers of a random network: each a rectified linear map of the one below."""
    layer = rng.normal(size=(n, 60))
    found = {}
    for index, width in enumerate((120, 120, 120)):
        layer = np.maximum(layer @ rng.normal(size=(layer.shape[1], width)) / np.sqrt(layer.shape[1]), 0)
        layer = (layer - layer.mean(axis=0)) / layer.std(axis=0)
        found[f"layer{index + 1}"] = layer
    return found


def test_the_generating_layer_is_recovered_for_every_area():
    n, rng = 400, np.random.default_rng(3)
    layers = network(n, rng)
    parts = []
    for layer in layers.values():
        drive = layer[:, rng.integers(0, 120, size=(6, 20))].sum(axis=1)
        rate = 3 * np.exp(0.25 * drive / drive.std(axis=0))
        parts.append(rng.poisson(rate[:, None, :], size=(n, 8, 20)))
    areas = ["V1"] * 20 + ["V4"] * 20 + ["IT"] * 20
    sites = pd.DataFrame({"area": areas}, index=[f"u{i:02d}" for i in range(60)])
    recording = Recording("simulated", stimuli(n), np.concatenate(parts, axis=2), sites, simulated=True)
    representations = {
        name: Representation.from_features(x, recording.stimuli.ids, keep=False, model="net", layer=name, layer_index=i)
        for i, (name, x) in enumerate(layers.items())
    }
    scores = score_predictivity(representations, recording, n_boot=0, n_shuffles=2)
    chosen = scores.details["nested_layer"]
    for area, layer in (("V1", "layer1"), ("V4", "layer2"), ("IT", "layer3")):
        best = scores.table[(scores.table["area"] == area) & scores.table["statistic"].str.contains("plain maximum")]
        assert set(best["layer"]) == {layer}
        assert (chosen.sel(area=area) == layer).all()
    shuffled = scores.table[scores.table["statistic"].str.contains("shuffled")]["value"]
    assert shuffled.abs().max() < 0.06


def test_the_best_of_many_null_layers_is_inflated_and_the_nested_choice_is_not():
    rng = np.random.default_rng(4)
    n, n_layers = 100, 8
    best, nested = [], []
    for _ in range(6):
        features = {f"l{i}": rng.normal(size=(n, 30)) for i in range(n_layers)}
        # One site each: the choice is then made per site, where the inflation is worst.
        responses = rng.normal(size=(n, 12))
        results = [cross_validate(x @ x.T, responses, folds(n)) for x in features.values()]
        r = np.stack([result.r for result in results])
        inside = np.stack([result.nested_r for result in results]).argmax(axis=0)
        best.append(r.mean(axis=1).max(axis=0))
        nested.append(np.take_along_axis(r, inside[None], axis=0)[0].mean(axis=0))
    assert np.mean(best) > 0.09
    assert abs(np.mean(nested)) < 0.05
