from __future__ import annotations

import numpy as np
import pytest

from brainconv.similarity.concordance import concordance, count_ties
from brainconv.similarity.ranks import SortedRow
from brainconv.similarity.weighted_concordance import MergeTree


@pytest.mark.parametrize("n", [10, 33, 500])
def test_weighted_count_equals_the_count_of_copies(n):
    rng = np.random.default_rng(n)
    weights = rng.integers(0, 4, size=(3, n)).astype(np.int32)
    rows = [rng.random(n), rng.integers(0, 5, n).astype(float), np.round(rng.random(n) * 3)]
    for x in rows:
        for y in rows:
            tree = MergeTree.of(SortedRow.of(x), SortedRow.of(y))
            expected, tied = [], [[], []]
            for w in weights:
                copies = [SortedRow.of(np.repeat(v, w)) for v in (x, y)]
                expected.append(concordance(copies[0], [copies[1]])[0])
                for side, copy in zip(tied, copies, strict=True):
                    side.append(count_ties(copy))
            total = weights.sum(axis=1).astype(float)
            counted = tree.concordance(weights, np.array(tied[0], float), np.array(tied[1], float), total)
            np.testing.assert_array_equal(counted, expected)
