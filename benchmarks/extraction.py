"""Speed and memory of extraction, as ratios to the bare forward pass and to the floor of the Gram.

python benchmarks/extraction.py [--repeats 3] [--images 64] [--models alexnet squeezenet1_0] [--parts speed gram memory]

Everything is interleaved in one process, the median is printed, and equal answers are shown first.  The bare forward
gets the same images in the same memory format.  A GPU is used where there is one; thingsvision, where it is installed,
is a peer.  Random weights: speed does not depend on them.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

import brainconv as bc
from brainconv.extraction import scratch
from brainconv.extraction.gram import GramSum
from brainconv.extraction.plan import LayerSpec, Piece
from brainconv.models import prepare_images


def interleave(functions: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Median seconds of each, in turn."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    for turn in range(repeats + 1):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            if turn:  # the first turn warms up
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def make_stimuli(n: int, size: int) -> bc.StimulusSet:
    images = np.random.default_rng(0).integers(0, 256, (n, size, size, 3), dtype=np.uint8)
    return bc.StimulusSet("noise", tuple(f"s{i:05d}" for i in range(n)), images)


def bench_speed(name: str, n_images: int, repeats: int) -> None:
    model = bc.load_model(name, weights="random", seed=0)
    size = model.preprocessing.input_size
    stimuli = make_stimuli(n_images, size)
    batch = 32 if model.device == "cpu" else 256

    def prepare() -> torch.Tensor:
        return prepare_images(list(stimuli.images), model.preprocessing)

    ready = prepare()

    def forward(memory_format: torch.memory_format) -> None:
        with torch.inference_mode():
            for start in range(0, n_images, batch):
                part = ready[start : start + batch].contiguous(memory_format=memory_format)
                model.module(part.to(model.device))

    def run(layers: Any = None, **arguments: Any) -> dict[str, bc.Representation]:
        return bc.extract(model, stimuli, layers=layers, batch_size=batch, progress=False, **arguments)

    middle = model.layers[len(model.layers) // 2]
    functions: dict[str, Callable[[], object]] = {
        "bare forward, channels last": lambda: forward(torch.channels_last),
        "bare forward, channels first": lambda: forward(torch.contiguous_format),
        "prepare images": prepare,
        "extract, all layers": run,
        "extract, all layers, features kept": lambda: run(keep="features"),
        "extract, last layer": lambda: run(model.layers[-1:]),
        "extract, middle layer": lambda: run([middle]),
        "extract, first layer": lambda: run(model.layers[:1]),
    }
    peer = make_thingsvision(model, stimuli, batch)
    if peer is not None:
        functions["thingsvision, last layer"] = peer
    times = interleave(functions, repeats)
    units = sum(representation.n_units for representation in run().values())
    bare = times["bare forward, channels last"]
    bound = bare + times["prepare images"]
    print(f"\n{name} on {model.device}, {n_images} images {size} px, {len(model.layers)} layers, {units:,} units")
    print(f"{'':38s} {'images/s':>9s} {'of bare':>8s} {'of bare + prepare':>18s}")
    for what, seconds in times.items():
        print(f"{what:38s} {n_images / seconds:9.1f} {bare / seconds:8.2f} {bound / seconds:18.2f}")
    shallow = times["extract, last layer"] / times["extract, first layer"]
    print(f"first layer only: {shallow:.1f} times as fast as the last (goal 5 for a shallow layer)", flush=True)


def make_thingsvision(model: Any, stimuli: bc.StimulusSet, batch: int) -> Callable[[], object] | None:
    """The fastest peer (reference/peers.md), on tensors that are ready."""
    if importlib.util.find_spec("thingsvision") is None:
        print("thingsvision is not installed: no peer is measured")
        return None
    from thingsvision.core.extraction import PyTorchExtractor

    extractor = PyTorchExtractor(model.module, device=model.device, transforms=None)
    ready = prepare_images(list(stimuli.images), model.preprocessing)
    batches = list(ready.split(batch))
    return lambda: extractor.extract_features(
        batches=batches, module_name=model.layers[-1], flatten_acts=True, output_type="ndarray"
    )


def bench_gram(n: int, n_units: int, repeats: int) -> None:
    """One layer's Gram from memory and from the scratch file, against the bare symmetric products of its blocks."""
    rng = np.random.default_rng(0)
    x = torch.from_numpy(np.maximum(rng.standard_normal((n, n_units), dtype=np.float32) + 0.5, 0))
    ids = [f"s{i:05d}" for i in range(n)]
    piece = Piece(LayerSpec("layer", "layer", 0, 0, (n_units,), "float32", channels_last=False), 0, n_units)
    width = scratch.count_block_units(n, 4)
    blocks = [np.ascontiguousarray(x[:, start : start + width]) for start in range(0, n_units, width)]
    grams: dict[str, np.ndarray] = {}

    def form(store: Any, name: str) -> None:
        gram_sum = GramSum(ids)
        for _, block in store.read_blocks(piece):
            gram_sum.add(block)
        grams[name] = gram_sum.finish()[0]

    def write(store: Any) -> None:
        store.forget_from(0)
        for start in range(0, n, 32):
            store.put(start, piece, x[start : start + 32])

    def floor() -> None:
        for block in blocks:
            np.matmul(block, block.T)

    with (
        tempfile.TemporaryDirectory() as folder,
        scratch.MemoryStore([piece], n) as memory,
        scratch.ScratchStore([piece], n, folder=Path(folder)) as file,
    ):
        memory.arrays[piece] = x
        write(file)
        times = interleave(
            {
                "floor": floor,
                "from memory": lambda: form(memory, "memory"),
                "from the file": lambda: form(file, "file"),
                "writing": lambda: write(file),
            },
            repeats,
        )
    difference = np.abs(grams["memory"] - grams["file"]).max() / grams["memory"].max()
    print(f"\nGram of {n} stimuli × {n_units:,} units, blocks of {width:,}; memory and file differ by {difference:.0e}")
    speed = 2 * n * n * n_units / times["floor"] / 1e9
    print(f"floor {times['floor']:.2f} s ({speed:.0f} GEMM-equivalent GFLOP/s)")
    for what in ("from memory", "from the file"):
        print(f"{what}: {times[what]:.2f} s, floor/total {times['floor'] / times[what]:.2f} (goal 0.9 at n = 2,500)")
    print(f"writing: {times['writing']:.2f} s, {n * n_units * 4 / times['writing'] / 1e9:.2f} GB/s", flush=True)


MEMORY_CODE = """
import json, resource, sys
import numpy as np, torch
import brainconv as bc

n_channels, n = int(sys.argv[1]), int(sys.argv[2])
net = torch.nn.Sequential(torch.nn.Conv2d(3, n_channels, 3, padding=1), torch.nn.ReLU(inplace=True))
model = bc.wrap_model(net, name="wide", layers=["0", "1"], input_size=128)
images = np.random.default_rng(0).integers(0, 256, (n, 128, 128, 3), dtype=np.uint8)
stimuli = bc.StimulusSet("noise", tuple(f"s{i:04d}" for i in range(n)), images)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
found = bc.extract(model, stimuli, progress=False)["1"]
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"before": before, "peak": peak, "units": found.n_units, "batch": found.provenance["batch_size"]}))
"""


def bench_memory(n: int) -> None:
    """Peak memory over that of the imports, for layers ever wider, each in a process of its own."""
    print(f"\nPeak memory, {n} stimuli, two layers of the width given")
    for n_channels in (12, 64, 256):
        done = subprocess.run(
            [sys.executable, "-c", MEMORY_CODE, str(n_channels), str(n)], capture_output=True, text=True, check=True
        )
        seen = json.loads(done.stdout)
        features = 2 * n * seen["units"] * 4 / 2**20
        print(
            f"{seen['units']:10,d} units: features {features:7.0f} MiB, peak {seen['peak']:6.0f} MiB, of it imports "
            f"{seen['before']:5.0f}, extraction {seen['peak'] - seen['before']:5.0f} (batch {seen['batch']})",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--models", nargs="*", default=["alexnet", "squeezenet1_0"])
    parser.add_argument("--parts", nargs="*", default=["speed", "gram", "memory"])
    arguments = parser.parse_args()
    if "speed" in arguments.parts:
        for name in arguments.models:
            bench_speed(name, arguments.images, arguments.repeats)
    if "gram" in arguments.parts:
        for n, n_units in ((1200, 100_000), (2500, 50_000)):
            bench_gram(n, n_units, arguments.repeats)
    if "memory" in arguments.parts:
        bench_memory(200)


if __name__ == "__main__":
    main()
