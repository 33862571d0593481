"""RDMs from layers and from recordings."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial.distance import squareform

from brainconv.containers import RDMs, Recording, Representation
from brainconv.containers.checks import check_representations
from brainconv.errors import BrainconvWarning, InvalidInputError
from brainconv.similarity.estimators import ESTIMATORS, estimate_from_gram
from brainconv.similarity.repeats import LEAST_REPEATS, REPEAT_ESTIMATORS, estimate_from_repeats
from brainconv.validation import check_choice

Representations = Representation | Mapping[str, Representation] | Sequence[Representation]


def compute_rdms(source: Representations | Recording, *, estimator: str = "correlation") -> RDMs:
    """Representational dissimilarity matrices of layers or of a recording.

    Parameters
    ----------
    source : Representation, mapping or sequence of Representation, or Recording
        Layers give one RDM each, over the stimuli of the first, in its order.  A recording gives one RDM per area, from
        the responses averaged over repeats unless the estimator uses the repeats.
    estimator : {"correlation", "sqeuclidean_per_unit", "euclidean", "cosine", "cosine_centred"}
        See `estimate_from_gram`.  Distances between noisy mean responses are biased upwards.  Of a recording also
        ``crossnobis``, ``cv_sqeuclidean_per_unit``, ``mahalanobis`` and ``poisson``, see `estimate_from_repeats`; the
        first two are unbiased.

    Returns
    -------
    RDMs
        Labels of layers: ``model, weights, layer, layer_index, seed, units, degrees, n_units``; of areas:
        ``recording, area, n_sites, n_sites_excluded, n_repeats``.

    Raises
    ------
    NotFoundError
        If there is no such estimator.
    InvalidInputError
        If the layers are not of the same stimuli, the estimator needs repeats that the source lacks, or nothing finite
        remains of the recording.

    Warns
    -----
    BrainconvWarning
        If a pattern is constant (its distances are NaN), or stimuli or sites had to be left out for missing responses.

    References
    ----------
    Kriegeskorte N, Mur M, Bandettini P (2008), doi:10.3389/neuro.06.004.2008.
    """
    check_choice(estimator, (*ESTIMATORS, *REPEAT_ESTIMATORS), what="RDM estimator")
    if isinstance(source, Recording):
        return _rdms_of_recording(source, estimator)
    if estimator in REPEAT_ESTIMATORS:
        msg = (
            f"{estimator!r} is for recordings, for it uses their repeats or their noise; choose one of "
            f"{', '.join(ESTIMATORS)} for layers (`score_rsa` takes {estimator!r} as `target_estimator`)."
        )
        raise InvalidInputError(msg)
    layers = check_representations(source, what="source")
    return _rdms_of_layers(layers, estimator)


def _rdms_of_layers(layers: list[Representation], estimator: str) -> RDMs:
    ids = layers[0].stimulus_ids
    rows = []
    for layer in layers:
        if layer.n_stimuli != len(ids):
            msg = (
                f"Layer {layer.layer!r} of {layer.model!r} has {layer.n_stimuli} stimuli, {layers[0].layer!r} of "
                f"{layers[0].model!r} has {len(ids)}; take the same stimuli of each first (`.select(ids)`)."
            )
            raise InvalidInputError(msg)
        part = layer if layer.stimulus_ids == ids else layer.select(ids)
        row = estimate_from_gram(
            part.gram, part.unit_sums, part.n_units, estimator=estimator, feature_dtype=part.feature_dtype
        )
        _warn_of_constant_patterns(row, ids, f"layer {layer.layer!r} of {layer.model!r} ({layer.weights})")
        rows.append(row)
    labels = pd.DataFrame(
        {
            "model": [layer.model for layer in layers],
            "weights": [layer.weights for layer in layers],
            "layer": [layer.layer for layer in layers],
            "layer_index": [layer.layer_index for layer in layers],
            "seed": pd.array([layer.seed for layer in layers], dtype="Int64"),
            "units": [layer.units for layer in layers],
            "degrees": pd.array([layer.degrees for layer in layers], dtype="Float64"),
            "n_units": [layer.n_units for layer in layers],
        }
    )
    names = "+".join(dict.fromkeys(layer.model for layer in layers))
    return RDMs(names, np.stack(rows), ids, labels, estimator)


def _rdms_of_recording(recording: Recording, estimator: str) -> RDMs:
    responses = recording.mean_responses()
    least = LEAST_REPEATS.get(estimator, 1)
    if least > 1:
        _require_repeats(recording, estimator)
        responses[np.isfinite(recording.responses).sum(axis=1) < least] = np.nan
    stimuli, sites = complete_responses(responses, recording)
    ids = tuple(np.asarray(recording.stimuli.ids)[stimuli].tolist())
    area_of_site = recording.sites["area"].astype(str).to_numpy()
    rows, labels = [], []
    for area in recording.areas:
        here = area_of_site == area
        kept = here & sites
        if not kept.any():
            msg = f"No site of area {area!r} of {recording.name!r} responded to all {len(ids)} stimuli; leave it out."
            raise InvalidInputError(msg)
        if estimator in REPEAT_ESTIMATORS:
            whole = bool(kept.all() and stimuli.all())  # large recordings are not copied where nothing is left out
            part = recording.responses if whole else recording.responses[stimuli][:, :, kept]
            row = estimate_from_repeats(part, estimator=estimator)
        else:
            patterns = responses[np.ix_(stimuli, kept)]
            sums, n_sites = patterns.sum(axis=1), patterns.shape[1]
            row = estimate_from_gram(patterns @ patterns.T, sums, n_sites, estimator=estimator)
        _warn_of_constant_patterns(row, ids, f"{area} of {recording.name!r}")
        rows.append(row)
        labels.append(
            {
                "recording": recording.name,
                "area": area,
                "n_sites": int(kept.sum()),
                "n_sites_excluded": int((here & ~sites).sum()),
                "n_repeats": recording.n_repeats,
            }
        )
    shown = recording.stimuli if stimuli.all() else recording.stimuli.select(ids)
    metadata = dict(recording.metadata) | {"simulated": recording.simulated, "averaged": recording.averaged}
    return RDMs(recording.name, np.stack(rows), ids, pd.DataFrame(labels), estimator, shown, metadata)


def _require_repeats(recording: Recording, estimator: str) -> None:
    if not recording.has_repeats:
        said = "is already averaged over presentations" if recording.averaged else "has one repeat of each stimulus"
        msg = (
            f"{estimator!r} multiplies one repeat with another, but {recording.name!r} {said}; "
            f"use 'correlation' or 'sqeuclidean_per_unit', which are biased by noise."
        )
        raise InvalidInputError(msg)


def complete_responses(
    responses: NDArray[np.float64], recording: Recording
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which stimuli and sites make a complete matrix of responses.

    A stimulus that no site responded to is left out; then every site that lacks one of the others.

    Parameters
    ----------
    responses : ndarray, shape (n_stimuli, n_sites)
        Mean over repeats, NaN where there is none (or too few).
    recording : Recording
        Where they come from (for the names of what is left out).

    Returns
    -------
    stimuli : ndarray of bool, shape (n_stimuli,)
    sites : ndarray of bool, shape (n_sites,)

    Warns
    -----
    BrainconvWarning
        Names what is left out.
    """
    present = np.isfinite(responses)
    stimuli = np.asarray(present.any(axis=1))
    sites = np.asarray(present[stimuli].all(axis=0))
    ids = np.asarray(recording.stimuli.ids)[~stimuli].tolist()
    names = recording.sites.index[~sites].tolist()
    if ids or names:
        lost = [f"{len(ids)} stimuli without any response ({_some(ids)})"] if ids else []
        lost += [f"{len(names)} of {recording.n_sites} sites with missing responses ({_some(names)})"] if names else []
        warnings.warn(f"Left out of {recording.name!r}: {' and '.join(lost)}.", BrainconvWarning, stacklevel=4)
    return stimuli, sites


def find_undefined_stimuli(dissimilarities: NDArray[np.float64], ids: Sequence[str]) -> list[str]:
    """Stimuli whose distance to every other stimulus is NaN.

    Parameters
    ----------
    dissimilarities : ndarray, shape (n_pairs,)
    ids : sequence of str, length n_stimuli

    Returns
    -------
    list of str
        Where pairs are NaN without such a stimulus, both stimuli of each of those pairs.
    """
    if np.isfinite(dissimilarities).all():
        return []
    missing = squareform(~np.isfinite(dissimilarities))
    whole = missing.sum(axis=0) == len(ids) - 1
    return [str(ids[int(i)]) for i in np.flatnonzero(whole if whole.any() else missing.any(axis=0))]


def _warn_of_constant_patterns(row: NDArray[np.float64], ids: Sequence[str], where: str) -> None:
    names = find_undefined_stimuli(row, ids)
    if names:
        warnings.warn(
            f"{len(names)} of {len(ids)} patterns of {where} are constant, for example {names[0]!r}; "
            f"their distances are undefined (NaN).",
            BrainconvWarning,
            stacklevel=4,
        )


def _some(names: list[str]) -> str:
    return ", ".join(map(str, names[:5])) + (", …" if len(names) > 5 else "")
