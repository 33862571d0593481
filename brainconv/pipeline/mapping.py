"""Which mapping ceilings a recording has: from the other half of its repeats, and from its other animals."""

from __future__ import annotations

from typing import Any

from brainconv.containers import Recording, Scores
from brainconv.errors import InvalidInputError
from brainconv.pipeline.gather import join_scores
from brainconv.predictivity import compute_mapping_ceiling

SOURCES = ("halves", "animals")


def measure_mapping_ceilings(recording: Recording, **settings: Any) -> Scores:
    """Every mapping ceiling that the recording has.

    Parameters
    ----------
    recording : Recording
    **settings
        Of `compute_mapping_ceiling`: ``regression``, ``splits``, ``n_boot``, ``random_state``.

    Returns
    -------
    Scores
        No rows, and a note with each reason, where there are neither repeats nor a second animal.
    """
    found, notes = [], []
    for source in SOURCES:
        try:
            found.append(compute_mapping_ceiling(recording, source=source, **settings))
        except InvalidInputError as reason:
            notes.append(f"No mapping ceiling from {source}: {reason}")
    joined = join_scores(found)
    return Scores(joined.table, notes=(*joined.notes, *notes))
