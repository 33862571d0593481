"""92 object images and dissimilarities in monkey IT, human IT, models and judgements (Kriegeskorte et al. 2008)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial.distance import squareform

from brainconv.containers import RDMs, StimulusSet
from brainconv.errors import InvalidInputError
from brainconv.recordings.readers.formats import read_matlab
from brainconv.recordings.registry import RecordingRow
from brainconv.validation import check_choice

N_STIMULI = 92
PARTS = ("monkey_IT", "human_IT", "models", "behaviour")
_FLAGS = {"animal": "animate", "human": "human", "face": "face", "natural": "natural"}


def read(row: RecordingRow, paths: Mapping[str, Path]) -> RDMs:
    """One part of the data set, with the 92 images.

    Parameters
    ----------
    row : RecordingRow
        ``options["part"]``: ``monkey_IT`` (1 RDM, 674 cells of two monkeys), ``human_IT`` (4 people × 2 sessions),
        ``models`` (8 stored model RDMs) or ``behaviour`` (16 people).
    paths : mapping
        ``supplement`` and, by part, ``brain``, ``models`` or ``behaviour`` (MATLAB files).

    Returns
    -------
    RDMs
        Correlation distances for IT, as published for the others; ``stimuli.table`` has ``category`` and the flags
        ``animate, human, face, natural``.  ``labels`` has ``subject, session, area, label``.

    Raises
    ------
    InvalidInputError
        If the files are not as described.
    """
    part = check_choice(str(row.options.get("part")), PARTS, what=f"part of {row.dataset}")
    content = read_matlab(paths["supplement"], "stimuli_92objs", "RDMs_mIT_hIT_fig1")
    stimuli = _read_stimuli(row.dataset, content["stimuli_92objs"], paths["supplement"])
    if part == "monkey_IT":
        source, structs = paths["supplement"], content["RDMs_mIT_hIT_fig1"].ravel()[:1]
    elif part == "human_IT":
        source = paths["brain"]
        structs = read_matlab(source, "RDMs")["RDMs"].ravel()
    elif part == "models":
        source = paths["models"]
        structs = read_matlab(source, "Models")["Models"].ravel()
    else:
        source = paths["behaviour"]
        structs = read_matlab(source, "rdms_behav_92")["rdms_behav_92"].ravel()
    names = [_text(struct["name"]) for struct in structs]
    values = [
        _condense(struct["RDM"], f"RDM {name!r} in {source}") for struct, name in zip(structs, names, strict=True)
    ]
    return RDMs(
        name=row.name,
        dissimilarities=np.stack(values),
        stimulus_ids=stimuli.ids,
        labels=pd.DataFrame([_label(part, name, source) for name in names]),
        estimator="correlation" if part in {"monkey_IT", "human_IT"} else "as published",
        stimuli=stimuli,
        metadata={"part": part},
    )


def _read_stimuli(name: str, structs: NDArray[Any], path: Path) -> StimulusSet:
    structs = structs.ravel()
    if len(structs) != N_STIMULI:
        msg = f"{path} holds {len(structs)} images; expected {N_STIMULI}."
        raise InvalidInputError(msg)
    images = np.stack([np.asarray(struct["image"]) for struct in structs])
    if images.dtype != np.uint8 or images.shape != (N_STIMULI, 175, 175, 3):
        msg = f"The images in {path} are {images.dtype} of shape {images.shape}; expected uint8, (92, 175, 175, 3)."
        raise InvalidInputError(msg)
    ids = tuple(f"obj{i + 1:02d}" for i in range(N_STIMULI))
    table = pd.DataFrame({"category": [_text(struct["category"]) for struct in structs]}, index=pd.Index(ids))
    for flag, column in _FLAGS.items():
        table[column] = [bool(np.asarray(struct[flag]).item()) for struct in structs]
    return StimulusSet(name, ids, images, None, table)


def _text(value: Any) -> str:
    return str(np.asarray(value).ravel()[0])


def _condense(matrix: Any, where: str) -> NDArray[np.float64]:
    """Upper triangle of a square RDM, or the triangle as it stands."""
    values = np.asarray(matrix, dtype=np.float64)
    n_pairs = N_STIMULI * (N_STIMULI - 1) // 2
    if values.shape == (N_STIMULI, N_STIMULI):
        if not (np.array_equal(values, values.T) and not np.diag(values).any()):
            msg = f"{where} is not symmetric with a zero diagonal; it is no RDM."
            raise InvalidInputError(msg)
        values = squareform(values, checks=False)
    if values.size != n_pairs or not np.isfinite(values).all():
        msg = f"{where} has {values.size} values; expected {n_pairs}, all finite."
        raise InvalidInputError(msg)
    return values.ravel()


def _label(part: str, name: str, path: Path) -> dict[str, str | None]:
    """Subject, session, area and the published label of one RDM."""
    pieces = [piece.strip() for piece in name.split("|")]
    if part == "monkey_IT":
        if not name.startswith("mIT"):
            msg = f"The first RDM in {path} is {name!r}; expected that of monkey IT."
            raise InvalidInputError(msg)
        return {"subject": "two monkeys", "session": "pooled", "area": "IT", "label": name}
    if part == "human_IT":
        if len(pieces) != 3 or pieces[0] != "hIT":
            msg = f"An RDM in {path} is named {name!r}; expected 'hIT | <person> | Session: <k>'."
            raise InvalidInputError(msg)
        return {"subject": pieces[1], "session": pieces[2].rpartition(" ")[2], "area": "IT", "label": name}
    if part == "behaviour":
        return {"subject": pieces[-1], "session": "1", "area": None, "label": name}
    return {"subject": None, "session": None, "area": None, "label": name}
