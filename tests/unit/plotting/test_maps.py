"""Maps of stimuli: what is drawn where, what is said, what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import to_hex

from brainconv.errors import InvalidInputError, NotFoundError
from brainconv.plotting import figure_to_svg, plot_image_map
from brainconv.plotting.layouts import place_stimuli
from brainconv.plotting.panels import colour_categories


@pytest.fixture
def images(rdms):
    rng = np.random.default_rng(0)
    return {name: rng.integers(0, 256, (60, 90, 3), dtype=np.uint8) for name in rdms.stimulus_ids}


def dots(axis):
    return {to_hex(line.get_color()).upper(): line.get_xydata() for line in axis.lines}


def test_dots_stand_where_the_layout_puts_them(rdms):
    figure = plot_image_map(rdms)
    assert len(figure.axes) == 2
    places = place_stimuli(rdms.dissimilarities[0], method="mds", random_state=0)
    kinds = list(rdms.stimuli.table["category"])
    drawn = dots(figure.axes[0])
    for kind, colour in colour_categories(kinds).items():
        own = [name == kind for name in kinds]
        np.testing.assert_allclose(drawn[colour], places[own])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == list(dict.fromkeys(kinds))
    assert len({line.get_marker() for line in figure.axes[0].lines}) == 6


def test_later_maps_are_turned_onto_the_first(rdms):
    twice = replace(rdms.select([0, 0]), labels=rdms.labels)
    first, second = (dots(axis) for axis in plot_image_map(twice).axes)
    assert all(np.allclose(first[colour], second[colour]) for colour in first)
    both = [np.concatenate(list(dots(axis).values())) for axis in plot_image_map(rdms).axes]
    cross = both[1].T @ both[0]  # symmetric and positive where no turn brings them nearer
    np.testing.assert_allclose(cross, cross.T, atol=1e-8 * np.abs(cross).max())
    assert np.linalg.eigvalsh(cross).min() > 0


def test_images_are_small_and_framed_by_category(rdms, images):
    figure = plot_image_map(rdms, images=images)
    axis = figure.axes[0]
    assert len(axis.images) == rdms.n_stimuli
    assert {image.get_array().shape for image in axis.images} == {(32, 48, 3)}
    colours = list(colour_categories(list(rdms.stimuli.table["category"])).values())
    assert [to_hex(frame.get_edgecolor()).upper() for frame in axis.patches] == list(np.repeat(colours, 8))
    x0, x1, y0, y1 = axis.images[0].get_extent()
    assert (x1 - x0) / (y1 - y0) == pytest.approx(1.5)
    (low, high), (bottom, top) = axis.get_xlim(), axis.get_ylim()
    extents = np.array([image.get_extent() for image in axis.images])
    assert extents[:, 0].min() > low
    assert extents[:, 1].max() < high
    assert extents[:, 2].min() > bottom
    assert extents[:, 3].max() < top


def test_frames_hide_with_their_images(rdms, images):
    axis = plot_image_map(rdms, images=images).axes[0]
    orders = [(image.get_zorder(), frame.get_zorder()) for image, frame in zip(axis.images, axis.patches, strict=True)]
    assert all(a == b for a, b in orders)
    assert orders == sorted(orders)


def test_svg_stays_small_with_noise_for_images(rdms, images):
    assert len(figure_to_svg(plot_image_map(rdms, images=images))) < 1_500_000


def test_what_the_plane_distorts_is_said(rdms):
    for axis in plot_image_map(rdms).axes:
        name, told = axis.get_xlabel().split("\n")
        assert name in ("monkey", "human")
        assert 0.1 < float(told.removeprefix("stress-1 ")) < 0.6
    figure = plot_image_map(rdms, method="tsne", titles=["a", "b"], title="maps", note="said")
    assert [axis.get_xlabel() for axis in figure.axes] == [
        f"{name}\ndistances between clusters mean nothing" for name in "ab"
    ]
    assert figure.get_suptitle() == "maps"
    assert figure.axes[0].get_title(loc="left") == "48 stimuli · t-SNE · said"


def test_without_categories_there_is_no_legend(rdms, images):
    bare = replace(rdms, stimuli=None)
    assert not plot_image_map(bare).legends
    assert not plot_image_map(bare, images=images).legends
    assert plot_image_map(bare, categories=["a", "b"] * 24).legends


def test_simulated_and_negative_values_are_said(rdms):
    values = rdms.dissimilarities.copy()
    values[0, :3] = -0.1
    figure = plot_image_map(replace(rdms, dissimilarities=values, metadata={"simulated": True}))
    assert figure.get_suptitle().startswith("SIMULATED")
    assert "3 of 2,256 dissimilarities are below 0" in figure.axes[0].get_title(loc="left").replace("\n", " ")


def test_refusals(rdms, images):
    with pytest.raises(NotFoundError, match="umap"):
        plot_image_map(rdms, method="umap")
    with pytest.raises(InvalidInputError, match="no RDM"):
        plot_image_map([])
    values = rdms.dissimilarities.copy()
    values[1, 0] = np.nan
    with pytest.raises(InvalidInputError, match="1 of 1128 dissimilarities are NaN"):
        plot_image_map(replace(rdms, dissimilarities=values))
    with pytest.raises(InvalidInputError, match="at least 4"):
        plot_image_map(rdms.reorder(rdms.stimulus_ids[:3]))
    with pytest.raises(InvalidInputError, match="1 of 48 stimuli have no image, for example 'image07'"):
        plot_image_map(rdms, images={name: image for name, image in images.items() if name != "image07"})
    with pytest.raises(InvalidInputError, match=r"float64 of shape \(60, 90, 3\); expected uint8"):
        plot_image_map(rdms, images={name: image / 255 for name, image in images.items()})
    with pytest.raises(InvalidInputError, match="1 titles for 2 RDMs"):
        plot_image_map(rdms, titles=["one"])
