"""RDMs to rsatoolbox and back, so that either library can go on with what the other made."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from brainconv.containers import RDMs
from brainconv.errors import InvalidInputError

_IDS = "stimulus_id"


def to_rsatoolbox(rdms: RDMs) -> Any:
    """Make rsatoolbox's container of RDMs.

    Parameters
    ----------
    rdms : RDMs

    Returns
    -------
    rsatoolbox.rdm.RDMs
        Stimulus ids are the pattern descriptor ``stimulus_id``; the labels are RDM descriptors; the estimator is the
        measure.
    """
    from rsatoolbox.rdm.rdms import RDMs as Toolbox

    make: Any = Toolbox  # untyped
    return make(
        rdms.dissimilarities.copy(),
        dissimilarity_measure=rdms.estimator,
        descriptors={"name": rdms.name},
        rdm_descriptors={str(column): values.tolist() for column, values in rdms.labels.items()},
        pattern_descriptors={_IDS: list(rdms.stimulus_ids)},
    )


def from_rsatoolbox(rdms: Any, *, name: str = "rsatoolbox") -> RDMs:
    """Make our container of RDMs from rsatoolbox's.

    Parameters
    ----------
    rdms : rsatoolbox.rdm.RDMs
        With a pattern descriptor ``stimulus_id``, as brainconv writes it, or ``conditions``; else the index serves.
    name : str
        Name of the set, where it carries none.

    Returns
    -------
    RDMs

    Raises
    ------
    InvalidInputError
        If it is not rsatoolbox's container.
    """
    if not hasattr(rdms, "pattern_descriptors") or not hasattr(rdms, "dissimilarities"):
        msg = f"Found {type(rdms).__name__}; expected rsatoolbox.rdm.RDMs (pass the container, not its matrices)."
        raise InvalidInputError(msg)
    patterns = rdms.pattern_descriptors
    ids = next((patterns[key] for key in (_IDS, "conditions", "index") if key in patterns), range(rdms.n_cond))
    labels = pd.DataFrame({key: list(values) for key, values in rdms.rdm_descriptors.items() if key != "index"})
    return RDMs(
        str(rdms.descriptors.get("name", name)),
        np.asarray(rdms.dissimilarities, dtype=np.float64),
        tuple(map(str, ids)),
        labels if len(labels) else pd.DataFrame(index=range(rdms.n_rdm)),
        str(rdms.dissimilarity_measure or "unknown"),
    )
