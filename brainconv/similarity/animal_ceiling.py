"""Ceilings for one animal: how well its own RDM is known, from halves of its repeats or of its sites."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from math import comb

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from brainconv.containers import Recording
from brainconv.containers.checks import check_recording
from brainconv.errors import InvalidInputError
from brainconv.similarity.arguments import check_estimators
from brainconv.similarity.comparators import COMPARATORS, compare_rows
from brainconv.similarity.rdms import complete_responses
from brainconv.similarity.repeats import estimate_from_parts, estimate_from_repeats
from brainconv.validation import check_choice, check_count, check_seed

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Distances whose noise has mean 0, so that two halves share nothing but the truth.
UNBIASED_ESTIMATORS = ("crossnobis", "cv_sqeuclidean_per_unit")
# Comparators for which reliability is a share of variance.
_PRODUCTS = ("pearson", "cosine", "spearman", "rho-a", "whitened-corr", "whitened-cosine")
_TRUTH = {
    "repeats": (
        "bounds a model of these very sites: the geometry that they would show after endless repeats; "
        "says nothing about other sites or animals"
    ),
    "sites": (
        "bounds a model of the population that these sites are a sample of: the geometry that endless sites would "
        "show; noise that sites share in a repeat counts as signal; says nothing about other animals"
    ),
}
_LEAST = {"repeats": 4, "sites": 2}
_LEAST_SITES = 20


def compute_animal_ceiling(
    recording: Recording,
    *,
    halves: str = "repeats",
    estimator: str = "cv_sqeuclidean_per_unit",
    comparator: str = "pearson",
    n_splits: int = 20,
    random_state: int = 0,
) -> xr.Dataset:
    """Noise ceiling of the RDM of one animal, per area.

    Ordinary distances give none: noise adds to the distances of the stimuli that are noisy, in both halves alike, and
    so looks like a geometry.  Cross-validated distances have no such bias.

    Parameters
    ----------
    recording : Recording
        With at least 4 repeats of every stimulus (``halves="repeats"``), or 2 repeats and 20 sites (``"sites"``).
    halves : {"repeats", "sites"}
        What is split in two.  The halves of the repeats are disjoint, and distances are cross-validated within each.
    estimator : {"cv_sqeuclidean_per_unit", "crossnobis"}
    comparator : {"pearson", "cosine", "spearman", "rho-a", "whitened-corr", "whitened-cosine"}
        The one that the models are scored with.
    n_splits : int
        Random splits, or all of them where there are fewer.
    random_state : int
        Seed.

    Returns
    -------
    Dataset
        Over ``area``: ``between_halves``, mean similarity of two halves; ``reliability``, carried to both halves
        together by the Spearman-Brown formula; ``ceiling``, its root, the similarity that the true RDM is expected to
        reach; ``reliability_of_all``, ``ceiling_of_all``, the same for the RDM of all repeats, which is better
        than the mean of two halves' RDMs for it has more pairs of repeats (halves of repeats, Pearson and cosine only).
        Crossnobis distances of halves of the repeats and of all of them share one noise covariance, that of all;
        ``n_stimuli, n_sites, n_splits``.  A ceiling is NaN where the reliability is not above 0: no geometry is to
        be seen.  The attribute ``bounds`` says which truth is bounded.

    Raises
    ------
    InvalidInputError
        If the estimator is biased by noise, the comparator knows no reliability, or repeats or sites are too few.

    References
    ----------
    Spearman C (1910), doi:10.1111/j.2044-8295.1910.tb00206.x.  Walther A et al. (2016),
    doi:10.1016/j.neuroimage.2015.12.012.
    """
    check_estimators(estimator, None)
    check_choice(comparator, COMPARATORS, what="RDM comparator")
    check_recording(recording)
    check_count(n_splits, what="n_splits")
    check_seed(random_state)
    check_choice(halves, _TRUTH, what="kind of halves")
    _check_names(estimator, comparator)
    least = _LEAST[halves]
    if not recording.has_repeats:
        said = "is already averaged over presentations" if recording.averaged else "has one repeat of each stimulus"
        msg = f"{recording.name!r} {said}, so that no ceiling exists for this animal."
        raise InvalidInputError(msg)
    means = recording.mean_responses()
    means[np.isfinite(recording.responses).sum(axis=1) < least] = np.nan
    if np.isnan(means).all():
        msg = (
            f"{recording.name!r} has at most {recording.n_repeats} repeats of a stimulus; a ceiling from {halves} "
            f"needs {least}, for each half has to be cross-validated."
        )
        raise InvalidInputError(msg)
    stimuli, sites = complete_responses(means, recording)
    if stimuli.sum() < 3 or not sites.any():
        msg = f"Too few stimuli and sites of {recording.name!r} have {least} repeats for a ceiling from {halves}."
        raise InvalidInputError(msg)
    # in the order of sorted ids, so that halves do not depend on the order of a file
    order = [i for i in np.argsort(recording.stimuli.ids) if stimuli[i]]
    area_of_site = recording.sites["area"].astype(str).to_numpy()
    rows = []
    for area in recording.areas:
        responses = recording.responses[order][:, :, (area_of_site == area) & sites]
        rng = np.random.default_rng(random_state)
        if halves == "sites":
            if responses.shape[2] < _LEAST_SITES:
                msg = (
                    f"{area} of {recording.name!r} has {responses.shape[2]} sites; halves of sites need {_LEAST_SITES}."
                )
                raise InvalidInputError(msg)
            pairs = [
                (estimate_from_repeats(a, estimator=estimator), estimate_from_repeats(b, estimator=estimator))
                for a, b in _split_sites(responses, n_splits, rng)
            ]
            every = None
        else:
            masks = [half for pair in _split_repeats(responses, n_splits, rng) for half in pair]
            *found, every = estimate_from_parts(responses, [*masks, np.isfinite(responses)], estimator=estimator)
            pairs = list(zip(found[::2], found[1::2], strict=True))
        rows.append(_summarise(pairs, every, comparator) | {"n_sites": responses.shape[2]})
    data = {name: ("area", np.array([row[name] for row in rows])) for name in rows[0]}
    return xr.Dataset(
        data | {"n_stimuli": len(order)},
        coords={"area": list(recording.areas)},
        attrs={"halves": halves, "estimator": estimator, "comparator": comparator, "bounds": _TRUTH[halves]},
    )


def _check_names(estimator: str, comparator: str) -> None:
    if estimator not in UNBIASED_ESTIMATORS:
        msg = (
            f"Distances by {estimator!r} give no ceiling for one animal: noise biases both halves alike and looks like "
            f"a geometry. Use one of {', '.join(UNBIASED_ESTIMATORS)}."
        )
        raise InvalidInputError(msg)
    if comparator not in _PRODUCTS:
        msg = f"{comparator!r} knows no reliability; use one of {', '.join(_PRODUCTS)} for the ceiling of one animal."
        raise InvalidInputError(msg)


def _summarise(pairs: Sequence[tuple[Floats, Floats]], every: Floats | None, comparator: str) -> dict[str, float]:
    """From the distances of two halves in each split and, where they are in the same metric, of all repeats."""
    rows = [(a[None], b[None]) for a, b in pairs]
    r = float(np.mean([compare_rows(a, b, comparator=comparator)[0, 0] for a, b in rows]))
    reliability = 2.0 * r / (1.0 + r)
    of_all = np.nan
    if every is not None and comparator in {"pearson", "cosine"}:
        products = [_product(a, b, comparator) for a, b in pairs]
        of_all = float(np.mean(products)) / _product(every, every, comparator)
    return {
        "between_halves": r,
        "reliability": reliability,
        "ceiling": _root(reliability),
        "reliability_of_all": of_all,
        "ceiling_of_all": _root(of_all),
        "n_splits": len(pairs),
    }


def _product(a: Floats, b: Floats, comparator: str) -> float:
    """What two halves have in common; noise is not, so that this is the power of the truth on average."""
    return float(np.cov(a, b)[0, 1] if comparator == "pearson" else np.mean(a * b))


def _root(reliability: float) -> float:
    return float(np.sqrt(min(reliability, 1.0))) if reliability > 0 else np.nan


def _split_repeats(responses: Floats, n_splits: int, rng: np.random.Generator) -> Iterator[tuple[Mask, Mask]]:
    """Whole repeats where all stimuli have them (what they share stays on one side), else stimulus by stimulus."""
    present = np.isfinite(responses)
    used = present[:1, :, :1]
    if (present == used).all():
        kept = np.flatnonzero(used[0, :, 0])
        half = len(kept) // 2
        n_ways = comb(len(kept), half) * comb(len(kept) - half, half) // 2
        for pair in _ways(kept, half, n_splits, rng, all_of_them=n_ways <= n_splits):
            first, second = (np.isin(np.arange(len(used[0])), side)[None, :, None] & present for side in pair)
            yield first, second
        return
    halves = present.sum(axis=1, keepdims=True) // 2
    for _ in range(n_splits):
        keys = np.where(present, rng.random(responses.shape[:2])[:, :, None], np.inf)
        rank = keys.argsort(axis=1).argsort(axis=1)
        yield rank < halves, (rank >= halves) & (rank < 2 * halves)


def _ways(
    items: NDArray[np.intp], half: int, n_splits: int, rng: np.random.Generator, *, all_of_them: bool
) -> Iterator[tuple[list[int], list[int]]]:
    if all_of_them:
        for first in combinations(items.tolist(), half):
            rest = [item for item in items.tolist() if item not in first]
            for second in combinations(rest, half):
                if first < second:
                    yield list(first), list(second)
        return
    for _ in range(n_splits):
        drawn = rng.permutation(items)
        yield drawn[:half].tolist(), drawn[half : 2 * half].tolist()


def _split_sites(responses: Floats, n_splits: int, rng: np.random.Generator) -> Iterator[tuple[Floats, Floats]]:
    n = responses.shape[2]
    for _ in range(n_splits):
        drawn = rng.permutation(n)
        yield responses[:, :, drawn[: n // 2]], responses[:, :, drawn[n // 2 : 2 * (n // 2)]]
