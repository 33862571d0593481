"""Numbers enter in one place: by their labels, with NaN for what is masked, never made of text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr
from scipy import sparse

import brainconv as bc
from brainconv.arrays import check_broadcast, describe_value, read_array
from brainconv.errors import InvalidInputError

RNG = np.random.default_rng(0)
N, REPEATS, SITES = 6, 3, 4
IDS = [f"i{k}" for k in range(N)]
NAMES = [f"n{k}" for k in range(SITES)]
TRIALS = RNG.standard_normal((N, REPEATS, SITES))
MEANS = TRIALS.mean(axis=1)
FRAME = pd.DataFrame(MEANS, index=IDS, columns=NAMES)
ARRAY = xr.DataArray(TRIALS, dims=("stimulus", "repeat", "site"), coords={"stimulus": IDS, "site": NAMES})
FLIPPED, MIXED = IDS[::-1], [NAMES[k] for k in (2, 0, 3, 1)]
AXES = {"stimulus": IDS, "site": NAMES}


class Session(pd.DataFrame):
    """A table of somebody's own."""


class Trials(torch.Tensor):
    """A tensor of somebody's own."""


def record(responses: Any) -> np.ndarray:
    stimuli = bc.StimulusSet("s", IDS, np.zeros((N, 2, 2, 3), np.uint8))
    return bc.Recording("r", stimuli, responses, pd.DataFrame({"area": ["IT"] * SITES}, index=NAMES)).responses


@pytest.mark.parametrize(
    "given",
    [
        FRAME,
        FRAME.loc[FLIPPED],
        Session(FRAME.loc[FLIPPED]),
        FRAME[MIXED],
        FRAME.loc[FLIPPED, MIXED].astype("Float64"),
        xr.DataArray(FRAME, dims=("stimulus", "site")).transpose("site", "stimulus"),
        xr.DataArray(FRAME.loc[FLIPPED, MIXED], dims=("stimulus", "site")),
        xr.DataArray(MEANS.T, dims=("site", "stimulus")),  # dimensions that are named need no labels
        torch.as_tensor(MEANS, dtype=torch.float64).requires_grad_(),
        torch.as_tensor(MEANS).as_subclass(Trials).requires_grad_(),
        np.asfortranarray(MEANS),
        MEANS.tolist(),
        [torch.as_tensor(row) for row in MEANS],
        tuple(MEANS),
        MEANS.astype(object),
    ],
    ids=lambda value: type(value).__name__,
)
def test_means_are_read_by_their_labels(given: Any) -> None:
    np.testing.assert_array_equal(record(given)[:, 0], MEANS)


@pytest.mark.parametrize(
    "given",
    [
        ARRAY,
        ARRAY.transpose("site", "stimulus", "repeat"),
        ARRAY.sel(stimulus=FLIPPED),
        ARRAY.sel(site=MIXED).transpose("repeat", "site", "stimulus"),
        ARRAY.drop_vars("site"),
        xr.DataArray(TRIALS),  # nothing is named: taken as it is
    ],
)
def test_repeats_are_read_by_their_dimensions(given: xr.DataArray) -> None:
    np.testing.assert_array_equal(record(given), TRIALS)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda mask: np.ma.array(np.where(mask, 999.0, TRIALS), mask=mask),
        lambda mask: xr.DataArray(np.where(mask, np.nan, TRIALS), dims=ARRAY.dims, coords=ARRAY.coords),
        lambda mask: [np.ma.array(np.where(m, 999.0, rows), mask=m) for m, rows in zip(mask, TRIALS, strict=True)],
        lambda mask: np.ma.array(np.where(mask, 999.0, TRIALS), mask=mask, fill_value=-1.0),
    ],
    ids=["masked array", "DataArray", "list of masked arrays", "masked array with a fill value"],
)
def test_what_is_masked_is_absent(spoil: Callable[[Any], Any]) -> None:
    mask = RNG.random(TRIALS.shape) < 0.3
    np.testing.assert_array_equal(record(spoil(mask)), np.where(mask, np.nan, TRIALS))


def test_masked_integers_become_nan_too() -> None:
    counts = np.ma.array(np.arange(24).reshape(N, SITES), mask=np.eye(N, SITES, dtype=bool))
    found = record(counts)[:, 0]
    np.testing.assert_array_equal(np.isnan(found), np.eye(N, SITES, dtype=bool))
    assert found[0, 1] == 1.0


@pytest.mark.parametrize("order", [IDS, FLIPPED, [IDS[k] for k in (3, 1, 0, 5, 2, 4)]])
def test_layers_are_read_by_their_labels(order: list[str]) -> None:
    x = RNG.standard_normal((N, 5))
    right = bc.Representation.from_features(x, IDS)
    frame = pd.DataFrame(x, index=IDS).loc[order]
    arrays = xr.DataArray(x, dims=("stimulus", "unit"), coords={"stimulus": IDS}).sel(stimulus=order)
    for given in (frame, arrays, arrays.T):
        layer = bc.Representation.from_features(given, IDS)  # type: ignore[arg-type]
        np.testing.assert_array_equal(layer.gram, right.gram)
        np.testing.assert_array_equal(layer.features, x)
    gram = pd.DataFrame(right.gram, index=IDS, columns=IDS).loc[order, IDS[::-1]]
    sums = pd.Series(right.unit_sums, index=IDS).loc[order]
    by_hand = bc.Representation(gram, sums, 5, tuple(IDS), features=frame)  # type: ignore[arg-type]
    np.testing.assert_array_equal(by_hand.gram, right.gram)
    np.testing.assert_array_equal(by_hand.unit_sums, right.unit_sums)
    np.testing.assert_array_equal(by_hand.features, x)


@pytest.mark.parametrize("order", [IDS, FLIPPED])
def test_a_square_table_of_distances_is_read_by_its_labels(order: list[str]) -> None:
    from scipy.spatial.distance import squareform

    rows = RNG.random((1, N * (N - 1) // 2))
    labels = pd.DataFrame({"subject": ["a"]})
    square = pd.DataFrame(squareform(rows[0]), index=IDS, columns=IDS).loc[order, IDS[1:] + IDS[:1]]
    for given in (square, xr.DataArray(square), xr.DataArray(square, dims=("one", "other"))):
        found = bc.RDMs("m", given, tuple(IDS), labels, "x")  # type: ignore[arg-type]
        np.testing.assert_array_equal(found.dissimilarities, rows)
    masked = bc.RDMs("m", np.ma.masked_less(rows, 0.5), tuple(IDS), labels, "x")
    np.testing.assert_array_equal(np.isnan(masked.dissimilarities), rows < 0.5)


def test_precision_is_kept_where_it_is_asked_for() -> None:
    half = torch.ones(2, 3, dtype=torch.bfloat16)
    assert read_array(half, what="x", dtype=None).dtype == np.float32
    assert read_array(np.float32([1]), what="x", dtype=None).dtype == np.float32
    assert read_array([1], what="x", dtype=None).dtype == np.float64
    assert read_array([1, 2], what="x", dtype=np.intp).dtype == np.intp


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (FRAME.rename(index={"i0": "z"}), "along stimulus, are not the 6 stimulus ids .* for example 'z'"),
        (pd.concat([FRAME, FRAME]), "12 labels, some of them more than once"),
        (FRAME.iloc[:5], "5 labels, without 'i5'"),
        (xr.DataArray(MEANS, dims=("time", "site")), "has the dimensions time, site; expected stimulus, site"),
        (pd.DataFrame(MEANS, index=pd.MultiIndex.from_product([IDS, ["a"]]), columns=NAMES), "along stimulus, are not"),
        (pd.DataFrame({"a": ["x", "y"]}), "found 'x'"),
        (torch.eye(2).to_sparse(), "a sparse tensor"),
        (np.array([(1, 2)], dtype=[("a", int), ("b", int)]), "found records"),
        ([[[[[[[[[[1.0]]]]]]]]]], "nested more than 8 deep"),
        ([1.0, "2"], "found '2'"),
        ([[1.0], [2.0, 3.0]], "unequal shape|cannot be read"),
        (iter([1.0]), "found a list_iterator"),
        (sparse.eye_array(3), "found a "),
    ],
)
def test_what_is_no_array_of_numbers_is_refused(values: Any, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        read_array(values, what="X", axes=AXES)


def test_labels_without_anything_to_align_with_are_refused() -> None:
    for labelled in (FRAME, FRAME["n0"], ARRAY):
        with pytest.raises(InvalidInputError, match="nothing here to align its labels with"):
            read_array(labelled, what="X")
    assert read_array(FRAME["n0"], what="X", axes={"test": None}).shape == (N,)


def test_values_are_described_in_a_few_words() -> None:
    assert describe_value(np.zeros((2, 3))) == "a ndarray of shape (2, 3)"
    assert describe_value("x" * 1000).endswith("…")
    assert describe_value(10**5000) == "a number of thousands of digits"
    assert describe_value({"a": 1}) == "a dict of 1"


def test_shapes_that_do_not_go_together_are_named() -> None:
    with pytest.raises(InvalidInputError, match=r"a has shape \(2,\) and b has shape \(3,\)"):
        check_broadcast(a=np.zeros(2), b=np.zeros(3))
