"""The gate: the noise it is made of, and its dependence on what must matter."""

import numpy as np
import pytest

from brainconv.errors import InvalidInputError
from brainconv.physiology import compute_gabor_gate, fit_gabors, make_noise_filters


def test_the_gate_is_the_quantile_of_the_noise_fits():
    gate = compute_gabor_gate(7, 3, n_noise=120, n_starts=6, random_state=2)
    noise = make_noise_filters(120, 7, 3, random_state=2)
    r2 = fit_gabors(noise, n_starts=6, random_state=2).table["r2"]
    assert gate.r2 == pytest.approx(np.quantile(r2, 0.95))
    assert float(gate) == gate.r2
    assert gate.ci_low <= gate.r2 <= gate.ci_high
    assert (r2 > gate.r2).mean() == pytest.approx(0.05, abs=0.01)


def test_colour_reduction_raises_the_gate():
    three, one = (compute_gabor_gate(7, n, n_noise=150, n_starts=6).r2 for n in (3, 1))
    assert three > one


def test_noise_has_an_amplitude_of_one_over_f():
    field = make_noise_filters(4, 64, 3)
    window = np.hanning(64)[:, None] * np.hanning(64)
    power = (np.abs(np.fft.fft2(field * window)) ** 2).mean(axis=(0, 1))
    radius = np.hypot(*np.meshgrid(np.fft.fftfreq(64), np.fft.fftfreq(64)))
    band = (radius > 0.08) & (radius < 0.4)
    slope = np.polyfit(np.log(radius[band]), np.log(power[band]), 1)[0]
    assert slope == pytest.approx(-2.0, abs=0.2)


def test_noise_channels_are_independent_and_of_unit_size():
    noise = make_noise_filters(2000, 5, 3)
    np.testing.assert_allclose((noise**2).mean(axis=(1, 2, 3)), 1.0)
    correlation = np.corrcoef(noise[:, :, 2, 2].T)
    assert np.abs(correlation[np.triu_indices(3, 1)]).max() < 0.08


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"quantile": 1.0}, "above 0 and below 1"),
        ({"n_noise": 10}, "n_noise is 10; expected at least 100"),
        ({"kernel_size": 3}, "at least 5 × 5"),
        ({"n_channels": 2}, "n_channels is 2"),
    ],
)
def test_what_gives_no_gate_is_refused(options, message):
    arguments = {"kernel_size": 7, "n_channels": 3, "n_noise": 100, **options}
    with pytest.raises(InvalidInputError, match=message):
        compute_gabor_gate(**arguments)
