"""Single units against single sites: the best unit, one unit each, and soft matching."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainconv.containers import Recording, Representation, Scores
from brainconv.containers.checks import check_recording, check_varying
from brainconv.errors import InvalidInputError, ResourceError
from brainconv.predictivity.labels import label_layer, require_features
from brainconv.predictivity.resampling import nanmean, nanmedian
from brainconv.predictivity.splits import Splits, make_splits
from brainconv.validation import check_array, check_choice, check_instance, check_seed

Array = NDArray[np.float64]

KINDS = {
    "best": "unit with the largest r",
    "one-to-one": "one unit for each site",
    "soft": "soft matching",
}
LARGEST_TRANSPORT = 400_000  # pairs of unit and site in one linear programme


def score_matching(
    representation: Representation,
    recording: Recording,
    *,
    kind: str = "one-to-one",
    splits: str | Splits = "kfold10",
    random_state: int = 0,
) -> Scores:
    """Correlation of sites with single units that were matched to them on other stimuli.

    A regression does not change when the units are rotated; this asks whether the network's own axes are those of the
    sites.

    Parameters
    ----------
    representation : Representation
        With features; ``units="spatial_mean"`` makes channels of them.
    recording : Recording
        Sites that lack a stimulus are left out and counted.
    kind : {"best", "one-to-one", "soft"}
        ``"best"``: each site takes the unit with the largest r on the training stimuli, several may take the same;
        ``"one-to-one"``: no unit is taken twice and the sum of r is largest; ``"soft"``: optimal transport between
        units and sites of equal mass, where every unit counts.
    splits : str or Splits
    random_state : int

    Returns
    -------
    Scores
        Analysis "matching"; per area the median over sites of the mean over splits of r on test stimuli; for "soft" the
        mean over sites of r weighted by the transport.

    Raises
    ------
    InvalidInputError
        If the representation holds no features.
    ResourceError
        If soft matching would take more than 400,000 pairs of unit and site.

    References
    ----------
    Khosla & Williams (2023), "Soft matching distance", Proc. Mach. Learn. Res. 243:133, arXiv:2311.09466.

    Notes
    -----
    Differs from the paper: a correlation and no distance, and the matching is tested on stimuli that did not make it.
    """
    check_instance(representation, Representation, what="representation", hint="one layer with its features")
    check_varying(check_recording(recording))
    check_seed(random_state)
    check_choice(kind, KINDS, what="kind of matching")
    ids = tuple(sorted(recording.stimuli.ids))
    order = np.argsort(np.array(recording.stimuli.ids))
    features = require_features(representation, ids)
    drawn = make_splits(splits, recording.stimuli, random_state=random_state).reindex(ids)
    responses = recording.mean_responses()[order]
    whole = np.isfinite(responses).all(axis=0)
    areas = recording.sites["area"].to_numpy(dtype=str)
    rows: list[dict[str, Any]] = []
    for area in recording.areas:
        sites = np.flatnonzero((areas == area) & whole)
        if not sites.size:
            continue
        r = np.stack(
            [
                match_units(
                    features[fit], responses[np.ix_(fit, sites)], features[held], responses[np.ix_(held, sites)], kind
                )
                for fit, held in zip(drawn.train, drawn.test, strict=True)
            ]
        )
        per_site = nanmean(r, axis=0)
        value = nanmean(per_site, axis=0) if kind == "soft" else nanmedian(per_site)
        rows.append(
            {
                **label_layer(representation, representation.layer, recording),
                "area": area,
                "analysis": "matching",
                "regression": KINDS[kind],
                "splits": drawn.name,
                "statistic": "mean over sites" if kind == "soft" else "median over sites",
                "definition": "r",
                "value": float(value),
                "n_sites": int(np.isfinite(per_site).sum()),
            }
        )
    lacking = int((~whole).sum())
    notes = [f"{lacking} of {recording.n_sites} sites lack stimuli and were matched to no unit."] if lacking else []
    if kind == "one-to-one" and any(np.sum((areas == area) & whole) > features.shape[1] for area in recording.areas):
        notes.append(f"{features.shape[1]} units are fewer than the sites: some sites have no unit in some splits.")
    return Scores.from_rows(rows, notes=notes)


def match_units(train_units: Array, train_sites: Array, test_units: Array, test_sites: Array, kind: str) -> Array:
    """Match units to sites on training stimuli and correlate them on test stimuli.

    Parameters
    ----------
    train_units : ndarray, shape (n_train, n_units)
    train_sites : ndarray, shape (n_train, n_sites)
    test_units : ndarray, shape (n_test, n_units)
    test_sites : ndarray, shape (n_test, n_sites)
    kind : {"best", "one-to-one", "soft"}

    Returns
    -------
    ndarray, shape (n_sites,)
        NaN for a site without a unit, or with constant test responses.

    Raises
    ------
    ResourceError
        If soft matching would be too large.
    """
    check_choice(kind, KINDS, what="kind of matching")
    train_units = check_array(train_units, (None, None), what="train_units", finite=True)
    test_units = check_array(test_units, (None, train_units.shape[1]), what="test_units", finite=True)
    train_sites = check_array(train_sites, (len(train_units), None), what="train_sites", finite=True)
    test_sites = check_array(test_sites, (len(test_units), train_sites.shape[1]), what="test_sites", finite=True)
    if 0 in (*train_units.shape, *test_units.shape, *train_sites.shape):
        msg = f"train_units {train_units.shape} and train_sites {train_sites.shape} are empty; expected some of each."
        raise InvalidInputError(msg)
    inside, outside = correlate_all(train_units, train_sites), correlate_all(test_units, test_sites)
    n_sites = inside.shape[1]
    known = np.nan_to_num(inside, nan=-1.0)  # a silent unit is never a match
    if kind == "soft":
        # A silent unit takes part with a correlation of 0: it must be matched to something.
        plan = _transport(np.nan_to_num(inside))
        soft: Array = n_sites * (plan * np.nan_to_num(outside)).sum(axis=0)
        return np.where(np.isnan(outside).all(axis=0), np.nan, soft)
    r = np.full(n_sites, np.nan)
    if kind == "best":
        chosen: Array = np.take_along_axis(np.nan_to_num(outside), known.argmax(axis=0)[None], axis=0)[0]
        return np.where(np.isnan(outside).all(axis=0), np.nan, chosen)
    from scipy.optimize import linear_sum_assignment

    units, sites = linear_sum_assignment(known, maximize=True)
    r[sites] = np.nan_to_num(outside[units, sites])
    return np.where(np.isnan(outside).all(axis=0), np.nan, r)


def correlate_all(units: Array, sites: Array) -> Array:
    """Correlation of every unit with every site.

    Parameters
    ----------
    units : ndarray, shape (n_stimuli, n_units)
    sites : ndarray, shape (n_stimuli, n_sites)

    Returns
    -------
    ndarray, shape (n_units, n_sites)
        NaN where one of the two is constant.
    """
    a, b = (x - x.mean(axis=0) for x in (units, sites))
    norms = [np.linalg.norm(x, axis=0) for x in (a, b)]
    limits = [1e-12 * np.sqrt(len(x)) * np.abs(x).max(axis=0, initial=0.0) for x in (units, sites)]
    norms = [np.where(norm > limit, norm, np.nan) for norm, limit in zip(norms, limits, strict=True)]
    r: Array = np.clip((a / norms[0]).T @ (b / norms[1]), -1.0, 1.0)
    return r


def _transport(gain: Array) -> Array:
    """Plan with equal mass on every unit and on every site that has the largest total gain."""
    from scipy.optimize import linear_sum_assignment, linprog
    from scipy.sparse import coo_array

    n, m = gain.shape
    plan = np.zeros((n, m))
    if n == m:
        plan[linear_sum_assignment(gain, maximize=True)] = 1.0 / n
        return plan
    if n * m > LARGEST_TRANSPORT:
        msg = (
            f"Soft matching of {n} units and {m} sites takes {n * m} pairs, more than {LARGEST_TRANSPORT}; use fewer "
            f"units, such as channels (units='spatial_mean')."
        )
        raise ResourceError(msg)
    cell = np.arange(n * m)
    rows = np.concatenate([cell // m, n + cell % m])
    constraints = coo_array((np.ones(2 * n * m), (rows, np.concatenate([cell, cell]))), shape=(n + m, n * m)).tocsr()
    masses = np.concatenate([np.full(n, 1.0 / n), np.full(m, 1.0 / m)])
    solved = linprog(-gain.ravel(), A_eq=constraints, b_eq=masses, bounds=(0, None), method="highs")
    found: Array = np.asarray(solved.x, dtype=np.float64).reshape(n, m)
    return found
