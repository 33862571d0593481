"""Gabor fits against scipy's bounded least squares from the same starts."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.optimize import curve_fit

from brainconv.physiology import fit_gabors, make_noise_filters
from brainconv.physiology.gabor import compute_bounds, compute_gabors, compute_pixel_grid, compute_starts

N_STARTS = 6


def model(grid, x0, y0, sigma_x, sigma_y, theta, frequency, cosine, sine):
    x, y = grid
    along = (x - x0) * np.cos(theta) + (y - y0) * np.sin(theta)
    across = (y - y0) * np.cos(theta) - (x - x0) * np.sin(theta)
    angle = 2 * np.pi * frequency * along
    envelope = np.exp(-(along**2) / (2 * sigma_x**2) - across**2 / (2 * sigma_y**2))
    return envelope * (cosine * np.cos(angle) + sine * np.sin(angle))


def fit_with_scipy(profile, starts):
    """Best R² over the starts, amplitude and phase started at their linear least squares."""
    k = profile.shape[0]
    grid, target, bounds = compute_pixel_grid(k), profile.ravel(), compute_bounds(k)
    low, high = np.append(bounds.low, [-np.inf] * 2), np.append(bounds.high, [np.inf] * 2)
    best = np.inf
    for start in starts:
        basis = np.stack([model(grid, *start, 1.0, 0.0), model(grid, *start, 0.0, 1.0)], axis=1)
        weights = np.linalg.lstsq(basis, target, rcond=None)[0]
        try:
            found = curve_fit(model, grid, target, p0=[*start, *weights], bounds=(low, high), max_nfev=3000)[0]
        except RuntimeError:
            continue
        best = min(best, float(((target - model(grid, *found)) ** 2).sum()))
    return 1 - best / ((target - target.mean()) ** 2).sum()


def make_filters(kind):
    rng = np.random.default_rng(7)
    if kind == "noise":
        return make_noise_filters(6, 7, 1, random_state=7)[:, 0]
    k = {"gabors of 7 px": 7, "gabors of 11 px": 11}[kind]
    n = 12
    shapes = np.stack(
        [
            rng.uniform(-1, 1, n),
            rng.uniform(-1, 1, n),
            rng.uniform(1.2, k / 4, n),
            rng.uniform(1.2, k / 3, n),
            rng.uniform(0, np.pi, n),
            rng.uniform(0.1, 0.3, n),
        ],
        axis=1,
    )
    clean = compute_gabors(shapes, np.ones(n), rng.uniform(0, 2 * np.pi, n), k)
    return clean + 0.3 * clean.std(axis=(1, 2), keepdims=True) * rng.normal(size=clean.shape)


@pytest.mark.parametrize("kind", ["noise", "gabors of 7 px", "gabors of 11 px"])
def test_r2_is_never_below_that_of_curve_fit(kind):
    filters = make_filters(kind)
    starts = compute_starts(filters, N_STARTS, 0)
    ours = fit_gabors(filters, n_starts=N_STARTS).table["r2"].to_numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scipy cannot estimate a covariance at a bound
        oracle = np.array([fit_with_scipy(*pair) for pair in zip(filters, starts, strict=True)])
    assert (ours >= oracle - 1e-4).all(), f"worst by {(ours - oracle).min():.2g}"
    assert oracle.min() > 0.05  # the oracle fitted something
