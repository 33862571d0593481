"""Filters and V1 cells of one distribution are called different in 5 % of runs, and the floor is their distance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from brainconv.physiology import RINGACH_NX_NY, compare_shapes

SHARES = RINGACH_NX_NY.counts.ravel() / RINGACH_NX_NY.n_cells


def compare_drawn(rng, n_filters, shares, *, n_samples, seed):
    """Filters drawn from ``shares``, as many cells as Ringach's drawn from his, and what is said of the two."""
    n_bins = RINGACH_NX_NY.counts.shape[0]
    middle = np.sqrt(RINGACH_NX_NY.edges[:-1] * RINGACH_NX_NY.edges[1:])
    row, column = np.divmod(rng.choice(len(shares), n_filters, p=shares), n_bins)
    cells = rng.multinomial(RINGACH_NX_NY.n_cells, SHARES).reshape(n_bins, n_bins)
    distance, floor, _ = compare_shapes(
        middle[row],
        middle[column],
        reference=replace(RINGACH_NX_NY, counts=cells),
        n_samples=n_samples,
        random_state=seed,
    )
    return distance, floor


@pytest.mark.parametrize("n_filters", [20, 30, 60, 96])
def test_filters_of_the_cells_distribution_are_called_different_in_one_of_twenty_runs(n_filters, study, most, fewest):
    n_runs, n_samples = study.n_runs(400), 1000 if study.is_full else 500
    false_alarms, values, floors, inside = 0, [], [], 0
    for run in range(n_runs):
        rng = np.random.default_rng([n_filters, run])
        distance, floor = compare_drawn(rng, n_filters, SHARES, n_samples=n_samples, seed=run)
        false_alarms += distance["p"] < 0.05
        inside += floor["ci_low"] <= distance["value"] <= floor["ci_high"]
        values.append(distance["value"])
        floors.append(floor["value"])
    study.record(f"{n_filters} filters of the cells' distribution, p < .05", 79, int(false_alarms), n_runs, 0.05)
    study.record(f"{n_filters} filters, distance between the floor's points", 79, int(inside), n_runs, 0.95)
    excess = np.subtract(values, floors)
    error = excess.std(ddof=1) / np.sqrt(n_runs)
    study.record_value(f"{n_filters} filters, mean distance", 79, n_runs, np.nan, float(np.mean(values)), error)
    study.record_value(f"{n_filters} filters, distance minus floor", 79, n_runs, 0.0, float(excess.mean()), error)
    assert fewest(n_runs, 0.035) <= false_alarms <= most(n_runs, 0.065)
    assert inside >= fewest(n_runs, 0.935)
    assert abs(excess.mean()) < 4 * error


def test_filters_of_another_distribution_are_told_apart(study, fewest):
    """Thirty filters, half of them as the cells and half narrow and long."""
    n_runs, n_samples = study.n_runs(100), 1000 if study.is_full else 500
    others = np.zeros_like(SHARES)
    others[[3, 4, 8, 9]] = 0.25  # n_x below .30 and n_y above .52: 1 of the 79 cells
    found = 0
    for run in range(n_runs):
        rng = np.random.default_rng([30, 1, run])
        distance, _ = compare_drawn(rng, 30, (SHARES + others) / 2, n_samples=n_samples, seed=run)
        found += distance["p"] < 0.05
    study.record("30 filters, half of another shape, p < .05", 79, int(found), n_runs, 0.8)
    assert found >= fewest(n_runs, 0.8)
