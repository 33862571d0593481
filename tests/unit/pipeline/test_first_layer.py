"""Files of first-layer fits give back what was written, and say what made them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from brainconv.containers import Properties
from brainconv.io import read_provenance
from brainconv.pipeline.first_layer import FirstLayerFits, open_first_layer, save_first_layer


def test_round_trip_with_provenance(tmp_path: Path) -> None:
    filters = np.random.default_rng(0).normal(size=(2, 3, 7, 7))
    table = pd.DataFrame({"r2": [0.9, np.nan], "frequency": [0.1, 0.2]})
    fits = Properties("net.conv1", table, {"frequency": "cycles/px"})
    written = FirstLayerFits(filters, fits, 0.6, "net", "random", "conv1")
    path = tmp_path / "net.fits.nc"
    save_first_layer(path, written, provenance={"weights_sha256": "ab", "seed": None})
    assert read_provenance(path) == {"weights_sha256": "ab", "seed": None}
    found = open_first_layer(path)
    assert np.array_equal(found.filters, filters)
    pd.testing.assert_frame_equal(found.fits.table, fits.table, check_names=False)
    assert found.fits.units["frequency"] == "cycles/px"
    assert (found.gate, found.model, found.weights, found.layer) == (0.6, "net", "random", "conv1")
    save_first_layer(path, written)
    assert read_provenance(path)["packages"]["numpy"] == np.__version__
