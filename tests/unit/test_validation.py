"""The checks say what was found, what was expected and what to do."""

from __future__ import annotations

import numpy as np
import pytest

from brainconv import validation
from brainconv.errors import InvalidInputError, NotFoundError


def test_unknown_choice_names_the_nearest() -> None:
    with pytest.raises(NotFoundError, match=r"Unknown comparator 'spearmann'. Did you mean 'spearman'\?"):
        validation.check_choice("spearmann", ["pearson", "spearman"], what="comparator")


def test_labels_must_be_unique() -> None:
    assert validation.check_unique(["a", "b"], what="site") == ("a", "b")
    with pytest.raises(InvalidInputError, match=r"1 site\(s\) stand more than once, for example 'a'"):
        validation.check_unique(["a", "b", "a"], what="site")


@pytest.mark.parametrize(
    ("values", "shape", "words"),
    [
        (np.zeros((2, 3)), (3, None), r"has shape \(2, 3\); expected \(3, any\)"),
        (np.zeros(3), (3, None), r"has shape \(3,\)"),
        ([["a"]], (1, 1), "X: found .a.; expected an array of numbers"),
        ([[np.nan]], (1, 1), r"holds 1 NaN or infinite value"),
    ],
)
def test_arrays_are_checked(values: object, shape: tuple[int | None, ...], words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        validation.check_array(values, shape, what="X", finite=True)


@pytest.mark.parametrize("value", [0, -1, np.nan, np.inf])
def test_positive_numbers_only(value: float) -> None:
    with pytest.raises(InvalidInputError, match="expected a finite number above 0"):
        validation.check_positive(value, what="Width")


def test_alignment_names_what_is_missing() -> None:
    assert validation.align_indices(["a", "b", "c"], ["c", "a"], what="stimulus").tolist() == [2, 0]
    with pytest.raises(InvalidInputError, match=r"1 of 2 stimulus\(s\) are missing, for example 'z'"):
        validation.align_indices(["a", "b"], ["a", "z"], what="stimulus")
