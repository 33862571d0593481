"""What goes to rsatoolbox and comes back is the same; its comparison of what we hand over is ours."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from brainconv import RDMs
from brainconv.errors import InvalidInputError
from brainconv.similarity import compare_rdms
from brainconv.similarity.interchange import from_rsatoolbox, to_rsatoolbox

rsatoolbox = pytest.importorskip("rsatoolbox")


def make(name: str, seed: int) -> RDMs:
    values = np.random.default_rng(seed).random((2, 45))
    labels = pd.DataFrame({"subject": ["a", "b"], "session": [1, 2]})
    return RDMs(name, values, tuple(f"s{i}" for i in range(10)), labels, "correlation")


def test_round_trip() -> None:
    rdms = make("mine", 0)
    back = from_rsatoolbox(to_rsatoolbox(rdms))
    np.testing.assert_array_equal(back.dissimilarities, rdms.dissimilarities)
    assert (back.name, back.stimulus_ids, back.estimator) == (rdms.name, rdms.stimulus_ids, rdms.estimator)
    pd.testing.assert_frame_equal(back.labels, rdms.labels)


def test_both_compare_alike() -> None:
    first, second = make("first", 1), make("second", 2)
    theirs = rsatoolbox.rdm.compare(to_rsatoolbox(first), to_rsatoolbox(second), method="spearman")
    np.testing.assert_allclose(compare_rdms(first, second, comparator="spearman"), theirs, atol=1e-12)


def test_other_things_are_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"Found ndarray; expected rsatoolbox.rdm.RDMs"):
        from_rsatoolbox(np.zeros((2, 45)))
