"""Properties of the block-wise Gram, for any matrix."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from brainconv.extraction.gram import GramSum


@st.composite
def matrices(draw: st.DrawFn) -> np.ndarray:
    n, p = draw(st.integers(1, 90)), draw(st.integers(1, 300))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    offset, scale = draw(st.sampled_from([0.0, 1.0, -50.0])), 10.0 ** draw(st.integers(-6, 6))
    x = (rng.standard_normal((n, p)) + offset) * scale * 10.0 ** rng.uniform(-2, 2, p)
    if draw(st.booleans()):
        x = np.maximum(x, 0)  # as after a ReLU, with units that are 0 throughout
    return x.astype(draw(st.sampled_from([np.float32, np.float64])))


def gram_of(x: np.ndarray, ids: list[str], width: int, units: str = "raw") -> tuple[np.ndarray, np.ndarray]:
    gram_sum = GramSum(ids, units=units)
    for start in range(0, x.shape[1], width):
        gram_sum.add(torch.from_numpy(x[:, start : start + width].copy()))
    return gram_sum.finish()


@settings(max_examples=60, deadline=None)
@given(x=matrices(), width=st.integers(1, 400))
def test_gram_is_exact_for_any_width_of_block(x: np.ndarray, width: int) -> None:
    ids = [f"{i:03d}" for i in range(len(x))]
    gram, sums = gram_of(x, ids, width)
    wide = x.astype(np.float64)
    tolerance = 1e-6 if x.dtype == np.float32 else 1e-12
    exact = wide @ wide.T
    assert np.abs(gram - exact).max() <= tolerance * np.abs(exact).max()
    assert np.abs(sums - wide.sum(1)).max() <= tolerance * max(np.abs(wide).sum(1).max(), 1e-300)


@settings(max_examples=40, deadline=None)
@given(x=matrices(), seed=st.integers(0, 2**32 - 1), units=st.sampled_from(["raw", "zscored"]))
def test_gram_does_not_depend_on_the_order_of_stimuli_or_units(x: np.ndarray, seed: int, units: str) -> None:
    rng = np.random.default_rng(seed)
    ids = np.array([f"{i:03d}" for i in range(len(x))])
    rows, columns = rng.permutation(len(x)), rng.permutation(x.shape[1])
    base, _ = gram_of(x, ids.tolist(), 64, units)
    other, _ = gram_of(x[rows][:, columns], ids[rows].tolist(), 17, units)
    tolerance = 1e-6 if x.dtype == np.float32 else 1e-12
    assert np.abs(other - base[np.ix_(rows, rows)]).max() <= tolerance * max(np.abs(base).max(), 1e-300)
