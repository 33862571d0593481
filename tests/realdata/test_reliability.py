"""The reliability of the one public V4 session with single repeats, against what was computed when it was collected."""

import numpy as np
import pytest

from brainconv import compute_ceiling, load_recording
from brainconv.errors import InvalidInputError

pytestmark = pytest.mark.realdata


def test_the_reliability_of_210325(data_dir):
    ceiling = compute_ceiling(load_recording("cowley2023.210325", data_dir=data_dir, download=False))
    assert float(ceiling["reliability"].median()) == pytest.approx(0.75, abs=0.03)
    # Two estimates that share nothing but the data.
    np.testing.assert_allclose(ceiling["reliability"], ceiling["reliability_analytic"], atol=0.02)


def test_the_ceiling_of_190923_is_said_to_be_unavailable(data_dir):
    with pytest.raises(InvalidInputError, match="one averaged value per stimulus"):
        compute_ceiling(load_recording("cowley2023.190923", data_dir=data_dir, download=False))
