"""Four macaque V1 neurons and 9,500 binary patterns (Tang et al. 2018)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from brainconv.containers import Recording, StimulusSet
from brainconv.containers.stimuli import Image
from brainconv.errors import InvalidInputError
from brainconv.io.archives import CroppedImages, ZipImages, trailing_number
from brainconv.recordings.readers.formats import read_npy
from brainconv.recordings.registry import RecordingRow
from brainconv.validation import check_array

PUBLIC_FOLDER = "data/stimuli/pattern"


def read(row: RecordingRow, paths: Mapping[str, Path]) -> Recording:
    """Trial-averaged calcium responses (ΔF/F) of four neurons; row i belongs to pattern i + 1.

    The patterns are black and white, 160 × 160 px; they stay in their archive until they are asked for.

    Parameters
    ----------
    row : RecordingRow
        ``options``: ``members_sha256`` (of the image files one after the other, by number) and, for a crop,
        ``central_px`` (side of the central square, px).
    paths : mapping
        ``patterns`` (zip archive: the patterns alone, or the whole repository) and one ``neu<k>`` per neuron.

    Returns
    -------
    Recording
        Averaged: ``responses``, shape (n_stimuli, 1, n_sites).

    Raises
    ------
    InvalidInputError
        If the files are not as described.
    """
    images = _open_patterns(paths["patterns"], str(row.options["members_sha256"]))
    n_stimuli = len(images)
    if images.keys != tuple(range(1, n_stimuli + 1)):
        msg = f"The patterns in {paths['patterns']} are not numbered 1 to {n_stimuli}; their order is not known."
        raise InvalidInputError(msg)
    neurons = sorted((key for key in paths if key.startswith("neu")), key=trailing_number)
    columns = [
        check_array(read_npy(paths[key]), (n_stimuli, 1), what=paths[key].name, finite=True)[:, 0] for key in neurons
    ]
    central = row.options.get("central_px")
    shown: Sequence[Image] = images if central is None else CroppedImages(images, int(central))
    sites = pd.DataFrame({"area": "V1", "animal": "A"}, index=pd.Index(neurons, name="site"))
    return Recording(
        name=row.name,
        stimuli=StimulusSet(row.name, tuple(f"pattern{number:04d}" for number in images.keys), shown, row.degrees),
        responses=np.stack(columns, axis=1)[:, None, :],
        sites=sites,
        unit=str(row.unit),
        averaged=True,
        time_window=row.time_window,
        metadata={"central_px": central, "image_px": 160},
    )


def _open_patterns(path: Path, expected: str) -> ZipImages:
    """The patterns of the packed file or of the repository's archive, verified by what they hold."""
    try:
        images = ZipImages(path, folder=PUBLIC_FOLDER)
    except InvalidInputError:
        images = ZipImages(path)
    digest = hashlib.sha256()
    for i in range(len(images)):
        digest.update(images.read_bytes(i))
    if digest.hexdigest() != expected:
        msg = (
            f"The {len(images)} patterns in {path} have sha256 {digest.hexdigest()}, expected {expected}: they are not "
            f"the published ones; delete the file and load the recording again."
        )
        raise InvalidInputError(msg)
    return images
