"""Peak memory of a whole score, from images to table, for layers far wider than there are stimuli.

Run: ``python benchmarks/memory.py [--n 1200 3200] [--units 1228800 409600] [--sites 50 168]``.  Every case is a
process of its own; its peak is what the system counted (RSS), with Python, torch and the images in it.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time

SIDE = 64


def measure(n_stimuli: int, n_units: int, n_sites: int) -> None:
    import numpy as np
    import pandas as pd
    import torch

    import brainconv as bc

    rng = np.random.default_rng(0)
    ids = tuple(f"s{i:04d}" for i in range(n_stimuli))
    images = rng.integers(0, 256, size=(n_stimuli, SIDE, SIDE, 3), dtype=np.uint8)
    stimuli = bc.StimulusSet("noise", ids, images)
    sites = pd.DataFrame({"area": ["V4"] * n_sites}, index=[f"u{k:03d}" for k in range(n_sites)])
    responses = images.reshape(n_stimuli, -1)[:, rng.integers(0, 3 * SIDE**2, n_sites)] + rng.normal(
        0, 60, size=(n_stimuli, n_sites)
    )
    network = torch.nn.Sequential(torch.nn.Conv2d(3, n_units // SIDE**2, 3, padding=1), torch.nn.ReLU())
    model = bc.wrap_model(network, name="wide", layers=["1"], input_size=SIDE)
    start = time.perf_counter()
    layers = bc.extract(model, stimuli, progress=False)
    extracted = time.perf_counter()
    bc.score_predictivity(layers, bc.Recording("noise", stimuli, responses, sites), n_boot=200)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{n_stimuli:,} stimuli × {layers['1'].n_units:,} units → {n_sites} sites: peak {peak:.2f} GiB "
        f"(X alone {4 * n_stimuli * layers['1'].n_units / 2**30:.2f} GiB); extract {extracted - start:.0f} s, "
        f"score {time.perf_counter() - extracted:.0f} s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, nargs="+", default=[1200, 3200])
    parser.add_argument("--units", type=int, nargs="+", default=[1_228_800, 409_600])
    parser.add_argument("--sites", type=int, nargs="+", default=[50, 168])
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    for case in zip(options.n, options.units, options.sites, strict=True):
        if options.one:
            measure(*case)
            continue
        words = [f"--{name}={value}" for name, value in zip(("n", "units", "sites"), case, strict=True)]
        subprocess.run([sys.executable, __file__, "--one", *words], check=True)


if __name__ == "__main__":
    main()
