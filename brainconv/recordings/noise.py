"""Noise of simulated sites: Poisson counts that sites share a part of, and gains that drift over a session."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri
from scipy.stats import poisson

from brainconv.errors import InvalidInputError

Array = NDArray[np.float64]

#: Values of the common factor over which covariances are integrated, and their weights.
_FACTOR = np.linspace(-7.0, 7.0, 1001)
_WEIGHTS = np.exp(-(_FACTOR**2) / 2) / np.exp(-(_FACTOR**2) / 2).sum()

_LARGEST_LOADING = 0.9999  # the grid resolves no steeper dependence on the factor
_LOWEST_RATE, _N_RATES = 1e-3, 24
_HIGH_RATE, _TAIL = 100.0, 1e-12  # above, the loop over counts is long; and the tail that is cut off
_STEEPEST = 50.0  # of the logarithm of a gain


def draw_counts(rates: Array, *, correlation: float, rng: np.random.Generator) -> Array:
    """Draw Poisson counts that are correlated between sites.

    Parameters
    ----------
    rates : ndarray, shape (n_stimuli, n_repeats, n_sites), spikes
        Expected counts.
    correlation : float
        Noise correlation, in [0, 1): Pearson's r of two sites' counts over presentations of one stimulus.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (n_stimuli, n_repeats, n_sites), spikes

    Notes
    -----
    Every presentation has one Gaussian factor that all sites share, and every count is the quantile of its Poisson
    distribution at a site's Gaussian variable (a Gaussian copula), so that each count remains exactly Poisson. The
    loading depends on the rate such that two sites of equal rates have exactly this correlation. Sites of unequal low
    rates fall short, as counts that are mostly 0 cannot follow larger ones (.297 in place of .3 at 1 and 8 spikes,
    .28 at .3 and 8).
    """
    if correlation == 0:
        return np.asarray(rng.poisson(rates), dtype=np.float64)
    loadings = find_loadings(rates, correlation)
    common = rng.standard_normal((*rates.shape[:2], 1))
    latent = loadings * common + np.sqrt(1.0 - loadings**2) * rng.standard_normal(rates.shape)
    return find_quantiles(ndtr(latent), rates)


def find_quantiles(probabilities: Array, rates: Array) -> Array:
    """Find quantiles of Poisson distributions, many times faster than SciPy where rates are low.

    Parameters
    ----------
    probabilities, rates : ndarray, of one shape
        In [0, 1], taken as at least 1e-12 away from both ends; and spikes.

    Returns
    -------
    ndarray, of that shape, spikes
        The smallest count whose cumulative probability reaches the one given; 0 where the rate is 0.
    """
    counts, probabilities = np.zeros(rates.shape), np.clip(probabilities, _TAIL, 1.0 - _TAIL)
    if rates.max() > _HIGH_RATE:
        fires = rates > 0
        counts[fires] = poisson.ppf(probabilities[fires], rates[fires])
        return counts
    term = np.exp(-rates)
    cumulative = term.copy()
    for count in range(1, int(poisson.isf(_TAIL, rates.max())) + 1):
        counts += probabilities > cumulative
        term *= rates / count
        cumulative += term
    return counts


def find_loadings(rates: Array, correlation: float) -> Array:
    """Find the loadings on a common Gaussian factor that give Poisson counts of equal rates a correlation.

    Parameters
    ----------
    rates : ndarray, spikes
        Of any shape.
    correlation : float
        In [0, 1).

    Returns
    -------
    ndarray, the shape of ``rates``
        Interpolated over the logarithm of the rate; 0 where the rate is.
    """
    fires = rates > 0
    lowest, highest = (max(float(bound(rates[fires])), _LOWEST_RATE) for bound in (np.min, np.max))
    grid = np.geomspace(lowest, highest, _N_RATES)
    found = [_find_loading(rate, correlation) for rate in grid]
    loadings = np.zeros(rates.shape)
    loadings[fires] = np.interp(np.log(rates[fires]), np.log(grid), found)
    return loadings


def _find_loading(rate: float, correlation: float) -> float:
    cumulative = poisson.cdf(np.arange(poisson.isf(1e-12, rate) + 1), rate)
    thresholds = ndtri(cumulative[cumulative < 1.0])[:, None]

    def miss(loading: float) -> float:
        # the covariance of two counts is the variance of what one expects of a count that knows the common factor
        expected = ndtr((loading * _FACTOR - thresholds) / np.sqrt(1.0 - loading**2)).sum(axis=0)
        return float(_WEIGHTS @ (expected - _WEIGHTS @ expected) ** 2 / rate - correlation)

    if miss(_LARGEST_LOADING) <= 0:
        return _LARGEST_LOADING
    return float(brentq(miss, 0.0, _LARGEST_LOADING))


def draw_gains(expected: Array, *, drift: float, n_repeats: int, rng: np.random.Generator) -> Array:
    """Draw gains of sites that drift over the presentations of a session.

    Parameters
    ----------
    expected : ndarray, shape (n_stimuli, n_sites), spikes
        Expected counts λ of every stimulus.
    drift : float
        Share of a site's trial-to-trial variance that the drift makes, in [0, 1): E[λ²] v / (E[λ²] v + E[λ]), with v
        the variance of the gain over the session.
    n_repeats : int
        The session shows every stimulus once, in a random order, before it shows any again.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (n_stimuli, n_repeats, n_sites)
        Positive, of mean 1 and variance v over the session; every site has a drift of its own.

    Raises
    ------
    InvalidInputError
        If no gain over so few presentations varies so much.

    Notes
    -----
    The logarithm of the gain is a random walk over presentations.
    """
    n_stimuli, n_sites = expected.shape
    variances = drift / (1.0 - drift) * expected.mean(axis=0) / (expected**2).mean(axis=0)
    place = np.stack([rng.permutation(n_stimuli) for _ in range(n_repeats)], axis=1) + n_stimuli * np.arange(n_repeats)
    walks = rng.standard_normal((n_stimuli * n_repeats, n_sites)).cumsum(axis=0)
    gains = np.stack([_scale_walk(*pair) for pair in zip(walks.T, variances, strict=True)], axis=1)
    ordered: Array = gains[place]
    return ordered


def _scale_walk(walk: Array, variance: float) -> Array:
    """The exponential of a walk, stretched so that it has mean 1 and this variance."""
    walk = (walk - walk.max()) / walk.std()

    def make(steepness: float) -> Array:
        gain = np.exp(steepness * walk)
        scaled: Array = gain / gain.mean()
        return scaled

    if make(_STEEPEST).var() < variance:
        msg = (
            f"The drift asks for a gain of variance {variance:.3g} over {len(walk)} presentations, which hardly fire; "
            f"take a smaller drift or a higher mean_count."
        )
        raise InvalidInputError(msg)
    return make(float(brentq(lambda steepness: make(steepness).var() - variance, 0.0, _STEEPEST)))
