"""Noise between repeats: residuals, their shrunk covariance, and products of patterns whitened by it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from brainconv.errors import InvalidInputError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class NoiseCovariance:
    """Ledoit and Wolf's covariance of residuals, ``floor · I + slope · RᵀR``, without the p × p matrix itself.

    Parameters
    ----------
    floor, slope : float
        In squared units of the responses, and 1 / degrees of freedom times 1 - shrinkage.
    shrinkage : float
        Between 0 (sample covariance) and 1 (a multiple of the identity).
    residuals : ndarray, shape (n_residuals, n_sites)
        Deviations of single repeats from their stimulus' mean.
    """

    floor: float
    slope: float
    shrinkage: float
    residuals: Floats

    def to_matrix(self) -> Floats:
        """The covariance itself.

        Returns
        -------
        ndarray, shape (n_sites, n_sites)
        """
        return np.asarray(self.slope * (self.residuals.T @ self.residuals) + self.floor * np.eye(self.n_sites))

    @property
    def n_sites(self) -> int:
        """Number of sites."""
        return int(self.residuals.shape[1])

    def without_two_stimuli(self, n_stimuli: int) -> NoiseCovariance:
        """The same covariance with the weight that residuals get when those of two stimuli are taken out.

        Parameters
        ----------
        n_stimuli : int

        Raises
        ------
        InvalidInputError
            If no third stimulus is left.
        """
        if n_stimuli < 3:
            msg = f"Noise is estimated from the other stimuli of a pair: found {n_stimuli} stimuli, expected 3 or more."
            raise InvalidInputError(msg)
        return replace(self, slope=self.slope * n_stimuli / (n_stimuli - 2))

    def whitened_products(self, patterns: Floats) -> Floats:
        """Patterns Σ⁻¹ patternsᵀ, in the smaller of the two spaces (sites or residuals).

        Parameters
        ----------
        patterns : ndarray, shape (n_patterns, n_sites)

        Returns
        -------
        ndarray, shape (n_patterns, n_patterns)
        """
        if self.n_sites <= len(self.residuals):
            white = self.whiten(patterns)
            return np.asarray(white @ white.T)
        products = patterns @ patterns.T
        if self.slope > 0:  # Woodbury's identity
            crossed = patterns @ self.residuals.T
            inner = self.residuals @ self.residuals.T
            inner[np.diag_indices(len(inner))] += self.floor / self.slope
            products -= crossed @ np.linalg.solve(inner, crossed.T)
        return np.asarray(products / self.floor)

    def whiten(self, patterns: Floats) -> Floats:
        """Patterns whose products are those of `whitened_products`.

        Parameters
        ----------
        patterns : ndarray, shape (n_patterns, n_sites)

        Returns
        -------
        ndarray, shape (n_patterns, n_sites)
        """
        return np.asarray(np.linalg.solve(np.linalg.cholesky(self.to_matrix()), patterns.T).T)


def compute_residuals(responses: Floats) -> tuple[Floats, int]:
    """Deviations of single repeats from the mean of their stimulus.

    Parameters
    ----------
    responses : ndarray, shape (n_stimuli, n_repeats, n_sites)
        NaN where a repeat is absent, for all sites at once.

    Returns
    -------
    residuals : ndarray, shape (n_residuals, n_sites)
        Of stimuli with at least two repeats.
    dof : int
        n_residuals less the number of those stimuli.
    """
    present = np.isfinite(responses[:, :, 0])
    counts = present.sum(axis=1)
    means = np.nansum(responses, axis=1) / np.maximum(counts, 1)[:, None]
    kept = present & (counts >= 2)[:, None]
    residuals = (responses - means[:, None])[kept]
    return residuals, int(kept.sum() - (counts >= 2).sum())


def estimate_noise_covariance(responses: Floats) -> NoiseCovariance:
    """Covariance of the noise of single repeats, shrunk towards a multiple of the identity.

    Parameters
    ----------
    responses : ndarray, shape (n_stimuli, n_repeats, n_sites)
        NaN where a repeat is absent, for all sites at once.

    Returns
    -------
    NoiseCovariance

    Raises
    ------
    InvalidInputError
        If no stimulus has two repeats, or repeats do not differ at all.

    References
    ----------
    Ledoit O, Wolf M (2004), doi:10.1016/S0047-259X(03)00096-4, eq. 14.  Here of residuals: the result is divided by
    their degrees of freedom instead of their number.
    """
    residuals, dof = compute_residuals(responses)
    if dof < 1:
        msg = "No stimulus has two repeats, so that there is no noise covariance; use an estimator without one."
        raise InvalidInputError(msg)
    n, p = residuals.shape
    lengths = np.einsum("ij,ij->i", residuals, residuals)
    mean_variance = lengths.sum() / n / p
    # the mean of equal numbers may differ from them in the last digit
    if not mean_variance > 1e-26 * float(np.nanmax(np.abs(responses))) ** 2:
        msg = (
            "All repeats of a stimulus are equal, so that there is no noise to normalise by; are they copies of a mean?"
        )
        raise InvalidInputError(msg)
    small = residuals.T @ residuals if p <= n else residuals @ residuals.T
    squared = float(np.einsum("ij,ij->", small, small)) / n**2
    distance = squared - p * mean_variance**2
    error = ((lengths**2).sum() / n - squared) / n
    shrinkage = 1.0 if distance <= 1e-12 * squared else float(min(1.0, error / distance))
    return NoiseCovariance(shrinkage * mean_variance * n / dof, (1.0 - shrinkage) / dof, shrinkage, residuals)
