"""Interval of a statistic over stimuli and sites, from resamples of both and of each alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from brainconv.predictivity.resampling import interval, nanmean
from brainconv.validation import check_instance

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Resampled:
    """A statistic on resamples of stimuli and sites, of stimuli alone and of sites alone.

    Drawing both at once counts what a stimulus and a site share (the noise of each response) three times, so that the
    plain percentile interval is too wide; drawing n things makes a variance too small by (n - 1) / n.  The variance of
    the statistic is therefore ``2 (a S + b P) - a b B``, with the variances B over resamples of both, S of stimuli and
    P of sites, ``a = n / (n - 1)`` for n stimuli and ``b`` likewise for sites; it is kept between the larger of ``a S``
    and ``b P``, and ``a b B``.

    Parameters
    ----------
    both, stimuli, sites : ndarray, shape (n_resamples,)
    n_stimuli, n_sites : int
        How many were drawn (groups count where groups were drawn).

    References
    ----------
    Schütt et al. (2023), eLife 12:e82566, doi:10.7554/eLife.82566 (the same correction for RDMs of subjects).
    """

    both: Array
    stimuli: Array
    sites: Array
    n_stimuli: int
    n_sites: int

    def variance(self) -> float:
        """Variance of the statistic, NaN without resamples.

        Returns
        -------
        float
        """
        a, b = (n / (n - 1) if n > 1 else 1.0 for n in (self.n_stimuli, self.n_sites))
        together, stimuli, sites = (_variance(values) for values in (self.both, self.stimuli, self.sites))
        if not np.isfinite([together, stimuli, sites]).all():
            return np.nan
        largest = max(a * b * together, a * stimuli, b * sites)
        return float(np.clip(2 * (a * stimuli + b * sites) - a * b * together, max(a * stimuli, b * sites), largest))

    def rescaled(self) -> Array:
        """The resamples of both, drawn towards or away from their mean until they have that variance, and wider.

        The variance is itself an estimate from few sites (or animals, or stimuli): as with Student's t, the spread is
        widened by the ratio of t to the normal at 97.5 %, with one degree of freedom less than the smaller number.

        Returns
        -------
        ndarray, shape (n_resamples,)
        """
        spread = _variance(self.both)
        if not spread > 0:
            return self.both
        centre = nanmean(self.both, axis=0)
        freedom = max(min(self.n_stimuli, self.n_sites) - 1, 1)
        wider = stdtrit(freedom, 0.975) / ndtri(0.975)
        scaled: Array = centre + (self.both - centre) * np.sqrt(self.variance() / spread) * wider
        return scaled

    def interval(self) -> tuple[float, float]:
        """The 95 % percentile interval of the rescaled resamples.

        Returns
        -------
        low, high : float
            NaN where there are no finite values.
        """
        return interval(self.rescaled())

    def p_value(self) -> float:
        """Two-sided p of zero: twice the smaller share of rescaled resamples on one side, one added to both counts.

        Returns
        -------
        float
        """
        values = self.rescaled()
        finite = values[np.isfinite(values)]
        smaller = min((finite <= 0).sum(), (finite >= 0).sum())
        return float(min(1.0, 2.0 * (smaller + 1) / (finite.size + 1)))

    def combine(self, function: Callable[[Array, Array], Array], other: Resampled) -> Resampled:
        """A function of two statistics on the same resamples.

        Parameters
        ----------
        function : callable
            Of two arrays, shape (n_resamples,).
        other : Resampled

        Returns
        -------
        Resampled
        """
        check_instance(other, Resampled, what="other")
        return replace(
            self,
            both=function(self.both, other.both),
            stimuli=function(self.stimuli, other.stimuli),
            sites=function(self.sites, other.sites),
        )


def _variance(values: Array) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.var()) if finite.size > 1 else np.nan
