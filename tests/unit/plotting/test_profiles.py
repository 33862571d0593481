from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_hex

from brainconv.containers import Scores
from brainconv.errors import InvalidInputError, NotFoundError
from brainconv.plotting import figure_style, plot_layer_profiles


def texts(figure):
    found = [figure.get_suptitle()]
    for axis in figure.axes:
        found += [axis.get_title(loc="left"), axis.get_xlabel(), axis.get_ylabel()]
    return found


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def overlapping_texts(figure):
    """Pairs of visible words whose boxes share more than a hair."""
    from matplotlib.text import Text

    with figure_style():
        figure.draw_without_rendering()
        unseen = {  # ticks beyond the limits exist but are not drawn
            label
            for axis in figure.axes
            for label in axis.get_yticklabels()
            if not axis.get_ylim()[0] <= label.get_position()[1] <= axis.get_ylim()[1]
        }
        words = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
        words = [text for text in words if text not in unseen]
        boxes = [(text.get_text(), text.get_window_extent()) for text in words if text.get_rotation() in (0.0, 90.0)]
    edges = figure.bbox
    outside = [
        word for word, box in boxes if box.x0 < -1 or box.y0 < -1 or box.x1 > edges.x1 + 1 or box.y1 > edges.y1 + 1
    ]
    pairs = []
    for i, (one, a) in enumerate(boxes):
        for two, b in boxes[i + 1 :]:
            if min(a.x1, b.x1) - max(a.x0, b.x0) > 1 and min(a.y1, b.y1) - max(a.y0, b.y0) > 1:
                pairs.append((one, two))
    return pairs, outside


def test_curve_holds_the_values_of_the_table(macaque):
    figure = plot_layer_profiles(macaque, recording="cowley2023.190923")
    curves = {line.get_label(): line for line in figure.axes[0].lines if not line.get_label().startswith("_")}
    trained, twin = curves["squeezenet1_0_deepcompression"], curves["squeezenet1_0_deepcompression, untrained"]
    np.testing.assert_allclose(trained.get_ydata(), (0.33, 0.43, 0.48, 0.50, 0.53, 0.56, 0.57, 0.56, 0.55, 0.47))
    assert trained.get_linestyle() == "-"
    assert twin.get_linestyle() == "--"
    assert [tick.get_text() for tick in figure.axes[0].get_xticklabels()][:2] == ["conv1", "fire2"]


def test_order_is_that_of_execution_whatever_that_of_the_rows(macaque):
    shuffled = macaque.table.sample(frac=1, random_state=3)
    figure = plot_layer_profiles(shuffled, recording="cowley2023.190923")
    line = next(line for line in figure.axes[0].lines if line.get_label() == "squeezenet1_0_deepcompression")
    np.testing.assert_allclose(line.get_ydata()[[0, 6, 9]], (0.33, 0.57, 0.47))


def test_baselines_stand_apart(macaque):
    figure = plot_layer_profiles(macaque, recording="cowley2023.190923")
    assert len(figure.axes) == 2
    assert [tick.get_text() for tick in figure.axes[1].get_xticklabels()] == ["pixels", "simple", "complex"]
    assert {"pixels", "v1_gabor"} <= set(legend(figure))


def test_interval_is_drawn_as_a_band(macaque):
    figure = plot_layer_profiles(macaque, recording="cowley2023.190923")
    band = figure.axes[0].collections[0].get_paths()[0].vertices[:, 1]
    assert band.min() == pytest.approx(0.33 - 0.03)
    assert band.max() == pytest.approx(0.57 + 0.025)


def test_ceiling_band_or_the_reason_why_not(macaque):
    with_ceiling = plot_layer_profiles(macaque, recording="kriegeskorte2008.human_IT", area="IT")
    assert "ceiling" in legend(with_ceiling)
    assert not any("no ceiling" in text for text in texts(with_ceiling))
    patch = with_ceiling.axes[0].patches[0]
    assert (patch.get_y(), patch.get_y() + patch.get_height()) == pytest.approx((0.38, 0.60))
    without = plot_layer_profiles(macaque, recording="cowley2023.190923", ceiling_reason="single repeats absent")
    assert "ceiling" not in legend(without)
    assert any("no ceiling: single repeats absent" in text for text in texts(without))


def test_the_ceiling_band_is_the_interval_where_there_is_one(macaque):
    table = macaque.table.assign(ceiling_ci_low=0.81, ceiling_ci_high=0.92)
    figure = plot_layer_profiles(table, recording="cowley2023.210325", definition="r")
    patch = figure.axes[0].patches[0]
    assert (patch.get_y(), patch.get_y() + patch.get_height()) == pytest.approx((0.81, 0.92))
    assert figure.axes[0].get_ylim()[1] > 0.92


def test_simulated_is_said_and_layers_are_marked(simulated):
    figure = plot_layer_profiles(
        simulated, recording="simulated.V4", analysis="predictivity", true_layer="conv3", recovered_layer="conv2"
    )
    assert figure.get_suptitle().startswith("SIMULATED")
    assert {"true layer", "recovered layer"} <= set(legend(figure))
    marks = {line.get_label(): line.get_xdata()[0] for line in figure.axes[0].lines}
    assert marks["true layer"] == 2
    assert marks["recovered layer"] == 1


def test_real_recordings_are_not_called_simulated(macaque):
    assert "SIMULATED" not in plot_layer_profiles(macaque, recording="cowley2023.190923").get_suptitle()


def test_unknown_true_layer(simulated):
    with pytest.raises(NotFoundError, match=r"true layer 'conv9'.*conv1, conv2"):
        plot_layer_profiles(simulated, recording="simulated.V4", analysis="rsa", true_layer="conv9")


def test_mixed_formulas_are_refused(simulated):
    with pytest.raises(InvalidInputError, match="name it"):
        plot_layer_profiles(simulated, recording="simulated.V4")


def test_networks_of_other_layers_have_their_own_panel(macaque):
    table = macaque.table
    other = table[(table["recording"] == "cowley2023.190923") & (table["weights"] == "default")].iloc[:4]
    other = other.assign(model="other", layer=[f"features.{i}" for i in range(4)])
    import pandas as pd

    figure = plot_layer_profiles(Scores(pd.concat([table, other])), recording="cowley2023.190923")
    assert [axis.get_xlabel().replace("\n", "") for axis in figure.axes] == [
        "layer ofsqueezenet1_0_deepcompression",
        "layer of other",
        "",
    ]
    curve = next(line for line in figure.axes[1].lines if line.get_label() == "other")
    assert to_hex(curve.get_color()) == "#d55e00"


def test_five_seeds_are_five_curves_of_one_name(conftest_rows):
    figure = plot_layer_profiles(Scores.from_rows(conftest_rows(5)), recording="cowley2023.190923")
    assert "squeezenet1_0_deepcompression, untrained (5 seeds)" in legend(figure)
    assert sum(line.get_linestyle() == "--" for line in figure.axes[0].lines) == 5


@pytest.mark.parametrize("recording", ["cowley2023.190923", "cowley2023.210325", "kriegeskorte2008.human_IT"])
def test_no_text_overlaps_another_or_leaves_the_page(macaque, recording):
    pairs, outside = overlapping_texts(plot_layer_profiles(macaque, recording=recording, ceiling_reason="words " * 8))
    assert not pairs
    assert not outside
