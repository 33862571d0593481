"""What layers are scored against: the RDMs of an area, one per subject, and the stimuli that count."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainconv.containers import RDMs, Recording
from brainconv.containers.checks import check_varying
from brainconv.errors import BrainconvWarning, InvalidInputError
from brainconv.similarity.ceiling import average_sessions
from brainconv.similarity.comparators import check_defined
from brainconv.similarity.rdms import compute_rdms

MIN_STIMULI = 20
MIN_SITES = 20


@dataclass(frozen=True)
class AreaTarget:
    """The RDMs of one area.

    Parameters
    ----------
    recording : str
        Name of the recording or of the set of RDMs.
    area : str or None
    subjects : tuple of str
        One per row.
    rows : ndarray, shape (n_subjects, n_pairs)
        Over the stimuli in the order of their sorted ids; sessions of a subject averaged.
    estimator : str
    simulated : bool
    n_sites, n_repeats : int or None
    """

    recording: str
    area: str | None
    subjects: tuple[str, ...]
    rows: NDArray[np.float64]
    estimator: str
    simulated: bool
    n_sites: int | None = None
    n_repeats: int | None = None


def prepare_targets(target: Recording | RDMs, *, estimator: str) -> tuple[list[AreaTarget], tuple[str, ...], list[str]]:
    """Split a target by area, average sessions, and put the stimuli in the order of their sorted ids.

    Parameters
    ----------
    target : Recording or RDMs
    estimator : str
        For the RDMs of a recording; RDMs keep their own.

    Returns
    -------
    targets : list of AreaTarget
    ids : tuple of str
        The stimuli, sorted.
    notes : list of str

    Raises
    ------
    InvalidInputError
        If there are fewer than 20 stimuli, or no area with 20 sites, or undefined dissimilarities.
    """
    notes: list[str] = []
    if isinstance(target, Recording):
        check_varying(target)
        target, notes = _rdms_with_enough_sites(target, estimator)
    if target.n_stimuli < MIN_STIMULI:
        msg = (
            f"{target.name!r} has {target.n_stimuli} stimuli; RSA needs at least {MIN_STIMULI}, for fewer give neither "
            f"an interval nor a p that can be trusted."
        )
        raise InvalidInputError(msg)
    ids = tuple(sorted(target.stimulus_ids))
    target = target.reorder(ids)
    check_defined(target)
    same = np.ptp(target.dissimilarities, axis=1) == 0
    if same.any():
        msg = (
            f"RDM {int(np.flatnonzero(same)[0])} of {target.name!r} has the same dissimilarity for all pairs; "
            f"expected some that differ: no comparison with it is defined."
        )
        raise InvalidInputError(msg)
    labels = target.labels
    areas = (
        labels["area"].astype(object).fillna("").astype(str).to_numpy()
        if "area" in labels
        else np.full(len(target), "")
    )
    parts = []
    for area in dict.fromkeys(areas):
        subjects = average_sessions(target.select(areas == area))
        first = subjects.labels.iloc[0]
        if "subject" in labels and (nameless := int((labels["subject"].isna() & (areas == area)).sum())) > 1:
            notes.append(f"{nameless} RDMs of {target.name} name no subject; their mean is compared.")
        named = (
            subjects.labels["subject"].astype(object).fillna(target.name).astype(str)
            if "subject" in subjects.labels
            else [target.name]
        )
        parts.append(
            AreaTarget(
                recording=target.name,
                area=str(area) or target.metadata.get("area"),
                subjects=tuple(named),
                rows=subjects.dissimilarities,
                estimator=target.estimator,
                simulated=bool(target.metadata.get("simulated", False)),
                n_sites=int(first["n_sites"]) if "n_sites" in first else None,
                n_repeats=int(first["n_repeats"]) if "n_repeats" in first else None,
            )
        )
        notes += _notes_on(parts[-1], target, subjects)
    return parts, ids, notes


def _rdms_with_enough_sites(recording: Recording, estimator: str) -> tuple[RDMs, list[str]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        rdms = compute_rdms(recording, estimator=estimator)
    notes = []
    for warning in caught:
        warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
        if issubclass(warning.category, BrainconvWarning):
            notes.append(str(warning.message))
    enough = (rdms.labels["n_sites"] >= MIN_SITES).to_numpy()
    few = [f"{row.area} ({row.n_sites})" for row in rdms.labels[~enough].itertuples()]
    if not enough.any():
        msg = (
            f"{recording.name!r} has too few sites for an RDM: {', '.join(few)}; RSA needs at least {MIN_SITES} in an "
            f"area. Use linear predictivity for it."
        )
        raise InvalidInputError(msg)
    if few:
        notes.append(
            f"{recording.name}: no RSA for {', '.join(few)}, for an RDM needs at least {MIN_SITES} sites in an area."
        )
        warnings.warn(notes[-1], BrainconvWarning, stacklevel=4)
    return rdms.select(enough), notes


def _notes_on(part: AreaTarget, target: RDMs, subjects: RDMs) -> list[str]:
    where = " ".join(filter(None, (part.recording, part.area)))
    if len(part.subjects) > 1:
        sessions = int(subjects.labels["n_sessions"].max())
        if sessions > 1:
            return [f"{where}: up to {sessions} sessions were averaged within each of {len(part.subjects)} subjects."]
        return []
    said = f"{where}: no ceiling, for there is one subject; bounds over subjects need at least two."
    if part.n_repeats is not None and (part.n_repeats == 1 or target.metadata.get("averaged")):
        return [f"{said} Without repeats no other ceiling can be had either."]
    return [said]
