import numpy as np
import pytest

from brainconv.errors import InvalidInputError
from brainconv.predictivity import Splits, cross_validate_factorised, fit_factorised

N, C, H, W = 200, 6, 5, 7


def problem(seed=0, noise=0.3):
    """Two sites that look at different places for different channels."""
    rng = np.random.default_rng(seed)
    x = np.maximum(rng.normal(size=(N, C, H, W)), 0)
    rows, columns = np.mgrid[:H, :W]
    maps = np.stack([np.exp(-((rows - r) ** 2 + (columns - c) ** 2) / 2) for r, c in ((1, 1), (3, 5))])
    weights = rng.normal(size=(2, C))
    signal = np.einsum("nchw,shw,sc->ns", x, maps, weights)
    signal /= signal.std(axis=0)
    return x, signal + 2 + noise * rng.normal(size=signal.shape), maps, weights


def folds():
    fold = np.random.default_rng(0).permutation(np.arange(N) % 4)
    train, test = (tuple(np.flatnonzero((fold == k) == held) for k in range(4)) for held in (False, True))
    return Splits("kfold4", tuple(f"s{i:03d}" for i in range(N)), train, test)


def test_where_and_what_are_recovered():
    x, y, maps, weights = problem(noise=0.1)
    found = fit_factorised(x, y)
    for site in range(2):
        assert np.corrcoef(found.spatial[site].ravel(), maps[site].ravel())[0, 1] > 0.95
        assert abs(np.corrcoef(found.channels[site], weights[site])[0, 1]) > 0.98
        assert np.linalg.norm(found.spatial[site]) == pytest.approx(1.0)
        assert np.corrcoef(found.predict(x)[:, site], y[:, site])[0, 1] > 0.97
    centres = found.centres()
    np.testing.assert_allclose(centres[0], [1.5 / H, 1.5 / W], atol=0.08)
    np.testing.assert_allclose(centres[1], [3.5 / H, 5.5 / W], atol=0.08)


def test_it_needs_fewer_stimuli_than_a_weight_for_every_unit():
    x, y, _, _ = problem()
    r = cross_validate_factorised(x, y, folds())
    assert r.shape == (4, 2)
    flat = x.reshape(N, -1)
    full = []
    for fit, held in zip(folds().train, folds().test, strict=True):
        a = flat[fit] - flat[fit].mean(axis=0)
        best = max(
            np.corrcoef(
                (flat[held] - flat[fit].mean(axis=0)) @ a.T @ np.linalg.solve(a @ a.T + k * np.eye(len(a)), y[fit, 0]),
                y[held, 0],
            )[0, 1]
            for k in 10.0 ** np.arange(0, 5)  # even with the penalty that is best for the test stimuli
        )
        full.append(best)
    assert r[:, 0].mean() > np.mean(full) + 0.05
    assert r.mean() > 0.85


def test_nothing_to_find_gives_nothing():
    x, *_ = problem()
    noise = np.random.default_rng(9).normal(size=(N, 6))
    assert abs(cross_validate_factorised(x, noise, folds()).mean()) < 0.1


def test_missing_stimuli_and_constant_sites():
    x, y, _, _ = problem()
    gaps = np.column_stack([y, np.full(N, 3.0)])
    gaps[::5, 0] = np.nan
    found = fit_factorised(x, gaps)
    whole = fit_factorised(x[np.isfinite(gaps[:, 0])], gaps[np.isfinite(gaps[:, 0]), :1])
    np.testing.assert_allclose(found.channels[0], whole.channels[0])
    np.testing.assert_allclose(found.predict(x)[:, 2], 3.0)
    assert np.isnan(found.centres()[2]).all()
    assert np.isnan(cross_validate_factorised(x, gaps, folds())[:, 2]).all()


def test_smoothness_makes_maps_smooth():
    x, y, _, _ = problem(noise=3.0)
    rough, smooth = (np.abs(np.diff(fit_factorised(x, y, smoothness=k).spatial, axis=2)).mean() for k in (0.0, 10.0))
    assert smooth < 0.8 * rough


def test_refusals():
    x, y, _, _ = problem()
    with pytest.raises(InvalidInputError, match="channels, height, width"):
        fit_factorised(x[:, 0], y)
    y[2:, 0] = np.nan
    with pytest.raises(InvalidInputError, match="Site 0 has 2 stimuli"):
        fit_factorised(x, y)
    with pytest.raises(InvalidInputError, match="expected"):
        fit_factorised(x, problem()[1]).predict(x[:, :, :2])
