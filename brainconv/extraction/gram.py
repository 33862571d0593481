"""The Gram matrix of a layer, summed over blocks of units about a reference pattern."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from brainconv.errors import InvalidInputError

if TYPE_CHECKING:
    import torch

N_REFERENCE = 64
"""Number of stimuli whose mean is the reference pattern."""
REFERENCE_SEED = 0
CONSTANT = {"float32": 1e-6, "float64": 1e-12}
"""A unit varies if its standard deviation exceeds this part of its largest absolute value; less is rounding noise."""


def choose_reference(ids: Sequence[str]) -> NDArray[np.intp]:
    """Rows of the stimuli whose mean is the reference pattern.

    Drawn with a fixed seed over the sorted ids, and returned in the order of the ids, so that the same stimuli give
    the same pattern to the last bit in whatever order, batches or blocks they come.

    Parameters
    ----------
    ids : sequence of str, length n_stimuli

    Returns
    -------
    ndarray of int, shape (min(n_stimuli, 64),)
    """
    order = np.argsort(np.asarray(ids, dtype=str), kind="stable")
    drawn = np.random.default_rng(REFERENCE_SEED).permutation(len(order))[:N_REFERENCE]
    rows: NDArray[np.intp] = order[np.sort(drawn)]
    return rows


class GramSum:
    """``X @ X.T`` and ``X.sum(axis=1)`` of activations X that come in blocks of units.

    With a pattern r (one number per unit) and Y = X - 1 rᵀ,

        X Xᵀ = Y Yᵀ + (Y r) 1ᵀ + 1 (Y r)ᵀ + (r · r) 1 1ᵀ.

    Y Yᵀ, small because the mean is gone, is formed block by block in the precision of X and summed in float64; the
    other terms are formed in float64 from the same Y and r.  So the large mean of rectified units costs no digits, and
    the result does not depend on the size of the blocks (1e-6 of the largest entry for float32 features).

    Parameters
    ----------
    ids : sequence of str, length n_stimuli
    units : {"raw", "zscored", "spatial_mean"}
        ``"zscored"``: each unit is brought to mean 0 and standard deviation 1 over all stimuli (divided by n, not
        n - 1).  A unit that does not vary becomes 0 and is counted in ``n_constant``.
    layer : str
        For messages.
    device : str
        Where products are formed: ``"cpu"`` (NumPy, whose ``A @ A.T`` does half the work) or ``"cuda"``.
    """

    def __init__(self, ids: Sequence[str], *, units: str = "raw", layer: str = "features", device: str = "cpu") -> None:
        import torch

        n = len(ids)
        self._ids = ids
        self._units = units
        self._layer = layer
        self.device = device
        self._reference = torch.from_numpy(choose_reference(ids)).to(device)
        self._gram = torch.zeros((n, n), dtype=torch.float64, device=device)
        self._product: torch.Tensor | None = None
        self._moments = torch.zeros((n, 2), dtype=torch.float64, device=device)
        self._offset = 0.0
        self.n_constant = 0

    def add(self, block: torch.Tensor) -> None:
        """Add the contribution of some units.

        Parameters
        ----------
        block : torch.Tensor, float32 or float64, shape (n_stimuli, n_units_of_the_block), contiguous
            Overwritten: with z-scores, or with what is left after the reference pattern.

        Raises
        ------
        InvalidInputError
            If it holds NaN or infinity; names the layer and a stimulus.
        """
        import torch

        if self._units == "zscored":
            self._standardise(block)
            pattern = torch.zeros(block.shape[1], dtype=block.dtype, device=block.device)
        else:
            pattern = block[self._reference].double().mean(0).to(block.dtype)
            if not bool(torch.isfinite(pattern).all()):
                self._refuse(torch.isfinite(block).all(dim=1))
        moments = self._shift_on_cpu(block, pattern) if self.device == "cpu" else _shift_on_gpu(block, pattern)
        moments[:, 1] += pattern.double().sum()
        finite = torch.isfinite(moments[:, 1])
        if not bool(finite.all()):
            self._refuse(finite)
        self._moments += moments
        self._offset += float(pattern.double() @ pattern.double())
        self._add_product(block)

    def finish(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The Gram matrix and the sums over units.

        Returns
        -------
        gram : ndarray, float64, shape (n_stimuli, n_stimuli)
        unit_sums : ndarray, float64, shape (n_stimuli,)
        """
        self._product = None
        gram: NDArray[np.float64] = self._gram.cpu().numpy()
        moments = self._moments.cpu().numpy()
        cross, unit_sums = moments[:, 0] + self._offset / 2, moments[:, 1].copy()
        rows_at_once = max(1, 2**22 // max(len(gram), 1))
        if self.device != "cpu":  # a GPU's product is symmetric only up to rounding
            gram = (gram + gram.T) / 2
        for start in range(0, len(gram), rows_at_once):
            rows = slice(start, start + rows_at_once)
            gram[rows] += cross[rows, None] + cross[None, :]
        return gram, unit_sums

    def _shift_on_cpu(self, block: torch.Tensor, pattern: torch.Tensor) -> torch.Tensor:
        """Make Y of X in place; Y r and Y 1 in float64.

        NumPy on a few rows at a time: they stay in the cache, and torch's threads do not spin beside those of BLAS.
        """
        import torch

        matrix, reference = block.numpy(), pattern.numpy()
        weights = np.stack([reference.astype(np.float64), np.ones(len(reference))], axis=1)
        moments = np.empty((len(matrix), 2))
        step = max(1, 2**17 // max(matrix.shape[1], 1))
        for start in range(0, len(matrix), step):
            rows = matrix[start : start + step]
            rows -= reference
            moments[start : start + step] = rows.astype(np.float64) @ weights
        return torch.from_numpy(moments)

    def _add_product(self, block: torch.Tensor) -> None:
        """Add ``Y @ Y.T``, formed in the precision of the block."""
        import torch

        if self._product is None:
            self._product = torch.empty((len(block), len(block)), dtype=block.dtype, device=block.device)
        if self.device == "cpu":
            matrix, product, gram = block.numpy(), self._product.numpy(), self._gram.numpy()
            np.matmul(matrix, matrix.T, out=product)
            gram += product
        else:
            self._gram += torch.matmul(block, block.T, out=self._product)

    def _standardise(self, block: torch.Tensor) -> None:
        """Mean 0 and standard deviation 1 per unit, in place."""
        import torch

        largest = block.abs().amax(dim=0).double()
        values = block.double()
        mean = values.mean(dim=0)
        if not bool(torch.isfinite(mean).all()):
            self._refuse(torch.isfinite(block).all(dim=1))
        values -= mean
        deviation = torch.linalg.vector_norm(values, dim=0) / len(block) ** 0.5
        constant = deviation <= CONSTANT[str(block.dtype).removeprefix("torch.")] * largest
        values /= deviation.masked_fill(constant, 1.0)
        values.masked_fill_(constant, 0.0)
        self.n_constant += int(constant.sum())
        block.copy_(values)

    def _refuse(self, finite: torch.Tensor) -> None:
        bad = (~finite).nonzero().flatten().tolist()
        example = f", for example {self._ids[bad[0]]!r}" if bad else ""
        msg = (
            f"Layer {self._layer!r} gives NaN or infinite values for {len(bad)} of {len(self._ids)} stimuli{example}; "
            f"expected finite activations. Check the weights, the preprocessing and the precision of the network."
        )
        raise InvalidInputError(msg)


def _shift_on_gpu(block: torch.Tensor, pattern: torch.Tensor) -> torch.Tensor:
    """Make Y of X in place; Y r and Y 1 in float64."""
    import torch

    block -= pattern
    weights = torch.stack([pattern.double(), torch.ones_like(pattern, dtype=torch.float64)], dim=1)
    return block.double() @ weights
