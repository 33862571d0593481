"""Nested ridge and PLS over ten folds: brainconv against scikit-learn and himalaya, interleaved, equal answers first.

Run: ``python benchmarks/predictivity.py [--n 1200] [--p 5000 20000] [--t 50] [--folds 10] [--pls] [--himalaya]``.
Only ratios carry over to another machine.  scikit-learn gets explicit float64 features; our time includes the Gram.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from brainconv.predictivity import PENALTY_GRID, mean_eigenvalue, predict_pls, predict_ridge

Array = NDArray[np.float64]
Fold = NDArray[np.intp]


def make_problem(n: int, p: int, t: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(0)
    features = np.maximum(rng.normal(size=(n, p)) * 10.0 ** rng.uniform(-1, 0.5, p), 0.0)
    signal = features @ rng.normal(size=(p, t))
    return features, signal / signal.std(axis=0) + rng.uniform(0.3, 2.0, t) * rng.normal(size=(n, t))


def ridge_ours(features: Array, responses: Array, train: list[Fold], test: list[Fold]) -> list[Array]:
    return [one.predictions for one in predict_ridge(features @ features.T, responses, train, test)]


def ridge_sklearn(features: Array, responses: Array, train: list[Fold], test: list[Fold]) -> list[Array]:
    from sklearn.linear_model import RidgeCV

    found = []
    for fit, held in zip(train, test, strict=True):
        centred = features[fit] - features[fit].mean(axis=0)
        alphas = PENALTY_GRID * (centred**2).sum() / len(fit)
        model = RidgeCV(alphas=alphas, alpha_per_target=True).fit(features[fit], responses[fit])
        found.append(model.predict(features[held]))
    return found


def ridge_himalaya(features: Array, responses: Array, train: list[Fold], test: list[Fold]) -> list[Array]:
    """Chooses its penalty by five folds, so that its predictions differ a little; features are centred for it."""
    from himalaya.kernel_ridge import KernelRidgeCV

    gram = features @ features.T
    found = []
    for fit, held in zip(train, test, strict=True):
        mean = responses[fit].mean(axis=0)
        centred = features - features[fit].mean(axis=0)
        model = KernelRidgeCV(alphas=PENALTY_GRID * mean_eigenvalue(gram, fit), kernel="linear", cv=5)
        found.append(model.fit(centred[fit], responses[fit] - mean).predict(centred[held]) + mean)
    return found


def pls_ours(features: Array, responses: Array, train: list[Fold], test: list[Fold]) -> list[Array]:
    return [one.predictions for one in predict_pls(features @ features.T, responses, train, test, nested=False)]


def pls_sklearn(features: Array, responses: Array, train: list[Fold], test: list[Fold]) -> list[Array]:
    from sklearn.cross_decomposition import PLSRegression

    found = []
    for fit, held in zip(train, test, strict=True):
        model = PLSRegression(25, scale=False).fit(features[fit], responses[fit])
        found.append(model.predict(features[held]))
    return found


def compare(
    what: str,
    ours: Callable[..., list[Array]],
    peers: dict[str, Callable[..., list[Array]]],
    *,
    n: int,
    p: int,
    **rest: int,
) -> None:
    features, responses = make_problem(n, p, rest["t"])
    number = np.random.default_rng(1).permutation(np.arange(n) % rest["folds"])
    train = [np.flatnonzero(number != k) for k in range(rest["folds"])]
    test = [np.flatnonzero(number == k) for k in range(rest["folds"])]
    for name, peer in peers.items():
        times, answers = [], {}
        for method in (ours, peer, ours, peer):
            start = time.perf_counter(), time.process_time()
            answer = method(features, responses, train, test)
            times.append((time.perf_counter() - start[0], time.process_time() - start[1]))
            answers[method is ours] = answer
        (mine, my_cpu), (theirs, their_cpu) = (np.minimum(times[i], times[i + 2]) for i in (0, 1))
        gap = max(np.abs(a - b).max() for a, b in zip(answers[True], answers[False], strict=True)) / responses.std()
        print(
            f"{what}  n={n} p={p} t={rest['t']} folds={rest['folds']}  brainconv {mine:.2f} s  {name} {theirs:.2f} s  "
            f"ratio {theirs / mine:.2f} (of processor time {their_cpu / my_cpu:.2f})  largest difference {gap:.1e} sd",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=1200)
    parser.add_argument("--p", type=int, nargs="+", default=[5000, 20000])
    parser.add_argument("--t", type=int, default=50)
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("--pls", action="store_true")
    parser.add_argument("--himalaya", action="store_true")
    asked = parser.parse_args()
    ridge: dict[str, Callable[..., list[Array]]] = {"scikit-learn": ridge_sklearn}
    if asked.himalaya:
        ridge["himalaya"] = ridge_himalaya
    for p in asked.p:
        compare("ridge", ridge_ours, ridge, n=asked.n, p=p, t=asked.t, folds=asked.folds)
        if asked.pls:
            compare("PLS-25", pls_ours, {"scikit-learn": pls_sklearn}, n=asked.n, p=p, t=asked.t, folds=asked.folds)
    print(f"peak memory of all together: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")


if __name__ == "__main__":
    main()
