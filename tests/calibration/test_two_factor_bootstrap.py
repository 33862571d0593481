"""Intervals and p-values of the bootstrap over stimuli and sites, where the truth is the mean over many recordings."""

import numpy as np
import pytest

from brainconv.predictivity import Splits, cross_validate
from brainconv.predictivity.area import Area
from brainconv.predictivity.resampling import draw_sites, draw_stimuli

N_SITES, N_BOOT, N_UNITS = 30, 200, 16


def simulate(n, n_runs, seed):
    """Per run: r of two equally good layers and their resamples; sites differ in signal and share noise."""
    number = np.random.default_rng(0).permutation(np.arange(n) % 10)
    train, test = (tuple(np.flatnonzero((number == i) == held) for i in range(10)) for held in (False, True))
    area = Area(
        name="V4",
        sites=np.arange(N_SITES),
        splits=Splits("kfold10", tuple(f"s{i:04d}" for i in range(n)), train, test),
        weights=draw_stimuli(N_BOOT, n),
        picks=draw_sites(N_BOOT, N_SITES, area="V4"),
        reliability=np.full(N_SITES, np.nan),
        reliability_resampled=np.full((N_BOOT, N_SITES), np.nan),
        n_drawn=n,
    )
    values, resampled = [], []
    for run in range(n_runs):
        rng = np.random.default_rng([seed, run])
        truth = rng.normal(size=(n, N_UNITS))
        signal = truth @ rng.normal(size=(N_UNITS, N_SITES)) / np.sqrt(N_UNITS) * rng.uniform(0.3, 1.5, N_SITES)
        noise = rng.normal(size=(n, N_SITES)) + rng.normal(size=(n, 1))
        responses = signal + np.sqrt(0.5) * noise
        results = []
        for _ in range(2):
            layer = truth + 0.5 * rng.normal(size=truth.shape)
            results.append(cross_validate(layer @ layer.T, responses, area.splits))
        values.append([area.aggregate(result.r) for result in results])
        resampled.append([area.resample(result) for result in results])
    return np.array(values), resampled


def measure(n, n_runs, seed):
    values, resampled = simulate(n, n_runs, seed)
    truth = values.mean()
    intervals = np.array([one[0].median.interval() for one in resampled])
    plain = np.array([np.percentile(one[0].median.both, [2.5, 97.5]) for one in resampled])
    return {
        "coverage": float(np.mean((intervals[:, 0] <= truth) & (truth <= intervals[:, 1]))),
        "plain coverage": float(np.mean((plain[:, 0] <= truth) & (truth <= plain[:, 1]))),
        "width": float(np.mean(np.diff(intervals)) / np.mean(np.diff(plain))),
        "false positives": float(np.mean([a.mean.combine(np.subtract, b.mean).p_value() < 0.05 for a, b in resampled])),
    }


@pytest.fixture(scope="module")
def small():
    return measure(92, 60, seed=2026)


def test_the_interval_covers(small):
    # 60 runs: the 99.9 % band of a coverage of 95 % reaches down to 51 of 60.
    assert small["coverage"] >= 51 / 60
    assert small["width"] < 1.0


def test_equal_layers_are_rarely_called_different(small):
    # 99.9 % band of 5 % in 60 runs reaches up to 9 of 60.
    assert small["false positives"] <= 9 / 60
