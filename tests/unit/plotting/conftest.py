"""Score tables made by hand that look like those of the real run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from brainconv.containers import RDMs, Scores, StimulusSet

SQUEEZENET = "squeezenet1_0_deepcompression"
LAYERS = ("conv1", "fire2", "fire3", "fire4", "fire5", "fire6", "fire7", "fire8", "fire9", "conv_final")
PROFILES = {
    ("cowley2023.190923", "V4", "r"): (0.33, 0.43, 0.48, 0.50, 0.53, 0.56, 0.57, 0.56, 0.55, 0.47),
    ("cowley2023.210325", "V4", "r"): (0.36, 0.45, 0.49, 0.52, 0.55, 0.58, 0.57, 0.58, 0.56, 0.49),
    ("tang2018.central80", "V1", "r"): (0.42, 0.55, 0.60, 0.62, 0.61, 0.58, 0.55, 0.52, 0.48, 0.40),
    ("kriegeskorte2008.human_IT", "IT", "spearman"): (0.10, 0.14, 0.16, 0.18, 0.22, 0.24, 0.26, 0.28, 0.31, 0.29),
    ("kriegeskorte2008.monkey_IT", "IT", "spearman"): (0.19, 0.24, 0.26, 0.29, 0.31, 0.33, 0.36, 0.38, 0.39, 0.34),
}
CEILINGS = {"cowley2023.210325": (0.866, 0.866), "kriegeskorte2008.human_IT": (0.38, 0.60)}
COUNTS = {
    "cowley2023.190923": (1200, 1, 89),
    "cowley2023.210325": (950, 8, 63),
    "tang2018.central80": (2500, 1, 4),
    "kriegeskorte2008.human_IT": (92, None, None),
    "kriegeskorte2008.monkey_IT": (92, None, None),
}


def make_rows(n_seeds: int = 1) -> list[dict[str, Any]]:
    rows = []
    for (recording, area, formula), profile in PROFILES.items():
        low, high = CEILINGS.get(recording, (None, None))
        n_stimuli, n_repeats, n_sites = COUNTS[recording]
        rsa = formula == "spearman"
        common = {
            "recording": recording,
            "area": area,
            "simulated": False,
            "analysis": "rsa" if rsa else "predictivity",
            "estimator": "correlation" if rsa else None,
            "comparator": "spearman" if rsa else None,
            "regression": None if rsa else "ridge",
            "splits": None if rsa else "kfold10",
            "statistic": "mean over subjects" if rsa else "median over sites",
            "definition": formula,
            "ceiling_low": low,
            "ceiling_high": high,
            "n_stimuli": n_stimuli,
            "n_repeats": n_repeats,
            "n_sites": n_sites,
        }
        series = [(SQUEEZENET, "default", None, LAYERS, 1.0)]
        series += [(SQUEEZENET, "random", seed, LAYERS, 0.45 - 0.02 * seed) for seed in range(n_seeds)]
        series += [
            ("pixels", "default", None, ("pixels",), 0.3),
            ("v1_gabor", "default", None, ("simple", "complex"), 0.5),
        ]
        for model, weights, seed, layers, factor in series:
            for place, layer in enumerate(layers):
                value = factor * profile[place]
                rows.append(
                    common
                    | {
                        "model": model,
                        "weights": weights,
                        "seed": seed,
                        "layer": layer,
                        "layer_index": place,
                        "value": value,
                        "ci_low": value - 0.03,
                        "ci_high": value + 0.025,
                        "n_units": 1000 * (place + 1),
                    }
                )
    return rows


def make_simulated_rows() -> list[dict[str, Any]]:
    values = {
        "V1": (0.86, 0.70, 0.52, 0.41),
        "V4": (0.62, 0.71, 0.83, 0.66),
        "IT": (0.30, 0.42, 0.61, 0.78),
    }
    rows = []
    for analysis, scale in (("predictivity", 1.0), ("rsa", 0.6)):
        for area, profile in values.items():
            for place, value in enumerate(profile):
                rows.append(
                    {
                        "model": "quickstart",
                        "weights": "default",
                        "layer": f"conv{place + 1}",
                        "layer_index": place,
                        "recording": f"simulated.{area}",
                        "area": area,
                        "simulated": True,
                        "analysis": analysis,
                        "comparator": "rho-a" if analysis == "rsa" else None,
                        "statistic": "median over sites" if analysis == "predictivity" else "single RDM",
                        "definition": "r/sqrt(ceiling)" if analysis == "predictivity" else "rho-a",
                        "value": scale * value,
                        "ci_low": scale * value - 0.04,
                        "ci_high": scale * value + 0.04,
                        "n_stimuli": 400,
                        "n_repeats": 10,
                        "n_sites": 60,
                    }
                )
    return rows


def make_rdms(names: tuple[str, ...] = ("monkey", "human"), n_each: int = 8) -> RDMs:
    rng = np.random.default_rng(0)
    kinds = ("human body", "human face", "animal body", "animal face", "natural", "artificial")
    category = np.repeat(kinds, n_each)
    n = len(category)
    block = (category[:, None] != category[None, :]).astype(float)
    upper = np.triu_indices(n, 1)
    values = np.stack([block[upper] * 0.5 + rng.random(len(upper[0])) for _ in names])
    ids = tuple(f"image{i:02d}" for i in range(n))
    stimuli = StimulusSet(
        "92images", ids, np.zeros((n, 2, 2, 3), np.uint8), table=pd.DataFrame({"category": category}, index=list(ids))
    )
    return RDMs("kriegeskorte2008", values, ids, pd.DataFrame({"subject": list(names)}), "correlation", stimuli)


@pytest.fixture
def macaque() -> Scores:
    return Scores.from_rows(make_rows())


@pytest.fixture
def simulated() -> Scores:
    return Scores.from_rows(make_simulated_rows())


@pytest.fixture
def rdms() -> RDMs:
    return make_rdms()


@pytest.fixture
def conftest_rows():
    return make_rows
