"""A read-out of a convolutional layer that factorises into where a site looks and what it looks for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainconv.errors import InvalidInputError
from brainconv.predictivity.arguments import check_groups, check_responses
from brainconv.predictivity.folds import MIN_TRAIN
from brainconv.predictivity.splits import Splits
from brainconv.reliability import correlate_columns
from brainconv.validation import check_array, check_instance, check_number

Array = NDArray[np.float64]
Index = NDArray[np.intp]

PENALTIES: Array = 10.0 ** np.arange(-3.0, 3.1, 0.5)
SMOOTHNESS = 1.0
MAX_ROUNDS = 12
SETTLED = 1e-3  # relative change of the squared error at which the rounds end


@dataclass(frozen=True, eq=False)
class FactorisedReadout:
    """One map of places and one set of channel weights for each site.

    Parameters
    ----------
    spatial : ndarray, shape (n_sites, height, width)
        Sums of squares are 1 for each site, and its sum is not negative; 0 for a site with a constant response.
    channels : ndarray, shape (n_sites, n_channels)
        In the unit of the responses per unit of the features.
    intercept : ndarray, shape (n_sites,)
    """

    spatial: Array
    channels: Array
    intercept: Array

    def predict(self, features: NDArray[np.floating]) -> Array:
        """Responses to other stimuli.

        Parameters
        ----------
        features : ndarray, shape (n_stimuli, n_channels, height, width)

        Returns
        -------
        ndarray, shape (n_stimuli, n_sites)
        """
        n_sites, n_channels = self.channels.shape
        x = _check_features(features, (n_channels, *self.spatial.shape[1:]))
        pooled = x.reshape(len(x), n_channels, -1) @ self.spatial.reshape(n_sites, -1).T
        predictions: Array = np.einsum("ncs,sc->ns", pooled, self.channels) + self.intercept
        return predictions

    def centres(self) -> Array:
        """Centre of each site's map: where in the image the site looks.

        Returns
        -------
        ndarray, shape (n_sites, 2)
            Row and column as parts of the layer's height and width (0 top or left edge, 1 bottom or right), of the
            squared weights; NaN for a site with a constant response.
        """
        power = self.spatial**2
        total = power.sum(axis=(1, 2))
        places = [(np.arange(n) + 0.5) / n for n in self.spatial.shape[1:]]
        with np.errstate(divide="ignore", invalid="ignore"):
            row = (power.sum(axis=2) @ places[0]) / total
            column = (power.sum(axis=1) @ places[1]) / total
        return np.stack([row, column], axis=1)


def fit_factorised(
    features: NDArray[np.floating],
    responses: NDArray[np.floating],
    *,
    smoothness: float = SMOOTHNESS,
    groups: NDArray[np.str_] | None = None,
) -> FactorisedReadout:
    """Fit ``y = Σ_xy s_xy Σ_c w_c X_cxy + b`` for each site.

    Channel weights and map are fitted in turn, each by ridge regression while the other is held, starting from a map
    that looks everywhere alike.  Each penalty is chosen by leave-one-out, or by leaving whole groups out; the map is
    also drawn towards smoothness.

    Parameters
    ----------
    features : ndarray, shape (n_stimuli, n_channels, height, width)
    responses : ndarray, shape (n_stimuli, n_sites)
        NaN where a site lacks a stimulus.
    smoothness : float
        Weight of the squared difference of neighbouring places beside the squared weights, 0 for none.
    groups : ndarray of str, shape (n_stimuli,), optional
        Groups of stimuli that are left out together where a penalty is chosen.

    Returns
    -------
    FactorisedReadout

    Raises
    ------
    InvalidInputError
        If the shapes do not agree, or a site has fewer than three stimuli.

    References
    ----------
    Klindt et al. (2017), "Neural system identification for large populations separating what and where", NeurIPS 30.

    Notes
    -----
    Differs from the paper: a fixed network, squared penalties and alternating least squares in place of L1 and gradient
    descent.  The fit is a local optimum; a map and its channel weights are known up to a common factor only.
    """
    check_number(smoothness, what="smoothness", at_least=0)
    x = _check_features(features, None)
    y = check_array(responses, (len(x), None), what="Responses")
    check_groups(groups, len(x))
    n_channels, height, width = x.shape[1:]
    flat = x.reshape(len(x), n_channels, height * width)
    basis = _smooth_basis(height, width, smoothness)
    n_sites = y.shape[1]
    spatial, channels = np.zeros((n_sites, height * width)), np.zeros((n_sites, n_channels))
    intercept = np.zeros(n_sites)
    for site in range(n_sites):
        shown = np.isfinite(y[:, site])
        if shown.sum() < MIN_TRAIN:
            msg = f"Site {site} has {int(shown.sum())} stimuli; at least {MIN_TRAIN} are needed."
            raise InvalidInputError(msg)
        target = y[shown, site]
        if np.ptp(target) == 0:
            intercept[site] = target.mean()
            continue
        member = None if groups is None else np.unique(groups[shown], return_inverse=True)[1]
        spatial[site], channels[site], intercept[site] = _alternate(flat[shown], target, basis, member)
    return FactorisedReadout(spatial.reshape(n_sites, height, width), channels, intercept)


def cross_validate_factorised(
    features: NDArray[np.floating],
    responses: NDArray[np.floating],
    splits: Splits,
    *,
    smoothness: float = SMOOTHNESS,
) -> Array:
    """Correlation on the test stimuli of every split.

    Parameters
    ----------
    features : ndarray, shape (n_stimuli, n_channels, height, width)
        In the order of ``splits.stimulus_ids``.
    responses : ndarray, shape (n_stimuli, n_sites)
    splits : Splits
    smoothness : float
        See `fit_factorised`.

    Returns
    -------
    ndarray, shape (n_splits, n_sites)
        NaN for a site with fewer than three test stimuli or a constant response there.
    """
    features = _check_features(features, None)
    responses = check_responses(responses, len(features))
    check_instance(splits, Splits, what="splits", hint="`make_splits(name, stimuli)`")
    if len(splits.stimulus_ids) != len(features):
        msg = (
            f"splits are of {len(splits.stimulus_ids)} stimuli and features of {len(features)}; expected the same ones."
        )
        raise InvalidInputError(msg)
    r = np.full((len(splits), responses.shape[1]), np.nan)
    for number, (fit, held) in enumerate(zip(splits.train, splits.test, strict=True)):
        groups = None if splits.groups is None else splits.groups[fit]
        readout = fit_factorised(features[fit], responses[fit], smoothness=smoothness, groups=groups)
        predictions = readout.predict(features[held])
        for site in range(responses.shape[1]):
            shown = np.isfinite(responses[held, site])
            if shown.sum() >= MIN_TRAIN:
                pair = predictions[shown, site][:, None], responses[held][shown, site][:, None]
                r[number, site] = correlate_columns(*pair)[0]
    return r


def _alternate(x: Array, target: Array, basis: Array, member: Index | None) -> tuple[Array, Array, float]:
    """Map, channel weights and intercept of one site; ``x`` has shape (n_stimuli, n_channels, n_places)."""
    place = np.full(x.shape[2], 1.0 / np.sqrt(x.shape[2]))
    error = np.inf
    for _ in range(MAX_ROUNDS):
        weights, _, _ = _ridge(x @ place, target, member)
        seen = np.einsum("ncp,c->np", x, weights) @ basis
        inner, _, now = _ridge(seen, target, member)
        place = basis @ inner
        norm = float(np.linalg.norm(place))
        if norm == 0.0:
            return np.zeros_like(place), np.zeros_like(weights), float(target.mean())
        place /= -norm if place.sum() < 0 else norm
        if error - now <= SETTLED * error:
            break
        error = now
    weights, intercept, _ = _ridge(x @ place, target, member)
    return place, weights, intercept


def _ridge(x: Array, target: Array, member: Index | None) -> tuple[Array, float, float]:
    """Weights, intercept and squared error of what is left out, of ridge with the penalty that makes that smallest."""
    mean, level = x.mean(axis=0), float(target.mean())
    u, s, vt = np.linalg.svd(x - mean, full_matrices=False)
    keep = s > 1e-10 * max(float(s[0]), np.finfo(np.float64).tiny)
    u, s, vt = u[:, keep], s[keep], vt[keep]
    projected = u.T @ (target - level)
    best, shrunk, error = np.inf, np.zeros_like(s), np.inf
    for penalty in PENALTIES * float((s**2).sum()) / len(x):
        share = s**2 / (s**2 + penalty)
        errors = target - level - u @ (share * projected)
        if member is None:
            errors /= np.maximum(1.0 - 1.0 / len(x) - (u**2) @ share, 1e-12)
        else:
            for k in range(int(member.max()) + 1):
                own = member == k
                kept = np.eye(int(own.sum())) - 1.0 / len(x) - (u[own] * share) @ u[own].T
                errors[own] = np.linalg.lstsq(kept, errors[own], rcond=None)[0]
        error = float(errors @ errors)
        if error < best:
            best, shrunk = error, projected * s / (s**2 + penalty)
    weights: Array = vt.T @ shrunk
    return weights, level - float(mean @ weights), best


def _smooth_basis(height: int, width: int, smoothness: float) -> Array:
    """``(I + smoothness · L)^(-1/2)`` with the Laplacian L of the grid: plain ridge on it is smooth ridge on places."""

    def chain(n: int) -> Array:
        difference = np.diff(np.eye(n), axis=0)
        product: Array = difference.T @ difference
        return product

    laplacian = np.kron(chain(height), np.eye(width)) + np.kron(np.eye(height), chain(width))
    values, vectors = np.linalg.eigh(laplacian)
    basis: Array = (vectors / np.sqrt(1.0 + smoothness * np.maximum(values, 0.0))) @ vectors.T
    return basis


def _check_features(features: NDArray[np.floating], shape: tuple[int, ...] | None) -> Array:
    return check_array(
        features,
        (None, *(shape or (None, None, None))),
        what="Features of a convolutional layer (stimuli, channels, height, width)",
        finite=True,
    )
