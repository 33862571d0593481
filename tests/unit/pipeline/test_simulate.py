"""Settings of a simulated data set reach its recordings, and the report names the noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import brainconv as bc
from brainconv.pipeline.simulate import simulate_area

torch = pytest.importorskip("torch")

SETTINGS = {"areas": {"V4": "1"}, "n_stimuli": 40, "n_repeats": 4, "n_sites": 20}


@pytest.fixture(scope="module")
def model() -> object:
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 7, stride=2), torch.nn.ReLU(), torch.nn.Conv2d(8, 8, 3))
    return bc.wrap_model(net, name="mine", input_size=32)


def test_correlated_noise_and_drift_are_off_unless_asked_for(model: object) -> None:
    plain, off = (simulate_area("V4", model, SETTINGS | extra) for extra in ({}, {"noise_correlation": 0, "drift": 0}))
    np.testing.assert_array_equal(plain.responses, off.responses)
    assert plain.metadata["noise"] == off.metadata["noise"] == "Poisson"
    on = simulate_area("V4", model, SETTINGS | {"noise_correlation": 0.2, "drift": 0.3})
    assert (on.metadata["noise_correlation"], on.metadata["drift"]) == (0.2, 0.3)


def test_the_report_names_the_noise(model: object, tmp_path: Path) -> None:
    recording = simulate_area("V4", model, SETTINGS | {"noise_correlation": 0.2, "drift": 0.3})
    bc.compare(model, recording, analyses="predictivity", n_boot=0).save_report(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.count("correlation 0.2 between sites (one common factor); slow drift of each site") >= 2
