"""Labelled arrays (xarray) in netCDF-4 files, with checksums."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from brainconv.errors import InvalidInputError
from brainconv.io.groups import checksum, read_attributes, write_attributes
from brainconv.io.hdf5 import read_netcdf, write_netcdf

_CHECKSUMS = "dataset_crc32"


def write_dataset(path: Path, dataset: xr.Dataset | None, head: Mapping[str, Any], *, group: str | None = None) -> None:
    """Write a dataset, and attributes of the file; use it inside `brainconv.io.write_atomically`.

    Parameters
    ----------
    path : path
        An existing file, which is overwritten.
    dataset : Dataset or None
        None writes the attributes alone.
    head : mapping
        Text, numbers, lists and mappings.
    group : str, optional
        Group that the dataset goes into; the file's root if not given.
    """
    from xarray.backends import H5NetCDFStore

    with write_netcdf(path) as file:
        if dataset is not None:
            dataset.dump_to_store(H5NetCDFStore(file, group=group, mode="a"))
    # of what is read back, because types may change on the way (text, booleans)
    checksums = {} if dataset is None else _sum_variables(_load(path, group))
    with write_netcdf(path, mode="r+") as file:
        write_attributes(file, {**head, _CHECKSUMS: checksums})


def read_head(path: Path) -> dict[str, Any]:
    """Attributes of a file that `write_dataset` wrote.

    Parameters
    ----------
    path : path

    Raises
    ------
    InvalidInputError
        If there is no such file or it is damaged.
    """
    with read_netcdf(path) as file:
        return read_attributes(file)


def read_dataset(path: Path, *, group: str | None = None) -> xr.Dataset:
    """Read a dataset back.

    Parameters
    ----------
    path : path
    group : str, optional
        As it was written.

    Raises
    ------
    InvalidInputError
        If there is no such file, or the values are not those that were written.
    """
    with read_netcdf(path) as file:
        stored = read_attributes(file).get(_CHECKSUMS)
        dataset = _load(path, group)
        found = _sum_variables(dataset)
        wrong = [name for name in {**found, **(stored or {})} if found.get(name) != (stored or {}).get(name)]
        if wrong:
            msg = f"{path} is damaged: {wrong[0]!r} is not what was written; make it again."
            raise InvalidInputError(msg)
        return dataset


def _load(path: Path, group: str | None) -> xr.Dataset:
    with xr.open_dataset(path, engine="h5netcdf", group=group) as stored:
        return stored.load()


def _sum_variables(dataset: xr.Dataset) -> dict[str, str]:
    """Checksums of values, and of dimensions and attributes beside them."""
    return {
        str(name): checksum(variable.to_numpy()) + checksum(_describe(variable))
        for name, variable in dataset.variables.items()
    }


def _describe(variable: Any) -> NDArray[Any]:
    attributes = [f"{key}={value!r}" for key, value in sorted(variable.attrs.items())]
    return np.array([*map(str, variable.dims), *attributes], dtype=object)
