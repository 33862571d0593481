"""From files in Brain-Score's format to Brain-Score's number, against its procedure written out with scikit-learn."""

import io
import zipfile
from hashlib import sha1

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml
from PIL import Image
from sklearn.cross_decomposition import PLSRegression
from sklearn.model_selection import StratifiedShuffleSplit

from brainconv import Representation, load_recording, score_predictivity
from brainconv.predictivity import score_hierarchy

N, REPEATS, LAYERS = 120, 4, ("early", "late")
IDS = [sha1(str(i).encode()).hexdigest() for i in range(N)]  # as Majaj's: the order of the file is not theirs
OBJECTS = [f"object{i % 6}" for i in range(N)]


@pytest.fixture(scope="module")
def features():
    rng = np.random.default_rng(0)
    return {name: np.maximum(rng.normal(size=(N, 60)), 0) for name in LAYERS}


@pytest.fixture(scope="module")
def registry(tmp_path_factory, features):
    """V4 made from the early layer and IT from the late one, in one file with one bin, as Majaj's."""
    folder = tmp_path_factory.mktemp("majaj")
    rng = np.random.default_rng(1)
    signal = np.concatenate([features[name][:, :12] @ rng.normal(size=(12, 8)) for name in LAYERS], axis=1)
    shown = [(i, k) for i in rng.permutation(N) for k in range(REPEATS)]
    data = np.stack([signal[i] + 2 * rng.normal(size=16) for i, _ in shown])
    xr.DataArray(
        data[:, :, None],
        dims=("presentation", "neuroid", "time_bin"),
        coords={
            "image_id": ("presentation", [IDS[i] for i, _ in shown]),
            "repetition": ("presentation", [k for _, k in shown]),
            "neuroid_id": ("neuroid", [f"n{i:02d}" for i in range(16)]),
            "region": ("neuroid", ["V4"] * 8 + ["IT"] * 8),
            "animal": ("neuroid", ["a", "b"] * 8),
            "time_bin_start": ("time_bin", [70]),
            "time_bin_end": ("time_bin", [170]),
        },
    ).to_dataset(name="__xarray_dataarray_variable__").to_netcdf(folder / "assy.nc", engine="h5netcdf")
    pd.DataFrame({"image_id": IDS, "object_name": OBJECTS, "filename": [f"{name}.png" for name in IDS]}).to_csv(
        folder / "stimulus.csv", index=False
    )
    with zipfile.ZipFile(folder / "stimulus.zip", "w") as archive:
        for i, name in enumerate(IDS):
            stream = io.BytesIO()
            Image.fromarray(np.full((2, 2, 3), i, np.uint8)).save(stream, "PNG")
            archive.writestr(f"{name}.png", stream.getvalue())
    row = {
        "title": "Written", "species": "macaque", "doi": None, "citation": "-", "licence": "-", "kind": "responses",
        "n_sites": 8, "n_stimuli": N, "degrees": 8, "time_window": [70, 170], "unit": "1", "reader": "brainio",
        "options": {"category": "object_name", "group": "object_name"},
        "files": {
            "assembly": {"path": "assy.nc"}, "table": {"path": "stimulus.csv"}, "images": {"path": "stimulus.zip"},
        },
    }  # fmt: skip
    areas = {f"written.{area}": {**row, "areas": [area]} for area in ("V4", "IT")}
    path = folder / "registry.yaml"
    path.write_text(yaml.safe_dump({"written": {"recordings": areas}}))
    return path


def representations(features):
    return {
        name: Representation.from_features(x, IDS, layer=name, layer_index=k, model="net", degrees=8.0)
        for k, (name, x) in enumerate(features.items())
    }


def test_the_raw_score_is_brain_scores(features, registry):
    recording = load_recording("written.IT", registry=registry)
    scores = score_predictivity(
        representations(features), recording, regression="pls25-sklearn", splits="brainscore", n_boot=50, n_shuffles=0
    )
    table = scores.table[scores.table["statistic"] == "median over sites, mean over splits"].set_index("layer")
    order = np.argsort(IDS)  # Brain-Score's loader orders presentations by id
    assert recording.stimuli.ids == tuple(IDS)
    y = recording.mean_responses()[order]
    objects = np.array(OBJECTS)[order]
    for name in features:
        x, medians = features[name][order], []
        for train, test in StratifiedShuffleSplit(10, train_size=0.9, random_state=1).split(x, objects):
            fitted = PLSRegression(25, scale=False).fit(x[train], y[train])
            predicted = fitted.predict(x[test])
            medians.append(np.median([np.corrcoef(a, b)[0, 1] for a, b in zip(predicted.T, y[test].T, strict=True)]))
        raw = table.loc[name].set_index("definition")["value"]
        assert raw["r"] == pytest.approx(np.mean(medians), abs=1e-9)
        ceiling = scores.table.loc[scores.table["analysis"] == "reliability", "value"].iloc[0]
        assert raw["r2/ceiling"] == pytest.approx(raw["r"] * abs(raw["r"]) / ceiling)
        assert raw["(r/ceiling)2"] == pytest.approx(raw["r"] * abs(raw["r"]) / ceiling**2)
    assert not any("order" in note for note in scores.notes)
    assert any("2 animals" in note for note in scores.notes)


def test_areas_of_one_file_share_their_stimuli_and_have_an_order(features, registry):
    parts = [
        score_predictivity(
            representations(features),
            load_recording(f"written.{area}", registry=registry),
            splits="group",
            n_boot=0,
            n_shuffles=0,
        )
        for area in ("V4", "IT")
    ]
    assert set(parts[0].table["splits"].dropna()) == {"group"}
    row = score_hierarchy(parts, n_boot=100).table.iloc[0]
    assert row["value"] > 0.8
    assert row["ci_low"] > 0.5
    assert row["p"] < 0.01
