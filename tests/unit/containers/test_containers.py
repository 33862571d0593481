"""Containers refuse what does not fit together, and selections keep labels and numbers side by side."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from brainconv import Properties, RDMs, Recording, Representation, Scores, StimulusSet
from brainconv.errors import InvalidInputError, NotFoundError


def make_stimuli(n: int = 5) -> StimulusSet:
    images = np.random.default_rng(0).integers(0, 256, (n, 8, 8, 3), dtype=np.uint8)
    return StimulusSet("toy", tuple(f"s{i}" for i in range(n)), images)


def make_recording(n_stimuli: int = 5, n_repeats: int = 3, n_sites: int = 4) -> Recording:
    responses = np.random.default_rng(1).poisson(3.0, (n_stimuli, n_repeats, n_sites)).astype(float)
    sites = pd.DataFrame({"area": ["V1", "V4"] * (n_sites // 2)}, index=[f"n{i}" for i in range(n_sites)])
    return Recording("toy", make_stimuli(n_stimuli), responses, sites)


def test_stimuli_select_keeps_images_with_ids() -> None:
    stimuli = make_stimuli()
    part = stimuli.select(["s3", "s0"])
    assert part.ids == ("s3", "s0")
    np.testing.assert_array_equal(part.images[0], stimuli.images[3])
    lazy = StimulusSet("lazy", stimuli.ids, list(stimuli.images)).select(["s2"])
    np.testing.assert_array_equal(lazy.images[0], stimuli.images[2])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ids": ("a", "a")}, "stand more than once"),
        ({"ids": ("a", "b", "c")}, "3 ids but 2 images"),
        ({"degrees": 0.0}, "expected a finite number of at least 0.01 and of at most 360"),
        ({"images": np.zeros((2, 8, 8, 3))}, "expected uint8"),
        ({"table": pd.DataFrame({"group": [1, 2]}, index=["b", "a"])}, "not indexed by"),
    ],
)
def test_stimuli_are_checked(changes: dict[str, object], words: str) -> None:
    good = {"name": "toy", "ids": ("a", "b"), "images": np.zeros((2, 8, 8, 3), np.uint8)}
    with pytest.raises(InvalidInputError, match=words):
        StimulusSet(**{**good, **changes})  # type: ignore[arg-type]


def test_recording_counts_and_means() -> None:
    recording = make_recording()
    responses = recording.responses.copy()
    responses[0, 1:, 0] = np.nan
    responses[1, :, 0] = np.nan
    recording = Recording("toy", recording.stimuli, responses, recording.sites)
    assert (recording.n_stimuli, recording.n_repeats, recording.n_sites) == (5, 3, 4)
    means = recording.mean_responses()
    assert means[0, 0] == responses[0, 0, 0]
    assert np.isnan(means[1, 0])
    assert recording.has_repeats
    assert recording.select(area="V4").n_sites == 2
    assert recording.select(stimuli=["s4"]).responses.shape == (1, 3, 4)


def test_recording_refuses_what_does_not_fit() -> None:
    recording = make_recording()
    with pytest.raises(InvalidInputError, match=r"has shape \(4, 3, 4\); expected \(5, any, 4\)"):
        Recording("toy", recording.stimuli, recording.responses[:4], recording.sites)
    with pytest.raises(InvalidInputError, match="no column 'area'"):
        Recording("toy", recording.stimuli, recording.responses, recording.sites.drop(columns="area"))
    with pytest.raises(NotFoundError, match="has no site in area 'IT'; it has V1, V4"):
        recording.select(area="IT")
    with pytest.raises(InvalidInputError, match="called averaged but has 3 repeats"):
        Recording("toy", recording.stimuli, recording.responses, recording.sites, averaged=True)


def test_rdms_reorder_by_id() -> None:
    ids = ("a", "b", "c")
    rdms = RDMs("toy", np.array([[1.0, 2.0, 3.0]]), ids, pd.DataFrame({"subject": ["x"]}), "correlation")
    turned = rdms.reorder(("c", "a", "b"))
    np.testing.assert_array_equal(turned.dissimilarities, [[2.0, 3.0, 1.0]])
    np.testing.assert_array_equal(turned.reorder(ids).dissimilarities, rdms.dissimilarities)
    with pytest.raises(InvalidInputError, match=r"has shape \(1, 2\); expected \(1, 3\)"):
        RDMs("toy", np.zeros((1, 2)), ids, pd.DataFrame({"subject": ["x"]}), "correlation")


def test_representation_holds_the_uncentred_gram() -> None:
    x = np.random.default_rng(2).normal(size=(4, 7))
    layer = Representation.from_features(x, ["a", "b", "c", "d"], layer="conv1")
    np.testing.assert_allclose(layer.gram, x @ x.T)
    np.testing.assert_allclose(layer.select(["c", "a"]).gram, (x @ x.T)[np.ix_([2, 0], [2, 0])])
    with pytest.raises(InvalidInputError, match="not symmetric"):
        Representation(np.triu(layer.gram) + 1, layer.unit_sums, 7, layer.stimulus_ids)


def test_scores_name_every_formula() -> None:
    row = {"model": "m", "layer": "l", "statistic": "median over sites", "definition": "r", "value": 0.5, "n_sites": 3}
    scores = Scores.from_rows([row])
    assert scores.table.loc[0, "value"] == 0.5
    assert pd.isna(scores.table.loc[0, "p"])
    with pytest.raises(InvalidInputError, match="every number names its formula"):
        Scores.from_rows([{**row, "definition": None}])
    with pytest.raises(InvalidInputError, match=r"Unknown column\(s\) score"):
        Scores.from_rows([{**row, "score": 1.0}])


def test_properties_units_belong_to_columns() -> None:
    with pytest.raises(InvalidInputError, match="gives a unit for 'cv', which is not a column"):
        Properties("toy", pd.DataFrame({"bw": [1.0]}), {"cv": "1"})


def test_sites_that_are_no_table_and_ids_that_are_one_text() -> None:
    images = np.zeros((3, 4, 4, 3), np.uint8)
    with pytest.raises(InvalidInputError, match="sites of 'r' are a list; expected a DataFrame"):
        Recording("r", StimulusSet("s", ("a", "b", "c"), images), np.zeros((3, 2)), ["V4", "V4"])
    with pytest.raises(InvalidInputError, match="single text 'abc'; expected a sequence"):
        StimulusSet("s", "abc", images)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16])
def test_products_are_formed_in_float64_whatever_comes(dtype):
    x = (np.random.default_rng(0).normal(size=(7, 5000)) * 100).astype(dtype)
    found = Representation.from_features(x, [f"s{i}" for i in range(7)], keep=False)
    whole = x.astype(np.float64)
    np.testing.assert_allclose(found.gram, whole @ whole.T, rtol=1e-13, atol=1e-6)
    np.testing.assert_allclose(found.unit_sums, whole.sum(axis=1), rtol=1e-12)
    assert found.feature_dtype == ("float32" if dtype is np.float32 else "float64")


def test_features_that_cannot_be_multiplied_are_refused():
    x = np.ones((3, 4))
    with pytest.raises(InvalidInputError, match="too large"):
        Representation.from_features(x * 1e200, ["a", "b", "c"])
    x[1, 2] = np.nan
    with pytest.raises(InvalidInputError, match=r"Features holds 1 NaN or infinite value"):
        Representation.from_features(x, ["a", "b", "c"])
