"""Ceilings against Poisson sites whose reliability is known (science.md 2.4)."""

import numpy as np
import pandas as pd
import pytest

from brainconv import Recording, StimulusSet
from brainconv.reliability import (
    compute_ccnorm,
    compute_ceiling,
    compute_feve,
    correlate_columns,
    exclude_unreliable_sites,
    split_half_reliability,
)

N_SITES, N_STIMULI = 1000, 100


def simulate(n_repeats, seed=0):
    """Log-normal tuning, Poisson counts, and a model that correlates with the true rate by 0.7."""
    rng = np.random.default_rng(seed)
    log_rate = 0.578 * rng.normal(size=(N_STIMULI, N_SITES)) + np.log(3.6) - 0.167
    rate = np.exp(log_rate)
    counts = rng.poisson(rate[:, None, :], size=(N_STIMULI, n_repeats, N_SITES)).astype(float)
    centred = rate - rate.mean(axis=0)
    other = rng.normal(size=rate.shape)
    other -= other.mean(axis=0)
    other -= centred * ((other * centred).sum(axis=0) / (centred**2).sum(axis=0))
    other *= np.sqrt((centred**2).sum(axis=0) / (other**2).sum(axis=0))
    # The best linear prediction of the rate from a signal that correlates with it by 0.7.
    model = 0.49 * centred + 0.7 * np.sqrt(0.51) * other + rate.mean(axis=0)
    reliability = rate.var(axis=0) / (rate.var(axis=0) + rate.mean(axis=0) / n_repeats)
    return rate, counts, model, reliability


@pytest.mark.parametrize(("n_repeats", "wrong"), [(2, 1.15), (4, 1.08), (10, 1.03), (50, 1.007)])
def test_the_table_of_ceilings(n_repeats, wrong):
    rate, counts, model, truth = simulate(n_repeats)
    found, _ = split_half_reliability(counts, n_splits=10)
    assert np.mean(found) == pytest.approx(truth.mean(), abs=0.01)
    mean_response = counts.mean(axis=1)
    ceiling = np.median(found)
    perfect = np.median(correlate_columns(rate, mean_response))
    assert perfect / np.sqrt(ceiling) == pytest.approx(1.0, abs=0.01)
    assert perfect / ceiling == pytest.approx(wrong, abs=0.02)  # the mistake of dividing by the reliability
    assert np.median(correlate_columns(model, mean_response)) / np.sqrt(ceiling) == pytest.approx(0.7, abs=0.01)
    assert np.median(compute_ccnorm(model, counts)) == pytest.approx(0.7, abs=0.01)
    assert np.median(compute_feve(model, counts)) == pytest.approx(0.49, abs=0.01)


def test_unequal_repeats_are_not_biased():
    rate, counts, _, _ = simulate(7)
    rng = np.random.default_rng(1)
    present = rng.integers(2, 8, size=N_STIMULI)
    counts[np.arange(7)[None, :] >= present[:, None]] = np.nan
    truth = rate.var(axis=0) / (rate.var(axis=0) + rate.mean(axis=0) * (1 / present).mean())
    found, _ = split_half_reliability(counts, n_splits=10)
    assert np.mean(found) == pytest.approx(truth.mean(), abs=0.01)


def test_the_ratio_of_aggregates_is_safe_where_the_mean_of_ratios_is_not():
    rng = np.random.default_rng(2)
    rate = np.exp(0.17 * rng.normal(size=(N_STIMULI, N_SITES)) + np.log(3.2))
    counts = rng.poisson(rate[:, None, :], size=(N_STIMULI, 4, N_SITES)).astype(float)
    found, _ = split_half_reliability(counts, n_splits=10)
    r = correlate_columns(rate, counts.mean(axis=1))
    usable = found > 0
    ratio_of_aggregates = np.median(r) / np.sqrt(np.median(found))
    mean_of_ratios = np.mean(r[usable] / np.sqrt(found[usable]))
    assert ratio_of_aggregates == pytest.approx(1.0, abs=0.05)
    assert mean_of_ratios > ratio_of_aggregates + 0.02
    assert (~usable).any()


def test_a_filter_on_the_scored_repeats_is_biased_and_one_on_other_repeats_is_not():
    """Reliability .27, true correlation .70: sites chosen by their own noise look reliable and score low."""
    n, n_repeats, n_sites = 100, 4, 3000
    rng = np.random.default_rng(5)
    signal = rng.normal(size=(n, n_sites))
    noise = np.sqrt(n_repeats * (1 / 0.27 - 1))
    responses = signal[:, None] + noise * rng.normal(size=(n, n_repeats, n_sites))
    model = 0.7 * signal + np.sqrt(1 - 0.7**2) * rng.normal(size=(n, n_sites))
    sites = pd.DataFrame({"area": "V4"}, index=[f"n{i:04d}" for i in range(n_sites)])
    stimuli = StimulusSet("set", tuple(f"s{i:03d}" for i in range(n)), np.zeros((n, 1, 1, 3), np.uint8))
    recording = Recording("rec", stimuli, responses, sites)
    normalised, looks = {}, {}
    for disjoint in (False, True):
        found = exclude_unreliable_sites(recording, threshold=0.5, disjoint=disjoint, n_splits=10)
        kept = found.recording
        r = correlate_columns(model[:, found.kept], kept.mean_responses())
        reliability, _ = split_half_reliability(kept.responses, n_splits=10)
        normalised[disjoint] = np.median(r) / np.sqrt(np.median(reliability))
        # true reliability of what is handed on: .27 for four repeats, .156 for two
        truth = 0.27 if not disjoint else 0.27 / (2 - 0.27)
        looks[disjoint] = np.median(reliability) - truth
    assert normalised[False] < 0.64
    assert looks[False] > 0.2
    assert normalised[True] == pytest.approx(0.70, abs=0.05)
    assert abs(looks[True]) < 0.03


def test_the_interval_of_a_sites_reliability_covers(study, fewest):
    """600 sites with stimuli and noise of their own: Poisson counts, 5 repeats, 100 stimuli."""
    n_sites, rng = 600, np.random.default_rng(11)
    rate = rng.gamma(4.0, 0.9, size=(100, n_sites))
    stimuli = StimulusSet("set", tuple(f"s{i:03d}" for i in range(100)), np.zeros((100, 1, 1, 3), np.uint8))
    sites = pd.DataFrame({"area": ["V4"] * n_sites}, index=[f"u{k:03d}" for k in range(n_sites)])
    responses = rng.poisson(rate[:, None], size=(100, 5, n_sites)).astype(float)
    found = compute_ceiling(Recording("rec", stimuli, responses, sites), n_splits=10)
    # over gamma rates of mean 3.6 and variance 3.24: signal 3.24, noise of the mean 3.6 / 5
    truth = 3.24 / (3.24 + 3.6 / 5)
    hits = int(((found["reliability_low"] <= truth) & (truth <= found["reliability_high"])).sum())
    study.record("reliability of a site", 100, hits, n_sites, 0.95)
    # measured: 91 %, as percentiles of a share near 1 cover a little less than they say (docs/calibration.md)
    assert hits >= fewest(n_sites, 0.91)
