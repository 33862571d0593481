from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from brainconv.containers import Scores
from brainconv.containers.scores import COLUMNS
from brainconv.errors import InvalidInputError
from brainconv.io import open_scores, read_provenance, save_scores

CELLS = {
    "string": st.text(st.characters(codec="utf-8"), min_size=1, max_size=8),
    "Int64": st.integers(-(2**63), 2**63 - 1),
    "Float64": st.floats(allow_nan=False),
    "boolean": st.booleans(),
}


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {"definition": st.just("r"), "statistic": st.just("median")},
            optional={name: CELLS[dtype] for name, dtype in COLUMNS.items() if name not in ("definition", "statistic")},
        ),
        min_size=1,
        max_size=4,
    )
)
def test_any_table_comes_back_exactly(tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]]) -> None:
    path = tmp_path_factory.mktemp("scores") / "s.csv"
    table = {name: pd.Series([row.get(name, pd.NA) for row in rows], dtype=dtype) for name, dtype in COLUMNS.items()}
    written = Scores(pd.DataFrame(table))
    save_scores(written, path, provenance={})
    read = open_scores(path)
    pd.testing.assert_frame_equal(read.table, written.table, check_exact=True)


@pytest.mark.parametrize("text", ["\r", "a\r\nb", "\n", " ", '"', ",", "NA", "nan", "None", "1.0", "\x00", "\u2028"])
def test_any_text_comes_back(tmp_path: Path, text: str) -> None:
    save_scores(Scores.from_rows([{"model": text, "layer": "x"}]), tmp_path / "s.csv", provenance={})
    assert open_scores(tmp_path / "s.csv").table["model"].tolist() == [text]


def example() -> Scores:
    details = xr.Dataset(
        {
            "r": (("layer", "split", "site"), np.random.default_rng(0).normal(size=(2, 3, 4)), {"unit": "1"}),
            "kept": (("site",), np.array([True, False, True, True])),
            "alpha": (("layer",), np.array([1.0, np.nan])),
        },
        coords={"layer": ["conv1", "a rather long name"], "site": ["s1", "s2", "s3", "s4"]},
        attrs={"edges": {"low": 1, "high": None}, "note": "x"},
    )
    rows = [
        {"model": "NA", "layer": "conv1", "value": 0.1 + 0.2, "definition": "r", "statistic": "median"},
        {"model": 'a "b", c', "value": 1e-300, "definition": "r", "statistic": "median", "seed": 2**62 + 1},
    ]
    return Scores.from_rows(rows, details=details, notes=["First.", "Second, with ünïcode."])


def test_details_and_notes_come_back(tmp_path: Path) -> None:
    written = example()
    save_scores(written, tmp_path / "s.csv", provenance={"seed": 0})
    read = open_scores(tmp_path / "s.csv")
    pd.testing.assert_frame_equal(read.table, written.table, check_exact=True)
    assert read.details is not None
    xr.testing.assert_identical(read.details, written.details)
    assert all(read.details[name].dtype == written.details[name].dtype for name in ("r", "kept", "alpha"))
    assert read.notes == written.notes
    assert read_provenance(tmp_path / "s.nc") == {"seed": 0}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["s.csv", "s.nc"]


def test_without_details(tmp_path: Path) -> None:
    save_scores(Scores.from_rows([]), tmp_path / "s.csv")
    read = open_scores(tmp_path / "s.csv")
    assert len(read) == 0
    assert read.details is None
    assert read_provenance(tmp_path / "s.nc")["brainconv"]


def test_the_csv_is_plain(tmp_path: Path) -> None:
    save_scores(example(), tmp_path / "s.csv")
    lines = (tmp_path / "s.csv").read_text().splitlines()
    assert lines[0] == ",".join(COLUMNS)
    assert lines[1].startswith("NA,,conv1,,")
    assert ",0.30000000000000004," in lines[1]


def test_an_empty_text_is_a_missing_value(tmp_path: Path) -> None:
    save_scores(Scores.from_rows([{"model": "", "layer": "a"}]), tmp_path / "s.csv")
    assert open_scores(tmp_path / "s.csv").table["model"].isna().all()


def test_saving_does_not_change_what_is_saved(tmp_path: Path) -> None:
    scores = example()
    save_scores(scores, tmp_path / "s.csv")
    assert scores.details is not None
    assert scores.details["r"].attrs == {"unit": "1"}
    assert scores.details.attrs["note"] == "x"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("s.txt", None, r"ends in \.csv"),
        ("s.csv", None, "There is no file"),
        ("s.csv", "model,layer\n", "has the columns model, layer; expected"),
        ("s.csv", ",".join(COLUMNS) + "\n" + ",,,x" + "," * (len(COLUMNS) - 4) + "\n", "Column 'layer_index'"),
        ("s.csv", ",".join(COLUMNS) + "\na,b\n", "row 1 .* has 2 cells"),
    ],
)
def test_other_files_are_refused_in_a_sentence(tmp_path: Path, name: str, text: str | None, message: str) -> None:
    if text is not None:
        save_scores(example(), tmp_path / "s.csv")
        (tmp_path / name).write_text(text)
    with pytest.raises(InvalidInputError, match=message):
        open_scores(tmp_path / name)


def test_a_table_that_was_changed_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    save_scores(example(), path, provenance={})
    whole = path.read_bytes()
    for old, new in ((b"0", b"1"), (b"\n", b"\r\n"), (whole[-2:], b"")):
        path.write_bytes(whole.replace(old, new) if new else whole[:-1])
        with pytest.raises(InvalidInputError):
            open_scores(path)
    path.write_bytes(whole)
    assert open_scores(path).table.equals(example().table)
    save_scores(Scores(example().table.iloc[:1]), path, provenance={})
    path.write_bytes(whole)  # the CSV of another run
    with pytest.raises(InvalidInputError, match=r"not the table that was written with s\.nc"):
        open_scores(path)


def test_flipped_bits_in_table_and_details_are_noticed(tmp_path: Path) -> None:
    save_scores(example(), tmp_path / "s.csv", provenance={"seed": 1})
    expected = open_scores(tmp_path / "s.csv")
    rng = np.random.default_rng(0)
    refused = 0
    for name in ("s.csv", "s.nc"):
        whole = (tmp_path / name).read_bytes()
        for _ in range(40):
            data = bytearray(whole)
            data[rng.integers(len(data))] ^= 1 << int(rng.integers(8))
            (tmp_path / name).write_bytes(data)
            try:
                found = open_scores(tmp_path / "s.csv")
            except InvalidInputError:
                refused += 1
                continue
            assert found.table.equals(expected.table)
            assert found.details is not None
            assert found.details.identical(expected.details)
            assert found.notes == expected.notes
        (tmp_path / name).write_bytes(whole)
    assert refused >= 40
