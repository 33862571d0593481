"""`GramSum`: precision, z-scores, the reference pattern, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from brainconv.errors import InvalidInputError
from brainconv.extraction.gram import GramSum, choose_reference


def names(n: int) -> list[str]:
    return [f"s{i:04d}" for i in range(n)]


def sum_blocks(x: np.ndarray, width: int, **arguments: str) -> tuple[np.ndarray, np.ndarray, GramSum]:
    gram_sum = GramSum(names(len(x)), **arguments)
    for start in range(0, x.shape[1], width):
        gram_sum.add(torch.from_numpy(np.ascontiguousarray(x[:, start : start + width])))
    return (*gram_sum.finish(), gram_sum)


def test_a_large_mean_costs_no_digits() -> None:
    # the case in which an uncentred float32 Gram fails: differences of 1e-3 on top of 1
    x = (1 + 1e-3 * np.random.default_rng(0).standard_normal((40, 20_000))).astype(np.float32)
    exact = x.astype(np.float64) @ x.astype(np.float64).T
    gram, sums, _ = sum_blocks(x, 3000)
    distances = np.diag(gram)[:, None] + np.diag(gram)[None, :] - 2 * gram
    wanted = np.diag(exact)[:, None] + np.diag(exact)[None, :] - 2 * exact
    assert np.abs(gram - exact).max() < 1e-10 * exact.max()
    assert np.abs(distances - wanted).max() < 1e-5 * wanted.max()
    np.testing.assert_allclose(sums, x.astype(np.float64).sum(1), rtol=1e-13)
    naive = (x @ x.T).astype(np.float64)
    naive_distances = np.diag(naive)[:, None] + np.diag(naive)[None, :] - 2 * naive
    assert np.abs(naive_distances - wanted).max() > 1e-3 * wanted.max()  # so this test can fail


def test_float64_stays_float64_and_the_result_is_symmetric() -> None:
    x = np.random.default_rng(1).standard_normal((30, 700)) + 3
    gram, _, _ = sum_blocks(x, 64)
    np.testing.assert_allclose(gram, x @ x.T, rtol=1e-13, atol=1e-12)
    np.testing.assert_array_equal(gram, gram.T)


def test_zscores_and_units_that_do_not_vary() -> None:
    x = np.random.default_rng(2).standard_normal((25, 90)).astype(np.float32) * 5 + 40
    x[:, 3], x[:, 7] = 0.0, 17.3
    gram, sums, gram_sum = sum_blocks(x, 11, units="zscored")
    wide = x.astype(np.float64)
    z = np.zeros_like(wide)
    moving = wide.std(0) > 0.1
    z[:, moving] = (wide[:, moving] - wide[:, moving].mean(0)) / wide[:, moving].std(0)
    assert gram_sum.n_constant == 2
    assert np.abs(gram - z @ z.T).max() < 1e-6 * (z @ z.T).max()
    np.testing.assert_allclose(sums, z.sum(1), atol=1e-4)


def test_reference_is_the_same_set_in_any_order() -> None:
    ids = [f"image{i}" for i in range(200)]
    shuffled = list(np.random.default_rng(5).permutation(ids))
    chosen = [ids[row] for row in choose_reference(ids)]
    assert chosen == [shuffled[row] for row in choose_reference(shuffled)]
    assert len(set(chosen)) == 64
    assert len(choose_reference(ids[:5])) == 5


@pytest.mark.parametrize("units", ["raw", "zscored"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("row", [0, 69])
def test_values_that_are_not_finite_are_refused(units: str, value: float, row: int) -> None:
    x = np.ones((70, 9), np.float32) * np.arange(70, dtype=np.float32)[:, None]
    x[row, 4] = value
    with pytest.raises(InvalidInputError, match=f"'conv9' gives NaN or infinite values for 1 of 70 .*'s{row:04d}'"):
        sum_blocks(x, 5, units=units, layer="conv9")
