from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from brainconv.containers import RDMs
from brainconv.errors import InvalidInputError, NotFoundError
from brainconv.plotting import plot_rdms


def images(figure):
    return [axis.images[0] for axis in figure.axes if axis.images]


def bar_label(figure):
    return figure.axes[-1].get_xlabel()


def test_one_matrix_each_on_one_scale(rdms):
    figure = plot_rdms(rdms)
    shown = images(figure)
    assert len(shown) == 2
    assert {image.get_clim() for image in shown} == {(0.0, 100.0)}
    assert {image.get_cmap().name for image in shown} == {"viridis"}
    assert "percentile" in bar_label(figure)


def test_ranks_are_percentiles_of_the_pairs(rdms):
    values = np.asarray(images(plot_rdms(rdms))[0].get_array().filled(np.nan))
    upper = values[np.triu_indices(len(values), 1)]
    assert upper.min() == 0.0
    assert upper.max() == 100.0
    assert np.isnan(np.diag(values)).all()
    raw = rdms.to_matrices()[0][np.triu_indices(len(values), 1)]
    assert (np.argsort(raw) == np.argsort(upper)).all()


def test_raw_values_stay_as_they_are(rdms):
    figure = plot_rdms(rdms, scale="raw")
    values = np.asarray(images(figure)[1].get_array().filled(0.0))
    np.testing.assert_allclose(values, rdms.to_matrices()[1])
    assert bar_label(figure) == "dissimilarity (correlation)"


def test_stimuli_are_sorted_by_category_in_order_of_appearance(rdms):
    order = [2, 0, 1, *range(3, rdms.n_stimuli)]
    words = {name: ("b" if place % 2 else "a") for place, name in enumerate(rdms.stimulus_ids)}
    figure = plot_rdms(rdms.reorder([rdms.stimulus_ids[i] for i in order]), categories=words, scale="raw")
    shown = np.asarray(images(figure)[0].get_array().filled(0.0))
    first = [name for name in (rdms.stimulus_ids[i] for i in order) if words[name] == "a"]
    np.testing.assert_allclose(shown[: len(first), : len(first)], rdms.reorder(first).to_matrices()[0])
    assert [text.get_text() for text in figure.axes[0].texts] == ["a", "b"]


def test_categories_of_the_stimuli_are_used(rdms):
    labels = [text.get_text() for text in plot_rdms(rdms).axes[0].texts]
    assert labels == ["human body", "human face", "animal body", "animal face", "natural", "artificial"]


def test_sets_are_brought_into_one_order(rdms):
    turned = rdms.reorder(rdms.stimulus_ids[::-1])
    a, b = images(plot_rdms([rdms.select([0]), turned.select([0])]))
    np.testing.assert_allclose(a.get_array().filled(0), b.get_array().filled(0))


def test_images_stand_beneath_in_the_order_of_the_rows(rdms):
    pictures = {name: np.full((8, 8, 3), place, np.uint8) for place, name in enumerate(rdms.stimulus_ids)}
    words = {name: ("b" if place % 2 else "a") for place, name in enumerate(rdms.stimulus_ids)}
    figure = plot_rdms(rdms, images=pictures, categories=words)
    shown = [int(image.get_array()[0, 0, 0]) for image in figure.axes[-1].images]
    assert shown == [*range(0, 48, 2), *range(1, 48, 2)]
    assert "pictured in the order of the rows" in figure.get_supxlabel()
    with pytest.raises(InvalidInputError, match="no image"):
        plot_rdms(rdms, images={})


@pytest.mark.parametrize(("n", "rows", "columns"), [(1, 1, 1), (4, 1, 4), (5, 1, 5), (6, 2, 3), (7, 2, 4), (11, 3, 4)])
def test_rows_are_filled_evenly(rdms, n, rows, columns):
    first = plot_rdms([rdms.select([0])] * n).axes[0]
    grid = first.get_subplotspec().get_gridspec()
    assert (grid.nrows, grid.ncols) == (rows, columns)


def test_missing_pairs_are_counted(rdms):
    values = rdms.dissimilarities.copy()
    values[0, :3] = np.nan
    figure = plot_rdms(replace(rdms, dissimilarities=values))
    assert "3 of 2,256 pairs are missing" in figure.get_supxlabel()


def test_simulated_is_said(rdms):
    assert plot_rdms(replace(rdms, metadata={"simulated": True})).get_suptitle().startswith("SIMULATED")
    assert not plot_rdms(rdms).get_suptitle().startswith("SIMULATED")


def test_raw_values_of_two_estimators_have_no_common_scale(rdms):
    other = replace(rdms, estimator="euclidean")
    with pytest.raises(InvalidInputError, match="rank them"):
        plot_rdms([rdms, other], scale="raw")
    assert len(images(plot_rdms([rdms, other]))) == 4


def test_bad_arguments(rdms):
    with pytest.raises(NotFoundError, match="scale"):
        plot_rdms(rdms, scale="log")
    with pytest.raises(InvalidInputError, match="1 titles for 2 RDMs"):
        plot_rdms(rdms, titles=["one"])
    with pytest.raises(InvalidInputError, match="3 categories for 48"):
        plot_rdms(rdms, categories=["a", "b", "c"])
    with pytest.raises(InvalidInputError, match="no category"):
        plot_rdms(rdms, categories={"image00": "a"})
    with pytest.raises(InvalidInputError, match="no RDM"):
        plot_rdms([])
    empty = RDMs("x", np.full((1, 3), np.nan), ("a", "b", "c"), rdms.labels.iloc[:1], "correlation")
    with pytest.raises(InvalidInputError, match="NaN"):
        plot_rdms(empty, scale="raw")
