"""The real recordings: what is read is what was published."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from brainconv.containers import Properties, RDMs, Recording
from brainconv.io import hash_stimuli, open_recording, save_recording
from brainconv.recordings import load_recording

pytestmark = pytest.mark.realdata


def load(name: str, data_dir: Path, kind: type) -> object:
    loaded = load_recording(name, data_dir=data_dir, download=False)
    assert isinstance(loaded, kind)
    return loaded


def load_responses(name: str, data_dir: Path) -> Recording:
    loaded = load(name, data_dir, Recording)
    assert isinstance(loaded, Recording)
    return loaded


@pytest.mark.parametrize(
    ("name", "shape", "image_shape", "area"),
    [
        ("cowley2023.190923", (1200, 1, 33), (112, 112, 3), "V4"),
        ("cowley2023.210325", (640, 10, 50), (112, 112, 3), "V4"),
        ("tang2018", (9500, 1, 4), (160, 160, 3), "V1"),
        ("tang2018.central80", (9500, 1, 4), (80, 80, 3), "V1"),
    ],
)
def test_shapes(
    data_dir: Path, name: str, shape: tuple[int, int, int], image_shape: tuple[int, int, int], area: str
) -> None:
    recording = load_responses(name, data_dir)
    assert recording.responses.shape == shape
    assert recording.areas == (area,)
    assert recording.stimuli.degrees is None
    assert not recording.simulated
    for i in (0, shape[0] // 2, shape[0] - 1):
        assert recording.stimuli.images[i].shape == image_shape
    assert recording.averaged == (shape[1] == 1)
    assert recording.has_repeats == (shape[1] > 1)


def test_cowley_mean_over_repeats_is_the_published_average(data_dir: Path) -> None:
    recording = load_responses("cowley2023.210325", data_dir)
    published = np.load(data_dir / "cowley2023" / "responses_avg_210325.npy")
    np.testing.assert_array_equal(np.nanmean(recording.responses, axis=1), published.T)
    counts = np.isfinite(recording.responses).sum(axis=1)
    assert counts.min() == 6
    assert counts.max() == 10
    assert np.isnan(recording.responses).mean() == pytest.approx(0.24, abs=0.005)


@pytest.mark.parametrize(("session", "folder"), [("190923", "images_190923/"), ("210325", "")])
def test_cowley_image_k_belongs_to_column_k(data_dir: Path, session: str, folder: str) -> None:
    recording = load_responses(f"cowley2023.{session}", data_dir)
    with zipfile.ZipFile(data_dir / "cowley2023" / f"images_{session}.zip") as archive:
        for i in (0, 9, 99, recording.n_stimuli - 1):
            name = f"image{i + 1:04d}"
            assert recording.stimuli.ids[i] == name
            picture = Image.open(io.BytesIO(archive.read(f"{folder}{name}.jpg"))).convert("RGB")
            np.testing.assert_array_equal(recording.stimuli.images[i], np.asarray(picture))


def test_tang_images_are_pillows_own(data_dir: Path) -> None:
    whole = load_responses("tang2018", data_dir)
    central = load_responses("tang2018.central80", data_dir)
    with zipfile.ZipFile(data_dir / "tang2018" / "pattern_stimuli.zip") as archive:
        for i in np.random.default_rng(0).choice(9500, 10, replace=False):
            expected = np.asarray(Image.open(io.BytesIO(archive.read(f"{i + 1}.png"))).convert("RGB"))
            np.testing.assert_array_equal(whole.stimuli.images[i], expected)
            np.testing.assert_array_equal(central.stimuli.images[i], expected[40:120, 40:120])
            assert set(np.unique(expected)) <= {0, 255}
    for k, site in enumerate(("neu75", "neu255", "neu381", "neu504")):
        assert whole.sites.index[k] == site
        published = np.load(data_dir / "tang2018" / f"{site}.npy")
        np.testing.assert_array_equal(whole.responses[:, 0, k], published[:, 0])


def test_kriegeskorte_subjects_and_categories(data_dir: Path) -> None:
    human = load("kriegeskorte2008.human_IT", data_dir, RDMs)
    assert isinstance(human, RDMs)
    assert len(human) == 8
    assert human.labels.groupby("subject", sort=False).size().to_dict() == {"BE": 2, "KO": 2, "SN": 2, "TI": 2}
    assert human.stimuli is not None
    counts = human.stimuli.table["category"].value_counts().to_dict()
    assert counts == {
        "human bodypart": 12,
        "human face": 12,
        "nonhuman bodypart": 12,
        "nonhuman face": 12,
        "natural inanimate": 23,
        "artificial inanimate": 21,
    }
    assert human.stimuli.table["animate"].sum() == 48
    models = load("kriegeskorte2008.models", data_dir, RDMs)
    assert isinstance(models, RDMs)
    assert models.labels["label"].tolist()[4:6] == ["HMAX", "V1"]
    behaviour = load("kriegeskorte2008.behaviour", data_dir, RDMs)
    assert isinstance(behaviour, RDMs)
    assert behaviour.labels["subject"].nunique() == 16


def test_ringach_medians(data_dir: Path) -> None:
    cells = load("ringach2002", data_dir, Properties)
    assert isinstance(cells, Properties)
    assert len(cells) == 308
    assert cells.table["circular_variance"].median() == pytest.approx(0.605, abs=5e-4)
    assert cells.table["bandwidth"].median() == pytest.approx(23.5, abs=1e-9)
    assert cells.metadata["n_untuned"] == int(cells.table["bandwidth"].isna().sum()) == 4
    assert cells.table.index.is_unique


def test_a_session_survives_the_netcdf_file(data_dir: Path, tmp_path: Path) -> None:
    recording = load_responses("cowley2023.210325", data_dir)
    save_recording(tmp_path / "r.nc", recording)
    read = open_recording(tmp_path / "r.nc")
    np.testing.assert_array_equal(read.responses, recording.responses)
    assert hash_stimuli(read.stimuli) == hash_stimuli(recording.stimuli)
    assert dict(read.metadata) == dict(recording.metadata)
