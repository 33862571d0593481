"""How well the best possible model could do: ceilings over subjects."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brainconv.containers import RDMs
from brainconv.errors import InvalidInputError
from brainconv.similarity.comparators import RESAMPLED_COMPARATORS, check_defined, compare_rows
from brainconv.similarity.ranks import rank_rows
from brainconv.similarity.whitened import whitened_lengths
from brainconv.validation import check_choice, check_instance

Floats = NDArray[np.float64]


def _standardise(rows: Floats) -> Floats:
    centred = rows - rows.mean(axis=1, keepdims=True)
    return np.asarray(centred / np.sqrt(np.mean(centred**2, axis=1, keepdims=True)))


def _scale(rows: Floats) -> Floats:
    return np.asarray(rows / np.sqrt(np.mean(rows**2, axis=1, keepdims=True)))


def _whiten(rows: Floats) -> Floats:
    return np.asarray(rows / whitened_lengths(rows)[:, None])


def _whiten_centred(rows: Floats) -> Floats:
    return _whiten(rows - rows.mean(axis=1, keepdims=True))


# What is averaged over subjects to make the RDM that is most similar to all of them (for tau a heuristic).
POOLED_AS: dict[str, Callable[[Floats], Floats]] = {
    "pearson": _standardise,
    "cosine": _scale,
    "spearman": rank_rows,
    "rho-a": rank_rows,
    "tau-a": rank_rows,
    "tau-b": rank_rows,
    "whitened-corr": _whiten_centred,
    "whitened-cosine": _whiten,
}


def average_sessions(rdms: RDMs) -> RDMs:
    """One RDM per subject: the mean over that subject's sessions.

    Parameters
    ----------
    rdms : RDMs
        With a label ``subject``; RDMs of one subject (and one ``area``) are its sessions.

    Returns
    -------
    RDMs
        In order of first appearance; label ``n_sessions`` is added and ``session`` removed.

    Raises
    ------
    InvalidInputError
        If the label ``subject`` is missing while there are several RDMs.
    """
    check_instance(rdms, RDMs, what="rdms")
    if "subject" not in rdms.labels:
        if len(rdms) > 1:
            msg = (
                f"The {len(rdms)} RDMs of {rdms.name!r} have no label 'subject' (labels: "
                f"{', '.join(map(str, rdms.labels.columns)) or 'none'}); say which subject each is of, "
                f"so that sessions are averaged before subjects are counted."
            )
            raise InvalidInputError(msg)
        return rdms
    keys = [key for key in ("area", "subject") if key in rdms.labels]
    groups = rdms.labels.groupby(keys, sort=False, dropna=False).indices
    firsts = sorted(groups.values(), key=lambda rows: int(rows[0]))
    labels = pd.DataFrame([rdms.labels.iloc[int(rows[0])] for rows in firsts]).drop(columns="session", errors="ignore")
    means = np.stack([rdms.dissimilarities[rows].mean(axis=0) for rows in firsts])
    labels = labels.assign(n_sessions=[len(rows) for rows in firsts])
    return RDMs(rdms.name, means, rdms.stimulus_ids, labels, rdms.estimator, rdms.stimuli, rdms.metadata)


def compute_ceiling_of_rows(rows: Floats, *, comparator: str) -> tuple[float, float]:
    """Lower and upper bound of what the true model reaches, from one row per subject.

    Parameters
    ----------
    rows : ndarray, shape (n_subjects, n_pairs)
    comparator : str
        Of `RESAMPLED_COMPARATORS`.

    Returns
    -------
    lower, upper : float
        Mean over subjects of the similarity between a subject and the pool of the others, and the pool of all.
    """
    parts = POOLED_AS[comparator](rows)
    everyone = parts.sum(axis=0)
    n = len(rows)
    lower = [
        float(compare_rows((everyone - parts[i])[None] / (n - 1), rows[[i]], comparator=comparator)[0, 0])
        for i in range(n)
    ]
    upper = compare_rows(everyone[None] / n, rows, comparator=comparator)
    return float(np.mean(lower)), float(np.mean(upper))


def compute_rdm_ceiling(rdms: RDMs, *, comparator: str = "rho-a") -> tuple[float, float]:
    """Noise ceiling of an average over subjects.

    Sessions of a subject are averaged first: a ceiling counts people, not sessions.

    Parameters
    ----------
    rdms : RDMs
        With a label ``subject``, of at least two subjects, and of one area.
    comparator : str
        The one that the models are scored with, of `RESAMPLED_COMPARATORS`.

    Returns
    -------
    lower, upper : float
        A model that is the subjects' common truth lies between, on average over subjects.  Pooled per comparator:
        z-scored RDMs (pearson), RDMs over their root mean square (cosine), over their whitened length (whitened), ranks
        (the others; for tau a heuristic).

    Raises
    ------
    InvalidInputError
        If there are fewer than two subjects, several areas, or undefined dissimilarities.
    NotFoundError
        If there is no such comparator.

    References
    ----------
    Nili H et al. (2014), doi:10.1371/journal.pcbi.1003553.
    """
    check_instance(rdms, RDMs, what="rdms")
    check_choice(comparator, RESAMPLED_COMPARATORS, what="RDM comparator")
    subjects = average_sessions(rdms)
    areas = subjects.labels["area"].nunique() if "area" in subjects.labels else 1
    if areas > 1:
        msg = f"{rdms.name!r} holds RDMs of {areas} areas; take one area first (`.select(mask)`)."
        raise InvalidInputError(msg)
    if len(subjects) < 2:
        msg = (
            f"{rdms.name!r} holds RDMs of {len(subjects)} subject; a ceiling over subjects needs at least 2. "
            f"For one animal only cross-validated distances from repeats give a ceiling."
        )
        raise InvalidInputError(msg)
    check_defined(subjects)
    return compute_ceiling_of_rows(subjects.dissimilarities, comparator=comparator)
