from __future__ import annotations

from pathlib import Path

import h5netcdf
import numpy as np
import pytest
import xarray as xr

from brainconv.errors import InvalidInputError
from brainconv.io.datasets import read_dataset, read_head, write_dataset


def example() -> xr.Dataset:
    return xr.Dataset(
        {
            "r": (("site", "fold"), np.array([[0.5, np.nan], [np.inf, -0.0]])),
            "ok": ("site", np.array([True, False])),
            "count": ("site", np.array([1, 2**60])),
            "area": ("site", np.array(["V4", "naïve"], dtype=object)),
            "depth": ("site", np.array([1.0, 2.0]), {"units": "deg"}),
        },
        coords={"site": ["a", "b"]},
    )


@pytest.mark.parametrize("group", [None, "details"])
def test_comes_back(tmp_path: Path, group: str | None) -> None:
    path = tmp_path / "d.nc"
    path.touch()
    write_dataset(path, example(), {"seed": 3, "notes": ["x"]}, group=group)
    read = read_dataset(path, group=group)
    assert read.drop_attrs(deep=False).equals(example())
    assert read["depth"].attrs == {"units": "deg"}
    head = read_head(path)
    assert (head["seed"], head["notes"]) == (3, ["x"])


@pytest.mark.parametrize("name", ["r", "ok", "count", "area", "site", "depth"])
def test_a_changed_variable_is_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / "d.nc"
    path.touch()
    write_dataset(path, example(), {}, group="details")
    with h5netcdf.File(path, "r+") as file:
        variable = file["details"][name]
        if name == "depth":
            variable.attrs["units"] = "rad"
        else:
            variable[1] = "x" if name in ("area", "site") else variable[0]
    with pytest.raises(InvalidInputError, match=rf"d\.nc is damaged: '{name}' is not what was written"):
        read_dataset(path, group="details")


def test_damage_and_absence_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="There is no file"):
        read_head(tmp_path / "d.nc")
    (tmp_path / "d.nc").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    with pytest.raises(InvalidInputError, match="no netCDF-4 file or is damaged"):
        read_dataset(tmp_path / "d.nc")
    write_dataset(tmp_path / "d.nc", None, {"a": 1})
    assert read_head(tmp_path / "d.nc")["a"] == 1
