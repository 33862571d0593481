"""The ceiling of a recording: how well its mean responses could be predicted by a model without error."""

from __future__ import annotations

import numpy as np
import xarray as xr

from brainconv.containers import Recording
from brainconv.containers.checks import check_recording
from brainconv.errors import InvalidInputError
from brainconv.reliability.split_half import count_repeats, split_half_reliability
from brainconv.reliability.variance import compute_ncsnr, compute_variance_parts
from brainconv.validation import check_count, check_seed


def compute_ceiling(
    recording: Recording, *, n_splits: int = 100, n_boot: int = 200, random_state: int = 0
) -> xr.Dataset:
    """Reliability of the mean responses of each site.

    Parameters
    ----------
    recording : Recording
        With at least two repeats of some stimuli.
    n_splits : int
        Random splits of the repeats into halves.
    n_boot : int
        Resamples of stimuli for the 95 % interval of each site; 0 for none.
    random_state : int
        Seed of the splits and resamples, which are drawn over the sorted stimulus ids.

    Returns
    -------
    Dataset, dimension ``site``
        ``reliability``: split-half, Spearman-Brown; the largest r² of a noise-free model, its root the largest r.
        ``reliability_low``, ``reliability_high``: its 95 % interval for other stimuli; NaN without resamples.
        ``reliability_split_sd``: standard deviation over the splits.
        ``reliability_analytic``: signal power over the variance of the means, an estimate without splits.
        ``signal_power``, ``noise_variance``: in the squared unit of the responses.  ``ncsnr``: their root ratio.
        ``n_stimuli``: stimuli with at least two repeats.  ``n_repeats``: mean number of repeats of these.
        ``area``: area of each site.  Values are NaN for a site with fewer than three such stimuli or with a constant
        response.

    Raises
    ------
    InvalidInputError
        If the recording holds one averaged value per stimulus, or no stimulus was repeated.

    References
    ----------
    Schoppe et al. (2016), Front. Comput. Neurosci., doi:10.3389/fncom.2016.00010.
    """
    check_count(n_splits, what="n_splits")
    check_count(n_boot, what="n_boot", at_least=0)
    check_seed(random_state)
    require_repeats(recording)
    order = np.argsort(np.array(recording.stimuli.ids))
    responses = recording.responses[order]
    reliability, spread = split_half_reliability(responses, n_splits=n_splits, random_state=random_state)
    low, high = np.full((2, recording.n_sites), np.nan)
    if n_boot:
        n = len(order)
        drawn = np.random.default_rng([random_state, 9]).multinomial(n, np.full(n, 1.0 / n), size=n_boot)
        resampled, _ = split_half_reliability(
            responses, n_splits=n_splits, weights=drawn.astype(np.float64), random_state=random_state
        )
        known = np.isfinite(resampled).any(axis=0)
        if known.any():
            low[known], high[known] = np.nanpercentile(resampled[:, known], (2.5, 97.5), axis=0)
    parts = compute_variance_parts(responses)
    counts = count_repeats(responses)
    repeated = counts > 1
    n_stimuli = repeated.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        values = {
            "reliability": reliability,
            "reliability_low": low,
            "reliability_high": high,
            "reliability_split_sd": spread,
            "reliability_analytic": np.where(parts.total > 0, parts.signal / parts.total, np.nan),
            "signal_power": parts.signal,
            "noise_variance": parts.noise,
            "ncsnr": compute_ncsnr(responses),
            "n_stimuli": n_stimuli,
            "n_repeats": np.where(repeated, counts, 0).sum(axis=0) / n_stimuli,
        }
    return xr.Dataset(
        {name: ("site", value) for name, value in values.items()},
        coords={
            "site": recording.sites.index.to_numpy(dtype=str),
            "area": ("site", recording.sites["area"].to_numpy(dtype=str)),
        },
        attrs={
            "recording": recording.name,
            "simulated": int(recording.simulated),
            "unit": recording.unit,
            "n_splits": n_splits,
            "random_state": random_state,
            "definition": "split-half, Spearman-Brown",
        },
    )


def require_repeats(recording: Recording) -> None:
    """Refuse a recording from which no ceiling can be had.

    Parameters
    ----------
    recording : Recording

    Raises
    ------
    InvalidInputError
        Says why and what would be needed.
    """
    check_recording(recording)
    if recording.averaged:
        msg = (
            f"No ceiling for {recording.name!r}: the recording holds one averaged value per stimulus; "
            f"a ceiling needs the single repeats."
        )
        raise InvalidInputError(msg)
    if not recording.has_repeats:
        msg = (
            f"No ceiling for {recording.name!r}: no stimulus has two repeats at any site; "
            f"a ceiling needs at least two repeats of the same stimulus."
        )
        raise InvalidInputError(msg)
