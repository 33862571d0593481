from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from brainconv.containers import RDMs
from brainconv.pipeline.areas import split_areas

IDS = ("a", "b", "c")


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_rdms_of_no_area_go_by_the_name_of_their_set(missing: object) -> None:
    rows = np.random.default_rng(0).random((2, 3))
    models = RDMs("models", rows, IDS, pd.DataFrame({"area": [missing, missing]}), "as published")
    assert list(split_areas([models])) == [("models", "models")]
    both = RDMs("both", rows, IDS, pd.DataFrame({"area": ["IT", missing]}), "as published")
    assert set(split_areas([both])) == {("both", "IT"), ("both", "both")}
