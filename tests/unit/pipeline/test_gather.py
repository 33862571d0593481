"""Joined tables keep rows once, and notes say what they hold for."""

from __future__ import annotations

from brainconv import Scores
from brainconv.pipeline.gather import join_scores

ROW = {"model": "m", "layer": "l", "statistic": "median over sites", "definition": "r", "value": 0.5}


def test_rows_and_notes_stand_once() -> None:
    first = Scores.from_rows([ROW], notes=["seed 0", "edge hit"])
    second = Scores.from_rows([ROW, {**ROW, "layer": "k"}], notes=["seed 0"])
    joined = join_scores({"rsa, m × a": first, "rsa, m × b": second})
    assert joined.table["layer"].tolist() == ["l", "k"]
    assert joined.notes == ("seed 0", "edge hit (rsa, m × a)")


def test_nothing_gives_an_empty_table() -> None:
    assert len(join_scores([])) == 0
