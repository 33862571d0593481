"""First layers of trained networks beside V1: most filters are Gabors, and none of the untrained twins' are."""

from __future__ import annotations

import pytest

from brainconv.models import first_layer_filters, load_model
from brainconv.physiology import compute_gabor_gate, fit_gabors, mark_filters, summarise_first_layer

pytestmark = pytest.mark.realdata

N_STARTS = 12


@pytest.fixture(scope="module")
def gates():
    return {k: compute_gabor_gate(k, 3, n_noise=200, n_starts=N_STARTS) for k in (7, 11)}


@pytest.mark.parametrize(
    ("name", "k", "at_least"), [("squeezenet1_0_deepcompression", 7, 0.75), ("bvlc_alexnet_conv1", 11, 0.85)]
)
def test_filters_above_the_gate_trained_and_untrained(name, k, at_least, gates, data_dir):
    trained = first_layer_filters(load_model(name, device="cpu", data_dir=data_dir)).weights
    fits = fit_gabors(trained, n_starts=N_STARTS)
    rows = {row["statistic"]: row for row in summarise_first_layer(fits, gates[k], n_boot=500)}
    assert rows["fraction_above_gate"]["value"] >= at_least
    assert 0.3 < rows["fraction_coloured"]["value"] < 0.6
    assert rows["shape_distance"]["value"] > rows["shape_distance_floor"]["ci_high"]
    assert mark_filters(fits, gates[k])["is_comparable"].sum() >= 30

    twin = first_layer_filters(load_model(name, weights=None, seed=0, device="cpu", data_dir=data_dir)).weights
    assert twin.shape == trained.shape
    untrained = summarise_first_layer(fit_gabors(twin, n_starts=N_STARTS), gates[k], n_boot=100)
    assert next(row for row in untrained if row["statistic"] == "fraction_above_gate")["value"] <= 0.05


def test_the_gates_are_those_that_were_measured(gates):
    assert gates[7].r2 == pytest.approx(0.80, abs=0.03)
    assert gates[11].r2 == pytest.approx(0.73, abs=0.03)


def test_shapes_of_trained_filters_are_of_v1_size(gates, data_dir):
    model = load_model("squeezenet1_0_deepcompression", device="cpu", data_dir=data_dir)
    fits = fit_gabors(first_layer_filters(model).weights, n_starts=N_STARTS)
    comparable = fits.table[mark_filters(fits, gates[7])["is_comparable"]]
    assert comparable["n_x"].median() == pytest.approx(0.455, abs=0.03)
    assert comparable["n_y"].median() == pytest.approx(0.447, abs=0.03)
