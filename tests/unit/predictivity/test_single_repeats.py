"""Sums per stimulus against the same quantities from the responses themselves."""

import numpy as np
import pytest

from brainconv.predictivity.single_repeats import SingleRepeats
from brainconv.reliability import compute_feve, compute_ncsnr, compute_variance_parts

N, T, S = 60, 5, 4


def make(missing=0.0, seed=0):
    rng = np.random.default_rng(seed)
    signal = rng.normal(size=(N, S)) * rng.uniform(0.5, 2.0, S) + 40.0
    responses = signal[:, None] + rng.normal(size=(N, T, S))
    responses[rng.random(responses.shape) < missing] = np.nan
    return signal, responses


EVERY = np.ones((1, N))


@pytest.mark.parametrize("missing", [0.0, 0.5])
def test_reliability_is_signal_power_over_variance(missing):
    _, responses = make(missing)
    parts = compute_variance_parts(responses)
    found = SingleRepeats.of(responses, EVERY).estimate_reliability()
    np.testing.assert_allclose(found.value, parts.signal / parts.total, rtol=1e-10)
    np.testing.assert_allclose(found.resampled[0], found.value, rtol=1e-12)


def test_with_equal_repeats_it_is_the_noise_ceiling_of_nsd():
    _, responses = make()
    snr = compute_ncsnr(responses)
    found = SingleRepeats.of(responses, EVERY).estimate_reliability().value
    np.testing.assert_allclose(found, snr**2 / (snr**2 + 1 / T), rtol=1e-10)


@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_explained_over_explainable_is_feve(missing):
    signal, responses = make(missing)
    predictions = 0.7 * (signal - 40.0) + 40.2
    repeats = SingleRepeats.of(responses, EVERY)
    held = [np.arange(0, N, 2), np.arange(1, N, 2)]
    explained = repeats.estimate_explained([predictions[one] for one in held], held).value
    found = explained / repeats.estimate_explainable().value
    np.testing.assert_allclose(found, compute_feve(predictions, responses), rtol=1e-10)


def test_a_resample_is_the_same_as_stimuli_that_stand_several_times():
    signal, responses = make(0.2)
    drawn = np.random.default_rng(1).integers(0, N, size=N)
    weights = np.bincount(drawn, minlength=N).astype(float)[None]
    repeats = SingleRepeats.of(responses, weights)
    again = SingleRepeats.of(responses[drawn], EVERY)
    held, whole = [np.arange(N)], [np.arange(N)]
    for one, other in (
        (repeats.estimate_reliability(), again.estimate_reliability()),
        (repeats.estimate_explainable(), again.estimate_explainable()),
        (repeats.estimate_explained([signal], held), again.estimate_explained([signal[drawn]], whole)),
    ):
        np.testing.assert_allclose(one.resampled[0], other.value, rtol=1e-10)


def test_a_stimulus_predicted_twice_counts_once_and_one_never_predicted_not_at_all():
    signal, responses = make()
    repeats = SingleRepeats.of(responses, EVERY)
    once = repeats.estimate_explained([signal[:30]], [np.arange(30)])
    twice = repeats.estimate_explained([signal[:30], signal[:10]], [np.arange(30), np.arange(10)])
    np.testing.assert_allclose(once.value, twice.value, rtol=1e-12)
