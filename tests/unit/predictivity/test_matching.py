import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from brainconv import Recording, Representation, StimulusSet
from brainconv.errors import InvalidInputError, NotFoundError, ResourceError
from brainconv.predictivity import match_units, score_matching
from brainconv.predictivity.matching import correlate_all

N = 100
IDS = tuple(f"s{i:03d}" for i in range(N))


def problem(n_units=12, n_sites=6, seed=0, noise=0.3):
    """Each site is one unit with noise; the units are in another order."""
    rng = np.random.default_rng(seed)
    units = rng.normal(size=(N, n_units))
    return units, units[:, ::-1][:, :n_sites] + noise * rng.normal(size=(N, n_sites)), rng


def recording(y, areas=None):
    stimuli = StimulusSet("set", IDS, np.zeros((N, 1, 1, 3), np.uint8))
    sites = pd.DataFrame({"area": areas or ["V4"] * y.shape[1]}, index=[f"n{i}" for i in range(y.shape[1])])
    return Recording("rec", stimuli, y, sites)


def value(units, y, kind):
    layer = Representation.from_features(units, IDS, layer="conv", model="net")
    return float(score_matching(layer, recording(y), kind=kind).table["value"].iloc[0])


def test_correlations_of_all_pairs():
    units, sites, _ = problem()
    found = correlate_all(units, sites)
    np.testing.assert_allclose(found, np.corrcoef(units.T, sites.T)[:12, 12:], atol=1e-12)
    assert np.isnan(correlate_all(np.ones((N, 1)), sites)).all()


@pytest.mark.parametrize("kind", ["best", "one-to-one"])
def test_the_unit_of_each_site_is_found_and_a_rotation_loses_it(kind):
    units, sites, rng = problem()
    rotated = units @ np.linalg.qr(rng.normal(size=(12, 12)))[0]
    assert value(units, sites, kind) > 0.9
    assert value(rotated, sites, kind) < 0.75


def test_soft_matching_is_full_where_every_unit_has_a_site():
    units, sites, _ = problem(n_units=6)
    assert value(units, sites, "soft") > 0.9
    # Half of the units have no site and must be matched all the same.
    assert value(problem(n_units=12)[0], problem(n_units=12)[1], "soft") < 0.6
    # Each unit twice changes nothing.
    assert value(np.hstack([units, units]), sites, "soft") == pytest.approx(value(units, sites, "soft"), abs=0.02)


def test_no_unit_is_taken_twice():
    units, sites, rng = problem(noise=0.1)
    twice = np.stack([sites[:, 0], sites[:, 0] + 0.01 * rng.normal(size=N)], axis=1)
    best = match_units(units[:80], twice[:80], units[80:], twice[80:], "best")
    each = match_units(units[:80], twice[:80], units[80:], twice[80:], "one-to-one")
    assert (best > 0.9).all()
    assert each.max() > 0.9 > 0.7 > each.min()


def test_soft_matching_is_the_best_transport():
    units, sites, _ = problem(n_units=5, n_sites=3)
    found = match_units(units, sites, units, sites, "soft")
    gain = correlate_all(units, sites)
    equal = [np.kron(np.eye(5)[i], np.ones(3)) for i in range(5)] + [np.tile(np.eye(3)[j], 5) for j in range(3)]
    solved = linprog(-gain.ravel(), A_eq=np.array(equal), b_eq=[0.2] * 5 + [1 / 3] * 3)
    assert found.mean() == pytest.approx(-solved.fun)


def test_fewer_units_than_sites_silent_units_and_gaps():
    units, sites, _ = problem(n_units=6)
    few = units[:, :4]
    matched = match_units(few[:80], sites[:80], few[80:], sites[80:], "one-to-one")
    assert np.isfinite(matched).sum() == 4
    scores = score_matching(Representation.from_features(few, IDS), recording(sites), kind="one-to-one")
    assert scores.notes == ("4 units are fewer than the sites: some sites have no unit in some splits.",)
    silent = np.hstack([units, np.ones((N, 2))])
    for kind in ("best", "one-to-one", "soft"):
        assert np.isfinite(value(silent, sites[:, :3], kind))
    sites[0, 0] = np.nan
    scores = score_matching(Representation.from_features(units, IDS), recording(sites), kind="best")
    assert scores.notes == ("1 of 6 sites lack stimuli and were matched to no unit.",)


def test_refusals(monkeypatch):
    units, sites, _ = problem()
    with pytest.raises(NotFoundError, match="kind of matching"):
        value(units, sites, "first")
    with pytest.raises(InvalidInputError, match="keep='features'"):
        score_matching(Representation.from_features(units, IDS, keep=False), recording(sites))
    monkeypatch.setattr("brainconv.predictivity.matching.LARGEST_TRANSPORT", 10)
    with pytest.raises(ResourceError, match="more than 10"):
        value(units, sites, "soft")
