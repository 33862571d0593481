from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist

from brainconv.containers import Recording, StimulusSet
from brainconv.errors import BrainconvWarning, InvalidInputError, NotFoundError
from brainconv.similarity import compute_animal_ceiling
from brainconv.similarity.animal_ceiling import _split_repeats
from brainconv.similarity.noise import estimate_noise_covariance
from brainconv.similarity.repeats import estimate_from_parts, estimate_from_repeats

N = 12


def make_recording(n_repeats=6, n_sites=24, areas=None, noise=0.5, seed=0, order=None):
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=(N, 1, n_sites))
    responses = truth + noise * rng.normal(size=(N, n_repeats, n_sites))
    order = np.arange(N) if order is None else order
    ids = tuple(f"s{i:02d}" for i in order)
    sites = pd.DataFrame({"area": areas or ["IT"] * n_sites}, index=[f"n{i}" for i in range(n_sites)])
    return Recording("rec", StimulusSet("set", ids, np.zeros((N, 2, 2, 3), np.uint8)), responses[order], sites)


@pytest.mark.parametrize("halves", ["repeats", "sites"])
def test_clear_geometry_has_a_high_ceiling_and_names_its_truth(halves):
    result = compute_animal_ceiling(make_recording(), halves=halves)
    assert list(result["area"].values) == ["IT"]
    assert 0.3 < float(result["between_halves"][0]) < float(result["reliability"][0]) < 1
    assert float(result["ceiling"][0]) == pytest.approx(float(result["reliability"][0]) ** 0.5)
    assert (
        "bounds a model of " + ("these very sites" if halves == "repeats" else "the population")
        in result.attrs["bounds"]
    )


def test_rdm_of_all_repeats_is_better_than_the_mean_of_two_halves():
    result = compute_animal_ceiling(make_recording(noise=2.0))
    assert float(result["reliability_of_all"][0]) > float(result["reliability"][0])
    assert np.isnan(compute_animal_ceiling(make_recording(), comparator="spearman")["reliability_of_all"]).all()


def test_few_repeats_are_split_in_all_ways():
    assert int(compute_animal_ceiling(make_recording(n_repeats=4))["n_splits"][0]) == 3
    assert int(compute_animal_ceiling(make_recording(n_repeats=5))["n_splits"][0]) == 15
    assert int(compute_animal_ceiling(make_recording(n_repeats=10), n_splits=7)["n_splits"][0]) == 7


def test_halves_are_disjoint_with_two_repeats_each():
    responses = make_recording(n_repeats=6).responses.copy()
    responses[0, 4:] = np.nan
    responses[3, 0, 5:] = np.nan
    for a, b in _split_repeats(responses, 4, np.random.default_rng(0)):
        assert not (a & b).any()
        assert np.isfinite(responses[a | b]).all()
        assert (a.sum(axis=1) >= 2).all()
        assert (b.sum(axis=1) >= 2).all()
    assert len(list(_split_repeats(responses[1:3], 20, np.random.default_rng(0)))) == 10


@pytest.mark.parametrize("halves", ["repeats", "sites"])
def test_order_of_stimuli_does_not_matter(halves):
    one = compute_animal_ceiling(make_recording(n_repeats=8), halves=halves, n_splits=5)
    other = compute_animal_ceiling(make_recording(n_repeats=8, order=np.arange(N)[::-1]), halves=halves, n_splits=5)
    np.testing.assert_allclose(one["reliability"], other["reliability"], atol=1e-12)


def test_areas_stand_apart():
    result = compute_animal_ceiling(make_recording(areas=["V4"] * 4 + ["IT"] * 20))
    assert list(result["area"].values) == ["V4", "IT"]
    assert list(result["n_sites"].values) == [4, 20]


def test_noise_without_geometry_has_no_ceiling():
    responses = np.random.default_rng(3).normal(size=(N, 4, 3))
    recording = make_recording(n_repeats=4, n_sites=3)
    for seed in range(20):
        responses = np.random.default_rng(seed).normal(size=(N, 4, 3))
        result = compute_animal_ceiling(Recording("rec", recording.stimuli, responses, recording.sites))
        assert np.isnan(float(result["ceiling"][0])) == (float(result["reliability"][0]) <= 0)


def test_sites_with_few_repeats_are_named():
    recording = make_recording(n_repeats=4)
    responses = recording.responses.copy()
    responses[2, 0, 7] = np.nan
    with pytest.warns(BrainconvWarning, match="1 of 24 sites.*n7"):
        result = compute_animal_ceiling(Recording("rec", recording.stimuli, responses, recording.sites))
    assert int(result["n_sites"][0]) == 23


def test_refusals():
    recording = make_recording()
    with pytest.raises(InvalidInputError, match="noise biases both halves alike"):
        compute_animal_ceiling(recording, estimator="correlation")
    with pytest.raises(InvalidInputError, match="'tau-a' knows no reliability"):
        compute_animal_ceiling(recording, comparator="tau-a")
    with pytest.raises(NotFoundError, match="kind of halves"):
        compute_animal_ceiling(recording, halves="stimuli")
    with pytest.raises(InvalidInputError, match="has one repeat of each stimulus, so that no ceiling exists"):
        compute_animal_ceiling(make_recording(n_repeats=1))
    with pytest.raises(InvalidInputError, match="at most 3 repeats of a stimulus; a ceiling from repeats needs 4"):
        compute_animal_ceiling(make_recording(n_repeats=3))
    with pytest.raises(InvalidInputError, match="halves of sites need 20"):
        compute_animal_ceiling(make_recording(n_sites=10), halves="sites")


@pytest.mark.parametrize("n_sites", [20, 30, 50])
def test_ceiling_of_all_is_what_the_truth_reaches_under_correlated_noise(n_sites):
    """Halves that shrink their own covariance gave .82 to .87 here, where the true RDM reaches .995."""
    rng = np.random.default_rng(n_sites)
    n, n_repeats = 40, 8
    truth = 2.3 * rng.normal(size=(n, 4)) @ rng.normal(size=(4, n_sites)) / 2.0
    shared = 3.0 * rng.normal(size=(3, n_sites))
    responses = truth[:, None] + rng.normal(size=(n, n_repeats, 3)) @ shared + rng.normal(size=(n, n_repeats, n_sites))
    ids = tuple(f"s{i:02d}" for i in range(n))
    sites = pd.DataFrame({"area": ["IT"] * n_sites}, index=[f"n{i}" for i in range(n_sites)])
    recording = Recording("rec", StimulusSet("set", ids, np.zeros((n, 2, 2, 3), np.uint8)), responses, sites)
    result = compute_animal_ceiling(recording, estimator="crossnobis", n_splits=10)
    white = estimate_noise_covariance(responses).whiten(truth)  # the metric of the distances
    measured = estimate_from_repeats(responses, estimator="crossnobis")
    reached = np.corrcoef(pdist(white, "sqeuclidean"), measured)[0, 1]
    assert reached == pytest.approx(0.995, abs=0.003)
    assert float(result["ceiling_of_all"][0]) == pytest.approx(reached, abs=0.003)
    assert float(result["ceiling"][0]) == pytest.approx(reached, abs=0.003)


def test_halves_and_whole_share_one_covariance():
    responses = make_recording(n_repeats=4).responses
    halves = [np.zeros(responses.shape, bool) for _ in range(2)]
    halves[0][:, :2], halves[1][:, 2:] = True, True
    first, second, every = estimate_from_parts(
        responses, [*halves, np.ones(responses.shape, bool)], estimator="crossnobis"
    )
    np.testing.assert_allclose(every, estimate_from_repeats(responses, estimator="crossnobis"), rtol=1e-12)
    across = responses[:, :2].mean(axis=1), responses[:, 2:].mean(axis=1)  # the pairs of repeats that no half holds
    assert not np.allclose(first, estimate_from_repeats(responses[:, :2], estimator="crossnobis"), rtol=0.01)
    i, j = 3, 7
    others = np.delete(responses, [i, j], axis=0)
    noise = estimate_noise_covariance(responses)
    residuals = (others - others.mean(axis=1, keepdims=True)).reshape(-1, responses.shape[2])
    slope = noise.without_two_stimuli(N).slope
    sigma = slope * residuals.T @ residuals + noise.floor * np.eye(responses.shape[2])
    place = next(k for k, pair in enumerate(combinations(range(N), 2)) if pair == (i, j))
    cross = (across[0][i] - across[0][j]) @ np.linalg.solve(sigma, across[1][i] - across[1][j]) / responses.shape[2]
    np.testing.assert_allclose(every[place], (first[place] + second[place] + 4.0 * cross) / 6.0, rtol=1e-9)
