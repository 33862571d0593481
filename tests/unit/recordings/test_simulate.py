"""Simulated sites: expected counts, Poisson noise, the analytic reliability, and what is told about them."""

from __future__ import annotations

import numpy as np
import pytest

from brainconv.containers import StimulusSet
from brainconv.errors import InvalidInputError
from brainconv.recordings.simulate import compute_expected_counts, compute_poisson_reliability, simulate_recording

N = 30
FEATURES = np.random.default_rng(0).gamma(1.0, size=(N, 40))


def make_stimuli(order=range(N)):
    return StimulusSet("grey", tuple(f"s{i:02d}" for i in order), np.zeros((N, 2, 2, 3), dtype=np.uint8))


def test_recording_says_what_it_is():
    recording = simulate_recording(
        FEATURES, make_stimuli(), area="V4", true_layer="conv3", n_sites=5, n_repeats=4, true_model="net"
    )
    assert recording.name == "simulated.V4"
    assert recording.simulated
    assert recording.areas == ("V4",)
    assert recording.responses.shape == (N, 4, 5)
    assert recording.metadata["true_layer"] == "conv3"
    assert recording.metadata["true_model"] == "net"
    assert recording.sites["reliability_true"].between(0, 1).all()


def test_counts_are_poisson_about_the_expected_ones():
    recording = simulate_recording(FEATURES, make_stimuli(), area="V1", true_layer="c", n_sites=20, n_repeats=400)
    counts = recording.responses
    np.testing.assert_array_equal(counts, counts.round())
    np.testing.assert_allclose(counts.mean(axis=(0, 1)), 3.0, atol=0.1)
    mean, variance = counts.mean(axis=1), counts.var(axis=1, ddof=1)
    assert np.median(variance / mean) == pytest.approx(1.0, abs=0.03)


def test_expected_counts_pool_the_units_they_say():
    """One unit per site: each column is a rectified unit scaled to the mean count."""
    features = FEATURES - 1.0
    expected = compute_expected_counts(features, n_sites=12, n_pooled=1, mean_count=2.0)
    rectified = np.maximum(features, 0)
    scaled = 2.0 * rectified / rectified.mean(axis=0)
    for column in expected.T:
        assert np.isclose(scaled, column[:, None]).all(axis=0).sum() == 1
    np.testing.assert_allclose(expected.mean(axis=0), 2.0)


def test_units_that_never_vary_are_not_pooled():
    features = np.hstack([np.full((N, 30), 5.0), -FEATURES, FEATURES[:, :3]])
    expected = compute_expected_counts(features, n_sites=4, n_pooled=3)
    assert (expected.std(axis=0) > 0).all()
    with pytest.raises(InvalidInputError, match=r"3 of 73 units respond differently .* pools 4"):
        compute_expected_counts(features, n_sites=4, n_pooled=4)


def test_reliability_by_hand():
    """λ = 1 and 3: variance 1, mean 2; with 4 repeats the noise is 1/2, so 1 / 1.5."""
    np.testing.assert_allclose(compute_poisson_reliability(np.array([[1.0], [3.0]]), n_repeats=4), [2 / 3])
    reliability = compute_poisson_reliability(np.array([[2.0, 0.0], [2.0, 0.0]]), n_repeats=4)
    assert reliability[0] == 0.0
    assert np.isnan(reliability[1])


def test_order_of_stimuli_does_not_change_what_each_evokes():
    order = np.random.default_rng(1).permutation(N)
    straight = simulate_recording(FEATURES, make_stimuli(), area="V1", true_layer="c", random_state=3)
    mixed = simulate_recording(FEATURES[order], make_stimuli(order), area="V1", true_layer="c", random_state=3)
    np.testing.assert_array_equal(mixed.responses, straight.responses[order])
    np.testing.assert_array_equal(mixed.sites["reliability_true"], straight.sites["reliability_true"])


def test_seed_decides():
    first, again, other = (
        simulate_recording(FEATURES, make_stimuli(), area="V1", true_layer="c", random_state=seed) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first.responses, again.responses)
    assert not np.array_equal(first.responses, other.responses)


def simulate(**options):
    arguments = {"n_sites": 30, "n_repeats": 8, "random_state": 5} | options
    return simulate_recording(FEATURES, make_stimuli(), area="V1", true_layer="c", **arguments)


def test_without_options_the_noise_is_independent_poisson_of_the_same_seed():
    seeds = np.random.SeedSequence(5).spawn(2)
    expected = compute_expected_counts(FEATURES, n_sites=30, random_state=np.random.default_rng(seeds[0]))
    counts = np.random.default_rng(seeds[1]).poisson(expected[:, None, :], (N, 8, 30))
    for options in ({}, {"noise_correlation": 0.0, "drift": 0.0}):
        recording = simulate(**options)
        np.testing.assert_array_equal(recording.responses, counts)
        assert recording.metadata["noise"] == "Poisson"
        assert not {"noise_correlation", "drift"} & set(recording.metadata)


def test_options_change_the_noise_alone_and_are_named():
    plain, noisy = simulate(), simulate(noise_correlation=0.25, drift=0.3)
    assert noisy.metadata["noise"] == (
        "Poisson; correlation 0.25 between sites (one common factor); "
        "slow drift of each site's gain over the session, 0.3 of the trial-to-trial variance"
    )
    assert (noisy.metadata["noise_correlation"], noisy.metadata["drift"]) == (0.25, 0.3)
    correlated = simulate(noise_correlation=0.25)
    np.testing.assert_array_equal(correlated.sites["reliability_true"], plain.sites["reliability_true"])
    assert not np.array_equal(correlated.responses, plain.responses)
    assert noisy.sites["reliability_true"].median() < plain.sites["reliability_true"].median()


def correlate_noise(responses):
    """Mean over pairs of sites of the correlation of their noise: deviations from the stimulus' mean over repeats."""
    noise = responses - responses.mean(axis=1, keepdims=True)
    noise = (noise / noise.std(axis=1, keepdims=True)).reshape(-1, responses.shape[2])
    matrix = np.corrcoef(noise.T)
    return matrix[np.triu_indices_from(matrix, 1)].mean()


@pytest.mark.parametrize("correlation", [0.0, 0.2, 0.5])
def test_noise_correlation_of_a_recording_is_the_one_asked_for(correlation):
    responses = simulate(noise_correlation=correlation, n_repeats=400, n_sites=10).responses
    assert correlate_noise(responses) == pytest.approx(correlation, abs=0.02)


def test_drift_makes_near_repeats_more_alike_than_distant_ones():
    """Correlation over stimuli and sites of the noise in two repeats: the nearer, the higher; without drift, none."""

    def correlate_repeats(recording, lag):
        noise = recording.responses - recording.responses.mean(axis=1, keepdims=True)
        pairs = [(noise[:, t].ravel(), noise[:, t + lag].ravel()) for t in range(8 - lag)]
        return np.mean([np.corrcoef(*pair)[0, 1] for pair in pairs])

    slow, plain = simulate(drift=0.5, n_sites=200), simulate(n_sites=200)
    near, middle, far = (correlate_repeats(slow, lag) for lag in (1, 3, 6))
    assert near > middle + 0.1 > far + 0.2
    assert abs(correlate_repeats(plain, 1) - correlate_repeats(plain, 6)) < 0.03


def test_order_of_stimuli_does_not_change_correlated_or_drifting_noise():
    order = np.random.default_rng(1).permutation(N)
    options = {"area": "V1", "true_layer": "c", "noise_correlation": 0.3, "drift": 0.3}
    straight = simulate_recording(FEATURES, make_stimuli(), **options)
    mixed = simulate_recording(FEATURES[order], make_stimuli(order), **options)
    np.testing.assert_array_equal(mixed.responses, straight.responses[order])


@pytest.mark.parametrize("options", [{"noise_correlation": 0.4}, {"drift": 0.6}, {"drift": 0.8, "n_repeats": 1}])
def test_a_model_that_knows_the_truth_reaches_the_root_of_the_reliability(options):
    """Mean over many sites and 400 stimuli of the squared correlation of λ and the mean over repeats."""
    features = np.random.default_rng(2).gamma(1.0, size=(400, 60))
    stimuli = StimulusSet("grey", tuple(f"s{i:03d}" for i in range(400)), np.zeros((400, 2, 2, 3), dtype=np.uint8))
    arguments = {"n_sites": 150, "n_repeats": 4, "random_state": 6} | options
    recording = simulate_recording(features, stimuli, area="V1", true_layer="c", **arguments)
    seeds = np.random.SeedSequence(6).spawn(2)
    expected = compute_expected_counts(features, n_sites=150, random_state=np.random.default_rng(seeds[0]))
    means = recording.mean_responses()
    reached = [np.corrcoef(expected[:, site], means[:, site])[0, 1] ** 2 for site in range(150)]
    assert np.mean(reached) == pytest.approx(recording.sites["reliability_true"].mean(), abs=0.01)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"features": FEATURES[:-1]}, "has shape"),
        ({"features": np.where(FEATURES > 3, np.nan, FEATURES)}, "NaN or infinite"),
        ({"n_repeats": 0}, "n_repeats is 0"),
        ({"n_sites": 0}, "n_sites is 0"),
        ({"mean_count": 0.0}, "mean_count"),
        ({"noise_correlation": 1.0}, "noise_correlation is 1.0; expected a finite number"),
        ({"drift": -0.1}, "drift is -0.1; expected a finite number"),
        ({"drift": np.nan}, "drift is nan"),
    ],
)
def test_bad_input_ends_in_one_sentence(change, message):
    arguments = {"features": FEATURES, "stimuli": make_stimuli(), "area": "V1", "true_layer": "c"} | change
    with pytest.raises(InvalidInputError, match=message):
        simulate_recording(**arguments)
