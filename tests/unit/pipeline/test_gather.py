"""Joined tables keep rows once, and notes say what they hold for."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

import brainconv
from brainconv import Scores
from brainconv.pipeline.gather import join_scores, write_table

ROW = {"model": "m", "layer": "l", "statistic": "median over sites", "definition": "r", "value": 0.5}


def test_rows_and_notes_stand_once() -> None:
    first = Scores.from_rows([ROW], notes=["seed 0", "edge hit"])
    second = Scores.from_rows([ROW, {**ROW, "layer": "k"}], notes=["seed 0"])
    joined = join_scores({("rsa", "m", "a"): first, ("rsa", "m", "b"): second})
    assert joined.table["layer"].tolist() == ["l", "k"]
    assert joined.notes == ("seed 0", "edge hit (rsa, m, a)")


def test_nothing_gives_an_empty_table() -> None:
    assert len(join_scores([])) == 0


def test_parquet_holds_the_table_and_what_made_it(tmp_path: Path) -> None:
    table = Scores.from_rows([ROW]).table
    for name in ("scores.csv", "scores.parquet"):
        write_table(tmp_path / name, table)
    found = pd.read_parquet(tmp_path / "scores.parquet")
    pd.testing.assert_frame_equal(found, table)
    assert found.attrs["provenance"]["brainconv"] == brainconv.__version__
    assert not table.attrs
    assert pd.read_csv(tmp_path / "scores.csv")["value"].tolist() == [0.5]


def test_similarities_of_all_models_of_a_recording_are_one_family() -> None:
    shared = {"analysis": "rsa", "statistic": "single RDM", "definition": "rho-a", "comparator": "rho-a", "value": 0.5}
    parts = {
        ("rsa", model, recording): Scores.from_rows(
            [{**shared, "model": model, "recording": recording, "p": p, "q": p, "n_tests": 1}]
        )
        for model, recording, p in (("m", "a", 0.01), ("n", "a", 0.04), ("m", "b", 0.03))
    }
    parts["predictivity", "m", "a"] = Scores.from_rows([{**ROW, "p": 0.02, "q": 0.02}])
    table = join_scores(parts).table
    assert table["q"].tolist() == [0.02, 0.04, 0.03, 0.02]
    assert table["n_tests"].fillna(0).tolist() == [2, 2, 1, 0]
