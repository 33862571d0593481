"""What is scored: the RDMs of layers, or RDMs of stored models, over the target's stimuli."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brainconv.containers import RDMs, Representation
from brainconv.errors import BrainconvWarning, InvalidInputError
from brainconv.similarity.comparators import FAVOUR_TIES
from brainconv.similarity.estimators import PRECISION
from brainconv.similarity.ranks import share_of_ties
from brainconv.similarity.rdms import compute_rdms, find_undefined_stimuli

_TIES_THAT_MATTER = 0.01


@dataclass(frozen=True)
class Candidates:
    """RDMs to be scored.

    Parameters
    ----------
    rows : ndarray, shape (n_candidates, n_pairs)
    usable : ndarray of bool, shape (n_candidates,)
        Those without undefined dissimilarities.
    labels : list of dict
        Columns of a score table that say which candidate it is.
    estimator : str
        With the kind of units where it is not raw.
    """

    rows: NDArray[np.float64]
    usable: NDArray[np.bool_]
    labels: list[dict[str, Any]]
    estimator: str


def prepare_candidates(
    representations: Mapping[str, Representation] | Sequence[Representation] | Representation | RDMs,
    ids: tuple[str, ...],
    *,
    estimator: str,
    comparators: Sequence[str],
) -> tuple[Candidates, list[str]]:
    """RDMs of the candidates over these stimuli, in this order.

    Parameters
    ----------
    representations : mapping or sequence of Representation, Representation, or RDMs
    ids : tuple of str
        The target's stimuli.
    estimator : str
        For layers.
    comparators : sequence of str
        Those to come: some favour RDMs with ties, which is said.

    Returns
    -------
    candidates : Candidates
    notes : list of str

    Raises
    ------
    InvalidInputError
        If a stimulus is missing, or two stimuli are the same to every layer.
    """
    notes: list[str] = []
    if isinstance(representations, RDMs):
        rdms = representations.reorder(ids)
        named = rdms.estimator
    else:
        if isinstance(representations, Representation):
            layers = [representations]
        else:
            layers = list(representations.values() if isinstance(representations, Mapping) else representations)
        layers = [layer if layer.stimulus_ids == ids else layer.select(ids) for layer in layers]
        _refuse_duplicates(layers)
        notes += dict.fromkeys(note for layer in layers for note in layer.notes)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", BrainconvWarning)  # said once below, as a note
            rdms = compute_rdms(layers, estimator=estimator)
        kinds = sorted({layer.units for layer in layers})
        named = estimator if kinds == ["raw"] else f"{estimator} ({', '.join(kinds)} units)"
    usable = np.ones(len(rdms), dtype=bool)
    labels = [_label(rdms, k) for k in range(len(rdms))]
    for k, row in enumerate(rdms.dissimilarities):
        who = f"{labels[k]['model']}:{labels[k]['layer']}"
        undefined = find_undefined_stimuli(row, ids)
        if undefined:
            usable[k] = False
            notes.append(
                f"{who} has no score: its patterns are constant for {len(undefined)} of {len(ids)} stimuli, such as "
                f"{undefined[0]!r}, so that their dissimilarities are undefined."
            )
            warnings.warn(notes[-1], BrainconvWarning, stacklevel=3)
        elif (unfair := [c for c in comparators if c in FAVOUR_TIES]) and (
            share := share_of_ties(row)
        ) > _TIES_THAT_MATTER:
            notes.append(
                f"{who}: {share:.0%} of its dissimilarities are tied, which {' and '.join(unfair)} would reward; "
                f"compare it with others by rho-a or tau-a."
            )
            warnings.warn(notes[-1], BrainconvWarning, stacklevel=3)
    return Candidates(rdms.dissimilarities, usable, labels, named), notes


def _refuse_duplicates(layers: list[Representation]) -> None:
    """Two stimuli that no layer tells apart are one image under two ids: a distance of 0 that every model predicts."""
    n = layers[0].n_stimuli if layers else 0
    same = np.ones((n, n), dtype=bool)
    for layer in layers:
        power = np.diag(layer.gram)
        squared = power[:, None] + power[None, :] - 2.0 * layer.gram
        close = squared <= PRECISION[layer.feature_dtype] * np.maximum(power[:, None], power[None, :])
        same &= close
    pairs = np.argwhere(np.triu(same, 1))
    if 0 < len(pairs) < n * (n - 1) // 2:  # where all are alike the layers are dead, which is said of each
        ids = layers[0].stimulus_ids
        msg = (
            f"{len(pairs)} pair(s) of stimuli are identical to all {len(layers)} layers, for example "
            f"{ids[pairs[0][0]]!r} and {ids[pairs[0][1]]!r}; their distance of 0 says nothing. Keep one of each "
            f"(`.select(ids)` on representations and recording)."
        )
        raise InvalidInputError(msg)


def _label(rdms: RDMs, k: int) -> dict[str, Any]:
    row = rdms.labels.iloc[k]

    def read(*names: str) -> Any:
        found = (row[name] for name in names if name in row.index and not pd.isna(row[name]))
        return next(found, None)

    index = read("layer_index")
    return {
        "model": read("model", "label") or rdms.name,
        "weights": read("weights"),
        "layer": read("layer", "label") or str(k),
        "layer_index": k if index is None else int(index),
        "seed": read("seed"),
        "degrees": read("degrees"),
        "n_units": read("n_units"),
    }
