"""What the groups of our netCDF files are made of: attributes, strings, arrays and tables.

Everything that is written carries a checksum (CRC-32), which is verified whenever it is read.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brainconv.errors import InvalidInputError

_JSON = "json:"
_MISSING = "__missing"
_CHECKSUM = "crc32"  # of a variable's values
_ATTRIBUTES_CHECKSUM = "attributes_crc32"
_TEXT: np.dtype[Any] = np.dtype("O", metadata={"vlen": str})  # HDF5's text of variable length


def write_attributes(group: Any, values: Mapping[str, Any]) -> None:
    """Text goes in as it is; everything else as JSON, so that None, mappings and tuples survive.

    Parameters
    ----------
    group : h5netcdf Group
    values : mapping of str to anything that JSON can hold

    Raises
    ------
    InvalidInputError
        If a value is something else.
    """
    for key, value in values.items():
        if isinstance(value, str) and not value.startswith(_JSON):
            group.attrs[key] = value
        else:
            group.attrs[key] = _JSON + json.dumps(value, default=_plain, ensure_ascii=False)
    group.attrs[_ATTRIBUTES_CHECKSUM] = _sum_attributes(group)


def read_attributes(group: Any) -> dict[str, Any]:
    """Undo `write_attributes` (tuples come back as lists).

    Parameters
    ----------
    group : h5netcdf Group

    Raises
    ------
    ValueError
        If they are not as they were written.
    """
    values = {}
    _compare(group.attrs.get(_ATTRIBUTES_CHECKSUM), _sum_attributes(group), f"the attributes of {group.name}")
    for key in group.attrs:
        if key in (_CHECKSUM, _ATTRIBUTES_CHECKSUM):
            continue
        value = group.attrs[key]
        is_json = isinstance(value, str) and value.startswith(_JSON)
        values[key] = json.loads(value[len(_JSON) :]) if is_json else value
    return values


def _plain(value: Any) -> Any:
    """JSON's own types for what is nearly one."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray | pd.Index | pd.Series):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, tuple | set | frozenset):
        return list(value)
    msg = f"Metadata hold a {type(value).__name__}; expected text, numbers, lists and mappings of them."
    raise InvalidInputError(msg)


def write_array(
    group: Any, name: str, values: NDArray[Any], dimensions: tuple[str, ...], *, compress: bool = False
) -> None:
    """Write an array; dimensions that the group does not have yet are made.

    Parameters
    ----------
    group : h5netcdf Group
    name : str
    values : ndarray, any shape
    dimensions : tuple of str
        One per axis.
    compress : bool
    """
    array = np.asarray(values)
    for dimension, length in zip(dimensions, array.shape, strict=True):
        if dimension not in group.dimensions:
            group.dimensions[dimension] = length
    options: dict[str, Any] = {"compression": "gzip", "compression_opts": 1} if compress and array.size else {}
    variable = group.create_variable(name, dimensions, data=array, **options)
    write_attributes(variable, {_CHECKSUM: checksum(array)})


def read_array(group: Any, name: str) -> NDArray[Any]:
    """Undo `write_array`.

    Parameters
    ----------
    group : h5netcdf Group
    name : str

    Returns
    -------
    ndarray, shape as written

    Raises
    ------
    ValueError
        If the values are not those that were written.
    """
    array: NDArray[Any] = group[name][...]
    _compare(group[name].attrs.get(_CHECKSUM), checksum(array), f"{group.name}/{name}")
    return array


def checksum(values: NDArray[Any]) -> str:
    """CRC-32 of an array's type, shape and values, of text by its letters.

    Parameters
    ----------
    values : ndarray, any shape

    Returns
    -------
    str
        8 hexadecimal digits.
    """
    if values.dtype.kind in "biufc":
        little = np.ascontiguousarray(values.astype(values.dtype.newbyteorder("<"), copy=False))
        code = zlib.crc32(f"{little.dtype.str}{values.shape}".encode())
        return f"{zlib.crc32(little.reshape(-1).view(np.uint8).data, code):08x}"
    code = zlib.crc32(f"text{values.shape}".encode())
    for value in values.ravel().tolist():
        data = value if isinstance(value, bytes) else str(value).encode()
        code = zlib.crc32(data, zlib.crc32(f"{len(data)}:".encode(), code))
    return f"{code:08x}"


def _sum_attributes(group: Any) -> str:
    texts = [f"{key}={group.attrs[key]}" for key in sorted(group.attrs) if key != _ATTRIBUTES_CHECKSUM]
    return checksum(np.array(texts, dtype=object))


def _compare(stored: Any, found: str, what: str) -> None:
    """Raise a ValueError, which `brainconv.io.hdf5.read_netcdf` puts into its sentence."""
    if stored is None:
        msg = f"{what} has no checksum, as in files of older versions"
        raise ValueError(msg)
    if stored != found:
        msg = f"{what} is not what was written: CRC-32 {found}, expected {stored}"
        raise ValueError(msg)


def write_strings(group: Any, name: str, values: Sequence[str], dimension: str) -> None:
    """Write text, of variable length.

    Parameters
    ----------
    group : h5netcdf Group
    name : str
    values : sequence of str
    dimension : str
    """
    if dimension not in group.dimensions:
        group.dimensions[dimension] = len(values)
    data = np.array([str(value) for value in values], dtype=object)
    variable = group.create_variable(name, (dimension,), dtype=_TEXT, data=data)
    write_attributes(variable, {_CHECKSUM: checksum(data)})


def read_strings(group: Any, name: str) -> list[str]:
    """Undo `write_strings`.

    Parameters
    ----------
    group : h5netcdf Group
    name : str
    """
    return [value.decode() if isinstance(value, bytes) else str(value) for value in read_array(group, name)]


def write_frame(group: Any, frame: pd.DataFrame) -> None:
    """Write a table, column by column, with its types and what is missing.

    Parameters
    ----------
    group : h5netcdf Group
        Empty, and the table's own.
    frame : DataFrame
    """
    group.dimensions["row"] = len(frame)
    columns = [str(column) for column in frame.columns]
    write_attributes(group, {"columns": columns, "index_name": frame.index.name, "n_rows": len(frame)})
    for i in range(len(columns)):
        _write_series(group, f"column_{i}", frame.iloc[:, i])
    if not isinstance(frame.index, pd.RangeIndex):
        _write_series(group, "index", pd.Series(frame.index))


def read_frame(group: Any) -> pd.DataFrame:
    """Undo `write_frame`.

    Parameters
    ----------
    group : h5netcdf Group
    """
    head = read_attributes(group)
    has_index = "index" in group.variables
    index = pd.Index(_read_series(group, "index")) if has_index else pd.RangeIndex(int(head["n_rows"]))
    index.name = head["index_name"]
    data = {name: _read_series(group, f"column_{i}").set_axis(index) for i, name in enumerate(head["columns"])}
    return pd.DataFrame(data, index=index)


def _write_series(group: Any, name: str, values: pd.Series[Any]) -> None:
    missing = values.isna().to_numpy(dtype=bool)
    if values.dtype.kind in "biuf":
        encoding = "number"
        array = values.to_numpy() if _is_numpy(values) else _fill_masked(values)
        write_array(group, name, array.astype(np.int8) if array.dtype.kind == "b" else array, ("row",))
    else:
        present = values[~missing]
        encoding = "text" if all(isinstance(value, str) for value in present) else "json"
        cells = ["" if gone else value for value, gone in zip(values, missing, strict=True)]
        if encoding == "json":
            cells = [json.dumps(cell, default=_plain, ensure_ascii=False) for cell in cells]
        write_strings(group, name, cells, "row")
    write_attributes(group[name], {"encoding": encoding, "pandas_dtype": str(values.dtype)})
    # NaN of a NumPy column stands in the numbers themselves
    if missing.any() and not (encoding == "number" and _is_numpy(values)):
        write_array(group, name + _MISSING, missing.astype(np.int8), ("row",))


def _read_series(group: Any, name: str) -> pd.Series[Any]:
    how = read_attributes(group[name])
    dtype = how["pandas_dtype"]
    missing = read_array(group, name + _MISSING).astype(bool) if name + _MISSING in group.variables else None
    if how["encoding"] == "number":
        series: pd.Series[Any] = pd.Series(read_array(group, name)).astype(dtype)
        if missing is not None:
            series[missing] = pd.NA
        return series
    cells: list[Any] = read_strings(group, name)
    if how["encoding"] == "json":
        cells = [json.loads(cell) for cell in cells]
    if missing is not None:
        cells = [None if gone else cell for cell, gone in zip(cells, missing, strict=True)]
    text: pd.Series[Any] = pd.Series(cells, dtype=dtype)
    return text


def _fill_masked(values: pd.Series[Any]) -> NDArray[Any]:
    """Numbers of a nullable column, 0 where one is missing."""
    plain = np.dtype(values.dtype.type)
    filled: NDArray[Any] = values.fillna(plain.type(0)).to_numpy(dtype=plain)
    return filled


def _is_numpy(values: pd.Series[Any]) -> bool:
    return isinstance(values.dtype, np.dtype)
