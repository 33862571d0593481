from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import false_discovery_control

from brainconv.errors import NotFoundError
from brainconv.similarity import adjust_p


def test_fdr_is_that_of_scipy_and_ignores_what_was_not_tested():
    p = np.random.default_rng(0).random(20) ** 3
    np.testing.assert_allclose(adjust_p(p), false_discovery_control(p), atol=1e-15)
    holes = np.insert(p, [3, 9], np.nan)
    q = adjust_p(holes)
    assert np.isnan(q[[3, 10]]).all()
    np.testing.assert_allclose(q[np.isfinite(q)], adjust_p(p))
    assert np.isnan(adjust_p(np.array([np.nan]))).all()


def test_bonferroni_and_none():
    p = np.array([0.01, 0.4, np.nan])
    np.testing.assert_allclose(adjust_p(p, correction="bonferroni"), [0.02, 0.8, np.nan])
    assert adjust_p(np.array([0.9, 0.8]), correction="bonferroni").max() == 1.0
    np.testing.assert_array_equal(adjust_p(p, correction="none"), p)
    with pytest.raises(NotFoundError, match="Did you mean 'fdr'"):
        adjust_p(p, correction="fdrr")
