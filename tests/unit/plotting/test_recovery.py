from __future__ import annotations

import numpy as np
import pytest

from brainconv.errors import InvalidInputError, NotFoundError
from brainconv.plotting import plot_layer_recovery

TRUE = {"V1": "conv1", "V4": "conv3", "IT": "conv4"}


def test_matrix_outline_and_mark(simulated):
    figure = plot_layer_recovery(simulated, true_layers=TRUE, model="quickstart")
    first, second = figure.axes
    values = np.asarray(first.images[0].get_array())
    np.testing.assert_allclose(values[:, 0], (0.86, 0.70, 0.52, 0.41))
    np.testing.assert_allclose(np.asarray(second.images[0].get_array())[:, 2], 0.6 * np.array([0.30, 0.42, 0.61, 0.78]))
    outlined = [round(patch.get_y() + patch.get_height() / 2) for patch in first.patches]
    assert outlined == [0, 2, 3]
    marked = [text.get_position() for text in first.texts if "●" in text.get_text()]
    assert sorted(marked) == [(0, 0), (1, 2), (2, 3)]
    assert figure.get_suptitle().startswith("SIMULATED")


def test_a_wrong_recovery_is_shown_where_it_fell(simulated):
    table = simulated.table.copy()
    wrong = (table["area"] == "V1") & (table["layer"] == "conv2") & (table["analysis"] == "rsa")
    table.loc[wrong, "value"] = 0.99
    axis = plot_layer_recovery(table, true_layers=TRUE, model="quickstart").axes[1]
    assert (0, 1) in [text.get_position() for text in axis.texts if "●" in text.get_text()]
    assert round(axis.patches[0].get_y() + 0.46) == 0


def test_real_recordings_have_no_true_layer(macaque):
    with pytest.raises(InvalidInputError, match="not a simulated recording"):
        plot_layer_recovery(macaque, true_layers=TRUE, model="squeezenet1_0_deepcompression")


def test_what_is_missing_is_named(simulated):
    with pytest.raises(NotFoundError, match="true layer of V4 is None"):
        plot_layer_recovery(simulated, true_layers={"V1": "conv1"}, model="quickstart")
    with pytest.raises(NotFoundError, match="No score of 'alexnet'"):
        plot_layer_recovery(simulated, true_layers=TRUE, model="alexnet")


def test_two_recordings_of_one_area_are_refused(simulated):
    import pandas as pd

    twice = pd.concat([simulated.table, simulated.table.assign(recording="other")])
    with pytest.raises(InvalidInputError, match="one recording per area"):
        plot_layer_recovery(twice, true_layers=TRUE, model="quickstart")


def test_too_many_formulas_are_refused(simulated):
    import pandas as pd

    many = pd.concat([simulated.table.assign(definition=f"r{i}") for i in range(2)])
    with pytest.raises(InvalidInputError, match="4 formulas; at most 3"):
        plot_layer_recovery(many, true_layers=TRUE, model="quickstart")
