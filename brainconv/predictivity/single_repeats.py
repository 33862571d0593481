"""Scores that need the single repeats: signal power of the responses, and error of predictions on single repeats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.intp]


class Estimate(NamedTuple):
    """A value per site, and the same on every resample of stimuli.

    Parameters
    ----------
    value : ndarray, shape (n_sites,)
    resampled : ndarray, shape (n_resamples, n_sites)
    """

    value: Array
    resampled: Array


@dataclass(frozen=True, eq=False)
class SingleRepeats:
    """Single repeats of a recording, summed up per stimulus, so that any resample of stimuli is a product of matrices.

    Parameters
    ----------
    counts : ndarray, shape (n_stimuli, n_sites)
        Number of repeats.
    means, squares : ndarray, shape (n_stimuli, n_sites)
        Mean over repeats, and sum of their squared deviations from it; both about the site's own mean.
    weights : ndarray, shape (n_resamples, n_stimuli)
        How often each resample holds each stimulus.
    offset : ndarray, shape (n_sites,)
        The mean of each site that was taken away.
    """

    counts: Array
    means: Array
    squares: Array
    weights: Array
    offset: Array

    @classmethod
    def of(cls, responses: Array, weights: Array) -> SingleRepeats:
        """Sum up.

        Parameters
        ----------
        responses : ndarray, shape (n_stimuli, n_repeats, n_sites)
            NaN marks an absent repeat.
        weights : ndarray, shape (n_resamples, n_stimuli)

        Returns
        -------
        SingleRepeats
        """
        shown = np.isfinite(responses)
        counts = shown.sum(axis=1).astype(np.float64)
        offset = np.where(shown, responses, 0.0).sum(axis=(0, 1)) / np.maximum(counts.sum(axis=0), 1)
        centred = np.where(shown, responses - offset, 0.0)
        means = centred.sum(axis=1) / np.maximum(counts, 1)
        squares = (np.where(shown, centred - means[:, None], 0.0) ** 2).sum(axis=1)
        return cls(counts, means, squares, weights, offset)

    def estimate_reliability(self) -> Estimate:
        """Signal power over the variance of the means: the largest r² of a noise-free model, without splits.

        Returns
        -------
        Estimate
            Not clipped; NaN where a site has no variance or no stimulus was repeated.

        References
        ----------
        Sahani & Linden (2002), NeurIPS 15 (Eq. 1).  With equal numbers of repeats it is the noise ceiling of
        Allen et al. (2022), doi:10.1038/s41593-021-00962-x, ncsnr² / (ncsnr² + 1 / repeats).
        """
        return self._both(self._reliability)

    def estimate_explainable(self) -> Estimate:
        """Share of the variance of single repeats that a noise-free model would explain.

        Returns
        -------
        Estimate
        """
        return self._both(self._explainable)

    def estimate_explained(self, predictions: Sequence[Array], test: Sequence[Index]) -> Estimate:
        """Share of the variance of single repeats that the predictions explain; scale and offset count.

        Parameters
        ----------
        predictions : sequence of ndarray, shape (n_test, n_sites)
            For stimuli that the read-out was not fitted to.
        test : sequence of ndarray of int
            The stimuli of each split.

        Returns
        -------
        Estimate
            1 - mean squared error / variance, over the stimuli that were predicted (each counts once, however often it
            was predicted).
        """
        errors = np.zeros_like(self.means)
        times = np.zeros_like(self.means)
        for predicted, held in zip(predictions, test, strict=True):
            known = np.isfinite(predicted)
            missed = self.means[held] + self.offset - np.where(known, predicted, 0.0)
            errors[held] += np.where(known, missed**2, 0.0)
            times[held] += known
        used = (times > 0) & (self.counts > 0)
        summed = np.where(used, self.squares + self.counts * errors / np.maximum(times, 1), 0.0)
        counted = np.where(used, self.counts, 0.0)

        def share(weights: Array) -> Array:
            with np.errstate(divide="ignore", invalid="ignore"):
                error = (weights @ summed) / (weights @ counted)
                return np.asarray(1.0 - error / self._total(weights))

        return self._both(share)

    def _both(self, function: Callable[[Array], Array]) -> Estimate:
        everything = np.ones((1, len(self.counts)))
        return Estimate(function(everything)[0], function(self.weights))

    def _total(self, weights: Array) -> Array:
        """Variance of single repeats."""
        n = weights @ self.counts
        first = weights @ (self.counts * self.means)
        second = weights @ (self.squares + self.counts * self.means**2)
        return np.asarray((second - first**2 / n) / (n - 1))

    def _noise(self, weights: Array) -> Array:
        """Variance over the repeats of a stimulus, averaged over stimuli with several."""
        repeated = self.counts > 1
        variances = np.where(repeated, self.squares / np.maximum(self.counts - 1, 1), 0.0)
        return np.asarray((weights @ variances) / (weights @ repeated.astype(np.float64)))

    def _reliability(self, weights: Array) -> Array:
        shown = (self.counts > 0).astype(np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            n = weights @ shown
            first, second = weights @ (shown * self.means), weights @ (shown * self.means**2)
            total = (second - first**2 / n) / (n - 1)
            of_mean = self._noise(weights) * (weights @ np.where(shown > 0, 1.0 / self.counts, 0.0)) / n
            return np.asarray(np.where(total > 0, (total - of_mean) / total, np.nan))

    def _explainable(self, weights: Array) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(1.0 - self._noise(weights) / self._total(weights))
