from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import squareform

from brainconv.errors import NotFoundError
from brainconv.similarity.bootstrap import compare_resampled, draw_multiplicities
from brainconv.similarity.comparators import RESAMPLED_COMPARATORS, compare_rows


def copy_pairs(row, multiplicities):
    """The pairs of a resample, written out, without pairs of copies of one stimulus."""
    index = np.repeat(np.arange(len(multiplicities)), multiplicities)
    square = squareform(row)[np.ix_(index, index)]
    first, second = np.triu_indices(len(index), 1)
    return square[first, second][index[first] != index[second]]


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    a = rng.random((3, 276))
    b = a[:2] + rng.random((2, 276))
    a[1] = np.round(a[1] * 4)
    b[1] = np.round(b[1] * 4)
    return a, b


@pytest.mark.parametrize(
    "comparator", sorted(name for name in RESAMPLED_COMPARATORS if not name.startswith("whitened"))
)  # these in test_whitened, for pairs that are missing change V
def test_weights_equal_copies(rows, comparator):
    a, b = rows
    multiplicities = draw_multiplicities(24, 12, np.random.default_rng(1))
    fast = compare_resampled(a, b, multiplicities, comparators=[comparator])[comparator]
    assert fast.shape == (12, 3, 2)
    for k, w in enumerate(multiplicities):
        slow = compare_rows(
            np.stack([copy_pairs(row, w) for row in a]),
            np.stack([copy_pairs(row, w) for row in b]),
            comparator=comparator,
        )
        np.testing.assert_allclose(fast[k], slow, atol=1e-12)


def test_all_at_once_equal_one_by_one(rows):
    multiplicities = draw_multiplicities(24, 70, np.random.default_rng(1))
    together = compare_resampled(*rows, multiplicities, comparators=list(RESAMPLED_COMPARATORS))
    for name in RESAMPLED_COMPARATORS:
        alone = compare_resampled(*rows, multiplicities[60:], comparators=[name])[name]
        np.testing.assert_allclose(together[name][60:], alone, atol=1e-13)


def test_the_drawn_once_sample_is_the_data_itself(rows):
    once = np.ones((1, 24), dtype=np.int32)
    for name, samples in compare_resampled(*rows, once, comparators=list(RESAMPLED_COMPARATORS)).items():
        np.testing.assert_allclose(samples[0], compare_rows(*rows, comparator=name), atol=1e-12)


def test_constant_rdm_stays_undefined(rows):
    multiplicities = draw_multiplicities(24, 5, np.random.default_rng(1))
    flat = np.full((1, 276), 0.3)
    samples = compare_resampled(flat, rows[1], multiplicities, comparators=["pearson", "spearman", "tau-b"])
    assert all(np.isnan(values).all() for values in samples.values())


def test_gram_comparators_are_refused(rows):
    with pytest.raises(NotFoundError, match="RDM comparator 'bures'"):
        compare_resampled(*rows, np.ones((1, 24), dtype=np.int32), comparators=["bures"])


def test_multiplicities_are_draws_with_replacement():
    counts = draw_multiplicities(30, 2000, np.random.default_rng(0))
    assert (counts.sum(axis=1) == 30).all()
    assert counts.mean() == 1.0
    assert counts.var() == pytest.approx(29 / 30, abs=0.03)
    assert draw_multiplicities(30, 0, np.random.default_rng(0)).shape == (0, 30)
