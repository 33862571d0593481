"""Columns that the rows of every table of predictivity share."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainconv.containers import Recording, Representation
from brainconv.errors import InvalidInputError


def label_layer(representation: Representation, layer: str, recording: Recording) -> dict[str, Any]:
    """Columns that say which layer was scored on which recording.

    Parameters
    ----------
    representation : Representation
    layer : str
        Its name in the table.
    recording : Recording

    Returns
    -------
    dict
    """
    return {
        "model": representation.model,
        "weights": representation.weights,
        "seed": representation.seed,
        "layer": layer,
        "layer_index": representation.layer_index,
        "recording": recording.name,
        "simulated": recording.simulated,
        "degrees": representation.degrees,
        "n_stimuli": recording.n_stimuli,
        "n_repeats": None if recording.averaged else recording.n_repeats,
        "n_units": representation.n_units,
    }


def require_features(representation: Representation, ids: tuple[str, ...]) -> NDArray[np.float64]:
    """The activations of a layer for some stimuli.

    Parameters
    ----------
    representation : Representation
    ids : tuple of str, length n_stimuli

    Returns
    -------
    ndarray, float64, shape (n_stimuli, n_units)

    Raises
    ------
    InvalidInputError
        If the features were not kept.
    """
    features = representation.select(ids).features
    if features is None:
        msg = (
            f"{representation.model}:{representation.layer} holds no features; single units need them: "
            f"extract with keep='features'."
        )
        raise InvalidInputError(msg)
    return np.asarray(features, dtype=np.float64)
