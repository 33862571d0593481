"""Reverse predictivity: how well the sites of an area predict the units of a layer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainconv.containers import Recording, Representation, Scores
from brainconv.containers.checks import check_recording, check_varying
from brainconv.errors import InvalidInputError
from brainconv.predictivity.crossvalidation import cross_validate
from brainconv.predictivity.labels import label_layer, require_features
from brainconv.predictivity.regressions import find_regression
from brainconv.predictivity.resampling import nanmean, nanmedian
from brainconv.predictivity.splits import Splits, make_splits
from brainconv.validation import check_count, check_instance, check_seed

Array = NDArray[np.float64]


def score_reverse_predictivity(
    representation: Representation,
    recording: Recording,
    *,
    regression: str = "ridge",
    splits: str | Splits = "kfold10",
    max_units: int = 2000,
    random_state: int = 0,
) -> Scores:
    """Predict each unit of a layer from the sites of each area, by the regression and splits of the forward direction.

    Parameters
    ----------
    representation : Representation
        With features.
    recording : Recording
        The mean over repeats predicts; sites that lack a stimulus are left out of the predictors and counted.
    regression : str
        See `find_regression`.
    splits : str or Splits
    max_units : int
        More units are sampled at random, and the sample is noted.
    random_state : int

    Returns
    -------
    Scores
        Analysis "reverse predictivity": median over units of the mean over splits of r.  Units have no noise, the sites
        have; few noisy sites put a low ceiling on it, so that it may be compared between layers and models for the same
        sites only.

    Raises
    ------
    InvalidInputError
        If the representation holds no features, or every unit is constant.

    References
    ----------
    Muzellec & Kar (2025), "Reverse predictivity", bioRxiv 2025.08.08.669382, doi:10.1101/2025.08.08.669382.
    """
    check_instance(representation, Representation, what="representation", hint="one layer with its features")
    check_varying(check_recording(recording))
    check_count(max_units, what="max_units", at_most=10**12)
    check_seed(random_state)
    method = find_regression(regression)
    ids = tuple(sorted(recording.stimuli.ids))
    order = np.argsort(np.array(recording.stimuli.ids))
    drawn = make_splits(splits, recording.stimuli, random_state=random_state).reindex(ids)
    units, notes = _sample(require_features(representation, ids), max_units, random_state)
    responses = recording.mean_responses()[order]
    areas = recording.sites["area"].to_numpy(dtype=str)
    whole = np.isfinite(responses).all(axis=0)
    rows: list[dict[str, Any]] = []
    for area in recording.areas:
        sites = responses[:, (areas == area) & whole]
        if not sites.shape[1]:
            notes.append(f"{area}: no site has every stimulus; not scored.")
            continue
        r = cross_validate(sites @ sites.T, units, drawn, regression=regression, features=sites).r
        per_unit = nanmean(r, axis=0)
        rows.append(
            {
                **label_layer(representation, representation.layer, recording),
                "area": area,
                "analysis": "reverse predictivity",
                "regression": method.name,
                "splits": drawn.name,
                "statistic": "median over units",
                "definition": "r",
                "value": float(nanmedian(per_unit)),
                "n_sites": int(sites.shape[1]),
                "n_units": int(np.isfinite(per_unit).sum()),
            }
        )
    lacking = int((~whole).sum())
    if lacking:
        notes.append(f"{lacking} of {recording.n_sites} sites lack stimuli and predict nothing.")
    return Scores.from_rows(rows, notes=notes)


def _sample(features: Array, max_units: int, random_state: int) -> tuple[Array, list[str]]:
    """The units that vary, or a random sample of them."""
    vary = np.flatnonzero(np.ptp(features, axis=0) > 0)
    if not vary.size:
        msg = "Every unit of the layer is constant over the stimuli; there is nothing to predict."
        raise InvalidInputError(msg)
    notes = []
    if vary.size < features.shape[1]:
        notes.append(f"{features.shape[1] - vary.size} of {features.shape[1]} units are constant and were left out.")
    if vary.size > max_units:
        notes.append(f"{max_units} of {vary.size} units were drawn at random.")
        vary = np.sort(np.random.default_rng([random_state, 10]).choice(vary, size=max_units, replace=False))
    return features[:, vary], notes
