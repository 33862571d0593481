"""Small good arguments for every public function: what the tests of mistakes spoil, one at a time."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import brainconv as bc
from brainconv.physiology import GaborGate
from brainconv.predictivity import make_splits
from brainconv.similarity import Discriminants

N, SITES, REPEATS, UNITS = 24, 24, 4, 12


@pytest.fixture(scope="session")
def good() -> SimpleNamespace:
    """Containers and arrays of 24 stimuli, 24 sites and 4 repeats that belong together."""
    rng = np.random.default_rng(0)
    ids = tuple(f"i{k:02d}" for k in range(N))
    table = pd.DataFrame({"group": [f"g{k % 6}" for k in range(N)]}, index=list(ids))
    stimuli = bc.StimulusSet("set", ids, rng.integers(0, 256, (N, 16, 16, 3), dtype=np.uint8), table=table)
    x = rng.standard_normal((N, UNITS))
    signal = x @ rng.standard_normal((UNITS, SITES)) / 3
    responses = signal[:, None] + 0.5 * rng.standard_normal((N, REPEATS, SITES))
    sites = pd.DataFrame({"area": ["V4"] * 4 + ["IT"] * (SITES - 4)}, index=[f"n{k:02d}" for k in range(SITES)])
    recording = bc.Recording("rec", stimuli, responses, sites)
    named = {"model": "M", "degrees": 8.0}
    layer = bc.Representation.from_features(x, ids, layer="L0", layer_index=0, **named)
    other = bc.Representation.from_features(np.tanh(x) + 0.1, ids, layer="L1", layer_index=1, **named)
    layers = {"L0": layer, "L1": other}
    pairs = rng.random((3, N * (N - 1) // 2))
    rdms = bc.RDMs("rdms", pairs, ids, pd.DataFrame({"subject": list("abc"), "area": "IT"}), "correlation")
    scores = bc.score_predictivity(layers, recording, splits="kfold4", n_boot=20, n_shuffles=0, n_ceiling_splits=2)
    twins = [
        bc.score_predictivity(
            {
                name: bc.Representation.from_features(
                    rng.standard_normal((N, UNITS)),
                    ids,
                    layer=name,
                    layer_index=k,
                    weights="random",
                    seed=seed,
                    **named,
                )
                for k, name in enumerate(layers)
            },
            recording,
            splits="kfold4",
            n_boot=20,
            n_shuffles=0,
            n_ceiling_splits=2,
        )
        for seed in range(5)
    ]
    categories = pd.DataFrame({"face": np.arange(N) % 2 == 0, "hand": np.arange(N) % 3 == 0}, index=list(ids))
    filters = rng.standard_normal((2, 7, 7))
    splits = make_splits("kfold4", stimuli)
    return SimpleNamespace(
        ids=ids,
        table=table,
        stimuli=stimuli,
        x=x,
        responses=responses,
        sites=sites,
        recording=recording,
        layer=layer,
        other=other,
        layers=layers,
        pairs=pairs,
        rdms=rdms,
        scores=scores,
        twins=twins,
        categories=categories,
        filters=filters,
        splits=splits,
        means=responses.mean(axis=1),
        counts=rng.multinomial(N, np.full(N, 1 / N), size=5).astype(np.int32),
        train=list(splits.train),
        test=list(splits.test),
        discriminants=Discriminants(layer, categories),
        measures=None,
        fits=bc.fit_gabors(filters, n_starts=6),
        gate=GaborGate(0.5, 0.4, 0.6, 0.95, 7, 1, 100, 6, 0),
        maps=rng.standard_normal((N, 3, 4, 4)),
        tuning=rng.random((3, 8)),
        angles=np.arange(8) * 22.5,
        rng=np.random.default_rng(0),
    )
