"""Published numbers of Kriegeskorte et al. (2008), from the files as our readers give them, by SciPy alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.io
import scipy.stats
from numpy.typing import NDArray

from brainconv.containers import RDMs
from brainconv.recordings import load_recording

pytestmark = pytest.mark.realdata


def load(part: str, data_dir: Path) -> RDMs:
    rdms = load_recording(f"kriegeskorte2008.{part}", data_dir=data_dir, download=False)
    assert isinstance(rdms, RDMs)
    return rdms


def published_human(data_dir: Path) -> NDArray[np.float64]:
    path = data_dir / "kriegeskorte2008" / "Kriegeskorte_Neuron2008_supplementalData.mat"
    struct = scipy.io.loadmat(path)["RDMs_mIT_hIT_fig1"][0, 1]
    assert str(struct["name"][0]).startswith("hIT")
    return np.asarray(struct["RDM"], dtype=np.float64).ravel()


def tau_a(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """SciPy's tau-b with the correction for ties taken out again."""
    n_pairs = x.size * (x.size - 1) / 2
    tied = [sum(c * (c - 1) / 2 for c in np.unique(v, return_counts=True)[1]) for v in (x, y)]
    tau_b = scipy.stats.kendalltau(x, y).statistic
    return float(tau_b * np.sqrt((n_pairs - tied[0]) * (n_pairs - tied[1])) / n_pairs)


def test_monkey_and_human_it(data_dir: Path) -> None:
    monkey = load("monkey_IT", data_dir).dissimilarities[0]
    human = load("human_IT", data_dir).dissimilarities.mean(axis=0)
    assert np.corrcoef(monkey, human)[0, 1] == pytest.approx(0.4912, abs=1e-4)
    assert scipy.stats.spearmanr(monkey, human).statistic == pytest.approx(0.4389, abs=1e-4)
    assert tau_a(monkey, human) == pytest.approx(0.3040, abs=1e-4)


def test_the_mean_of_the_sessions_is_the_published_human_rdm(data_dir: Path) -> None:
    human = load("human_IT", data_dir).dissimilarities.mean(axis=0)
    np.testing.assert_allclose(human, published_human(data_dir), rtol=0.0, atol=1e-6)


def test_stored_models(data_dir: Path) -> None:
    human = load("human_IT", data_dir).dissimilarities.mean(axis=0)
    models = load("models", data_dir)
    by_name = dict(zip(models.labels["label"], models.dissimilarities, strict=True))
    assert scipy.stats.spearmanr(by_name["V1"], human).statistic == pytest.approx(0.0393, abs=1e-4)
    assert scipy.stats.spearmanr(by_name["HMAX"], human).statistic == pytest.approx(0.2217, abs=1e-4)
    monkey = load("monkey_IT", data_dir).dissimilarities[0]
    np.testing.assert_allclose(by_name["monkeyIT"], monkey, rtol=0.0, atol=1e-6)
