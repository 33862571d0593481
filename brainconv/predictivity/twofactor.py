"""Interval of a statistic over stimuli and sites, centred on its estimate, with every noise counted once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from brainconv.predictivity.resampling import nanmean
from brainconv.validation import check_instance

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Resampled:
    """A statistic, and the same on resamples of stimuli and sites, of stimuli alone and of sites alone.

    Parameters
    ----------
    both, stimuli, sites : ndarray, shape (n_resamples,)
    n_stimuli, n_sites : int
        How many were drawn (groups and animals count where these were drawn).
    value : float
        The estimate, on which the interval is centred; by default the mean of ``both``.

    References
    ----------
    Schütt et al. (2023), eLife 12:e82566, doi:10.7554/eLife.82566, for the correction of two-factor bootstraps;
    Satterthwaite (1946), Biometrics Bull. 2:110, doi:10.2307/3002019, for degrees of freedom.
    """

    both: Array
    stimuli: Array
    sites: Array
    n_stimuli: int
    n_sites: int
    value: float = np.nan

    def __post_init__(self) -> None:
        if np.isnan(self.value):
            object.__setattr__(self, "value", float(nanmean(self.both, axis=0)))

    def variance(self) -> float:
        """Variance of the statistic over new stimuli and new sites.

        Drawing n things makes a variance too small by (n - 1) / n, and what stimuli and sites share (the noise of each
        response) is in the variance of either alone.  With the variances S over resamples of stimuli, P of sites, B of
        both, ``a = n / (n - 1)`` for n stimuli and ``b`` likewise for sites, it is ``a S + b P - a b (B - S - P)``.

        Returns
        -------
        float
            NaN without resamples; not below what either factor has alone.
        """
        stimuli, sites, shared = self._components()
        return float(max(stimuli + sites - shared, stimuli, sites))

    def degrees_of_freedom(self) -> float:
        """Of the variance, after Satterthwaite: n - 1 for n stimuli or sites, their product for what they share.

        Returns
        -------
        float
            At least 1.
        """
        stimuli, sites, shared = self._components()
        n, m = max(self.n_stimuli - 1, 1), max(self.n_sites - 1, 1)
        spread = stimuli**2 / n + sites**2 / m + shared**2 / (n * m)
        return float(max(self.variance() ** 2 / spread, 1.0)) if spread > 0 else float(n)

    def interval(self) -> tuple[float, float]:
        """The 95 % interval: the estimate, and Student's t times the standard error to either side.

        Returns
        -------
        low, high : float
            NaN without resamples.
        """
        half = float(stdtrit(self.degrees_of_freedom(), 0.975)) * np.sqrt(self.variance())
        return float(self.value - half), float(self.value + half)

    def p_value(self) -> float:
        """Two-sided p of zero, of Student's t.

        Returns
        -------
        float
            1 for a difference of nothing at all; NaN without resamples.
        """
        error = np.sqrt(self.variance())
        if np.isnan(error) or np.isnan(self.value):
            return np.nan
        if error == 0:
            return 1.0 if self.value == 0 else 0.0
        return float(2.0 * stdtr(self.degrees_of_freedom(), -abs(self.value) / error))

    def combine(self, function: Callable[[Array, Array], Array], other: Resampled) -> Resampled:
        """A function of two statistics on the same resamples.

        Parameters
        ----------
        function : callable
            Of two arrays of one shape.
        other : Resampled

        Returns
        -------
        Resampled
            The resamples of each are centred on its estimate first.
        """
        check_instance(other, Resampled, what="other")
        return replace(
            self,
            both=function(self._centre(self.both), other._centre(other.both)),
            stimuli=function(self._centre(self.stimuli), other._centre(other.stimuli)),
            sites=function(self._centre(self.sites), other._centre(other.sites)),
            value=float(function(np.asarray(self.value), np.asarray(other.value))),
        )

    def _centre(self, values: Array) -> Array:
        return values - nanmean(values, axis=0) + self.value

    def _components(self) -> tuple[float, float, float]:
        """Variance over stimuli, over sites, and what is in both of them."""
        a, b = (n / (n - 1) if n > 1 else 1.0 for n in (self.n_stimuli, self.n_sites))
        both, stimuli, sites = (_variance(values) for values in (self.both, self.stimuli, self.sites))
        if not np.isfinite([both, stimuli, sites]).all():
            return np.nan, np.nan, np.nan
        return a * stimuli, b * sites, max(a * b * (both - stimuli - sites), 0.0)


def _variance(values: Array) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.var()) if finite.size > 1 else np.nan
