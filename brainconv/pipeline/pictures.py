"""What is shown of a recording's geometry: its RDM beside those of each model's most similar layer, and its stimuli."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from brainconv.containers import RDMs, Recording, Representation, Scores
from brainconv.similarity import compute_rdms

MAX_STIMULI = 500  # beyond, a matrix of pixels says nothing on a page
MAX_IMAGES = 150  # more thumbnails hide one another


def find_most_similar_layer(scores: Scores) -> str | None:
    """Layer with the largest value of the first comparator and statistic.

    Parameters
    ----------
    scores : Scores
        RSA scores of one model and one recording.

    Returns
    -------
    str or None
        None where no layer has a value.
    """
    rows = scores.table[scores.table["value"].notna()]
    if rows.empty:
        return None
    rows = rows[(rows["comparator"] == rows["comparator"].iloc[0]) & (rows["statistic"] == rows["statistic"].iloc[0])]
    return str(rows.loc[rows["value"].idxmax(), "layer"])


def choose_rdms(
    target: Recording | RDMs,
    layers: Iterable[Representation],
    *,
    estimator: str,
    target_estimator: str | None = None,
) -> tuple[RDMs, ...]:
    """RDM of the recording (the mean over subjects) and those of some layers.

    Parameters
    ----------
    target : Recording or RDMs
    layers : iterable of Representation
    estimator : str
        For the layers' RDMs.
    target_estimator : str, optional
        For that of a Recording; by default the layers'.

    Returns
    -------
    tuple of RDMs
        Empty where there are too many stimuli for a picture.
    """
    if target.n_stimuli > MAX_STIMULI:
        return ()
    own = target_estimator or estimator
    shown = [average_subjects(target) if isinstance(target, RDMs) else compute_rdms(target, estimator=own)]
    for layer in layers:
        name = layer.model if layer.layer == layer.model else f"{layer.model} {layer.layer}"
        name += ", untrained" if layer.weights == "random" else ""
        shown.append(replace(compute_rdms(layer, estimator=estimator), name=name))
    return tuple(shown)


def average_subjects(rdms: RDMs) -> RDMs:
    """The mean RDM over all rows, as one.

    Parameters
    ----------
    rdms : RDMs
    """
    labels = rdms.labels.iloc[:1].assign(subject="mean") if len(rdms) > 1 else rdms.labels
    return replace(rdms, dissimilarities=rdms.dissimilarities.mean(axis=0, keepdims=True), labels=labels)


def list_images(target: Recording | RDMs) -> dict[str, NDArray[np.uint8]] | None:
    """Pictures of a recording's stimuli, where it has them and they are few enough to be seen.

    Parameters
    ----------
    target : Recording or RDMs

    Returns
    -------
    dict of str to ndarray, uint8, shape (height, width, 3), or None
        By stimulus id.
    """
    stimuli = target.stimuli
    if stimuli is None or target.n_stimuli > MAX_IMAGES:
        return None
    return {name: np.asarray(stimuli.images[k]) for k, name in enumerate(stimuli.ids)}
