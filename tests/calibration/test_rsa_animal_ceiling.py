"""Ceilings for one animal against truth, and the trap of ordinary RDMs.

Sizes: 40 recordings of 60 stimuli, 8 repeats, 40 sites; bands of 0.02 plus the central 99.9 % of a normal mean.
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

N_RUNS, N_STIMULI, N_REPEATS, N_SITES = 40, 60, 8, 40
STIMULI = StimulusSet("set", tuple(f"s{i:02d}" for i in range(N_STIMULI)), np.zeros((N_STIMULI, 1, 1, 3), np.uint8))
SITES = pd.DataFrame({"area": ["IT"] * N_SITES}, index=[f"n{i}" for i in range(N_SITES)])


def simulate(seed, signal):
    rng = np.random.default_rng(seed)
    axes = rng.normal(size=(4, N_SITES))
    truth = signal * rng.normal(size=(N_STIMULI, 4)) @ axes / 2.0
    noise = np.linspace(0.5, 1.5, N_STIMULI)[:, None, None]  # some stimuli are noisier than others
    responses = truth[:, None] + noise * rng.normal(size=(N_STIMULI, N_REPEATS, N_SITES))
    return truth, responses


def mean_is(values, expected):
    error = 3.29 * np.std(values, ddof=1) / np.sqrt(len(values))
    return abs(np.mean(values) - expected) < 0.02 + error and error < 0.08


def test_ordinary_rdms_show_a_geometry_where_there_is_none():
    """The trap: halves of the repeats share the bias that noise gives to noisy stimuli."""
    for metric in ("euclidean", "correlation"):
        found = []
        for seed in range(N_RUNS):
            _, responses = simulate(seed, 0.0)
            responses += 1.0 * np.random.default_rng(99).normal(size=N_SITES)  # one common true pattern
            r = np.corrcoef(*(pdist(half.mean(axis=1), metric) for half in np.split(responses, 2, axis=1)))[0, 1]
            found.append(2 * r / (1 + r))
        assert np.mean(found) > 0.7


@pytest.mark.parametrize(
    ("halves", "estimator"), [("repeats", "cv_sqeuclidean_per_unit"), ("sites", "cv_sqeuclidean_per_unit")]
)
def test_cross_validated_distances_show_none(halves, estimator):
    found = []
    for seed in range(N_RUNS):
        recording = Recording("rec", STIMULI, simulate(seed, 0.0)[1], SITES)
        result = compute_animal_ceiling(recording, halves=halves, estimator=estimator, n_splits=6)
        found.append(float(result["reliability"][0]))
    assert mean_is(found, 0.0)


@pytest.mark.parametrize("comparator", ["pearson", "cosine"])
def test_ceilings_are_what_the_truth_reaches(comparator):
    errors = {"halves": [], "all": []}
    compare = (
        (lambda a, b: np.corrcoef(a, b)[0, 1])
        if comparator == "pearson"
        else (lambda a, b: a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    )
    for seed in range(N_RUNS):
        truth, responses = simulate(seed, 0.7)
        recording = Recording("rec", STIMULI, responses, SITES)
        result = compute_animal_ceiling(recording, comparator=comparator, n_splits=10)
        true_rdm = pdist(truth, "sqeuclidean")
        halves = [estimate_from_repeats(x, estimator="cv_sqeuclidean_per_unit") for x in np.split(responses, 2, axis=1)]
        errors["halves"].append(float(result["ceiling"][0]) - compare(true_rdm, np.mean(halves, axis=0)))
        every = estimate_from_repeats(responses, estimator="cv_sqeuclidean_per_unit")
        errors["all"].append(float(result["ceiling_of_all"][0]) - compare(true_rdm, every))
    for found in errors.values():
        assert mean_is(found, 0.0)
