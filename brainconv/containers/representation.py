"""Representation: everything that a layer says about n stimuli, in one n × n matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainconv.containers.checks import check_semidefinite
from brainconv.errors import InvalidInputError
from brainconv.validation import (
    align_indices,
    check_array,
    check_choice,
    check_count,
    check_flag,
    check_instance,
    check_number,
    check_seed,
    check_text,
    check_unique,
)

UNITS = ("raw", "zscored", "spatial_mean")
NOISE = {"float32": 1e-4, "float64": 1e-6}  # negative eigenvalues up to this share of the largest entry are rounding
MOST_UNITS = 10**12


@dataclass(frozen=True, eq=False)
class Representation:
    """The uncentred Gram matrix of a layer's activations X, shape (n_stimuli, n_units).

    Parameters
    ----------
    gram : ndarray, float64, shape (n_stimuli, n_stimuli)
        ``X @ X.T``.
    unit_sums : ndarray, float64, shape (n_stimuli,)
        ``X.sum(axis=1)``, which correlation distances need besides the Gram.
    n_units : int
        Number of columns of X.
    stimulus_ids : sequence of str, length n_stimuli
    model, weights, layer : str
        Where X comes from; ``weights`` is ``"default"``, ``"random"`` or the name of a checkpoint.
    layer_index : int
        The layer's place in the order of execution, from 0.
    seed : int, optional
        Seed of random weights.
    units : {"raw", "zscored", "spatial_mean"}
        What a column of X is.
    feature_dtype : {"float32", "float64"}
        Precision of X; eigenvalues of the Gram below 1e-6 (1e-12) of the largest are noise.
    degrees : float, optional
        Width of the stimuli in degrees; None where they filled the network's input.
    features : ndarray, shape (n_stimuli, n_units), optional
        X itself, where it was asked for.
    provenance : mapping
        Weights' sha256, image-set hash, device, versions; under ``notes`` what a reader of its numbers must know.

    Raises
    ------
    InvalidInputError
        If shapes do not agree or the Gram is not symmetric, finite and positive semi-definite.
    """

    gram: NDArray[np.float64]
    unit_sums: NDArray[np.float64]
    n_units: int
    stimulus_ids: tuple[str, ...]
    model: str = "array"
    weights: str = "default"
    layer: str = "features"
    layer_index: int = 0
    seed: int | None = None
    units: str = "raw"
    feature_dtype: str = "float32"
    degrees: float | None = None
    features: NDArray[Any] | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for value, word in ((self.model, "model"), (self.weights, "weights"), (self.layer, "layer")):
            check_text(value, what=f"{word} of a representation")
        ids = check_unique(self.stimulus_ids, what="stimulus")
        n = len(ids)
        where = f"of {self.model}:{self.layer}"
        object.__setattr__(self, "stimulus_ids", ids)
        object.__setattr__(self, "n_units", check_count(self.n_units, what=f"n_units {where}", at_most=MOST_UNITS))
        check_count(self.layer_index, what=f"layer_index {where}", at_least=0)
        check_choice(self.units, UNITS, what="kind of units")
        check_choice(self.feature_dtype, NOISE, what="feature dtype")
        if self.seed is not None:
            check_seed(self.seed, what=f"seed {where}")
        if self.degrees is not None:
            check_number(self.degrees, what=f"degrees {where}", above=0)
        check_instance(self.provenance, Mapping, what=f"provenance {where}")
        axes = {"stimulus": ids}
        gram = check_array(
            self.gram, (n, n), what=f"The Gram matrix {where}", finite=True, axes={**axes, "other stimulus": ids}
        )
        check_semidefinite(gram, noise=NOISE[self.feature_dtype], what=f"The Gram matrix {where}")
        object.__setattr__(self, "gram", gram)
        sums = check_array(self.unit_sums, (n,), what=f"The sums over units {where}", finite=True, axes=axes)
        object.__setattr__(self, "unit_sums", sums)
        if self.features is not None:
            features = check_array(
                self.features, (n, self.n_units), what=f"Features {where}", dtype=None, axes={**axes, "unit": None}
            )
            object.__setattr__(self, "features", features)

    @classmethod
    def from_features(
        cls, features: NDArray[Any], stimulus_ids: Sequence[str], *, keep: bool = True, **labels: Any
    ) -> Representation:
        """Build one from an explicit matrix of activations.

        Parameters
        ----------
        features : ndarray, shape (n_stimuli, n_units)
            float32 or float64; products are formed in float64.  A DataFrame is ordered by the labels of its rows.
        stimulus_ids : sequence of str, length n_stimuli
        keep : bool
            Hold the features too.
        **labels
            ``model``, ``layer``, ``layer_index`` and the other fields.

        Raises
        ------
        InvalidInputError
            If the matrix does not fit the ids or holds NaN.
        """
        ids = check_unique(stimulus_ids, what="stimulus")
        check_flag(keep, what="keep")
        for name in labels:
            check_choice(name, _LABELS, what="label of a representation")
        x = check_array(features, (len(ids), None), what="Features", dtype=None, axes={"stimulus": ids, "unit": None})
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is told below
            gram, unit_sums = _sum_products(x)
        if not np.isfinite(np.trace(gram)):
            check_array(x, x.shape, what="Features", finite=True, dtype=None)
            msg = "Features are too large: the squares of a stimulus add up to infinity; divide them by their scale."
            raise InvalidInputError(msg)
        return cls(
            gram=gram,
            unit_sums=unit_sums,
            n_units=x.shape[1],
            stimulus_ids=ids,
            features=x if keep else None,
            feature_dtype=x.dtype.name,
            **labels,
        )

    @property
    def n_stimuli(self) -> int:
        """Number of stimuli."""
        return len(self.stimulus_ids)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of numbers on this layer must know, in sentences; scores take them over."""
        return tuple(self.provenance.get("notes") or ())

    def select(self, ids: Sequence[str]) -> Representation:
        """The same layer for these stimuli, in this order.

        Parameters
        ----------
        ids : sequence of str

        Raises
        ------
        InvalidInputError
            If an id is not among the stimuli.
        """
        ids = check_unique(ids, what="stimulus")
        index = align_indices(self.stimulus_ids, ids, what="stimulus")
        part = copy(self)  # what was checked as a whole needs no check in parts
        object.__setattr__(part, "gram", self.gram[np.ix_(index, index)])
        object.__setattr__(part, "unit_sums", self.unit_sums[index])
        object.__setattr__(part, "stimulus_ids", ids)
        object.__setattr__(part, "features", None if self.features is None else self.features[index])
        return part


_LABELS = tuple(
    name for name in Representation.__dataclass_fields__ if name not in ("gram", "unit_sums", "n_units", "stimulus_ids")
)


def _sum_products(x: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """``X @ X.T`` and ``X.sum(axis=1)`` in float64, some columns at a time: a copy of them stays in the cache."""
    n, n_units = x.shape
    gram, unit_sums = np.zeros((n, n)), np.zeros(n)
    step = max(1024, 2**18 // max(n, 1))
    for start in range(0, n_units, step):
        block = x[:, start : start + step].astype(np.float64, copy=False)
        gram += block @ block.T
        unit_sums += block.sum(axis=1)
    return gram, unit_sums
