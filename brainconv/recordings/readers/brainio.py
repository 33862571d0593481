"""Recordings in Brain-Score's file format: a netCDF-4 file of responses, with stimuli as CSV and zip."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from brainconv.containers import Recording
from brainconv.errors import InvalidInputError
from brainconv.io.hdf5 import check_memory, read_netcdf
from brainconv.recordings.readers.brainio_stimuli import read_stimuli
from brainconv.recordings.registry import RecordingRow
from brainconv.validation import align_indices

Array = NDArray[np.float64]

_DIMS = ("presentation", "neuroid", "time_bin")
_BLOCK = 2**24  # numbers read at once: 128 MiB


@dataclass(frozen=True, eq=False)
class Assembly:
    """What a file of responses holds, in one time window.

    Parameters
    ----------
    responses : ndarray, shape (n_stimuli, n_repeats, n_sites)
        NaN marks an absent repeat.
    stimulus_ids : tuple of str, length n_stimuli
        In order of first appearance.
    sites : DataFrame
        Indexed by ``neuroid_id``; ``region`` is called ``area``, the other columns are as in the file.
    time_window : (float, float) or None
        ms after stimulus onset; None where the file has no time bins.
    """

    responses: Array
    stimulus_ids: tuple[str, ...]
    sites: pd.DataFrame
    time_window: tuple[float, float] | None


def read(row: RecordingRow, paths: Mapping[str, Path]) -> Recording:
    """One area of a recording.

    Parameters
    ----------
    row : RecordingRow
        ``areas`` names the area; ``time_window`` the time bins of which the mean is taken.  ``options``: ``category``
        and ``group``, the columns of the CSV file that stratify splits and must not be cut by group splits.
    paths : mapping
        ``assembly`` (netCDF), ``table`` (CSV) and ``images`` (zip).

    Returns
    -------
    Recording
        Stimuli in the order of the CSV file; responses, shape (n_stimuli, n_repeats, n_sites).

    Raises
    ------
    InvalidInputError
        If the files are not as described or do not belong together.
    """
    assembly = read_assembly(paths["assembly"], areas=row.areas, time_window=row.time_window)
    stimuli = read_stimuli(
        paths["table"],
        paths["images"],
        name=row.name,
        degrees=row.degrees,
        category=row.options.get("category"),
        group=row.options.get("group"),
    )
    shown = set(assembly.stimulus_ids)
    align_indices(stimuli.ids, assembly.stimulus_ids, what="stimulus")
    stimuli = stimuli.select([name for name in stimuli.ids if name in shown])
    order = align_indices(assembly.stimulus_ids, stimuli.ids, what="stimulus")
    return Recording(
        name=row.name,
        stimuli=stimuli,
        responses=assembly.responses[order],
        sites=assembly.sites,
        unit=str(row.unit),
        time_window=assembly.time_window,
    )


def read_assembly(
    path: Path, *, areas: tuple[str, ...] = (), time_window: tuple[float, float] | None = None
) -> Assembly:
    """Responses of a BrainIO file, with the repetitions of a stimulus on an axis of their own.

    Parameters
    ----------
    path : path
        netCDF-4 with one variable over ``presentation``, ``neuroid`` and, where there is one, ``time_bin``, in any
        order.
    areas : tuple of str
        Keep the sites whose ``region`` is one of these; all where none is named.
    time_window : (float, float), optional
        Start and end in ms: the mean of the bins between them.  May be left out where there is one bin.

    Returns
    -------
    Assembly

    Raises
    ------
    InvalidInputError
        If the file is no such file, has no site in these areas, or the bins do not fill the time window.
    """
    with (
        read_netcdf(path, what="a netCDF-4 file"),
        xr.open_dataset(path, engine="h5netcdf", decode_times=False, decode_timedelta=False) as dataset,
    ):
        return _read(dataset, path, areas, time_window)


def _read(dataset: xr.Dataset, path: Path, areas: tuple[str, ...], time_window: tuple[float, float] | None) -> Assembly:
    data = _find_data(dataset, path)
    labels = {dim: _labels(dataset, dim) for dim in data.dims}
    presentations, sites = labels["presentation"], labels["neuroid"]
    if "stimulus_id" not in presentations and "image_id" in presentations:
        presentations = presentations.rename(columns={"image_id": "stimulus_id"})
    for frame, column in ((presentations, "stimulus_id"), (sites, "neuroid_id")):
        if column not in frame:
            msg = f"{path} has no coordinate {column!r}; expected a BrainIO file, which names stimuli and sites."
            raise InvalidInputError(msg)
    keep = np.ones(len(sites), dtype=bool)
    if areas:
        regions = sites["region"].astype(str) if "region" in sites else pd.Series("", index=sites.index)
        keep = regions.isin(areas).to_numpy()
        if not keep.any():
            found = ", ".join(sorted(set(regions))) or "no coordinate 'region'"
            msg = f"{path} has no site in {', '.join(areas)}; it has {found}."
            raise InvalidInputError(msg)
    bins, window = _choose_bins(labels.get("time_bin"), path, time_window)
    values = _average_bins(data, np.flatnonzero(keep), bins)
    ids = presentations["stimulus_id"].astype(str)
    stimulus, names = pd.factorize(ids)
    slot = _slots(stimulus, presentations.get("repetition"))
    shape = (len(names), int(slot.max()) + 1, values.shape[1])
    check_memory(8 * math.prod(shape), what=f"{path}: an array of (stimuli, repeats, sites) = {shape}")
    responses = np.full(shape, np.nan)
    responses[stimulus, slot] = values
    table = sites.loc[keep].rename(columns={"region": "area"})
    table.index = pd.Index(table.pop("neuroid_id").astype(str), name="site")
    return Assembly(responses, tuple(map(str, names)), table, window)


def _find_data(dataset: xr.Dataset, path: Path) -> xr.DataArray:
    """The one variable over presentations and sites, whatever it is called."""
    everything = [*dataset.data_vars, *dataset.coords]
    found = [name for name in everything if {"presentation", "neuroid"} <= set(dataset[name].dims)]
    if len(found) != 1:
        msg = f"{path} has {len(found)} variables over presentation and neuroid; expected one."
        raise InvalidInputError(msg)
    data: xr.DataArray = dataset[found[0]]
    strange = [str(dim) for dim in data.dims if dim not in _DIMS]
    if strange:
        msg = f"The responses in {path} have a dimension {strange[0]!r}; expected {', '.join(_DIMS)}."
        raise InvalidInputError(msg)
    return data


def _labels(dataset: xr.Dataset, dim: Any) -> pd.DataFrame:
    """Every one-dimensional variable along a dimension, but for the dimension's own."""
    found = {
        str(name): variable.to_numpy()
        for name, variable in dataset.variables.items()
        if variable.dims == (dim,) and name != dim
    }
    frame = pd.DataFrame(found, index=pd.RangeIndex(dataset.sizes[dim]))
    texts = [column for column in frame if not pd.api.types.is_numeric_dtype(frame[column])]
    return frame.astype(dict.fromkeys(texts, str))


def _choose_bins(
    bins: pd.DataFrame | None, path: Path, window: tuple[float, float] | None
) -> tuple[NDArray[np.intp], tuple[float, float] | None]:
    """The bins that fill the window, and the window that they fill."""
    if bins is None or not {"time_bin_start", "time_bin_end"} <= set(bins):
        if bins is not None and len(bins) > 1:
            msg = f"{path} has {len(bins)} time bins without start and end; expected time_bin_start and time_bin_end."
            raise InvalidInputError(msg)
        return np.zeros(1, dtype=np.intp), window
    start, end = (bins[name].to_numpy(dtype=np.float64) for name in ("time_bin_start", "time_bin_end"))
    order = np.argsort(start, kind="stable")
    if window is None:
        if len(bins) > 1:
            msg = (
                f"{path} has {len(bins)} time bins from {start.min():g} to {end.max():g} ms; name the time window of "
                f"which the mean is wanted (`time_window`)."
            )
            raise InvalidInputError(msg)
        return order, (float(start[0]), float(end[0]))
    inside = order[(start[order] >= window[0]) & (end[order] <= window[1])]
    whole = inside.size and start[inside[0]] == window[0] and end[inside[-1]] == window[1]
    if not whole or (start[inside[1:]] != end[inside[:-1]]).any():
        msg = (
            f"The {len(bins)} time bins of {path}, {start.min():g} to {end.max():g} ms, do not fill the time window "
            f"{window[0]:g} to {window[1]:g} ms without gap and overlap."
        )
        raise InvalidInputError(msg)
    return inside, (float(window[0]), float(window[1]))


def _average_bins(data: xr.DataArray, sites: NDArray[np.intp], bins: NDArray[np.intp]) -> Array:
    """Mean over bins, shape (n_presentations, n_sites), read in blocks of presentations; NaN bins are left out."""
    n = data.sizes["presentation"]
    rows = max(1, _BLOCK // max(1, data.size // n))
    parts = []
    for first in range(0, n, rows):
        block = data.isel(presentation=slice(first, first + rows)).load()
        if "time_bin" in block.dims:
            block = block.isel(time_bin=bins).astype(np.float64).mean("time_bin", skipna=True)
        parts.append(block.transpose("presentation", "neuroid").to_numpy()[:, sites].astype(np.float64))
    return np.concatenate(parts)


def _slots(stimulus: NDArray[np.intp], repetition: pd.Series | None) -> NDArray[np.intp]:
    """Place of each presentation on the repeat axis: its repetition, or the order of appearance."""
    if repetition is not None:
        numbers = np.unique(repetition.to_numpy(), return_inverse=True)[1]
        if not pd.DataFrame({"stimulus": stimulus, "number": numbers}).duplicated().any():
            return numbers.astype(np.intp)
    return np.asarray(pd.Series(stimulus).groupby(stimulus).cumcount(), dtype=np.intp)
