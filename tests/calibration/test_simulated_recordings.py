"""Known truth in, known truth out: the layer that made a recording is found again, and so is its reliability.

The network is small and untrained, so that the tests take seconds; its layers are far enough apart that the best one
must be the generating one.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from brainconv.containers import Representation, StimulusSet
from brainconv.predictivity import score_predictivity
from brainconv.recordings.simulate import simulate_recording
from brainconv.reliability import compute_ceiling
from brainconv.similarity import score_rsa

LAYERS = ("conv1", "conv2", "conv3")


@pytest.fixture(scope="module")
def stimuli():
    """Images with the spectrum of photographs (amplitude 1/f), of equal contrast."""
    rng, size, n = np.random.default_rng(0), 24, 400
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(size), np.fft.fftfreq(size)))
    frequency[0, 0] = np.inf
    images = np.fft.ifft2(np.fft.fft2(rng.standard_normal((n, size, size))) / frequency).real
    images = images / images.std(axis=(1, 2), keepdims=True)
    pixels = np.clip(128 + 42 * images, 0, 255).astype(np.uint8)
    return StimulusSet("pink", tuple(f"p{i:03d}" for i in range(n)), np.repeat(pixels[..., None], 3, axis=3))


@pytest.fixture(scope="module")
def features(stimuli):
    """Three random convolutions (filters of zero sum), each normalised per channel, rectified and pooled."""
    x = torch.from_numpy(np.asarray(stimuli.images)[..., 0].astype(np.float32))[:, None] / 42
    found, generator = {}, torch.Generator().manual_seed(0)
    for name, n_in, n_out in zip(LAYERS, (1, 12, 24), (12, 24, 48), strict=True):
        weights = torch.randn(n_out, n_in, 5, 5, generator=generator)
        weights = weights - weights.mean(dim=(2, 3), keepdim=True)
        y = torch.nn.functional.conv2d(x, weights, padding=2)
        y = (y - y.mean(dim=(0, 2, 3), keepdim=True)) / y.std(dim=(0, 2, 3), keepdim=True)
        x = torch.nn.functional.avg_pool2d(torch.relu(y), 2)
        found[name] = x.flatten(1).numpy()
    return found


@pytest.fixture(scope="module")
def representations(features, stimuli):
    return {
        name: Representation.from_features(values, stimuli.ids, layer=name, layer_index=i, keep=False)
        for i, (name, values) in enumerate(features.items())
    }


@pytest.mark.parametrize(("n_repeats", "mean_count"), [(2, 3.0), (5, 1.0), (8, 3.0), (20, 0.5)])
def test_estimated_reliability_is_the_analytic_one(features, stimuli, n_repeats, mean_count):
    recording = simulate_recording(
        features["conv2"],
        stimuli,
        area="V4",
        true_layer="conv2",
        n_sites=400,
        n_repeats=n_repeats,
        mean_count=mean_count,
    )
    estimated = compute_ceiling(recording, n_splits=50)["reliability"].to_numpy()
    truth = recording.sites["reliability_true"].to_numpy()
    assert np.median(estimated) == pytest.approx(np.median(truth), abs=0.02)
    error = estimated - truth  # no bias beyond what chance leaves in the mean over sites
    assert abs(error.mean()) < 4 * error.std() / np.sqrt(len(error)) + 0.002, error.mean()


def test_correlated_noise_leaves_reliability_alone_and_drift_breaks_the_exchange_of_repeats(features, stimuli):
    """Sites that share noise miss together, so that their mean error is large; each estimate has no bias."""
    options = {"area": "V4", "true_layer": "conv2", "n_sites": 100}
    errors = []
    for seed in range(8):
        recording = simulate_recording(features["conv2"], stimuli, noise_correlation=0.3, random_state=seed, **options)
        estimated = compute_ceiling(recording, n_splits=20)["reliability"].to_numpy()
        errors.append(np.mean(estimated - recording.sites["reliability_true"].to_numpy()))
    assert abs(np.mean(errors)) < 4 * np.std(errors, ddof=1) / np.sqrt(len(errors)) + 0.002
    drifting = simulate_recording(features["conv2"], stimuli, drift=0.5, **options)
    estimated = compute_ceiling(drifting, n_splits=20)["reliability"].to_numpy()
    assert np.median(estimated) < np.median(drifting.sites["reliability_true"]) - 0.02


def test_the_generating_layer_is_the_best_by_predictivity_and_by_rsa(features, representations, stimuli, study, fewest):
    """One data set in every run of the tests, thirty in the full study: V1, V4 and IT from three layers."""
    n_sets = 30 if study.is_full else 1
    hits = {"predictivity": 0, "rsa": 0}
    for number in range(n_sets):
        for area, true_layer in zip(("V1", "V4", "IT"), LAYERS, strict=True):
            recording = simulate_recording(
                features[true_layer], stimuli, area=area, true_layer=true_layer, random_state=1 + number
            )
            scores = {
                "predictivity": score_predictivity(
                    representations, recording, splits="kfold5", n_boot=0, n_shuffles=0, n_ceiling_splits=10
                ),
                "rsa": score_rsa(representations, recording, n_boot=0),
            }
            for analysis, found in scores.items():
                table = found.table[found.table["layer"].isin(LAYERS)]
                assert table["simulated"].all()
                column = "definition" if analysis == "predictivity" else "comparator"
                shown = table[table[column] == {"predictivity": "r", "rsa": "rho-a"}[analysis]]
                hits[analysis] += shown.loc[shown["value"].astype(float).idxmax(), "layer"] == true_layer
    for analysis, count in hits.items():
        study.record(f"generating layer recovered by {analysis}", 400, int(count), 3 * n_sets, 1.0)
        assert count >= 0.9 * 3 * n_sets
