"""Ceilings for one animal against truth, and the trap of ordinary RDMs.

Sizes: 60 stimuli, 8 repeats, 40 sites; bands of 0.02, to which 40 runs add what chance leaves in one of a thousand.
With fewer or noisier stimuli single values scatter so much that the curvature of Spearman-Brown's formula pulls their
mean below 0 (-.03 for 30 stimuli, 6 repeats and noise between .3 and 2).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist

from brainconv.containers import Recording, StimulusSet
from brainconv.similarity import compute_animal_ceiling, estimate_from_repeats
from brainconv.similarity.comparators import compare_rows

SMALL, N_STIMULI, N_REPEATS, N_SITES = 40, 60, 8, 40
SEED = 20261128
STIMULI = StimulusSet("set", tuple(f"s{i:02d}" for i in range(N_STIMULI)), np.zeros((N_STIMULI, 1, 1, 3), np.uint8))
SITES = pd.DataFrame({"area": ["IT"] * N_SITES}, index=[f"n{i}" for i in range(N_SITES)])


def simulate(run, signal):
    rng = np.random.default_rng([run, SEED])
    axes = rng.normal(size=(4, N_SITES))
    truth = signal * rng.normal(size=(N_STIMULI, 4)) @ axes / 2.0
    noise = np.linspace(0.5, 1.5, N_STIMULI)[:, None, None]  # some stimuli are noisier than others
    responses = truth[:, None] + noise * rng.normal(size=(N_STIMULI, N_REPEATS, N_SITES))
    return truth, responses


@pytest.fixture
def mean_is(study):
    def check(name, values, expected):
        mean, error = np.mean(values), np.std(values, ddof=1) / np.sqrt(len(values))
        study.record_value(f"one animal: {name}", N_STIMULI, len(values), expected, mean, error)
        # a full study is precise enough to be held to the band itself
        return abs(mean - expected) < 0.02 + (0.0 if study.is_full else 3.29 * error) and error < 0.025

    return check


@pytest.mark.parametrize("metric", ["euclidean", "correlation"])
def test_ordinary_rdms_show_a_geometry_where_there_is_none(study, metric):
    """The trap: halves of the repeats share the bias that noise gives to noisy stimuli."""
    found = []
    for run in range(study.n_runs(SMALL)):
        _, responses = simulate(run, 0.0)
        responses += np.random.default_rng(99).normal(size=N_SITES)  # one common true pattern
        r = np.corrcoef(*(pdist(half.mean(axis=1), metric) for half in np.split(responses, 2, axis=1)))[0, 1]
        found.append(2 * r / (1 + r))
    error = np.std(found, ddof=1) / np.sqrt(len(found))
    study.record_value(f"ordinary distances ({metric}), no geometry", N_STIMULI, len(found), 0.0, np.mean(found), error)
    assert np.mean(found) > 0.7


@pytest.mark.parametrize("halves", ["repeats", "sites"])
def test_cross_validated_distances_show_none(study, mean_is, halves):
    found = {"reliability": [], "reliability_of_all": []} if halves == "repeats" else {"reliability": []}
    for run in range(study.n_runs(SMALL)):
        recording = Recording("rec", STIMULI, simulate(run, 0.0)[1], SITES)
        result = compute_animal_ceiling(recording, halves=halves, n_splits=6)
        for name, values in found.items():
            values.append(float(result[name][0]))
    assert all(mean_is(f"{name}, halves of {halves}, no geometry", v, 0.0) for name, v in found.items())


@pytest.mark.parametrize("comparator", ["pearson", "cosine"])
def test_ceilings_are_what_the_truth_reaches(study, mean_is, comparator):
    errors = {"ceiling": [], "ceiling_of_all": []}
    for run in range(study.n_runs(SMALL)):
        truth, responses = simulate(run, 0.7)
        result = compute_animal_ceiling(Recording("rec", STIMULI, responses, SITES), comparator=comparator, n_splits=10)
        halves = [estimate_from_repeats(x, estimator="cv_sqeuclidean_per_unit") for x in np.split(responses, 2, axis=1)]
        every = estimate_from_repeats(responses, estimator="cv_sqeuclidean_per_unit")
        rows = np.stack([np.mean(halves, axis=0), every])
        reached = compare_rows(pdist(truth, "sqeuclidean")[None], rows, comparator=comparator)[0]
        for (name, values), value in zip(errors.items(), reached, strict=True):
            values.append(float(result[name][0]) - value)
    assert all(mean_is(f"{name} less truth ({comparator})", values, 0.0) for name, values in errors.items())
