from __future__ import annotations

import numpy as np
import pytest

from brainconv.containers import Scores
from brainconv.errors import InvalidInputError, NotFoundError
from brainconv.plotting import select_best_layers
from brainconv.plotting.selection import (
    describe_counts,
    describe_score,
    get_ceiling_bands,
    get_ceiling_span,
    is_simulated,
    order_areas,
    select_scores,
)


def test_selects_the_rows_asked_for(macaque):
    table = select_scores(macaque, recording="cowley2023.210325", area=None)
    assert set(table["recording"]) == {"cowley2023.210325"}
    assert len(table) == 10 + 10 + 1 + 2


def test_absent_row_names_what_there_is(macaque):
    with pytest.raises(NotFoundError, match=r"recording 'majajhong'.*tang2018.central80"):
        select_scores(macaque, recording="majajhong")


def test_refuses_to_mix_formulas(macaque):
    with pytest.raises(InvalidInputError, match="kinds of analysis"):
        select_scores(macaque)


def test_refuses_two_numbers_for_one_layer(macaque):
    doubled = Scores(macaque.table.iloc[[0, 0]])
    with pytest.raises(InvalidInputError, match=r"conv1 has more than one row for cowley2023.190923"):
        select_scores(doubled)


def test_missing_values_alone_are_refused(macaque):
    empty = macaque.table.assign(value=np.nan)
    with pytest.raises(NotFoundError, match="every one is missing"):
        select_scores(empty, analysis="rsa")


def test_best_layer_is_the_maximum_of_each_group(macaque):
    best = select_best_layers(macaque).set_index(["recording", "model", "weights"])
    assert best.loc[("cowley2023.190923", "squeezenet1_0_deepcompression", "default"), "layer"] == "fire7"
    assert best.loc[("tang2018.central80", "squeezenet1_0_deepcompression", "random"), "layer"] == "fire4"
    assert len(best) == 5 * 4


def test_of_equal_layers_the_earliest_is_best(macaque):
    rows = macaque.table.iloc[:3].assign(value=0.5).iloc[::-1]
    assert list(select_best_layers(rows)["layer"]) == ["conv1"]


def test_areas_follow_the_stream():
    assert order_areas(["IT", "xyz", "V4", "V1", "V4"]) == ["V1", "V4", "IT", "xyz"]


def test_words_for_scores_and_counts(macaque, simulated):
    table = select_scores(macaque, recording="kriegeskorte2008.human_IT")
    assert describe_score(table) == "similarity of RDMs (spearman), mean over subjects"
    assert describe_counts(table) == "92 stimuli"
    assert get_ceiling_span(table) == (0.38, 0.60)
    assert not is_simulated(table)
    table = select_scores(simulated, recording="simulated.V1", analysis="predictivity")
    assert describe_score(table) == "r/sqrt(ceiling), median over sites"
    assert describe_counts(table) == "400 stimuli · 60 sites · 10 repeats"
    assert np.isnan(get_ceiling_span(table)).all()
    assert is_simulated(table)


def test_the_band_of_a_ceiling_is_its_interval_where_there_is_one(macaque):
    table = select_scores(macaque, recording="cowley2023.210325", definition="r")
    assert get_ceiling_span(table) == (0.866, 0.866)
    table.loc[:1, ["ceiling_ci_low", "ceiling_ci_high"]] = [[0.81, 0.90], [0.82, 0.92]]
    bands = get_ceiling_bands(table)
    assert bands.iloc[:3].to_numpy().tolist() == [[0.81, 0.90], [0.82, 0.92], [0.866, 0.866]]
    assert get_ceiling_span(table) == (0.81, 0.92)


def test_reliabilities_have_no_best_layer(macaque):
    row = {"analysis": "reliability", "recording": "x", "statistic": "s", "definition": "d", "value": 0.9}
    assert len(select_best_layers(Scores.from_rows([row, *macaque.table.to_dict("records")]))) == 20
