from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from brainconv.containers import Scores
from brainconv.errors import InvalidInputError
from brainconv.plotting import plot_best_layers, plot_site_scatter, select_best_layers


def points(figure):
    return [
        float(line.get_xdata()[0])
        for line in figure.axes[0].lines
        if len(line.get_xdata()) == 1 and line.get_marker() != ""
    ]


def test_every_best_layer_is_a_point(macaque):
    figure = plot_best_layers(macaque, analysis="predictivity")
    best = select_best_layers(macaque)
    expected = best.loc[best["analysis"] == "predictivity", "value"]
    np.testing.assert_allclose(sorted(points(figure)), sorted(expected.astype(float)))
    assert next(tick.get_text() for tick in figure.axes[0].get_yticklabels()) == "V1\ntang2018.central80"
    words = {text.get_text() for text in figure.axes[0].texts}
    assert {"fire7", "fire4", "pixels"} <= words


def test_a_plain_maximum_is_called_so(macaque):
    assert "maximum over layers on the same data" in plot_best_layers(macaque, analysis="rsa").axes[0].get_title(
        loc="left"
    )
    chosen = select_best_layers(macaque)
    said = plot_best_layers(chosen, analysis="rsa", note="nested choice").axes[0].get_title(loc="left")
    assert "maximum" not in said
    assert "nested choice" in said


def test_seeds_share_one_line(conftest_rows):
    figure = plot_best_layers(Scores.from_rows(conftest_rows(5)), analysis="rsa")
    assert any("(5 seeds)" in text.get_text() for text in figure.axes[0].texts)


def test_recordings_may_differ_in_their_statistic(macaque):
    table = macaque.table.copy()
    table.loc[table["recording"] == "kriegeskorte2008.monkey_IT", "statistic"] = "single RDM"
    figure = plot_best_layers(table, analysis="rsa")
    labels = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    assert labels == ["IT\nkriegeskorte2008.human_IT\nmean over subjects", "IT\nkriegeskorte2008.monkey_IT\nsingle RDM"]
    assert figure.axes[0].get_xlabel() == "similarity of RDMs (spearman)"


def test_one_recording_has_one_statistic(macaque):
    table = macaque.table.copy()
    table.loc[(table["recording"] == "kriegeskorte2008.monkey_IT") & (table["layer"] == "conv1"), "statistic"] = "x"
    with pytest.raises(InvalidInputError, match="kinds of statistic"):
        plot_best_layers(table, analysis="rsa")


def test_simulated_is_said(simulated):
    assert plot_best_layers(simulated, analysis="rsa").get_suptitle().startswith("SIMULATED")


@pytest.fixture
def sites():
    rng = np.random.default_rng(1)
    reliability = rng.uniform(0.2, 0.9, 12)
    score = 0.7 * np.sqrt(reliability)
    score[4] = np.nan
    return pd.DataFrame({"site": [f"s{i}" for i in range(12)], "site_r": score, "reliability": reliability})


def test_sites_without_a_value_are_named(sites):
    figure = plot_site_scatter(sites)
    assert "11 sites" in figure.axes[0].get_title(loc="left")
    assert "1 (s4)" in figure.axes[0].get_title(loc="left")


def test_bound_is_the_root_of_the_reliability(sites):
    line = next(line for line in plot_site_scatter(sites).axes[0].lines if "bound" in str(line.get_label()))
    np.testing.assert_allclose(line.get_ydata() ** 2, line.get_xdata(), atol=1e-12)


def test_details_of_scores_are_taken(sites):
    data = xr.Dataset(
        {"site_r": (("layer", "site"), np.stack([sites["site_r"]] * 2)), "reliability": ("site", sites["reliability"])},
        coords={"site": sites["site"].to_numpy(), "layer": ["a", "b"]},
    )
    figure = plot_site_scatter(data.sel(layer="a"), simulated=True)
    assert figure.get_suptitle().startswith("SIMULATED")
    with pytest.raises(InvalidInputError, match="choose a layer first"):
        plot_site_scatter(data)
    with pytest.raises(InvalidInputError, match=r"no 'r2'; they have: .*reliability"):
        plot_site_scatter(data, score="r2")
