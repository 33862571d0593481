"""Representation: everything that a layer says about n stimuli, in one n × n matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainconv.errors import InvalidInputError
from brainconv.validation import align_indices, check_array, check_choice, check_unique

UNITS = ("raw", "zscored", "spatial_mean")


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
        If shapes do not agree or the Gram is not symmetric and finite.
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
        ids = check_unique(self.stimulus_ids, what="stimulus")
        n = len(ids)
        where = f"of {self.model}:{self.layer}"
        object.__setattr__(self, "stimulus_ids", ids)
        gram = check_array(self.gram, (n, n), what=f"The Gram matrix {where}", finite=True)
        if not np.allclose(gram, gram.T, rtol=0.0, atol=1e-9 * max(float(np.abs(gram).max(initial=0.0)), 1e-300)):
            msg = f"The Gram matrix {where} is not symmetric; expected X @ X.T."
            raise InvalidInputError(msg)
        object.__setattr__(self, "gram", gram)
        object.__setattr__(
            self, "unit_sums", check_array(self.unit_sums, (n,), what=f"The sums over units {where}", finite=True)
        )
        check_choice(self.units, UNITS, what="kind of units")
        check_choice(self.feature_dtype, ("float32", "float64"), what="feature dtype")
        if self.features is not None and self.features.shape != (n, self.n_units):
            msg = f"Features {where} have shape {self.features.shape}; expected ({n}, {self.n_units})."
            raise InvalidInputError(msg)

    @classmethod
    def from_features(
        cls, features: NDArray[Any], stimulus_ids: Sequence[str], *, keep: bool = True, **labels: Any
    ) -> Representation:
        """Build one from an explicit matrix of activations.

        Parameters
        ----------
        features : ndarray, shape (n_stimuli, n_units)
            float32 or float64; products are formed in float64.
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
        dtype = np.float32 if np.asarray(features).dtype == np.float32 else np.float64
        x = check_array(features, (len(stimulus_ids), None), what="Features", dtype=dtype)
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is told below
            gram, unit_sums = _sum_products(x)
        if not np.isfinite(np.trace(gram)):
            check_array(x, x.shape, what="Features", finite=True, dtype=dtype)
            msg = "Features are too large: the squares of a stimulus add up to infinity; divide them by their scale."
            raise InvalidInputError(msg)
        return cls(
            gram=gram,
            unit_sums=unit_sums,
            n_units=x.shape[1],
            stimulus_ids=tuple(stimulus_ids),
            features=np.asarray(features) if keep else None,
            feature_dtype=np.dtype(dtype).name,
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
        index = align_indices(self.stimulus_ids, list(ids), what="stimulus")
        return replace(
            self,
            gram=self.gram[np.ix_(index, index)],
            unit_sums=self.unit_sums[index],
            stimulus_ids=tuple(ids),
            features=None if self.features is None else self.features[index],
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
