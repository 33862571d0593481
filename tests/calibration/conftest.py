"""Small seeded studies in every run of the tests; the full ones once, by two settings of the environment.

``BRAINCONV_RUNS=1000 BRAINCONV_STUDY=rows.csv python -m pytest tests/calibration/test_inference_predictivity.py`` makes
every study of that file with a thousand runs and adds a row per number to ``rows.csv``: what docs/calibration.md holds.
Run k has seed k in both, so that nobody can choose seeds by their result.
"""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from scipy.stats import binom, binomtest


@dataclass(frozen=True)
class Study:
    """How many runs there are, and where their numbers go."""

    runs: int | None
    path: Path | None

    def n_runs(self, small: int) -> int:
        return self.runs or small

    @property
    def is_full(self) -> bool:
        return self.runs is not None

    def record(self, name: str, n_stimuli: int, hits: int, n_runs: int, nominal: float) -> None:
        """One share of runs, with its 95 % interval (Clopper and Pearson)."""
        interval = binomtest(hits, n_runs).proportion_ci()
        self._write([name, n_stimuli, n_runs, nominal, hits / n_runs, interval.low, interval.high])

    def record_value(self, name: str, n_stimuli: int, n_runs: int, nominal: float, value: float, error: float) -> None:
        """One mean over runs, with plus and minus 1.96 standard errors."""
        self._write([name, n_stimuli, n_runs, nominal, value, value - 1.96 * error, value + 1.96 * error])

    def _write(self, row: list[object]) -> None:
        if self.path is not None:
            with self.path.open("a", newline="", encoding="utf-8") as stream:
                csv.writer(stream).writerow([f"{x:.4f}" if isinstance(x, float) else x for x in row])


@pytest.fixture(scope="session")
def study() -> Study:
    runs, path = os.environ.get("BRAINCONV_RUNS"), os.environ.get("BRAINCONV_STUDY")
    return Study(int(runs) if runs else None, Path(path) if path else None)


@pytest.fixture(scope="session")
def most():
    """Most runs of n in which something of probability p happens, to 99.9 %."""
    return lambda n, p: int(binom.ppf(0.999, n, p))


@pytest.fixture(scope="session")
def fewest():
    """Fewest runs of n in which something of probability p happens, to 99.9 %."""
    return lambda n, p: int(binom.ppf(0.001, n, p))
