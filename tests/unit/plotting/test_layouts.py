"""Places in the plane: known maps are found again, and distances stay when a map is turned."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from brainconv.errors import InvalidInputError, NotFoundError
from brainconv.plotting.layouts import compute_stress, place_stimuli, turn_onto


@pytest.fixture
def points():
    return np.random.default_rng(1).normal(size=(30, 2)) * (3.0, 1.0)


def test_points_of_a_plane_are_found_again(points):
    places = place_stimuli(pdist(points), method="mds", random_state=0)
    wanted = pdist(points)
    np.testing.assert_allclose(pdist(places), wanted / wanted.mean(), atol=1e-6)
    assert compute_stress(wanted, places) < 1e-6


def test_smacof_is_better_than_its_start():
    wanted = pdist(np.random.default_rng(2).normal(size=(40, 12)))
    places = place_stimuli(wanted, method="mds", random_state=0)
    square = np.zeros((40, 40))
    square[np.triu_indices(40, 1)] = wanted**2
    square += square.T
    centre = np.eye(40) - 1 / 40
    values, vectors = np.linalg.eigh(-0.5 * centre @ square @ centre)
    classical = vectors[:, -2:] * np.sqrt(values[-2:])
    assert 0.1 < compute_stress(wanted, places) < 0.95 * compute_stress(wanted, classical)


def test_stress_is_kruskals(points):
    wanted = np.random.default_rng(3).random(435) + 0.5
    d = pdist(points)
    factors = np.linspace(0.0, 10.0, 20001)
    sums = (d @ d) - 2 * factors * (d @ wanted) + factors**2 * (wanted @ wanted)
    assert compute_stress(wanted, points) == pytest.approx(np.sqrt(sums.min() / (d @ d)), abs=1e-6)
    assert compute_stress(7 * wanted, points) == pytest.approx(compute_stress(wanted, points))


def test_tsne_keeps_clusters_together():
    rng = np.random.default_rng(4)
    group = np.repeat([0, 1, 2], 15)
    places = place_stimuli(pdist(6 * np.eye(10)[group] + rng.normal(size=(45, 10))), method="tsne", random_state=0)
    distances = np.linalg.norm(places[:, None] - places, axis=2) + np.diag(np.full(45, np.inf))
    assert (group[distances.argmin(axis=1)] == group).mean() > 0.95


@pytest.mark.parametrize("method", ["mds", "tsne"])
@pytest.mark.parametrize("n_stimuli", [4, 25])
def test_maps_repeat_without_warnings(method, n_stimuli):
    wanted = pdist(np.random.default_rng(5).normal(size=(n_stimuli, 6)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first, second = (place_stimuli(wanted, method=method, random_state=seed) for seed in (0, 0))
    np.testing.assert_array_equal(first, second)
    assert first.shape == (n_stimuli, 2)
    np.testing.assert_allclose(first.mean(axis=0), 0, atol=1e-4)


def test_a_turned_and_reflected_map_is_turned_back(points):
    centred = points - points.mean(axis=0)
    angle = 2.1
    turned = centred @ [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]] * (-1.0, 1.0)
    np.testing.assert_allclose(turn_onto(turned, centred), centred, atol=1e-12)
    np.testing.assert_allclose(pdist(turn_onto(3 * turned, centred)), 3 * pdist(centred))


def test_dissimilarities_below_zero_count_as_zero(points):
    wanted = pdist(points)
    wanted[4] = -0.2
    clipped = np.maximum(wanted, 0.0)
    np.testing.assert_array_equal(
        *(place_stimuli(values, method="mds", random_state=0) for values in (wanted, clipped))
    )


def test_refusals(points):
    wanted = pdist(points)
    with pytest.raises(InvalidInputError, match="2 of 435 dissimilarities are NaN"):
        place_stimuli(np.r_[np.nan, np.inf, wanted[2:]], method="mds", random_state=0)
    with pytest.raises(InvalidInputError, match="3 stimuli; a map needs at least 4"):
        place_stimuli(np.ones(3), method="mds", random_state=0)
    with pytest.raises(InvalidInputError, match="above 0"):
        place_stimuli(np.zeros(6), method="tsne", random_state=0)
    with pytest.raises(NotFoundError, match="method"):
        place_stimuli(wanted, method="umap", random_state=0)
