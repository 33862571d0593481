"""The readers on small made-up files of the published layout: what they give, and what they refuse."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io
from PIL import Image

from brainconv.errors import InvalidInputError
from brainconv.recordings import RecordingRow, load_registry
from brainconv.recordings.readers import cowley2023, kriegeskorte2008, ringach2002, tang2018

RNG = np.random.default_rng(0)


def row(name: str, **changes: Any) -> RecordingRow:
    return replace(load_registry()[name], **changes)


def zip_images(path: Path, names: list[str], mode: str = "RGB", size: int = 8) -> bytes:
    """Images whose first pixel is their place in `names`; returns the members one after the other, by number."""
    members = {}
    with zipfile.ZipFile(path, "w") as archive:
        for i, name in enumerate(names):
            stream = io.BytesIO()
            Image.fromarray(np.full((size, size, 3), i, np.uint8)).convert(mode).save(stream, "PNG")
            archive.writestr(name, stream.getvalue())
            members[int("".join(filter(str.isdigit, Path(name).stem)))] = stream.getvalue()
    return b"".join(members[number] for number in sorted(members))


@pytest.fixture
def session(tmp_path: Path) -> dict[str, Path]:
    zip_images(tmp_path / "images.zip", ["s/image0003.png", "s/image0001.png", "s/image0002.png"])
    repeats = RNG.poisson(2.0, (2, 3, 4)).astype(float)
    repeats[:, 1, 2:] = np.nan
    np.save(tmp_path / "raw.npy", repeats)
    np.save(tmp_path / "avg.npy", np.nanmean(repeats, axis=2))
    return {
        key: tmp_path / name
        for key, name in [("images", "images.zip"), ("averaged", "avg.npy"), ("repeats", "raw.npy")]
    }


def test_cowley_repeats(session: dict[str, Path]) -> None:
    recording = cowley2023.read(row("cowley2023.210325", n_sites=2), session)
    raw = np.load(session["repeats"])
    assert recording.responses.shape == (3, 4, 2)
    np.testing.assert_array_equal(recording.responses[1, :, 0], raw[0, 1])
    assert recording.has_repeats
    assert not recording.averaged
    assert recording.stimuli.ids == ("image0001", "image0002", "image0003")
    assert [int(image[0, 0, 0]) for image in recording.stimuli.images] == [1, 2, 0]
    assert recording.unit == "spikes per 100 ms bin"
    assert list(recording.sites.index) == ["210325.n00", "210325.n01"]


def test_cowley_averaged(session: dict[str, Path]) -> None:
    paths = {key: session[key] for key in ("images", "averaged")}
    recording = cowley2023.read(row("cowley2023.190923", n_sites=2), paths)
    assert recording.averaged
    assert not recording.has_repeats
    np.testing.assert_array_equal(recording.responses[:, 0, :], np.load(session["averaged"]).T)


def test_cowley_refuses_what_does_not_fit(session: dict[str, Path], tmp_path: Path) -> None:
    registered = row("cowley2023.210325", n_sites=2)
    with pytest.raises(InvalidInputError, match=r"avg\.npy has shape \(2, 3\); expected \(5, 3\)"):
        cowley2023.read(replace(registered, n_sites=5), session)
    np.save(tmp_path / "avg.npy", np.load(session["averaged"])[:, ::-1])
    with pytest.raises(InvalidInputError, match="do not belong together"):
        cowley2023.read(registered, session)
    zip_images(tmp_path / "images.zip", ["image0001.png", "image0002.png", "image0004.png"])
    with pytest.raises(InvalidInputError, match="not numbered 1 to 3"):
        cowley2023.read(registered, session)
    (tmp_path / "avg.npy").write_bytes(b"hello")
    zip_images(tmp_path / "images.zip", ["image0001.png", "image0002.png", "image0003.png"])
    with pytest.raises(InvalidInputError, match="cannot be read as a NumPy array"):
        cowley2023.read(registered, session)


def test_no_pickle_is_opened(session: dict[str, Path], tmp_path: Path) -> None:
    np.save(tmp_path / "avg.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(InvalidInputError, match="cannot be read as a NumPy array"):
        cowley2023.read(row("cowley2023.190923", n_sites=2), {k: session[k] for k in ("images", "averaged")})


@pytest.mark.parametrize("folder", ["", "Fixed_Kernel_CNN-345129e/data/stimuli/pattern/"])
def test_tang_in_either_packing(tmp_path: Path, folder: str) -> None:
    numbers = [10, 2, 1, 3, 4, 5, 6, 7, 8, 9]
    content = zip_images(tmp_path / "p.zip", [f"{folder}{n}.png" for n in numbers], mode="1", size=16)
    if folder:  # the repository holds other images too
        with zipfile.ZipFile(tmp_path / "p.zip", "a") as archive:
            archive.writestr("Fixed_Kernel_CNN-345129e/figures/1.png", b"other")
    paths = {"patterns": tmp_path / "p.zip"}
    for k in (381, 75):
        paths[f"neu{k}"] = tmp_path / f"neu{k}.npy"
        np.save(paths[f"neu{k}"], RNG.normal(size=(10, 1)))
    options = {"members_sha256": hashlib.sha256(content).hexdigest()}
    recording = tang2018.read(row("tang2018", options=options), paths)
    assert recording.responses.shape == (10, 1, 2)
    assert list(recording.sites.index) == ["neu75", "neu381"]
    np.testing.assert_array_equal(recording.responses[:, 0, 0], np.load(paths["neu75"])[:, 0])
    assert recording.averaged
    assert recording.stimuli.ids[-1] == "pattern0010"
    assert recording.stimuli.images[0].shape == (16, 16, 3)
    cropped = tang2018.read(row("tang2018", options={**options, "central_px": 6}), paths)
    assert cropped.stimuli.images[0].shape == (6, 6, 3)
    with pytest.raises(InvalidInputError, match="they are not the published ones"):
        tang2018.read(row("tang2018", options={"members_sha256": "0" * 64}), paths)
    np.save(paths["neu75"], np.zeros((9, 1)))
    with pytest.raises(InvalidInputError, match=r"neu75\.npy has shape \(9, 1\)"):
        tang2018.read(row("tang2018", options=options), paths)


def structs(**fields: list[Any]) -> np.ndarray:
    n = len(next(iter(fields.values())))
    array = np.empty((1, n), dtype=[(name, object) for name in fields])
    for name, values in fields.items():
        for i, value in enumerate(values):
            array[0, i][name] = value
    return array


def random_rdm() -> np.ndarray:
    square = RNG.random((92, 92))
    square += square.T
    np.fill_diagonal(square, 0.0)
    return square


@pytest.fixture
def objects(tmp_path: Path) -> dict[str, Path]:
    images = [RNG.integers(0, 256, (175, 175, 3), dtype=np.uint8) for _ in range(92)]
    flags = {flag: [int(i < 40) for i in range(92)] for flag in ("human", "face", "animal", "natural")}
    triangle = RNG.random((1, 4186))
    content = {
        "stimuli_92objs": structs(category=[f"kind {i % 3}" for i in range(92)], image=images, **flags),
        "RDMs_mIT_hIT_fig1": structs(name=["mIT_674neurons", "hIT"], RDM=[triangle, triangle]),
    }
    scipy.io.savemat(tmp_path / "supplement.mat", content)
    people = structs(
        name=["hIT | BE | Session: 1", "hIT | BE | Session: 2"], RDM=[random_rdm().astype(np.float32), random_rdm()]
    )
    scipy.io.savemat(tmp_path / "brain.mat", {"RDMs": people.reshape(1, 1, 2)})
    return {"supplement": tmp_path / "supplement.mat", "brain": tmp_path / "brain.mat"}


def test_kriegeskorte(objects: dict[str, Path]) -> None:
    monkey = kriegeskorte2008.read(row("kriegeskorte2008.monkey_IT"), objects)
    content = scipy.io.loadmat(objects["supplement"])
    np.testing.assert_array_equal(monkey.dissimilarities, content["RDMs_mIT_hIT_fig1"][0, 0]["RDM"])
    assert monkey.stimulus_ids[0] == "obj01"
    assert monkey.stimuli is not None
    assert list(monkey.stimuli.table.columns) == ["category", "animate", "human", "face", "natural"]
    np.testing.assert_array_equal(monkey.stimuli.images[5], content["stimuli_92objs"][0, 5]["image"])
    human = kriegeskorte2008.read(row("kriegeskorte2008.human_IT"), objects)
    assert human.labels[["subject", "session", "area"]].to_numpy().tolist() == [["BE", "1", "IT"], ["BE", "2", "IT"]]
    square = scipy.io.loadmat(objects["brain"])["RDMs"][0, 0, 1]["RDM"]
    np.testing.assert_array_equal(human.to_matrices()[1], square)


def test_kriegeskorte_refuses_what_is_no_rdm(objects: dict[str, Path], tmp_path: Path) -> None:
    skewed = random_rdm()
    skewed[0, 1] += 1
    for matrix, message in [(skewed, "not symmetric"), (random_rdm()[:90, :90], "has 8100 values; expected 4186")]:
        people = structs(name=["hIT | BE | Session: 1"], RDM=[matrix]).reshape(1, 1, 1)
        scipy.io.savemat(objects["brain"], {"RDMs": people})
        with pytest.raises(InvalidInputError, match=message):
            kriegeskorte2008.read(row("kriegeskorte2008.human_IT"), objects)
    scipy.io.savemat(objects["brain"], {"RDMs": structs(name=["odd"], RDM=[random_rdm()])})
    with pytest.raises(InvalidInputError, match="is named 'odd'"):
        kriegeskorte2008.read(row("kriegeskorte2008.human_IT"), objects)
    scipy.io.savemat(objects["brain"], {"other": 1})
    with pytest.raises(InvalidInputError, match="has no variable 'RDMs'"):
        kriegeskorte2008.read(row("kriegeskorte2008.human_IT"), objects)
    objects["brain"].write_text("hello")
    with pytest.raises(InvalidInputError, match="cannot be read as a MATLAB 5 file"):
        kriegeskorte2008.read(row("kriegeskorte2008.human_IT"), objects)


def write_cells(path: Path, **changes: Any) -> Path:
    fields: dict[str, Any] = {
        name: RNG.random((1, 4)) for name in ("orivar", "po", "maxdc", "mindc", "maxfirst", "spont")
    }
    fields |= {"rdepth": RNG.random((1, 4)), "bw": np.array([[20.0, 180.0, 30.0, 25.0]])}
    fields |= {name: np.arange(4, dtype=np.uint8)[None] for name in ("expt", "unit", "chan")}
    fields |= {"animal": np.array([["MT6"], ["MT6"], ["MT7"], ["MT7"]], dtype=object), **changes}
    scipy.io.savemat(path, {"db": {name: value for name, value in fields.items() if value is not None}})
    return path


def test_ringach(tmp_path: Path) -> None:
    path = write_cells(tmp_path / "db.mat")
    cells = ringach2002.read(row("ringach2002", n_sites=4), {"database": path})
    np.testing.assert_array_equal(cells.table["bandwidth"], [20.0, np.nan, 30.0, 25.0])
    assert cells.metadata["n_untuned"] == 1
    assert cells.units["bandwidth"] == "deg"
    assert list(cells.table["animal"]) == ["MT6", "MT6", "MT7", "MT7"]
    np.testing.assert_allclose(cells.table["f1_f0_ratio"], cells.table["max_f1"] / cells.table["max_dc"])


def test_ringach_refuses_other_files(tmp_path: Path) -> None:
    registered = row("ringach2002", n_sites=4)
    with pytest.raises(InvalidInputError, match="has no field 'bw'"):
        ringach2002.read(registered, {"database": write_cells(tmp_path / "db.mat", bw=None)})
    with pytest.raises(InvalidInputError, match=r"Field 'po' of db\.mat has shape \(1, 3\)"):
        ringach2002.read(registered, {"database": write_cells(tmp_path / "db.mat", po=np.ones((1, 3)))})
    with pytest.raises(InvalidInputError, match="circular variances outside"):
        ringach2002.read(registered, {"database": write_cells(tmp_path / "db.mat", orivar=np.full((1, 4), 1.5))})
