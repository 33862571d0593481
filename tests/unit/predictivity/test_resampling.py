import warnings

import numpy as np
import pytest

from brainconv.predictivity.resampling import (
    aggregate,
    draw_sites,
    draw_stimuli,
    nanmean,
    nanmedian,
    resample_r,
)


def test_a_resample_holds_as_many_stimuli_as_there_are():
    weights = draw_stimuli(50, 30)
    assert weights.shape == (50, 30)
    assert (weights.sum(axis=1) == 30).all()
    np.testing.assert_array_equal(weights, draw_stimuli(50, 30))
    assert (weights != draw_stimuli(50, 30, random_state=1)).any()


def test_groups_are_drawn_as_wholes():
    groups = np.array(list("aabbbccdde"))
    weights = draw_stimuli(50, 10, groups=groups)
    for name in "abcde":
        assert (np.ptp(weights[:, groups == name], axis=1) == 0).all()
    assert weights.std() > 0


def test_the_sites_of_an_area_are_drawn_apart_from_other_areas():
    assert (draw_sites(9, 7, area="V4") != draw_sites(9, 7, area="IT")).any()
    assert draw_sites(9, 7, area="V4").max() < 7


def test_medians_and_means_of_finite_values_equal_numpys():
    values = np.random.default_rng(0).normal(size=(6, 5, 8))
    values[values > 0.8] = np.nan
    values[2, 3] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected_median, expected_mean = np.nanmedian(values, axis=-1), np.nanmean(values, axis=-2)
    np.testing.assert_allclose(nanmedian(values), expected_median)
    np.testing.assert_allclose(nanmean(values, axis=-2), expected_mean)
    assert np.isnan(nanmedian(values)[2, 3])


def test_the_two_orders_of_aggregation():
    r = np.array([[0.0, 0.2, 1.0], [0.5, 0.0, 0.1]])
    assert aggregate(r, median_first=False) == pytest.approx(np.median([0.25, 0.1, 0.55]))
    assert aggregate(r, median_first=True) == pytest.approx(np.mean([0.2, 0.1]))


def test_resampled_r_is_centred_and_adds_up_what_stimuli_count():
    rng = np.random.default_rng(0)
    test = [np.arange(0, 40, 2), np.arange(1, 40, 2)]
    r, influence = rng.normal(size=(2, 3)), [rng.normal(size=(20, 3)) for _ in test]
    weights = draw_stimuli(4, 40)
    found = resample_r(r, influence, test, weights)
    assert found.shape == (4, 2, 3)
    for b in range(4):
        for k, held in enumerate(test):
            more = sum((weights[b, i] - 1.0) * influence[k][place] for place, i in enumerate(held))
            np.testing.assert_allclose(found[b, k], r[k] + more)
    np.testing.assert_allclose(resample_r(r, influence, test, np.ones((1, 40)))[0], r)


def test_animals_are_drawn_where_there_are_five_and_sites_stay_with_them():
    animals = np.repeat([f"m{k}" for k in range(6)], [1, 2, 3, 4, 5, 5])
    picks = draw_sites(400, 20, area="V4", animals=animals)
    drawn = [len(set(animals[row])) for row in picks]
    # of six animals drawn with replacement about four are there; of sites alone nearly always all six
    assert 3.4 < np.mean(drawn) < 4.4
    assert np.mean([len(set(animals[row])) for row in draw_sites(400, 20, area="V4")]) > 5
    assert np.bincount(picks.ravel(), minlength=20).min() > 0


def test_four_animals_are_too_few_to_be_drawn():
    animals = np.repeat([f"m{k}" for k in range(4)], 5)
    np.testing.assert_array_equal(
        draw_sites(50, 20, area="V4", animals=animals), draw_sites(50, 20, area="V4", animals=None)
    )
