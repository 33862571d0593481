"""How good a Gabor fit must be before a filter may be called a Gabor: the fits of noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainconv.errors import InvalidInputError
from brainconv.physiology.gabor_fit import N_STARTS, fit_gabors
from brainconv.validation import check_allocation, check_count, check_number, check_seed

Array = NDArray[np.float64]

N_NOISE = 1000


@dataclass(frozen=True)
class GaborGate:
    """The R² that a share of noise filters does not reach.

    Parameters
    ----------
    r2 : float
        The gate, in units of 1; a filter passes if its R² is higher.
    ci_low, ci_high : float
        95 % interval of the gate, from the order statistics of the noise filters' R² (its error by Monte Carlo).
    quantile : float
        Share of noise filters below the gate.
    kernel_size : int
        k, in px.
    n_channels : int
        1 or 3.
    n_noise : int
        Noise filters fitted.
    n_starts : int
        Starts per fit; the same as for the filters that are judged.
    random_state : int
        Seed of the noise and the starts.
    """

    r2: float
    ci_low: float
    ci_high: float
    quantile: float
    kernel_size: int
    n_channels: int
    n_noise: int
    n_starts: int
    random_state: int

    def __float__(self) -> float:
        return self.r2


def compute_gabor_gate(
    kernel_size: int,
    n_channels: int = 3,
    *,
    quantile: float = 0.95,
    n_noise: int = N_NOISE,
    random_state: int = 0,
    n_starts: int = N_STARTS,
) -> GaborGate:
    """Quantile of R² over noise filters that went through the same colour reduction and the same starts.

    Eight parameters fit much of a small filter whatever it shows, and the singular value decomposition picks the
    most coherent of the mixtures of three channels, so that R² alone says little.

    Parameters
    ----------
    kernel_size : int
        k, in px, at least 5.
    n_channels : int
        3 or 1, as the filters have.
    quantile : float
        Between 0 and 1.
    n_noise : int
        Noise filters to fit; at least 100.
    random_state : int
        Seed of the noise and the starts.
    n_starts : int
        Starts per fit.  Use what the filters were fitted with: more starts raise R².

    Returns
    -------
    GaborGate

    Raises
    ------
    InvalidInputError
        If the kernel is smaller than 5, the quantile outside (0, 1) or there are fewer than 100 noise filters.

    References
    ----------
    The noise has an amplitude spectrum of 1/f, as photographs have: Field DJ (1987), J Opt Soc Am A 4:2379-2394,
    doi:10.1364/JOSAA.4.002379.
    """
    check_number(quantile, what="quantile", above=0, below=1)
    check_count(n_noise, what="n_noise", at_least=100)
    check_count(n_starts, what="n_starts", at_most=10_000)
    noise = make_noise_filters(n_noise, kernel_size, n_channels, random_state=random_state)
    fits = fit_gabors(noise, n_starts=n_starts, random_state=random_state)
    r2 = np.sort(fits.table["r2"].to_numpy(float))
    half_width = 1.96 * np.sqrt(n_noise * quantile * (1 - quantile))
    low, high = (int(np.clip(round(n_noise * quantile + side * half_width), 0, n_noise - 1)) for side in (-1, 1))
    return GaborGate(
        r2=float(np.quantile(r2, quantile)),
        ci_low=float(r2[low]),
        ci_high=float(r2[high]),
        quantile=quantile,
        kernel_size=kernel_size,
        n_channels=n_channels,
        n_noise=n_noise,
        n_starts=n_starts,
        random_state=random_state,
    )


def make_noise_filters(n_filters: int, kernel_size: int, n_channels: int = 3, *, random_state: int = 0) -> Array:
    """Gaussian noise with an amplitude spectrum of 1/f, independent between channels.

    Each channel is cut from a field four times as wide, so that opposite borders do not match up; the mean that the
    cut happens to have stays, as filters have one too.

    Parameters
    ----------
    n_filters : int
        Filters.
    kernel_size : int
        k, in px.
    n_channels : int
        Channels per filter.
    random_state : int
        Seed.

    Returns
    -------
    ndarray, shape (n_filters, n_channels, k, k)
        Root mean square over the filter 1.
    """
    check_count(n_filters, what="n_filters")
    check_count(kernel_size, what="kernel_size", at_least=2, at_most=1024)
    if check_count(n_channels, what="n_channels", at_most=3) == 2:
        msg = "n_channels is 2; expected 1 (grey) or 3 (colour)."
        raise InvalidInputError(msg)
    check_seed(random_state)
    n_values = n_filters * n_channels * (4 * kernel_size) ** 2
    check_allocation(
        24 * n_values,
        what=f"{n_filters} noise filters of {kernel_size} × {kernel_size} px",
        advice="take fewer or smaller",
    )
    rng = np.random.default_rng(random_state)
    n = 4 * kernel_size
    radius = np.hypot(*np.meshgrid(np.fft.fftfreq(n), np.fft.rfftfreq(n), indexing="ij"))
    radius[0, 0] = np.inf
    spectrum = np.fft.rfft2(rng.normal(size=(n_filters, n_channels, n, n))) / radius
    field = np.fft.irfft2(spectrum, s=(n, n))[:, :, :kernel_size, :kernel_size]
    scale = np.sqrt((field**2).mean(axis=(1, 2, 3), keepdims=True))
    return np.asarray(field / scale)
