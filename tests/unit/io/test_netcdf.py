from __future__ import annotations

import pickle
from pathlib import Path

import h5netcdf
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from brainconv.containers import Properties, RDMs, Recording, Representation, StimulusSet
from brainconv.errors import InvalidInputError, NotFoundError
from brainconv.io import (
    load_representations,
    open_properties,
    open_rdms,
    open_recording,
    read_layers,
    read_provenance,
    save_properties,
    save_rdms,
    save_recording,
    save_representations,
)

IDS = tuple(f"s{i}" for i in range(7))


def layers(n: int = 12) -> dict[str, Representation]:
    rng = np.random.default_rng(0)
    made = {}
    for i in range(n):
        features = rng.normal(size=(7, 11)).astype(np.float32 if i % 2 else np.float64)
        made[f"features.{i}"] = Representation.from_features(
            features,
            IDS,
            keep=i == 1,
            model="net",
            weights="random",
            layer=f"features.{i}",
            layer_index=i,
            seed=None if i else 2**40,
            degrees=8.0 if i else None,
            provenance={"weights_sha256": "ab", "nested": {"none": None, "list": [1, 2.5]}},
        )
    return made


def equal(a: Representation, b: Representation) -> bool:
    fields = ("n_units", "stimulus_ids", "model", "weights", "layer", "layer_index", "seed", "units", "feature_dtype")
    same = all(getattr(a, name) == getattr(b, name) for name in (*fields, "degrees", "provenance"))
    return same and np.array_equal(a.gram, b.gram) and np.array_equal(a.unit_sums, b.unit_sums)


def test_representations_come_back_exactly_and_in_order(tmp_path: Path) -> None:
    written = layers()
    save_representations(tmp_path / "r.nc", written)
    read = load_representations(tmp_path / "r.nc")
    assert list(read) == list(written) == list(read_layers(tmp_path / "r.nc"))
    assert all(equal(read[key], written[key]) for key in written)
    features = read["features.1"].features
    assert features is not None
    assert features.dtype == np.float32
    np.testing.assert_array_equal(features, written["features.1"].features)
    assert read["features.0"].features is None


def test_the_gram_is_stored_as_its_upper_triangle(tmp_path: Path) -> None:
    written = layers(1)["features.0"]
    save_representations(tmp_path / "r.nc", {"features.0": written})
    with h5netcdf.File(tmp_path / "r.nc") as file:
        gram = file["layer_0000/gram"]
        assert gram.dtype == np.float64
        np.testing.assert_array_equal(gram[...], written.gram[np.triu_indices(7)])


def test_one_layer_is_read_without_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_representations(tmp_path / "r.nc", layers())
    touched = []
    real = h5netcdf.Variable.__getitem__

    def watching(self: h5netcdf.Variable, key: object) -> object:
        touched.append(self.name)
        return real(self, key)

    monkeypatch.setattr(h5netcdf.Variable, "__getitem__", watching)
    read = load_representations(tmp_path / "r.nc", layers=["features.10", "features.3"])
    assert list(read) == ["features.10", "features.3"]
    assert {name.split("/")[1] for name in touched} == {"layer_0010", "layer_0003"}


def test_an_unknown_layer_is_named(tmp_path: Path) -> None:
    save_representations(tmp_path / "r.nc", layers(3))
    with pytest.raises(NotFoundError, match=r"Unknown layer 'features\.9'"):
        load_representations(tmp_path / "r.nc", layers=["features.9"])


def make_stimuli(n: int = 5) -> StimulusSet:
    rng = np.random.default_rng(1)
    images = [rng.integers(0, 256, (20 + i, 30 - i, 3), dtype=np.uint8) for i in range(n)]
    table = pd.DataFrame(
        {
            "group": ["g", None, "h", "", "naïve"],
            "count": [1, 2, 3, 4, 2**60],
            "size": [1.0, np.nan, 0.1 + 0.2, np.inf, -0.0],
            "natural": [True, False, True, True, False],
            "maybe": pd.array([1, None, 3, 4, 5], dtype="Int64"),
            "either": pd.array([True, None, False, True, True], dtype="boolean"),
            "mixed": [1, "a", None, [1, 2], {"k": 0.5}],
        },
        index=pd.Index(list("edcba")),
    )
    return StimulusSet("set", tuple("edcba"), images, 4.5, table)


def make_recording() -> Recording:
    responses = np.random.default_rng(2).normal(size=(5, 3, 2))
    responses[1, 2, :] = np.nan
    sites = pd.DataFrame({"area": ["V4", "IT"], "animal": ["A", None], "depth": [0.5, np.nan]}, index=["n1", "n2"])
    return Recording(
        "rec",
        make_stimuli(),
        responses,
        sites,
        unit="spikes",
        time_window=(70.0, 170.0),
        simulated=True,
        metadata={"doi": "10.1/x", "true_layer": {"V4": "conv2"}, "none": None, "text": "json:odd"},
    )


def test_a_recording_comes_back_exactly_with_its_images(tmp_path: Path) -> None:
    written = make_recording()
    save_recording(tmp_path / "rec.nc", written, provenance={"seed": 1})
    read = open_recording(tmp_path / "rec.nc")
    np.testing.assert_array_equal(read.responses, written.responses)
    pd.testing.assert_frame_equal(read.sites, written.sites)
    pd.testing.assert_frame_equal(read.stimuli.table, written.stimuli.table)
    assert (read.name, read.unit, read.averaged, read.time_window, read.simulated, read.metadata) == (
        written.name,
        "spikes",
        False,
        (70.0, 170.0),
        True,
        written.metadata,
    )
    assert (read.stimuli.name, read.stimuli.ids, read.stimuli.degrees) == ("set", tuple("edcba"), 4.5)
    for i in range(5):
        np.testing.assert_array_equal(read.stimuli.images[i], written.stimuli.images[i])
    np.testing.assert_array_equal(read.stimuli.images[-1], written.stimuli.images[4])
    with pytest.raises(IndexError):
        read.stimuli.images[5]
    assert read_provenance(tmp_path / "rec.nc") == {"seed": 1}


def test_a_recording_read_back_can_be_written_again_over_itself(tmp_path: Path) -> None:
    save_recording(tmp_path / "rec.nc", make_recording())
    first = (tmp_path / "rec.nc").read_bytes()
    save_recording(tmp_path / "rec.nc", open_recording(tmp_path / "rec.nc"))
    assert (tmp_path / "rec.nc").read_bytes() == first


def test_images_in_any_order_across_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brainconv.io.images.BLOCK_BYTES", 2 * 24 * 30 * 3)
    written = make_recording()
    save_recording(tmp_path / "rec.nc", written)
    images = open_recording(tmp_path / "rec.nc").stimuli.images
    for i in (4, 0, 2, 1, 3, 3, 0):
        np.testing.assert_array_equal(images[i], written.stimuli.images[i])


def test_an_image_may_be_changed_without_changing_the_next_reading(tmp_path: Path) -> None:
    save_recording(tmp_path / "rec.nc", make_recording())
    images = open_recording(tmp_path / "rec.nc").stimuli.images
    images[0][:] = 0
    assert images[0].any()


def test_stored_images_survive_pickling_and_selection(tmp_path: Path) -> None:
    save_recording(tmp_path / "rec.nc", make_recording())
    read = open_recording(tmp_path / "rec.nc")
    part = pickle.loads(pickle.dumps(read.stimuli.select(["a", "c"])))
    np.testing.assert_array_equal(part.images[1], make_recording().stimuli.images[2])


def test_an_averaged_recording_without_window(tmp_path: Path) -> None:
    stimuli = StimulusSet("set", ("a",), np.zeros((1, 4, 4, 3), np.uint8))
    written = Recording("r", stimuli, np.ones((1, 1)), pd.DataFrame({"area": ["V1"]}), averaged=True)
    save_recording(tmp_path / "r.nc", written)
    read = open_recording(tmp_path / "r.nc")
    assert read.averaged
    assert read.time_window is None
    assert read.stimuli.degrees is None


@pytest.mark.parametrize("with_stimuli", [True, False])
def test_rdms(tmp_path: Path, with_stimuli: bool) -> None:
    stimuli = make_stimuli() if with_stimuli else None
    labels = pd.DataFrame({"subject": ["a", None], "session": ["1", "2"], "area": "IT"})
    ids = stimuli.ids if stimuli else tuple("abcde")
    written = RDMs("r", np.random.default_rng(0).random((2, 10)), ids, labels, "correlation", stimuli, {"doi": "x"})
    save_rdms(tmp_path / "r.nc", written)
    read = open_rdms(tmp_path / "r.nc")
    np.testing.assert_array_equal(read.dissimilarities, written.dissimilarities)
    pd.testing.assert_frame_equal(read.labels, written.labels)
    assert (read.name, read.stimulus_ids, read.estimator, read.metadata) == ("r", ids, "correlation", {"doi": "x"})
    assert (read.stimuli is not None) == with_stimuli


def test_properties(tmp_path: Path) -> None:
    table = pd.DataFrame({"bandwidth": [20.0, np.nan], "animal": ["a", "b"]}, index=pd.Index(["c1", "c2"], name="cell"))
    written = Properties("p", table, {"bandwidth": "deg"}, "V1", False, {"n_untuned": 1})
    save_properties(tmp_path / "p.nc", written)
    read = open_properties(tmp_path / "p.nc")
    pd.testing.assert_frame_equal(read.table, table)
    assert (read.name, read.units, read.area, read.simulated, read.metadata) == (
        "p",
        {"bandwidth": "deg"},
        "V1",
        False,
        {"n_untuned": 1},
    )


def test_equal_content_gives_equal_bytes(tmp_path: Path) -> None:
    for name in ("a.nc", "b.nc"):
        save_representations(tmp_path / name, layers(2))
    assert (tmp_path / "a.nc").read_bytes() == (tmp_path / "b.nc").read_bytes()


def test_other_programs_can_read_the_file(tmp_path: Path) -> None:
    save_recording(tmp_path / "rec.nc", make_recording())
    with xr.open_dataset(tmp_path / "rec.nc", engine="h5netcdf") as plain:
        assert dict(plain["responses"].sizes) == {"stimulus": 5, "repeat": 3, "site": 2}


def test_other_files_are_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="There is no file"):
        open_recording(tmp_path / "absent.nc")
    (tmp_path / "text.nc").write_text("hello")
    with pytest.raises(InvalidInputError, match="no netCDF-4 file"):
        open_recording(tmp_path / "text.nc")
    save_representations(tmp_path / "r.nc", layers(1))
    with pytest.raises(InvalidInputError, match="holds representations; expected recording"):
        open_recording(tmp_path / "r.nc")


def test_metadata_that_cannot_be_written_leave_nothing_behind(tmp_path: Path) -> None:
    recording = make_recording()
    odd = Recording("r", recording.stimuli, recording.responses, recording.sites, metadata={"x": object()})
    with pytest.raises(InvalidInputError, match="Metadata hold a object"):
        save_recording(tmp_path / "r.nc", odd)
    assert list(tmp_path.iterdir()) == []


def values_of(path: Path) -> list[object]:
    """Everything that is read back, in a form that can be compared."""
    if path.name == "layers.nc":
        read = load_representations(path)
        return [(key, repr(layer), layer.gram.tobytes(), layer.unit_sums.tobytes()) for key, layer in read.items()]
    if path.name == "recording.nc":
        recording = open_recording(path)
        pixels = [recording.stimuli.images[i].tobytes() for i in range(len(recording.stimuli))]
        frames = [recording.sites.to_csv(), recording.stimuli.table.to_csv()]
        return [recording.responses.tobytes(), *frames, pixels, recording.stimuli.ids, repr(recording.metadata)]
    if path.name == "rdms.nc":
        rdms = open_rdms(path)
        return [rdms.dissimilarities.tobytes(), rdms.stimulus_ids, rdms.labels.to_csv(), rdms.estimator]
    properties = open_properties(path)
    return [properties.table.to_csv(), properties.units, properties.area, properties.metadata]


@pytest.mark.parametrize("name", ["layers.nc", "recording.nc", "rdms.nc", "properties.nc"])
def test_a_flipped_bit_never_comes_back_as_another_value(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "layers.nc":
        save_representations(path, layers(2))
    elif name == "recording.nc":
        save_recording(path, make_recording())
    elif name == "rdms.nc":
        labels = pd.DataFrame({"subject": ["a", None]})
        rdms = np.random.default_rng(0).random((2, 10))
        save_rdms(path, RDMs("r", rdms, tuple("abcde"), labels, "euclidean"))
    else:
        table = pd.DataFrame({"x": [1.0, np.nan, 3.0], "kind": ["a", "b", None]})
        save_properties(path, Properties("p", table, {"x": "deg"}, "V1", metadata={"n": 3}))
    whole, expected = path.read_bytes(), values_of(path)
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(60):
        data = bytearray(whole)
        data[rng.integers(len(data))] ^= 1 << int(rng.integers(8))
        path.write_bytes(data)
        try:
            found = values_of(path)
        except InvalidInputError:
            refused += 1
        else:
            assert found == expected
    assert refused > 10


@pytest.mark.parametrize("variable", ["layer_0000/gram", "layer_0000/unit_sums", "layer_0001/features"])
def test_other_numbers_in_a_stored_layer_are_named(tmp_path: Path, variable: str) -> None:
    path = tmp_path / "r.nc"
    save_representations(path, layers(2))
    with h5netcdf.File(path, "r+") as file:
        file[variable][0] = file[variable][0] * 2
    with pytest.raises(InvalidInputError, match=rf"r\.nc .* is damaged \(/{variable} is not what was written"):
        load_representations(path)


def test_a_changed_attribute_id_or_pixel_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "r.nc"
    for change in ("seed", "id", "pixel"):
        save_recording(path, make_recording())
        with h5netcdf.File(path, "r+") as file:
            if change == "seed":
                file.attrs["simulated"] = "json:false"
            elif change == "id":
                file["stimuli/stimulus_id"][0] = "x"
            else:
                file["stimuli/images"][3, 0, 0, 0] ^= 1
        with pytest.raises(InvalidInputError, match=r"r\.nc .*not what was written"):
            open_recording(path).stimuli.images[3]
    assert open_recording(path).stimuli.images[2].any()  # the other images are good


def test_files_without_checksums_are_refused(tmp_path: Path) -> None:
    save_representations(tmp_path / "r.nc", layers(1))
    with h5netcdf.File(tmp_path / "r.nc", "r+") as file:
        del file.attrs["attributes_crc32"]
    with pytest.raises(InvalidInputError, match="no checksum, as in files of older versions"):
        read_layers(tmp_path / "r.nc")


def test_equal_contents_give_equal_files(tmp_path: Path) -> None:
    for name in ("a.nc", "b.nc"):
        save_recording(tmp_path / name, make_recording())
    assert (tmp_path / "a.nc").read_bytes() == (tmp_path / "b.nc").read_bytes()
