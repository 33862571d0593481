"""Macaque V4 responses to natural images (Cowley et al. 2023)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from brainconv.containers import Recording, StimulusSet
from brainconv.errors import InvalidInputError
from brainconv.io import ZipImages
from brainconv.recordings.readers.formats import read_npy
from brainconv.recordings.registry import RecordingRow
from brainconv.validation import check_array


def read(row: RecordingRow, paths: Mapping[str, Path]) -> Recording:
    """One session: spike counts per 100 ms bin of V4 neurons, with the images shown.

    Image k of the archive, by its number, belongs to column k of the responses.  Where the single repeats are public
    (``paths["repeats"]``), they are taken, and their mean must be the averaged file; else the recording is averaged.

    Parameters
    ----------
    row : RecordingRow
        ``options``: ``animal``, ``session``.
    paths : mapping
        ``images`` (zip of JPEG files), ``averaged`` and, for one session, ``repeats`` (NumPy arrays).

    Returns
    -------
    Recording
        ``responses``, shape (n_stimuli, n_repeats, n_sites), NaN where an image was shown less often.

    Raises
    ------
    InvalidInputError
        If the files are not as described.
    """
    images = ZipImages(paths["images"])
    if images.keys != tuple(range(1, len(images) + 1)):
        msg = f"The images in {paths['images']} are not numbered 1 to {len(images)}; their order is not known."
        raise InvalidInputError(msg)
    mean = check_array(
        read_npy(paths["averaged"]), (row.n_sites, len(images)), what=f"{paths['averaged'].name}", finite=True
    )
    if "repeats" in paths:
        repeats = check_array(
            read_npy(paths["repeats"]), (row.n_sites, len(images), None), what=f"{paths['repeats'].name}"
        )
        if not np.allclose(np.nanmean(repeats, axis=2), mean, rtol=0.0, atol=1e-9):
            names = f"{paths['repeats']} and {paths['averaged'].name}"
            msg = f"{names} do not belong together: the mean over repeats of the one is not the other; get both again."
            raise InvalidInputError(msg)
        responses = repeats.transpose(1, 2, 0)
    else:
        responses = mean.T[:, None, :]
    session, animal = str(row.options["session"]), str(row.options["animal"])
    sites = pd.DataFrame(
        {"area": "V4", "animal": animal, "session": session},
        index=pd.Index([f"{session}.n{i:02d}" for i in range(responses.shape[2])], name="site"),
    )
    stimuli = StimulusSet(row.name, tuple(f"image{number:04d}" for number in images.keys), images, row.degrees)
    return Recording(
        name=row.name,
        stimuli=stimuli,
        responses=np.ascontiguousarray(responses),
        sites=sites,
        unit=str(row.unit),
        averaged="repeats" not in paths,
        time_window=row.time_window,
        metadata={"mean_repeats": row.options.get("mean_repeats"), "images": row.options.get("images")},
    )
