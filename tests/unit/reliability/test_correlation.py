import numpy as np
import pytest

from brainconv.reliability import correlate_columns, correlate_resampled


@pytest.fixture
def pair():
    rng = np.random.default_rng(0)
    a = rng.normal(size=(40, 5)) + 100.0
    return a, a + rng.normal(size=(40, 5))


def test_columns_equal_numpy(pair):
    expected = [np.corrcoef(a, b)[0, 1] for a, b in zip(pair[0].T, pair[1].T, strict=True)]
    np.testing.assert_allclose(correlate_columns(*pair), expected, atol=1e-12)


def test_a_resample_equals_numpy_on_repeated_rows(pair):
    rng = np.random.default_rng(1)
    weights = rng.multinomial(40, np.full(40, 1 / 40), size=7).astype(float)
    found = correlate_resampled(*pair, weights)
    for row, weight in zip(found, weights, strict=True):
        rows = np.repeat(np.arange(40), weight.astype(int))
        expected = [np.corrcoef(a, b)[0, 1] for a, b in zip(pair[0][rows].T, pair[1][rows].T, strict=True)]
        np.testing.assert_allclose(row, expected, atol=1e-12)


def test_missing_stimuli_are_left_out_site_by_site(pair):
    a, b = pair[0].copy(), pair[1].copy()
    a[:10, 0], b[5:20, 1] = np.nan, np.nan
    found = correlate_resampled(a, b, np.ones((1, 40)))[0]
    assert found[0] == pytest.approx(np.corrcoef(a[10:, 0], b[10:, 0])[0, 1], abs=1e-12)
    keep = np.r_[0:5, 20:40]
    assert found[1] == pytest.approx(np.corrcoef(a[keep, 1], b[keep, 1])[0, 1], abs=1e-12)


@pytest.mark.parametrize("level", [0.0, 0.1, 1e6 / 3])
def test_a_constant_prediction_scores_zero_and_a_constant_response_nothing(pair, level):
    a, b = pair[0].copy(), pair[1].copy()
    a[:, 0] = level
    b[:, 1] = level
    for r in (correlate_columns(a, b), correlate_resampled(a, b, np.ones((1, 40)))[0]):
        assert r[0] == 0.0
        assert np.isnan(r[1])
        assert np.isfinite(r[2:]).all()


def test_two_different_stimuli_are_too_few(pair):
    weights = np.zeros((2, 40))
    weights[0, :2], weights[1, :3] = 20, 1
    found = correlate_resampled(*pair, weights)
    assert np.isnan(found[0]).all()
    assert np.isfinite(found[1]).all()
