"""Full disks and hostile headers."""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from brainconv.containers import Properties, RDMs, Recording, Representation, Scores, StimulusSet
from brainconv.errors import InvalidInputError, ResourceError
from brainconv.io import (
    hdf5,
    open_recording,
    save_properties,
    save_rdms,
    save_recording,
    save_representations,
    save_scores,
)
from brainconv.io.hdf5 import read_netcdf
from brainconv.io.manifest import save_manifest
from brainconv.recordings.readers.brainio import read_assembly

N = 12
IDS = tuple(f"s{i}" for i in range(N))
RNG = np.random.default_rng(0)


@contextlib.contextmanager
def disk_of(n_bytes: int) -> Iterator[None]:
    """No file may become larger: a write fails as it does on a full disk, and needs no rights."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def save_layers(path: Path) -> None:
    features = RNG.normal(size=(N, 4000))
    layers = {f"l{i}": Representation.from_features(features, IDS, keep=True, layer=f"l{i}") for i in range(3)}
    save_representations(path, layers)


def save_one_recording(path: Path) -> None:
    images = RNG.integers(0, 256, (N, 40, 40, 3), dtype=np.uint8)
    sites = pd.DataFrame({"area": ["V4"] * 500})
    save_recording(path, Recording("r", StimulusSet("s", IDS, images), RNG.normal(size=(N, 2, 500)), sites, unit="Hz"))


def save_some_rdms(path: Path) -> None:
    rdms = RNG.random((400, N * (N - 1) // 2))
    save_rdms(path, RDMs("r", rdms, IDS, pd.DataFrame({"subject": [str(i) for i in range(400)]}), "euclidean"))


def save_a_table(path: Path) -> None:
    save_properties(path, Properties("p", pd.DataFrame({"x": RNG.normal(size=30_000)}), {"x": "deg"}))


def save_some_scores(path: Path) -> None:
    details = xr.Dataset({"site_r": ("site", RNG.normal(size=30_000))})
    rows = [{"model": f"m{i}", "statistic": "r", "definition": "r", "value": float(i)} for i in range(2000)]
    save_scores(Scores(Scores.from_rows(rows).table, details), path.with_suffix(".csv"), provenance={})


def save_json(path: Path) -> None:
    save_manifest(path, {str(i): i for i in range(20_000)})


WRITERS = [save_layers, save_one_recording, save_some_rdms, save_a_table, save_some_scores, save_json]


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("n_bytes", [0, 100, 3000, 20_000, 60_000])
def test_a_full_disk_is_one_sentence_and_leaves_nothing(
    tmp_path: Path, write: Callable[[Path], None], n_bytes: int, capfd: pytest.CaptureFixture[str]
) -> None:
    # the disk is mended before pytest looks at the error
    message = r"cannot be written \(File too large\): make room there"
    with pytest.raises(ResourceError, match=message) as caught, disk_of(n_bytes):
        write(tmp_path / "x.nc")
    assert "\n" not in str(caught.value)
    # of a score table, the details may stand without the CSV, which comes last
    assert [path.name for path in tmp_path.iterdir()] in ([], ["x.nc"] if write is save_some_scores else [])
    assert capfd.readouterr().err == ""
    write(tmp_path / "x.nc")


def test_the_old_file_is_whole_after_a_full_disk(tmp_path: Path) -> None:
    save_one_recording(tmp_path / "x.nc")
    before = (tmp_path / "x.nc").read_bytes()
    with pytest.raises(ResourceError), disk_of(20_000):
        save_one_recording(tmp_path / "x.nc")
    assert (tmp_path / "x.nc").read_bytes() == before
    assert open_recording(tmp_path / "x.nc").n_stimuli == N


def hostile(path: Path, **options: Any) -> Path:
    with h5py.File(path, "w") as file:
        file.create_dataset("data", **options)
    return path


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shape": (10**6, 10**6), "dtype": "f8"}, "cannot hold 'data'"),
        ({"shape": (10**15,), "dtype": "f8", "chunks": (1000,)}, "cannot hold 'data'"),
        ({"shape": (10**15,), "dtype": "f8", "chunks": (1000,), "compression": "gzip"}, "cannot hold 'data'"),
        ({"shape": (10,), "dtype": "f8", "external": [("/etc/hostname", 0, 80)]}, "takes its values from another file"),
    ],
    ids=["contiguous", "chunked", "packed", "external"],
)
def test_a_header_that_claims_too_much_is_refused_before_it_is_read(
    tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    path = hostile(tmp_path / "a.nc", **options)
    with pytest.raises(InvalidInputError, match=message), read_netcdf(path):
        pytest.fail("the file was opened")
    with pytest.raises(InvalidInputError, match=message):
        read_assembly(path)


def test_an_array_that_does_not_fit_into_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import psutil

    class Memory:
        available = 1000

    path = hostile(tmp_path / "a.nc", data=np.zeros(500))
    monkeypatch.setattr(psutil, "virtual_memory", lambda: Memory)
    with pytest.raises(ResourceError, match=r"'data' in .*a\.nc needs .* GiB"), read_netcdf(path):
        pytest.fail("the file was opened")


def test_repeats_that_would_fill_the_memory_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One stimulus is shown very often, so that the array of (stimuli, repeats, sites) is far larger than the file."""
    shown = [*[f"s{i}" for i in range(200)], *["s0"] * 20_000]
    coords = {"stimulus_id": ("presentation", shown), "neuroid_id": ("neuroid", [str(i) for i in range(5)])}
    array = xr.DataArray(np.zeros((len(shown), 5)), dims=("presentation", "neuroid"), coords=coords)
    array.to_dataset(name="data").to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    asked = []

    def refuse(n_bytes: int, *, what: str) -> None:
        asked.append(n_bytes)
        if n_bytes > 100_000_000:
            raise ResourceError(what)

    monkeypatch.setattr("brainconv.recordings.readers.brainio.check_memory", refuse)
    with pytest.raises(ResourceError, match=r"\(stimuli, repeats, sites\) = \(200, 20001, 5\)"):
        read_assembly(tmp_path / "a.nc")
    assert asked == [8 * 200 * 20_001 * 5]


def test_what_an_exception_says_is_cut_to_a_line() -> None:
    assert hdf5.shorten(ValueError("a\n  b")) == "a b"
    assert len(hdf5.shorten(ValueError("x" * 1000))) == 200
    assert hdf5.shorten(KeyError()) == "KeyError"
