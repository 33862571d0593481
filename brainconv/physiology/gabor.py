"""The Gabor function of Ringach (2002): its parameters, their bounds, its picture, and where a fit of it starts.

Positions are in px from the centre of the kernel, x to the right and y upwards.  ``theta`` is the direction in which
the carrier changes, anticlockwise from x; the bars of the filter run at right angles to it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SHAPE_PARAMETERS = ("x0", "y0", "sigma_x", "sigma_y", "theta", "frequency")
"""The six parameters that enter the Gabor non-linearly; amplitude and phase are the other two."""

MIN_SIGMA = 0.5
MAX_FREQUENCY = 0.5


@dataclass(frozen=True, eq=False)
class GaborBounds:
    """Lowest and highest value of each shape parameter.

    Parameters
    ----------
    low, high : ndarray, shape (6,)
        In the order of `SHAPE_PARAMETERS`: px, px, px, px, rad, cycles/px.
    """

    low: Array
    high: Array


def compute_bounds(kernel_size: int) -> GaborBounds:
    """Bounds of the fit for kernels of one size.

    Parameters
    ----------
    kernel_size : int
        k, in px.

    Returns
    -------
    GaborBounds
        Centre within the window; envelope between half a pixel and the window's width; frequency between a tenth of
        a cycle per window (below it the carrier cannot be told from a constant) and the Nyquist limit of .5 cycles/px.
    """
    k = float(kernel_size)
    low = np.array([-k / 2, -k / 2, MIN_SIGMA, MIN_SIGMA, -np.inf, 0.1 / k])
    high = np.array([k / 2, k / 2, k, k, np.inf, MAX_FREQUENCY])
    return GaborBounds(low, high)


def compute_pixel_grid(kernel_size: int) -> tuple[Array, Array]:
    """Position of every pixel, in px from the kernel's centre.

    Parameters
    ----------
    kernel_size : int
        k, in px.

    Returns
    -------
    x, y : ndarray, shape (k * k,)
        x to the right, y upwards (image rows run downwards).
    """
    axis = np.arange(kernel_size, dtype=np.float64) - (kernel_size - 1) / 2
    y, x = np.meshgrid(-axis, axis, indexing="ij")
    return x.ravel(), y.ravel()


def compute_gabors(shapes: Array, amplitude: Array, phase: Array, kernel_size: int) -> Array:
    """Pictures of Gabor functions.

    h = A exp(-x'² / 2σ_x² - y'² / 2σ_y²) cos(2π f x' + φ), with x', y' about the envelope's centre and turned by θ.

    Parameters
    ----------
    shapes : ndarray, shape (n_filters, 6)
        In the order of `SHAPE_PARAMETERS`: px, px, px, px, rad, cycles/px.
    amplitude : ndarray, shape (n_filters,)
        A, in units of the weights.
    phase : ndarray, shape (n_filters,)
        φ at the envelope's centre, in rad.
    kernel_size : int
        k, in px.

    Returns
    -------
    ndarray, shape (n_filters, k, k)

    References
    ----------
    Ringach DL (2002), J Neurophysiol 88:455-463, doi:10.1152/jn.2002.88.1.455, equation 1.
    """
    x, y = compute_pixel_grid(kernel_size)
    x0, y0, sigma_x, sigma_y, theta, frequency = (column[:, None] for column in np.asarray(shapes, dtype=np.float64).T)
    along = (x - x0) * np.cos(theta) + (y - y0) * np.sin(theta)
    across = -(x - x0) * np.sin(theta) + (y - y0) * np.cos(theta)
    envelope = np.exp(-0.5 * (along / sigma_x) ** 2 - 0.5 * (across / sigma_y) ** 2)
    carrier = np.cos(2 * np.pi * frequency * along + np.asarray(phase)[:, None])
    pictures: Array = np.asarray(amplitude)[:, None] * envelope * carrier
    return pictures.reshape(-1, kernel_size, kernel_size)


def compute_starts(profiles: Array, n_starts: int, random_state: int) -> Array:
    """Starting shapes for a fit, guided by the amplitude spectrum and the spread of energy of each profile.

    The first five starts are the highest and second highest spectral peak with round, narrow and elongated envelopes,
    and the highest peak at half its frequency (broad, low-pass filters); the others are the two peaks, shaken.
    The shaking is one draw for all filters, so a filter's starts do not depend on the others.

    Parameters
    ----------
    profiles : ndarray, shape (n_filters, k, k)
        Spatial profiles, none of them constant.
    n_starts : int
        Starts per filter.
    random_state : int
        Seed of the shaking.

    Returns
    -------
    ndarray, shape (n_filters, n_starts, 6)
        In the order of `SHAPE_PARAMETERS`, within `compute_bounds`.
    """
    n_filters, k, _ = profiles.shape
    x, y = compute_pixel_grid(k)
    energy = profiles.reshape(n_filters, -1) ** 2
    energy = energy / energy.sum(axis=1, keepdims=True)
    x0, y0 = energy @ x, energy @ y
    spread = (energy * ((x - x0[:, None]) ** 2 + (y - y0[:, None]) ** 2)).sum(axis=1) / 2
    sigma = np.sqrt(2 * spread)  # the energy of a Gaussian envelope has half its variance
    first, second = _find_spectral_peaks(profiles)

    rng = np.random.default_rng(random_state)
    plan = [
        (first, 1.0, 1.0, 1.0),
        (second, 1.0, 1.0, 1.0),
        (first, 0.6, 1.2, 1.0),
        (first, 0.7, 0.7, 0.5),
        (second, 0.6, 0.6, 1.0),
    ]
    starts = np.empty((n_filters, n_starts, 6))
    for i in range(n_starts):
        shake = np.zeros(6)
        if i >= len(plan):
            shake = rng.normal(size=6) * np.array([0.1 * k, 0.1 * k, 0.35, 0.35, np.pi / 8, 0.35])
        peak, across, along, scale = plan[i] if i < len(plan) else ((first, second)[i % 2], 0.9, 0.9, 1.0)
        starts[:, i] = np.stack(
            [
                x0 + shake[0],
                y0 + shake[1],
                sigma * across * np.exp(shake[2]),
                sigma * along * np.exp(shake[3]),
                peak[:, 1] + shake[4],
                peak[:, 0] * scale * np.exp(shake[5]),
            ],
            axis=1,
        )
    bounds = compute_bounds(k)
    margin = np.array([0.0, 0.0, 0.1, 0.1, 0.0, 0.01])  # a start on a bound could not leave it in every solver
    return np.clip(starts, bounds.low + margin, bounds.high - margin)


def _find_spectral_peaks(profiles: Array) -> tuple[Array, Array]:
    """Frequency and direction of the two highest peaks, each (n_filters, 2) in cycles/px and rad."""
    k = profiles.shape[1]
    n = 8 * k
    spectrum = np.abs(np.fft.fft2(profiles[:, ::-1], s=(n, n)))  # rows reversed: y upwards
    frequencies = np.fft.fftfreq(n)
    fy, fx = np.meshgrid(frequencies, frequencies, indexing="ij")
    radius = np.hypot(fx, fy)
    half = ((fy > 0) | ((fy == 0) & (fx >= 0))) & (radius <= MAX_FREQUENCY)
    fx, fy, radius = fx[half], fy[half], radius[half]
    spectrum = spectrum[:, half]
    peaks = []
    for _ in range(2):
        best = spectrum.argmax(axis=1)
        peaks.append(np.stack([radius[best], np.arctan2(fy[best], fx[best])], axis=1))
        # A second peak nearer than one cycle per window is the same peak; -f is the same wave as f.
        gap = np.minimum(
            np.hypot(fx - fx[best][:, None], fy - fy[best][:, None]),
            np.hypot(fx + fx[best][:, None], fy + fy[best][:, None]),
        )
        spectrum = np.where(gap < 1.0 / k, 0.0, spectrum)
    return peaks[0], peaks[1]
