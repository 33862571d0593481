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


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"features": FEATURES[:-1]}, "has shape"),
        ({"features": np.where(FEATURES > 3, np.nan, FEATURES)}, "NaN or infinite"),
        ({"n_repeats": 0}, "n_repeats is 0"),
        ({"n_sites": 0}, "n_sites is 0"),
        ({"mean_count": 0.0}, "mean_count"),
    ],
)
def test_bad_input_ends_in_one_sentence(change, message):
    arguments = {"features": FEATURES, "stimuli": make_stimuli(), "area": "V1", "true_layer": "c"} | change
    with pytest.raises(InvalidInputError, match=message):
        simulate_recording(**arguments)
