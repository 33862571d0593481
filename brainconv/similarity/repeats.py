"""Distances that use the repeats of a recording: Mahalanobis, crossnobis (unbiased), Poisson."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from brainconv.errors import InvalidInputError
from brainconv.similarity.noise import NoiseCovariance, estimate_noise_covariance
from brainconv.validation import check_array, check_choice, check_instance

Floats = NDArray[np.float64]

# sites that are multiplied at once: what keeps the extra memory far below that of the responses
_BLOCK = 4096
# entries of small matrices, one per pair of stimuli, that are solved at once (8 MB)
_BATCH = 1_000_000


def _to_distances(products: Floats) -> Floats:
    power = np.diag(products)
    return np.asarray(power[:, None] + power[None, :] - 2.0 * products)


def _pairs_of_folds(present: Floats) -> Floats:
    counts = present.sum(axis=1)
    return np.asarray(np.outer(counts, counts) - present @ present.T)


def _between_folds(responses: Floats, noise: NoiseCovariance | None) -> Floats:  # noqa: ARG001
    n, n_repeats, n_sites = responses.shape
    present = np.isfinite(responses[:, :, 0]).astype(np.float64)
    n_present = present.sum()
    total = np.zeros((n, n))
    for start in range(0, n_sites, _BLOCK):
        block = np.nan_to_num(responses[:, :, start : start + _BLOCK])
        # where repeats are unequal the overall mean would not cancel, but add noise
        block -= (block.sum(axis=(0, 1)) / n_present)[None, None] * present[:, :, None]
        sums = block.sum(axis=1)
        total += sums @ sums.T
        for r in range(n_repeats):
            total -= block[:, r] @ block[:, r].T
    return _to_distances(total / _pairs_of_folds(present))


def _between_whitened_folds(
    responses: Floats, noise: NoiseCovariance | None, parts: Sequence[NDArray[np.bool_]] | None = None
) -> Floats:
    """Without a given Σ, that of the other stimuli: a Σ fitted to the repeats themselves takes too little from them.

    With parts of the repeats, shape (n_stimuli, n_repeats), one matrix for each; Σ is of all repeats.
    """
    n, n_repeats, n_sites = responses.shape
    present = np.isfinite(responses[:, :, 0])
    held_out = noise is None
    if noise is None:
        noise = estimate_noise_covariance(responses).without_two_stimuli(n)
    centred = np.nan_to_num(responses - np.nanmean(responses, axis=(0, 1))) * present[:, :, None]
    trials = noise.whitened_products(centred.reshape(-1, n_sites)).reshape(n, n_repeats, n, n_repeats)
    used = np.stack([present] if parts is None else list(parts)).astype(np.float64)
    if held_out and noise.slope > 0:
        distances = _leave_two_stimuli_out(trials, present.astype(np.float64), noise.slope, used)
    else:
        distances = np.stack(
            [_to_distances(_multiply_distinct(trials, part, part) / _pairs_of_folds(part)) for part in used]
        )
    return distances[0] if parts is None else distances


def _multiply_distinct(trials: Floats, first: Floats, second: Floats) -> Floats:
    """Sum over pairs of distinct repeats, of those that are used on either side."""
    every = np.einsum("...ar,...arbs,...bs->...ab", first, trials, second, optimize=True)
    return np.asarray(every - np.einsum("...ar,...arbr,...br->...ab", first, trials, second, optimize=True))


def _leave_two_stimuli_out(trials: Floats, present: Floats, slope: float, used: Floats) -> Floats:
    """Take the residuals of i and j out of Σ by a downdate of low rank, for all pairs in batches.

    Parameters
    ----------
    trials : ndarray, shape (n_stimuli, n_repeats, n_stimuli, n_repeats)
        Products of single repeats whitened by the residuals of all stimuli; 0 where one is absent.
    present : ndarray, shape (n_stimuli, n_repeats)
        1 or 0.
    slope : float
        Weight of RᵀR in Σ.
    used : ndarray, shape (n_parts, n_stimuli, n_repeats)
        1 for the repeats that distances are made of.

    Returns
    -------
    ndarray, shape (n_parts, n_stimuli, n_stimuli)
    """
    n, n_repeats = present.shape
    first, second = np.triu_indices(n, 1)
    centring = np.einsum("ir,rs->irs", present, np.eye(n_repeats))
    centring -= present[:, :, None] * present[:, None, :] / present.sum(axis=1)[:, None, None]
    n_pairs_of_folds = [_pairs_of_folds(part) for part in used]
    distances = np.zeros((len(used), n, n))
    by_stimulus = np.ascontiguousarray(trials.transpose(0, 2, 1, 3))
    step = max(1, _BATCH // (2 * n_repeats) ** 2)
    for start in range(0, first.size, step):
        i, j = first[start : start + step], second[start : start + step]
        block = np.block([[by_stimulus[i, i], by_stimulus[i, j]], [by_stimulus[j, i], by_stimulus[j, j]]])
        empty = np.zeros((len(i), n_repeats, n_repeats))
        centre = np.block([[centring[i], empty], [empty, centring[j]]])
        crossed = centre @ block
        inner = np.eye(2 * n_repeats) / slope - crossed @ centre
        block += crossed.transpose(0, 2, 1) @ np.linalg.solve(inner, crossed)
        halves = block.reshape(len(i), 2, n_repeats, 2, n_repeats)
        for distance, part, n_pairs in zip(distances, used, n_pairs_of_folds, strict=True):
            both = np.stack([part[i], part[j]], axis=1)
            distinct = _multiply_distinct(halves, both, both)
            distance[i, j] = (
                distinct[:, 0, 0] / n_pairs[i, i]
                + distinct[:, 1, 1] / n_pairs[j, j]
                - 2.0 * distinct[:, 0, 1] / n_pairs[i, j]
            )
    return distances + distances.transpose(0, 2, 1)


def _between_whitened_means(responses: Floats, noise: NoiseCovariance | None) -> Floats:
    means = np.nanmean(responses, axis=1)
    noise = noise or estimate_noise_covariance(responses)
    return _to_distances(noise.whitened_products(means - means.mean(axis=0)))


def _symmetric_divergence(
    responses: Floats,
    noise: NoiseCovariance | None,  # noqa: ARG001
    *,
    prior_rate: float = 1.0,
    prior_weight: float = 0.1,
) -> Floats:
    rates = (np.nanmean(responses, axis=1) + prior_rate * prior_weight) / (1.0 + prior_weight)
    if (rates <= 0).any():
        msg = (
            f"The Poisson distance needs spike counts or rates, but {int((rates <= 0).sum())} mean response(s) are "
            f"negative; use 'crossnobis' for responses that are z-scored or have their baseline taken off."
        )
        raise InvalidInputError(msg)
    products = rates @ np.log(rates).T
    return _to_distances((products + products.T) / 2.0)


REPEAT_ESTIMATORS: dict[str, Callable[[Floats, NoiseCovariance | None], Floats]] = {
    "mahalanobis": _between_whitened_means,
    "crossnobis": _between_whitened_folds,
    "cv_sqeuclidean_per_unit": _between_folds,
    "poisson": _symmetric_divergence,
}

# Repeats of every stimulus that an estimator needs at least.
LEAST_REPEATS = {"mahalanobis": 1, "crossnobis": 2, "cv_sqeuclidean_per_unit": 2, "poisson": 1}


def estimate_from_repeats(
    responses: Floats, *, estimator: str = "crossnobis", noise: NoiseCovariance | None = None
) -> Floats:
    """Dissimilarities of all pairs of stimuli from single repeats.

    Parameters
    ----------
    responses : ndarray, shape (n_stimuli, n_repeats, n_sites)
        NaN where a repeat is absent.  The repeats are the folds: products are of one repeat with another, so that
        noise that all stimuli of one repeat share does no harm.
    estimator : {"crossnobis", "cv_sqeuclidean_per_unit", "mahalanobis", "poisson"}
        ``crossnobis``: mean over pairs of distinct repeats a, b of (x_i - x_j)_aᵀ Σ⁻¹ (x_i - x_j)_b / n_sites,
        unbiased, below zero by chance and never rectified; ``cv_sqeuclidean_per_unit``: the same without Σ;
        ``mahalanobis``: (x̄_i - x̄_j)ᵀ Σ⁻¹ (x̄_i - x̄_j) / n_sites of mean responses, biased upwards; ``poisson``:
        symmetrised Kullback-Leibler divergence of Poisson distributions per site, with a prior of 1 that weighs a tenth
        of the data.
    noise : NoiseCovariance, optional
        Σ, estimated elsewhere.  By default Ledoit and Wolf's covariance of the residuals of single repeats; for the
        crossnobis distance of i and j, of the residuals of all other stimuli.

    Returns
    -------
    ndarray, shape (n_pairs,)
        In the order of `scipy.spatial.distance.squareform`.

    Raises
    ------
    NotFoundError
        If there is no such estimator.
    InvalidInputError
        If a site has too few repeats of a stimulus, repeats do not differ, or rates are negative.

    Notes
    -----
    Where stimuli have unequal repeats, the product of x_i and x_j is the mean over all pairs of repeats that are not
    the same one.  Sites that share their presentations are whitened together; between sites that were not recorded at
    once the noise is taken as independent.  A Σ of the very repeats that are compared makes crossnobis distances too
    large (by a third of the bias of Mahalanobis distances for 36 degrees of freedom and 20 sites, `tests/calibration`);
    other programs do so unless they are given a Σ.

    References
    ----------
    Walther A et al. (2016), doi:10.1016/j.neuroimage.2015.12.012.  Schütt H H et al. (2023), doi:10.7554/eLife.82566.
    """
    if noise is not None:
        check_instance(noise, NoiseCovariance, what="noise", hint="of `estimate_noise_covariance`")
    responses = check_array(responses, (None, None, None), what="responses")
    if responses.shape[0] < 2 or 0 in responses.shape or np.isinf(responses).any():
        found = f"has shape {responses.shape}" if np.isfinite(responses).any() else "holds no finite value"
        msg = f"responses {found}; expected at least 2 stimuli, 1 repeat and 1 site, all finite or NaN."
        raise InvalidInputError(msg)
    check_choice(estimator, REPEAT_ESTIMATORS, what="RDM estimator from repeats")
    present = np.isfinite(responses)
    fewest = int(present.sum(axis=1).min())
    if fewest < LEAST_REPEATS[estimator]:
        msg = (
            f"{estimator!r} needs {LEAST_REPEATS[estimator]} repeats of every stimulus at every site; found {fewest}. "
            f"Leave out those stimuli or sites, or use an estimator of mean responses."
        )
        raise InvalidInputError(msg)
    n, _, n_sites = responses.shape
    groups = group_sites(present)
    if noise is not None and len(groups) > 1:
        msg = (
            f"A noise covariance was given, but the sites fall into {len(groups)} groups recorded apart; leave it out."
        )
        raise InvalidInputError(msg)
    total = np.zeros((n, n))
    for sites in groups:
        total += REPEAT_ESTIMATORS[estimator](responses[:, :, sites], noise)
    return np.asarray(total[np.triu_indices(n, 1)] / n_sites)


def estimate_from_parts(responses: Floats, parts: Sequence[NDArray[np.bool_]], *, estimator: str) -> Floats:
    """Cross-validated distances from several parts of the repeats, all in one metric.

    Parameters
    ----------
    responses : ndarray, shape (n_stimuli, n_repeats, n_sites)
        NaN where a repeat is absent.
    parts : sequence of ndarray of bool, shape (n_stimuli, n_repeats, n_sites)
        The repeats of each part, at least two of every stimulus.
    estimator : {"crossnobis", "cv_sqeuclidean_per_unit"}
        The noise covariance of crossnobis is that of all repeats of all other stimuli, the same for every part: of a
        part alone it would be shrunk more, and distances of parts would not be those of the whole.

    Returns
    -------
    ndarray, shape (n_parts, n_pairs)
        In the order of `scipy.spatial.distance.squareform`.

    Raises
    ------
    NotFoundError
        If the estimator is none of these.
    """
    check_choice(estimator, ("crossnobis", "cv_sqeuclidean_per_unit"), what="estimator from parts of the repeats")
    if estimator != "crossnobis":
        shown = (np.where(part, responses, np.nan) for part in parts)
        return np.stack([estimate_from_repeats(part, estimator=estimator) for part in shown])
    n, _, n_sites = responses.shape
    total = np.zeros((len(parts), n, n))
    for sites in group_sites(np.isfinite(responses)):
        total += _between_whitened_folds(responses[:, :, sites], None, [part[:, :, sites][:, :, 0] for part in parts])
    first, second = np.triu_indices(n, 1)
    return np.asarray(total[:, first, second] / n_sites)


def group_sites(present: NDArray[np.bool_]) -> list[slice | NDArray[np.intp]]:
    """Sites that share their presentations.

    Parameters
    ----------
    present : ndarray of bool, shape (n_stimuli, n_repeats, n_sites)

    Returns
    -------
    list of slice or ndarray of int
        Each an index of sites; one slice where all share them.
    """
    if (present == present[:, :, :1]).all():
        return [slice(None)]
    flat = np.packbits(present.reshape(-1, present.shape[2]), axis=0)
    _, group = np.unique(flat, axis=1, return_inverse=True)
    return [np.flatnonzero(group.ravel() == k) for k in range(int(group.max()) + 1)]
