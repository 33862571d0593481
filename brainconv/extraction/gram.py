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
            shift = torch.zeros(block.shape[1], dtype=torch.float64, device=block.device)
        else:
            rounded = block[self._reference].double().mean(0).to(block.dtype)
            shift = rounded.double()
            if not bool(torch.isfinite(shift).all()):
                self._refuse(torch.isfinite(block).all(dim=1))
            block -= rounded
        self._add_moments(block, shift)
        self._gram += self._multiply(block)

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

    def _add_moments(self, block: torch.Tensor, shift: torch.Tensor) -> None:
        """Add Y r and X 1 (float64), a few rows at a time so that the float64 copy stays in the cache."""
        import torch

        weights = torch.stack([shift, torch.ones_like(shift)], dim=1)
        rows_at_once = max(1, 2**18 // max(block.shape[1], 1)) if self.device == "cpu" else len(block)
        moments = torch.cat([rows.double() @ weights for rows in torch.split(block, rows_at_once)])
        moments[:, 1] += shift.sum()
        finite = torch.isfinite(moments[:, 1])
        if not bool(finite.all()):
            self._refuse(finite)
        self._moments += moments
        self._offset += float(shift @ shift)

    def _multiply(self, block: torch.Tensor) -> torch.Tensor:
        """``block @ block.T`` in the precision of the block."""
        import torch

        if self._product is None:
            self._product = torch.empty((len(block), len(block)), dtype=block.dtype, device=block.device)
        if self.device == "cpu":
            matrix = block.numpy()
            np.matmul(matrix, matrix.T, out=self._product.numpy())
            return self._product
        return torch.matmul(block, block.T, out=self._product)

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
