"""Peak memory: it must not grow with the width of a layer (measured in processes of their own)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import json, resource, sys
import numpy as np, torch
import brainconv as bc
from brainconv.extraction import stream

stream.MEMORY_BYTES = 8 * 2**20  # so that features go to the scratch file, as those of a large job do
stream.BATCH_BYTES = 24 * 2**20
from brainconv.extraction import scratch
scratch.BLOCK_BYTES = 8 * 2**20
n_channels, n = int(sys.argv[1]), int(sys.argv[2])
net = torch.nn.Sequential(torch.nn.Conv2d(3, n_channels, 3, padding=1), torch.nn.ReLU(inplace=True))
model = bc.wrap_model(net, name="wide", layers=["0", "1"], input_size=64)
images = np.random.default_rng(0).integers(0, 256, (n, 64, 64, 3), dtype=np.uint8)
stimuli = bc.StimulusSet("noise", tuple(f"s{i:04d}" for i in range(n)), images)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
found = bc.extract(model, stimuli, scratch_dir=sys.argv[3], progress=False)["1"]
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"growth": peak - before, "features": 2 * n * found.n_units * 4 / 2**20, **found.provenance}))
"""


def measure(n_channels: int, n: int, folder: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(n_channels), str(n), str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_peak_memory_does_not_grow_with_the_width_of_a_layer(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("peak memory (ru_maxrss) is read in KiB, as Linux alone gives it")
    narrow, wide = measure(16, 100, tmp_path), measure(256, 100, tmp_path)  # 65,536 and 1,048,576 units
    assert wide["features"] > 790
    assert wide["growth"] < 0.25 * wide["features"]
    assert wide["growth"] < narrow["growth"] + 80  # MiB
    assert list(tmp_path.iterdir()) == []
