import numpy as np
import pytest

from brainconv.predictivity import Splits, cross_validate, predict_ridge


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(100, 30))
    responses = features @ rng.normal(size=(30, 6)) + 3 * rng.normal(size=(100, 6))
    folds = np.arange(100) % 5
    splits = Splits(
        "five",
        tuple(f"s{i:03d}" for i in range(100)),
        tuple(np.flatnonzero(folds != k) for k in range(5)),
        tuple(np.flatnonzero(folds == k) for k in range(5)),
    )
    return features @ features.T, responses, splits


def test_r_is_that_of_the_predictions(problem):
    gram, responses, splits = problem
    found = cross_validate(gram, responses, splits)
    for k, one in enumerate(predict_ridge(gram, responses, splits.train, splits.test)):
        np.testing.assert_array_equal(found.predictions[k], one.predictions)
        for site in range(6):
            r = np.corrcoef(one.predictions[:, site], responses[splits.test[k], site])[0, 1]
            assert found.r[k, site] == pytest.approx(r, abs=1e-12)
        np.testing.assert_array_equal(found.setting[k], one.settings[one.choice])


def test_sites_that_lack_stimuli_are_fitted_on_those_that_they_have(problem):
    gram, responses, splits = problem
    holed = responses.copy()
    holed[:25, 0] = holed[:25, 3] = np.nan
    holed[60:63, 5] = np.nan
    found = cross_validate(gram, holed, splits)
    whole = cross_validate(gram, responses, splits)
    np.testing.assert_allclose(found.r[:, [1, 2, 4]], whole.r[:, [1, 2, 4]])
    rows = np.arange(25, 100)
    train = [np.searchsorted(rows, t[t >= 25]) for t in splits.train]
    test = [np.searchsorted(rows, t[t >= 25]) for t in splits.test]
    alone = predict_ridge(gram[np.ix_(rows, rows)], responses[25:, [0, 3]], train, test)
    for k, one in enumerate(alone):
        assert np.isnan(found.predictions[k][splits.test[k] < 25, 0]).all()
        np.testing.assert_allclose(found.predictions[k][splits.test[k] >= 25][:, [0, 3]], one.predictions)
    assert np.isfinite(found.r).all()


def test_a_site_without_enough_stimuli_is_left_undefined(problem):
    gram, responses, splits = problem
    holed = responses.copy()
    holed[4:, 2] = np.nan
    found = cross_validate(gram, holed, splits)
    assert np.isnan(found.r[:, 2]).all()
    assert np.isfinite(found.r[:, [0, 1, 3, 4, 5]]).all()


def test_constant_responses_are_undefined(problem):
    gram, responses, splits = problem
    silent = responses.copy()
    silent[:, 1] = 4.0
    assert np.isnan(cross_validate(gram, silent, splits).r[:, 1]).all()


@pytest.mark.parametrize("level", [2.0, 1e7 / 3])
def test_constant_features_score_zero(problem, level):
    # The rounding errors of "response - error" correlate with the response; they must not count as a prediction.
    gram, responses, splits = problem
    assert (cross_validate(np.full_like(gram, level), responses, splits).r == 0).all()


def test_shuffled_stimuli_score_about_zero_and_the_others_are_untouched(problem):
    gram, responses, splits = problem
    keys = np.random.default_rng(1).random((40, *responses.shape))
    found = cross_validate(gram, responses, splits, shuffles=keys)
    plain = cross_validate(gram, responses, splits)
    np.testing.assert_allclose(found.r, plain.r, atol=1e-10)
    assert np.isnan(plain.shuffled_r).all()
    assert abs(found.shuffled_r.mean()) < 0.05
    assert found.r.mean() > 0.5


def test_every_site_is_shuffled_in_an_order_of_its_own(problem):
    gram, responses, splits = problem
    twice = np.repeat(responses[:, :1], 2, axis=1)
    keys = np.random.default_rng(1).random((1, *twice.shape))
    apart = cross_validate(gram, twice, splits, shuffles=keys).shuffled_r
    assert np.abs(apart[:, 0] - apart[:, 1]).min() > 0
    alike = cross_validate(gram, twice, splits, shuffles=np.repeat(keys[:, :, :1], 2, axis=2)).shuffled_r
    np.testing.assert_allclose(alike[:, 0], alike[:, 1])
    np.testing.assert_allclose(alike[:, 0], apart[:, 0])


def test_the_edge_of_the_grid_is_marked(problem):
    gram, responses, splits = problem
    noise = np.random.default_rng(2).normal(size=responses.shape)
    found = cross_validate(gram, noise, splits)
    last = found.setting == found.setting.max(axis=1, keepdims=True)
    assert (found.edge == 1).any()
    np.testing.assert_array_equal(found.edge == 1, last & (found.edge == 1))
    assert set(np.unique(found.edge)) <= {-1, 0, 1}


@pytest.mark.parametrize("name", ["pls3", "pcr10"])
def test_other_regressions_go_the_same_way(problem, name):
    gram, responses, splits = problem
    keys = np.random.default_rng(1).random((10, *responses.shape))
    found = cross_validate(gram, responses, splits, regression=name, shuffles=keys)
    assert found.r.mean() > 0.3
    assert found.nested_r.mean() > 0.3
    assert abs(found.shuffled_r.mean()) < 0.1
    assert set(found.setting.ravel()) == {float(name[3:])}
    assert not found.edge.any()


def test_partial_least_squares_fits_each_area_alone(problem):
    gram, responses, splits = problem
    areas = np.array(["V4", "V4", "IT", "IT", "IT", "V4"])
    found = cross_validate(gram, responses, splits, regression="pls3", areas=areas)
    for area in ("V4", "IT"):
        alone = cross_validate(gram, responses[:, areas == area], splits, regression="pls3")
        np.testing.assert_allclose(found.r[:, areas == area], alone.r)
