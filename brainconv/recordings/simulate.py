"""Simulated recordings: sites that read from a known layer, with Poisson noise, so that every right answer is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brainconv.containers import Recording, StimulusSet
from brainconv.errors import InvalidInputError
from brainconv.recordings.noise import draw_counts, draw_gains
from brainconv.validation import (
    check_allocation,
    check_array,
    check_count,
    check_instance,
    check_number,
    check_positive,
    check_seed,
    check_text,
)


def simulate_recording(
    features: NDArray[Any],
    stimuli: StimulusSet,
    *,
    area: str,
    true_layer: str,
    n_sites: int = 60,
    n_repeats: int = 8,
    n_pooled: int = 6,
    mean_count: float = 3.0,
    noise_correlation: float = 0.0,
    drift: float = 0.0,
    true_model: str | None = None,
    random_state: int = 0,
) -> Recording:
    """Record from simulated sites that pool a few units of one layer.

    Parameters
    ----------
    features : ndarray, shape (n_stimuli, n_units)
        Activations of the generating layer, in the order of ``stimuli``.
    stimuli : StimulusSet
        The images that gave them.
    area : str
        The area that the sites stand for: ``"V1"``, ``"V2"``, ``"V4"`` or ``"IT"``.
    true_layer : str
        The generating layer, kept in ``metadata["true_layer"]`` for the scoring of layer recovery only.
    n_sites, n_repeats : int
        Number of sites, and of presentations of each stimulus.
    n_pooled : int
        Units that one site reads from; see `compute_expected_counts`.
    mean_count : float, spikes
        Mean over stimuli of every site's expected count per presentation.
    noise_correlation : float
        Correlation of the sites' noise, in [0, 1), by one factor that all share (`draw_counts`).
    drift : float
        Share of each site's trial-to-trial variance that a slow drift of its gain makes, in [0, 1) (`draw_gains`).
    true_model : str, optional
        Name of the generating network, kept in ``metadata["true_model"]``.
    random_state : int
        Seed of the sites and of the noise.

    Returns
    -------
    Recording
        Named ``simulated.<area>``, with ``simulated=True`` and spike counts as responses.  The column
        ``reliability_true`` of its sites is the analytic reliability of the mean over repeats
        (`compute_poisson_reliability`); ``metadata["noise"]`` says in words which noise was made.

    Raises
    ------
    InvalidInputError
        If the features do not fit the stimuli, hold NaN, or too few units respond at all.

    Notes
    -----
    Sites and noise are drawn over sorted stimulus ids: the order of the stimuli does not change what a stimulus evokes.
    By default pure Poisson noise: no gain that drifts from trial to trial, no correlation between sites.  With drift
    the repeats of a stimulus are no longer exchangeable: split-half reliability falls below ``reliability_true``.
    """
    check_instance(stimuli, StimulusSet, what="stimuli")
    for value, what in (
        (area, "area"),
        (true_layer, "true_layer"),
        ("none" if true_model is None else true_model, "true_model"),
    ):
        check_text(value, what=what)
    check_seed(random_state)
    axes = {"stimulus": stimuli.ids, "unit": None}
    units = check_array(features, (len(stimuli), None), what=f"Features of {true_layer!r}", finite=True, axes=axes)
    check_count(n_repeats, what="n_repeats")
    check_count(n_sites, what="n_sites")
    n_values = len(stimuli) * n_repeats * n_sites
    check_allocation(16 * n_values, what=f"{n_sites} sites × {n_repeats} repeats", advice="simulate fewer")
    options = {"noise_correlation": noise_correlation, "drift": drift}
    for name, share in options.items():
        check_number(share, what=name, at_least=0, below=1)
    order = np.argsort(np.asarray(stimuli.ids))
    site_seed, noise_seed, drift_seed = np.random.SeedSequence(random_state).spawn(3)
    expected = compute_expected_counts(
        units[order],
        n_sites=n_sites,
        n_pooled=n_pooled,
        mean_count=mean_count,
        random_state=np.random.default_rng(site_seed),
    )
    rates, gains = np.repeat(expected[:, None, :], n_repeats, axis=1), None
    if drift > 0:
        gains = draw_gains(expected, drift=drift, n_repeats=n_repeats, rng=np.random.default_rng(drift_seed))
        rates *= gains
    responses = np.empty(rates.shape, dtype=np.float64)
    responses[order] = draw_counts(rates, correlation=noise_correlation, rng=np.random.default_rng(noise_seed))
    reliability = compute_poisson_reliability(expected, n_repeats=n_repeats, gains=gains)
    sites = pd.DataFrame(
        {"area": area, "reliability_true": reliability},
        index=[f"{area}.{site:03d}" for site in range(n_sites)],
    )
    metadata: dict[str, Any] = {
        "true_layer": true_layer,
        "noise": _describe_noise(noise_correlation, drift),
        "mean_count": float(mean_count),
        "n_pooled": int(n_pooled),
        "seed": int(random_state),
        "reliability_true": float(np.median(sites["reliability_true"])),
    }
    metadata |= {name: float(value) for name, value in options.items() if value > 0}
    if true_model is not None:
        metadata["true_model"] = true_model
    return Recording(
        f"simulated.{area}",
        stimuli,
        responses,
        sites,
        unit="spikes per presentation",
        simulated=True,
        metadata=metadata,
    )


def compute_expected_counts(
    features: NDArray[Any],
    *,
    n_sites: int,
    n_pooled: int = 6,
    mean_count: float = 3.0,
    random_state: int | np.random.Generator = 0,
) -> NDArray[np.float64]:
    """Compute expected spike counts of sites that pool a few random units with random positive weights.

    λ = mean_count · Σ_u w_u max(x_u, 0) / mean over stimuli, with w uniform on 0..1.

    Parameters
    ----------
    features : ndarray, shape (n_stimuli, n_units)
        Rectified here.
    n_sites : int
    n_pooled : int
        Units per site, drawn without replacement among those whose rectified response varies over stimuli.
    mean_count : float, spikes
    random_state : int or numpy.random.Generator

    Returns
    -------
    ndarray, shape (n_stimuli, n_sites), spikes
        λ of every stimulus and site.

    Raises
    ------
    InvalidInputError
        If fewer than ``n_pooled`` units vary, or a number is not above 0.
    """
    rectified = np.maximum(check_array(features, (None, None), what="Features", finite=True), 0.0)
    for value, what in ((n_sites, "n_sites"), (n_pooled, "n_pooled")):
        check_count(value, what=what)
    check_positive(mean_count, what="mean_count, in spikes,")
    varying = np.flatnonzero(np.ptp(rectified, axis=0) > 0)
    if len(varying) < n_pooled:
        msg = (
            f"{len(varying)} of {rectified.shape[1]} units respond differently to different stimuli; each simulated "
            f"site pools {n_pooled}. Give another layer or a smaller n_pooled."
        )
        raise InvalidInputError(msg)
    rng = np.random.default_rng(random_state)
    drive = np.empty((len(rectified), n_sites))
    for site in range(n_sites):
        pooled = rng.choice(varying, n_pooled, replace=False)
        drive[:, site] = rectified[:, pooled] @ (1.0 - rng.random(n_pooled))  # weights in (0, 1]: no unit drops out
    expected: NDArray[np.float64] = mean_count * drive / drive.mean(axis=0)
    return expected


def _describe_noise(correlation: float, drift: float) -> str:
    said = ["Poisson"]
    if correlation > 0:
        said.append(f"correlation {correlation:g} between sites (one common factor)")
    if drift > 0:
        said.append(f"slow drift of each site's gain over the session, {drift:g} of the trial-to-trial variance")
    return "; ".join(said)


def compute_poisson_reliability(
    expected: NDArray[np.float64], *, n_repeats: int, gains: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Compute the reliability of the mean over repeats of Poisson counts whose expectation is known.

    Var(λ) / (Var(λ) + E[λ] / T), with mean and variance over stimuli: the share of the variance of the T-trial mean
    that the stimulus explains.  A model that knows λ correlates with that mean by the square root of it.  With gains
    that drift, the mean has expectation μ = λ times the mean gain of a stimulus' presentations, and the reliability is
    Cov(λ, μ)² / (Var(λ) (Var(μ) + E[μ] / T)).

    Parameters
    ----------
    expected : ndarray, shape (n_stimuli, n_sites), spikes
        λ.
    n_repeats : int
        T.
    gains : ndarray, shape (n_stimuli, n_repeats, n_sites), optional
        Gain of every presentation; by default 1.

    Returns
    -------
    ndarray, shape (n_sites,)
        NaN for a site that never fires.

    Raises
    ------
    InvalidInputError
        If there are no repeats or ``expected`` has another shape.
    """
    lam = check_array(expected, (None, None), what="Expected counts", finite=True)
    check_count(n_repeats, what="n_repeats")
    signal, noise = lam.var(axis=0), lam.mean(axis=0) / n_repeats
    total = signal + noise
    if gains is not None:
        drifting = lam * gains.mean(axis=1)
        shared = ((lam - lam.mean(axis=0)) * (drifting - drifting.mean(axis=0))).mean(axis=0) ** 2
        total = signal * (drifting.var(axis=0) + drifting.mean(axis=0) / n_repeats)
        signal = shared
    reliability: NDArray[np.float64] = np.divide(signal, total, out=np.full(len(total), np.nan), where=total > 0)
    return reliability
