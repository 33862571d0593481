"""Speed of RDMs, comparison and bootstrap against rsatoolbox: interleaved, equal answers first, ratios.

python benchmarks/similarity.py [--repeats 3]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from brainconv.containers import RDMs, Representation
from brainconv.similarity import compare_rdms, compare_resampled, compute_rdms, draw_multiplicities
from brainconv.similarity.ceiling import POOLED_AS, compute_ceiling_of_rows
from brainconv.similarity.repeats import estimate_from_repeats

METHODS = {"pearson": "corr", "cosine": "cosine", "spearman": "spearman", "rho-a": "rho-a", "tau-a": "tau-a"}


def measure(ours: Callable[[], object], theirs: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Median seconds of both, in turn in one process."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats):
        for function, kept in zip((ours, theirs), times, strict=True):
            start = time.perf_counter()
            function()
            kept.append(time.perf_counter() - start)
    return statistics.median(times[0]), statistics.median(times[1])


def report(name: str, ours: float, theirs: float, difference: float, goal: str) -> None:
    print(
        f"{name:44s} {1e3 * ours:9.2f} ms {1e3 * theirs:9.2f} ms  ratio {theirs / ours:7.1f}  "
        f"difference {difference:.0e}  goal {goal}",
        flush=True,
    )


def wrap(rows: np.ndarray, n: int) -> RDMs:
    return RDMs("x", rows, tuple(f"s{i:05d}" for i in range(n)), pd.DataFrame(index=range(len(rows))), "any")


def bench_rdms(repeats: int) -> None:
    from rsatoolbox.data import Dataset
    from rsatoolbox.rdm import calc_rdm

    for n, p, goal in ((92, 100_000, "8"), (500, 20_000, "20")):
        x = np.random.default_rng(0).normal(size=(n, p)).astype(np.float32)
        ids = [f"s{i:05d}" for i in range(n)]
        for estimator, method, aim in (
            ("correlation", "correlation", goal),
            ("sqeuclidean_per_unit", "euclidean", "0.95"),
        ):

            def ours(estimator: str = estimator, x: np.ndarray = x, ids: list[str] = ids) -> np.ndarray:
                return compute_rdms(
                    Representation.from_features(x, ids, keep=False), estimator=estimator
                ).dissimilarities

            def theirs(method: str = method, x: np.ndarray = x) -> np.ndarray:
                return np.asarray(calc_rdm(Dataset(x), method=method).dissimilarities)

            difference = float(np.abs(ours() - theirs()).max())
            report(f"RDM {estimator} {n} x {p}", *measure(ours, theirs, repeats), difference, aim)


def bench_comparison(repeats: int) -> None:
    from rsatoolbox.rdm import RDMs as ToolboxRDMs
    from rsatoolbox.rdm import compare

    for n, n_models, n_data in ((92, 20, 10), (500, 4, 2)):
        rng = np.random.default_rng(0)
        rows = rng.random((n_models, n * (n - 1) // 2))
        data = rng.random((n_data, rows.shape[1])) + rows[:n_data]
        a, b = wrap(rows, n), wrap(data, n)
        theirs_a, theirs_b = ToolboxRDMs(rows), ToolboxRDMs(data)
        for comparator, method in METHODS.items():

            def ours(comparator: str = comparator, a: RDMs = a, b: RDMs = b) -> np.ndarray:
                return compare_rdms(a, b, comparator=comparator)

            def theirs(method: str = method, a: ToolboxRDMs = theirs_a, b: ToolboxRDMs = theirs_b) -> np.ndarray:
                return np.asarray(compare(a, b, method))

            difference = float(np.abs(ours() - theirs()).max())
            goal = "3" if comparator == "tau-a" else ""
            report(f"compare {comparator} n={n}", *measure(ours, theirs, repeats), difference, goal)


def bench_repeats(repeats: int) -> None:
    from rsatoolbox.data import Dataset
    from rsatoolbox.rdm import calc_rdm

    n, n_repeats = 92, 4
    for p, goal in ((1_000, "10"), (10_000, "50")):
        x = np.random.default_rng(0).normal(size=(n, n_repeats, p))
        labels = {"stimulus": np.repeat(np.arange(n), n_repeats), "fold": np.tile(np.arange(n_repeats), n)}

        def ours(x: np.ndarray = x) -> np.ndarray:
            return estimate_from_repeats(x, estimator="cv_sqeuclidean_per_unit")

        def theirs(x: np.ndarray = x, p: int = p, labels: dict[str, np.ndarray] = labels) -> np.ndarray:
            data = Dataset(x.reshape(-1, p), obs_descriptors=labels)
            found = calc_rdm(data, method="crossnobis", descriptor="stimulus", cv_descriptor="fold")
            return np.asarray(found.dissimilarities[0])

        difference = float(np.abs(ours() - theirs()).max())
        report(
            f"RDM cross-validated {n} x {n_repeats} repeats x {p}", *measure(ours, theirs, repeats), difference, goal
        )


def bench_bootstrap(repeats: int) -> None:
    """With both bounds of the ceiling in every sample; theirs come from boot_noise_ceiling, as in its bootstraps.

    The difference is that of the models' values: rsatoolbox pools the RDMs of each sample, we pool them once.
    """
    from rsatoolbox.inference import boot_noise_ceiling
    from rsatoolbox.rdm import RDMs as ToolboxRDMs
    from rsatoolbox.rdm import compare

    for n, n_models, n_data, n_boot, n_theirs in ((92, 20, 10, 200, 4), (500, 4, 2, 20, 2)):
        rng = np.random.default_rng(0)
        rows = rng.random((n_models, n * (n - 1) // 2))
        data = rng.random((n_data, rows.shape[1])) + rows[:n_data]
        draws = draw_multiplicities(n, n_boot, rng)
        theirs_a, theirs_b = ToolboxRDMs(rows), ToolboxRDMs(data)
        for comparator, method in METHODS.items():
            parts = POOLED_AS[comparator](data)
            both = np.vstack([rows, (parts.sum(axis=0) - parts) / (n_data - 1), parts.mean(axis=0)])

            def ours(comparator: str = comparator, a=both, b=data, w=draws) -> np.ndarray:  # type: ignore[no-untyped-def]
                return compare_resampled(a, b, w, comparators=[comparator])[comparator]

            def theirs(method: str = method, n=n, w=draws[:n_theirs], a=theirs_a, b=theirs_b) -> np.ndarray:  # type: ignore[no-untyped-def]
                found = []
                for row in w:
                    index = np.repeat(np.arange(n), row)
                    of_models, of_data = (x.subsample_pattern("index", index) for x in (a, b))
                    boot_noise_ceiling(of_data, method=method)
                    found.append(compare(of_models, of_data, method))
                return np.stack(found)

            difference = float(np.abs(ours()[:n_theirs, :n_models] - theirs()).max())
            fast, slow = measure(ours, theirs, repeats)
            goal = {"tau-a": "3", "spearman": "30", "rho-a": "30"}.get(comparator, "10" if n == 92 else "20")
            report(f"bootstrap {comparator} n={n}, per sample", fast / n_boot, slow / n_theirs, difference, goal)


def bench_ceiling(repeats: int) -> None:
    from rsatoolbox.inference import boot_noise_ceiling
    from rsatoolbox.rdm import RDMs as ToolboxRDMs

    rows = np.random.default_rng(0).random((8, 92 * 91 // 2))
    for comparator in ("pearson", "rho-a"):

        def ours(comparator: str = comparator) -> tuple[float, float]:
            return compute_ceiling_of_rows(rows, comparator=comparator)

        def theirs(comparator: str = comparator) -> tuple[float, float]:
            return boot_noise_ceiling(ToolboxRDMs(rows), method=METHODS[comparator])

        difference = float(np.abs(np.subtract(ours(), theirs())).max())
        report(f"ceiling {comparator} 8 subjects n=92", *measure(ours, theirs, repeats), difference, "")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    print(f"{'':44s} {'ours':>12s} {'rsatoolbox':>12s}")
    for bench in (bench_rdms, bench_repeats, bench_comparison, bench_ceiling, bench_bootstrap):
        bench(arguments.repeats)
