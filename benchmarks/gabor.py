"""Gabor fits: time of `fit_gabors` against scipy's curve_fit from the same starts, and the R² of both.

Run it with ``python benchmarks/gabor.py``; it prints one line per kernel size and set of filters.
"""

from __future__ import annotations

import argparse
import time
import warnings

import numpy as np
from scipy.optimize import curve_fit

from brainconv.physiology import fit_gabors, make_noise_filters
from brainconv.physiology.gabor import compute_bounds, compute_gabors, compute_pixel_grid, compute_starts


def evaluate(grid, *parameters):
    x, y = grid
    x0, y0, sigma_x, sigma_y, theta, frequency, cosine, sine = parameters
    along = (x - x0) * np.cos(theta) + (y - y0) * np.sin(theta)
    across = (y - y0) * np.cos(theta) - (x - x0) * np.sin(theta)
    angle = 2 * np.pi * frequency * along
    envelope = np.exp(-(along**2) / (2 * sigma_x**2) - across**2 / (2 * sigma_y**2))
    return envelope * (cosine * np.cos(angle) + sine * np.sin(angle))


def fit_with_curve_fit(profiles, starts):
    k = profiles.shape[1]
    grid, bounds = compute_pixel_grid(k), compute_bounds(k)
    limits = (np.append(bounds.low, [-np.inf] * 2), np.append(bounds.high, [np.inf] * 2))
    r2 = np.empty(len(profiles))
    for i, profile in enumerate(profiles):
        target, best = profile.ravel(), np.inf
        for start in starts[i]:
            basis = np.stack([evaluate(grid, *start, 1.0, 0.0), evaluate(grid, *start, 0.0, 1.0)], axis=1)
            weights = np.linalg.lstsq(basis, target, rcond=None)[0]
            try:
                found = curve_fit(evaluate, grid, target, p0=[*start, *weights], bounds=limits, max_nfev=2000)[0]
            except RuntimeError:
                continue
            best = min(best, float(((target - evaluate(grid, *found)) ** 2).sum()))
        r2[i] = 1 - best / ((target - target.mean()) ** 2).sum()
    return r2


def make_gabors(n, k, rng):
    shapes = np.stack(
        [
            *rng.uniform(-1, 1, (2, n)),
            *rng.uniform(1.2, k / 3.5, (2, n)),
            rng.uniform(0, np.pi, n),
            rng.uniform(0.1, 0.3, n),
        ],
        axis=1,
    )
    clean = compute_gabors(shapes, np.ones(n), rng.uniform(0, 2 * np.pi, n), k)
    return clean + 0.3 * clean.std(axis=(1, 2), keepdims=True) * rng.normal(size=clean.shape)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n-filters", type=int, default=64)
    parser.add_argument("--n-starts", type=int, default=6)
    arguments = parser.parse_args()
    n, n_starts = arguments.n_filters, arguments.n_starts
    fit_gabors(make_noise_filters(2, 5, 1), n_starts=6)  # torch is loaded before the clock starts
    print(f"{n} filters, {n_starts} starts each")
    for k in (7, 11):
        for name, profiles in (
            ("Gabors, noise .3", make_gabors(n, k, np.random.default_rng(0))),
            ("1/f noise", make_noise_filters(n, k, 1)[:, 0]),
        ):
            times = []
            for _ in range(3):
                begin = time.perf_counter()
                ours = fit_gabors(profiles, n_starts=n_starts).table["r2"].to_numpy()
                times.append(time.perf_counter() - begin)
            starts = compute_starts(profiles, n_starts, 0)
            begin = time.perf_counter()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                theirs = fit_with_curve_fit(profiles, starts)
            peer = time.perf_counter() - begin
            gain = ours - theirs
            print(
                f"{k:2d} px, {name:17s}: ours {np.median(times):6.2f} s, curve_fit {peer:7.2f} s, "
                f"ratio {peer / np.median(times):6.1f}; R2 median {np.median(ours):.5f} / {np.median(theirs):.5f}, "
                f"ours - theirs {gain.min():+.1e} to {gain.max():+.1e}"
            )


if __name__ == "__main__":
    main()
