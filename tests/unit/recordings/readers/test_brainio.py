"""Brain-Score's format: the published samples, and files written here as Majaj's and Freeman-Ziemba's are laid out."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from PIL import Image

from brainconv.errors import InvalidInputError
from brainconv.io import open_recording, save_recording
from brainconv.recordings import load_registry
from brainconv.recordings.readers import brainio
from brainconv.recordings.readers.brainio_stimuli import read_stimuli

N, SITES, REPEATS = 12, 5, 3


def write_stimuli(folder: Path, *, old: bool = False, extra: bool = False) -> dict[str, Path]:
    """CSV in another order than the responses, and a flat zip."""
    ids = [f"{7 * i % N:03d}" for i in range(N)]  # as numbers they would lose their zeros
    rows = pd.DataFrame(
        {
            "image_id" if old else "stimulus_id": ids,
            "object_name": [f"o{int(name) % 3}" for name in ids],
            "texture_type": [["noise", "texture"][int(name) % 2] for name in ids],
            "texture_family": [int(name) % 4 for name in ids],
            "filename": [f"{name}.png" for name in ids],
        }
    )
    paths = {"table": folder / "stimulus.csv", "images": folder / "stimulus.zip"}
    rows.to_csv(paths["table"], index=old)
    with zipfile.ZipFile(paths["images"], "w") as archive:
        for name in [*sorted(ids), *(["stray"] if extra else [])]:
            stream = io.BytesIO()
            Image.fromarray(np.full((4, 4, 3), int(name) if name.isdigit() else 99, np.uint8)).save(stream, "PNG")
            archive.writestr(f"{name}.png", stream.getvalue())
    return paths


def write_assembly(path: Path, *, old: bool = False, bins: Any = ((70, 170),), turned: bool = False) -> np.ndarray:
    """Presentations in random order, two repeats fewer of stimulus 5, one site never shown stimulus 2."""
    rng = np.random.default_rng(1)
    truth = rng.normal(size=(N, REPEATS, SITES, len(bins)))
    truth[5, 1:] = np.nan
    truth[2, :, 3] = np.nan
    shown = [(s, r) for s in range(N) for r in range(REPEATS) if not (s == 5 and r)]
    shown = [shown[i] for i in rng.permutation(len(shown))]
    stimulus = "image_id" if old else "stimulus_id"
    coords: dict[str, Any] = {
        stimulus: ("presentation", [f"{s:03d}" for s, _ in shown]),
        "repetition": ("presentation", [r for _, r in shown]),
        "neuroid_id": ("neuroid", [f"chabo_{i}" for i in range(SITES)]),
        "region": ("neuroid", ["V4", "IT", "V4", "IT", "IT"]),
        "animal": ("neuroid", ["a", "a", "a", "b", "b"]),
        "x": ("neuroid", np.arange(SITES)),
        "time_bin_start": ("time_bin", [start for start, _ in bins]),
        "time_bin_end": ("time_bin", [end for _, end in bins]),
    }
    array = xr.DataArray(
        np.stack([truth[s, r] for s, r in shown]), dims=("presentation", "neuroid", "time_bin"), coords=coords
    )
    if turned:
        array = array.transpose("time_bin", "neuroid", "presentation")
    array.to_dataset(name="__xarray_dataarray_variable__" if old else "data").to_netcdf(path, engine="h5netcdf")
    return truth


def row(name: str, **changes: Any) -> Any:
    return replace(load_registry()[name], n_stimuli=N, **changes)


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("turned", [False, True])
def test_majaj_layout(tmp_path: Path, old: bool, turned: bool) -> None:
    truth = write_assembly(tmp_path / "assy.nc", old=old, turned=turned)
    paths = {"assembly": tmp_path / "assy.nc", **write_stimuli(tmp_path, old=old)}
    recording = brainio.read(row("majajhong2015.IT"), paths)
    assert recording.stimuli.ids[:3] == ("000", "007", "002")
    order = [int(name) for name in recording.stimuli.ids]
    np.testing.assert_array_equal(recording.responses, truth[order][:, :, [1, 3, 4], 0])
    assert recording.sites.index.tolist() == ["chabo_1", "chabo_3", "chabo_4"]
    assert recording.sites["area"].tolist() == ["IT"] * 3
    assert recording.sites["animal"].tolist() == ["a", "b", "b"]
    assert recording.time_window == (70.0, 170.0)
    assert recording.stimuli.degrees == 8
    assert [int(image[0, 0, 0]) for image in recording.stimuli.images] == order
    table = recording.stimuli.table
    assert table["category"].tolist() == table["object_name"].tolist() == [f"o{i % 3}" for i in order]
    assert np.isnan(recording.mean_responses()[order.index(2), 1])


def test_freeman_ziemba_takes_the_mean_of_the_bins_of_the_window(tmp_path: Path) -> None:
    bins = [(t, t + 1) for t in range(201)][::-1]
    truth = write_assembly(tmp_path / "assy.nc", bins=bins)
    paths = {"assembly": tmp_path / "assy.nc", **write_stimuli(tmp_path)}
    recording = brainio.read(row("freemanziemba2013.V1", areas=("V4",)), paths)
    order = [int(name) for name in recording.stimuli.ids]
    wanted = truth[:, :, :, ::-1][:, :, :, 50:200].mean(axis=3)
    np.testing.assert_allclose(recording.responses, wanted[order][:, :, [0, 2]], atol=1e-12)
    assert recording.time_window == (50.0, 200.0)
    assert set(recording.stimuli.table["category"]) == {"noise", "texture"}
    assert sorted(set(recording.stimuli.groups.tolist())) == ["0", "1", "2", "3"]


def test_blocks_do_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_assembly(tmp_path / "assy.nc", bins=[(0, 10), (10, 20)])
    whole = brainio.read_assembly(tmp_path / "assy.nc", time_window=(0, 20))
    monkeypatch.setattr(brainio, "_BLOCK", 30)
    np.testing.assert_array_equal(
        brainio.read_assembly(tmp_path / "assy.nc", time_window=(0, 20)).responses, whole.responses
    )


def test_a_repetition_given_twice_falls_back_to_the_order_of_appearance(tmp_path: Path) -> None:
    array = xr.DataArray(
        np.arange(8.0).reshape(4, 2),
        dims=("presentation", "neuroid"),
        coords={
            "stimulus_id": ("presentation", ["a", "b", "a", "a"]),
            "repetition": ("presentation", [0, 0, 0, 1]),
            "neuroid_id": ("neuroid", ["n0", "n1"]),
        },
    )
    array.to_dataset(name="data").to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    found = brainio.read_assembly(tmp_path / "a.nc")
    np.testing.assert_array_equal(found.responses[:, :, 0], [[0, 4, 6], [2, np.nan, np.nan]])
    assert found.time_window is None


def test_what_is_read_can_be_stored(tmp_path: Path) -> None:
    write_assembly(tmp_path / "assy.nc")
    recording = brainio.read(row("majajhong2015.V4"), {"assembly": tmp_path / "assy.nc", **write_stimuli(tmp_path)})
    save_recording(tmp_path / "stored.nc", recording)
    again = open_recording(tmp_path / "stored.nc")
    np.testing.assert_array_equal(again.responses, recording.responses)
    assert again.sites["animal"].tolist() == recording.sites["animal"].tolist()
    assert again.stimuli.table["object_name"].tolist() == recording.stimuli.table["object_name"].tolist()


def test_ids_that_look_like_missing_values_are_names(tmp_path: Path) -> None:
    names = ["NA", "None", "nan", "007", "1e3"]
    lines = [f"{name},{name}.png" for name in names]
    (tmp_path / "s.csv").write_text("\n".join(["stimulus_id,filename", *lines]))
    with zipfile.ZipFile(tmp_path / "s.zip", "w") as archive:
        for name in names:
            archive.writestr(f"{name}.png", b"")
    assert read_stimuli(tmp_path / "s.csv", tmp_path / "s.zip", name="set").ids == tuple(names)


@pytest.mark.parametrize(
    ("window", "areas", "message"),
    [
        (None, (), "name the time window"),
        ((0, 25), (), "do not fill the time window"),
        ((0, 40), (), "without gap"),
        ((0, 20), ("V1",), "no site in V1; it has IT, V4"),
    ],
)
def test_refusals(tmp_path: Path, window: Any, areas: Any, message: str) -> None:
    write_assembly(tmp_path / "assy.nc", bins=[(0, 10), (10, 20), (30, 40)])
    with pytest.raises(InvalidInputError, match=message):
        brainio.read_assembly(tmp_path / "assy.nc", areas=areas, time_window=window)


def test_files_that_do_not_belong_together(tmp_path: Path) -> None:
    write_assembly(tmp_path / "assy.nc")
    paths = {"assembly": tmp_path / "assy.nc", **write_stimuli(tmp_path, extra=True)}
    with pytest.raises(InvalidInputError, match=r"does not list, for example 'stray\.png'"):
        brainio.read(row("majajhong2015.V4"), paths)
    paths |= write_stimuli(tmp_path)
    with pytest.raises(InvalidInputError, match="no column 'colour'"):
        brainio.read(row("majajhong2015.V4", options={"category": "colour"}), paths)
    lines = paths["table"].read_text().splitlines()
    paths["table"].write_text("\n".join([*lines, "new,o1,noise,1,new.png"]))
    with pytest.raises(InvalidInputError, match=r"'new\.png'"):
        brainio.read(row("majajhong2015.V4"), paths)
    paths["table"].write_text("\n".join([*lines, ",o1,noise,1,new.png"]))
    with pytest.raises(InvalidInputError, match=r"Row 13 of .* has no stimulus_id"):
        brainio.read(row("majajhong2015.V4"), paths)
    (tmp_path / "assy.nc").write_bytes(b"nothing")
    with pytest.raises(InvalidInputError, match="no netCDF-4 file or is damaged"):
        brainio.read_assembly(tmp_path / "assy.nc")


@pytest.mark.realdata
def test_the_published_samples(data_dir: Path) -> None:
    new = brainio.read_assembly(data_dir / "brainio_samples" / "assy_test_TestMe.nc")
    assert new.responses.ndim == 3
    assert np.isfinite(new.responses).sum() == 18
    assert len(new.sites) == 3
    assert new.time_window is None
    old = brainio.read_assembly(data_dir / "brainio_samples" / "assy_test_package_assembly.nc")
    assert np.isfinite(old.responses).sum() == 18
    assert old.time_window is not None
    assert "neuroid_type" in old.sites
