"""Error rates of tests at the best layer: networks with unequal numbers of layers, the ceiling, and untrained twins.

Sizes: 92 or 40 stimuli, 200 bootstrap samples, Pearson.  All layers are equally good.  Noise of stimuli: squared
distances of four hidden dimensions that all share and of four private ones (part of them shared within a network where
its layers are correlated); noise of pairs: correlation distances of one base under noise.  A layer that pools as many
further subjects as there are others is as good as the lower ceiling.  A trained network that is one more draw from the
distribution of its five twins differs from them by its seed alone: seeds differ in how much is private.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist

from brainconv.containers import RDMs
from brainconv.similarity.ceiling import POOLED_AS
from brainconv.similarity.contrasts import add_seeds, resample_similarities

N_BOOT, SMALL = 200, 40
SEED = 20261215
N_TWINS = 5


@dataclass(frozen=True)
class Cell:
    """Two networks with these numbers of layers, and what they are compared with."""

    name: str
    layers: tuple[int, int]
    n: int = 92
    n_subjects: int = 1
    noise: str = "stimuli"
    correlation: float = 0.0

    @property
    def generalise(self):
        return "stimuli" if self.n_subjects == 1 else "both"


CELLS = [
    Cell("8 layers against 1, one animal", (8, 1)),
    Cell("12 layers against 1, one animal", (12, 1)),
    Cell("12 correlated layers against 1, one animal", (12, 1), correlation=0.7),
    Cell("8 layers against 1, noise of pairs, one animal", (8, 1), noise="pairs"),
    Cell("12 layers against 3, 4 subjects", (12, 3), n_subjects=4),
    Cell("8 layers against 1, 3 subjects", (8, 1), n=40, n_subjects=3),
]


def draw_layers(rng, cell, common):
    for count in cell.layers:
        shared = rng.normal(size=common.shape)
        for _ in range(count):
            own = rng.normal(size=common.shape)
            own = cell.correlation**0.5 * shared + (1 - cell.correlation) ** 0.5 * own
            yield _measure(cell, common, 1.5 * own if cell.noise == "pairs" else own)


def draw_subjects(rng, cell, common, count):
    return np.stack([_measure(cell, common, rng.normal(size=common.shape)) for _ in range(count)])


def _measure(cell, common, own):
    return (
        pdist(common + own, "correlation") if cell.noise == "pairs" else pdist(np.hstack([common, own]), "sqeuclidean")
    )


def resample(run, rows, subjects, generalise):
    n = int(np.sqrt(2 * rows.shape[1])) + 1
    ids = tuple(f"s{i:02d}" for i in range(n))
    labels = pd.DataFrame({"model": "m", "layer": [str(k) for k in range(len(rows))]})
    models = RDMs("models", rows, ids, labels, "any")
    people = RDMs("people", subjects, ids, pd.DataFrame({"subject": [str(k) for k in range(len(subjects))]}), "any")
    settings = {"comparator": "pearson", "generalise": generalise, "n_boot": N_BOOT, "random_state": run}
    return resample_similarities(models, people, **settings).areas[0]


def compare_networks(run, cell):
    rng = np.random.default_rng([run, CELLS.index(cell), SEED])
    common = rng.normal(size=(cell.n, 12 if cell.noise == "pairs" else 4))
    rows = np.stack(list(draw_layers(rng, cell, common)))
    area = resample(run, rows, draw_subjects(rng, cell, common, cell.n_subjects), cell.generalise)
    first, second = range(cell.layers[0]), range(cell.layers[0], sum(cell.layers))
    found = compare_both_ways(area, first, second)
    return {name: one.p <= 0.05 for name, one in found.items()}


def compare_both_ways(area, first, second):
    """By layers chosen on other stimuli, as brainconv does, and by those that are best on these."""
    means = area.values.mean(axis=1)
    best = [max(part, key=lambda row: means[row]) for part in (first, second)]
    return {
        "chosen on other stimuli": area.compare_best([(first, 1.0), (second, -1.0)]),
        "plain maximum": area.estimate([(best[0], 1.0), (best[1], -1.0)]),
    }


@pytest.fixture(scope="module", params=CELLS, ids=lambda cell: cell.name)
def networks(request, study):
    n_runs, hits = study.n_runs(SMALL), Counter()
    for run in range(n_runs):
        hits.update({name: int(found) for name, found in compare_networks(run, request.param).items()})
    for name, count in hits.items():
        study.record(f"{request.param.name}: {name}", request.param.n, count, n_runs, 0.05)
    return hits, n_runs


def test_networks_of_equally_good_layers_are_rarely_told_apart(networks, most):
    hits, n_runs = networks
    assert hits["chosen on other stimuli"] <= most(n_runs, 0.05)


@pytest.fixture(scope="module")
def one_good_layer(study):
    """Seven of eight layers are worse, the last is as good as the other network's only one."""
    n_runs, hits, cell = study.n_runs(SMALL), Counter(), Cell("", (0, 0))
    for run in range(n_runs):
        rng = np.random.default_rng([run, 8, SEED])
        common = rng.normal(size=(cell.n, 4))
        scales = [1.2] * 7 + [1.0] * 2
        rows = np.stack([_measure(cell, common, scale * rng.normal(size=common.shape)) for scale in scales])
        area = resample(run, rows, draw_subjects(rng, cell, common, 1), "stimuli")
        for name, one in compare_both_ways(area, range(8), [8]).items():
            hits[name, "better"] += (one.value > 0) & (one.p <= 0.05)
            hits[name, "worse"] += (one.value < 0) & (one.p <= 0.05)
    for (name, side), count in hits.items():
        study.record(f"8 layers, one as good as the other's: called {side}, {name}", cell.n, count, n_runs, 0.025)
    return hits, n_runs


def test_a_network_with_one_good_layer_is_rarely_called_better_than_it(one_good_layer, most):
    """How often it is called worse is recorded: half of the stimuli do not always find that layer."""
    hits, n_runs = one_good_layer
    assert hits["chosen on other stimuli", "better"] <= most(n_runs, 0.025)


@pytest.fixture(scope="module", params=[1, 12])
def at_ceiling(request, study):
    """A network of layers that are each as good as the lower ceiling of 4 subjects."""
    n_layers, n_runs, hits = request.param, study.n_runs(SMALL), Counter()
    cell = Cell("", (n_layers, 0), n_subjects=4)
    for run in range(n_runs):
        rng = np.random.default_rng([run, n_layers, SEED])
        common = rng.normal(size=(cell.n, 4))
        pools = [POOLED_AS["pearson"](draw_subjects(rng, cell, common, 3)).mean(axis=0) for _ in range(n_layers)]
        area = resample(run, np.stack(pools), draw_subjects(rng, cell, common, 4), "both")
        for name, one in compare_both_ways(area, range(n_layers), [area.lower_ceiling]).items():
            hits[name, "below"] += one.p_below <= 0.05
            hits[name, "above"] += one.p_above <= 0.05
    for (name, side), count in hits.items():
        study.record(f"{n_layers} layer(s) at the ceiling called {side} it, {name}", cell.n, count, n_runs, 0.05)
    return hits, n_runs


def test_layers_as_good_as_the_ceiling_rarely_differ_from_it(at_ceiling, most):
    hits, n_runs = at_ceiling
    below, above = (hits["chosen on other stimuli", side] for side in ("below", "above"))
    assert below <= most(n_runs, 0.05)
    assert below + above <= most(n_runs, 0.1)


@pytest.fixture(scope="module", params=[0.0, 0.3])
def like_its_twins(request, study):
    n, spread, n_runs, hits = 92, request.param, study.n_runs(SMALL), Counter()
    for run in range(n_runs):
        rng = np.random.default_rng([run, int(10 * spread), SEED])
        common = rng.normal(size=(n, 4))
        scales = np.exp(spread * rng.normal(size=N_TWINS + 1))
        rows = [pdist(np.hstack([common, scale * rng.normal(size=(n, 4))]), "sqeuclidean") for scale in scales]
        subject = pdist(np.hstack([common, rng.normal(size=(n, 4))]), "sqeuclidean")
        area = resample(run, np.stack(rows), subject[None], "stimuli")
        found = area.estimate([(0, 1.0), *((k, -1.0 / N_TWINS) for k in range(1, N_TWINS + 1))])
        hits["with seeds"] += add_seeds(found, area.values[1 : N_TWINS + 1, 0].tolist()).p <= 0.05
        hits["without"] += found.p <= 0.05
    for name in ("with seeds", "without"):
        study.record(f"trained network like its twins, spread {spread}: {name}", n, hits[name], n_runs, 0.05)
    return hits, n_runs


def test_a_network_like_its_twins_is_rarely_told_from_them(like_its_twins, most):
    hits, n_runs = like_its_twins
    assert hits["with seeds"] <= most(n_runs, 0.05)
