"""Stimulus crops overlap neither each other nor any crop that a network may be trained on."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from brainconv.errors import DataUnavailableError, InvalidInputError, NotFoundError
from brainconv.stimuli import photographs
from brainconv.stimuli.photographs import load_crops, load_photographs, load_training_crops, split_photograph


@pytest.fixture(scope="module")
def pictures():
    return load_photographs()


def paint(crops, name, shape):
    """How many crops cover each pixel of a photograph."""
    covered = np.zeros(shape, dtype=int)
    size = crops.images[0].shape[0]
    for row in crops.table[crops.table["group"] == name].itertuples():
        covered[row.top : row.top + size, row.left : row.left + size] += 1
    return covered


@pytest.mark.parametrize("size", [32, 64])
@pytest.mark.parametrize("random_state", [0, 1])
def test_stimuli_overlap_neither_each_other_nor_training_crops(pictures, size, random_state):
    stimuli = load_crops(400, size, random_state=random_state)
    training = load_training_crops(1500, size, random_state=random_state + 7)
    for name, image in zip(pictures.ids, pictures.images, strict=True):
        shown = paint(stimuli, name, image.shape[:2])
        trained = paint(training, name, image.shape[:2])
        assert shown.sum() > 0
        assert trained.sum() > 0
        assert shown.max() == 1
        assert not ((shown > 0) & (trained > 0)).any()


def test_table_says_where_the_pixels_come_from(pictures):
    by_name = dict(zip(pictures.ids, pictures.images, strict=True))
    for crops in (load_crops(50, 40), load_training_crops(50, 40)):
        for image, row in zip(crops.images, crops.table.itertuples(), strict=True):
            np.testing.assert_array_equal(image, by_name[row.group][row.top : row.top + 40, row.left : row.left + 40])
            assert row.category == pictures.table.loc[row.group, "category"]


def test_default_is_enough_for_a_ceiling_and_for_ten_folds_by_photograph():
    crops = load_crops()
    assert len(crops) >= 400
    assert crops.images.shape[1:] == (64, 64, 3)
    assert len(set(crops.groups)) >= 10
    assert crops.degrees == 8.0
    luminance = crops.images.mean(axis=3).reshape(len(crops), -1)
    assert luminance.std(axis=1).min() >= photographs.LOWEST_CONTRAST


@pytest.mark.parametrize(("height", "width"), [(512, 512), (427, 641), (5, 4)])
def test_quadrants_tile_a_photograph(height, width):
    covered = np.zeros((height, width), dtype=int)
    for use in ("training", "stimuli"):
        for top, left, bottom, right in split_photograph(height, width, use=use):
            covered[top:bottom, left:right] += 1
    assert (covered == 1).all()


def test_seed_decides():
    first, again, other = (load_crops(400, random_state=seed) for seed in (0, 0, 1))
    assert first.ids == again.ids
    np.testing.assert_array_equal(first.images, again.images)
    assert not first.table.equals(other.table)
    one, two = (load_training_crops(64, random_state=seed) for seed in (3, 4))
    assert not one.table.equals(two.table)


def test_no_two_photographs_show_the_same(pictures):
    small = {
        name: np.asarray(image)[:: image.shape[0] // 32, :: image.shape[1] // 32][:32, :32].mean(axis=2).ravel()
        for name, image in zip(pictures.ids, pictures.images, strict=True)
    }
    assert max(abs(np.corrcoef(small[a], small[b])[0, 1]) for a, b in combinations(small, 2)) < 0.9


def test_equal_numbers_where_there_is_room():
    counts = load_training_crops(160).table["group"].value_counts()
    assert set(counts) == {10}


def test_too_many_or_too_large():
    with pytest.raises(InvalidInputError, match=r"100000 stimulus crops of 64 px .* the photographs hold \d+ that do"):
        load_crops(100_000)
    with pytest.raises(InvalidInputError, match="expected at least 1 of 1 to"):
        load_training_crops(10, 1000)
    with pytest.raises(NotFoundError, match="training"):
        split_photograph(10, 10, use="testing")


def test_missing_file_is_named(monkeypatch):
    lost = photographs._Source("skimage", "data/astronaut_gone.png", "person")
    monkeypatch.setitem(photographs._SOURCES, "astronaut", lost)
    with pytest.raises(DataUnavailableError, match=r"astronaut_gone\.png does not lie inside the installed skimage"):
        load_photographs()
