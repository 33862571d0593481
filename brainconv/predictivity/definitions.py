"""What a score is called and how it is computed from r and the reliability: no number without its formula."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from brainconv.arrays import check_broadcast, read_array
from brainconv.validation import check_choice

Array = NDArray[np.float64]


def _signed_square(r: Array) -> Array:
    return r * np.abs(r)


def _where_reliable(reliability: Array) -> Array:
    """The reliability, NaN where it is not above zero: nothing can be divided by it."""
    return np.where(reliability > 0, reliability, np.nan)


DEFINITIONS: dict[str, Callable[[Array, Array], Array]] = {
    "r": lambda r, c: r + 0.0 * np.nan_to_num(c),
    "r2": lambda r, c: _signed_square(r) + 0.0 * np.nan_to_num(c),
    "r/sqrt(ceiling)": lambda r, c: r / np.sqrt(_where_reliable(c)),
    "r2/ceiling": lambda r, c: _signed_square(r) / _where_reliable(c),
    "(r/ceiling)2": lambda r, c: _signed_square(r / _where_reliable(c)),
    "CCnorm": lambda r, c: r / np.sqrt(_where_reliable(c)),
    "r2/ceiling (NSD)": lambda r, c: _signed_square(r) / _where_reliable(c),
}
#: Divided by the reliability from signal power instead of the one from split halves.
FROM_POWER = ("CCnorm", "r2/ceiling (NSD)")
NEEDS_CEILING = ("r/sqrt(ceiling)", "r2/ceiling", "(r/ceiling)2", *FROM_POWER)
#: Explained over explainable share of the variance of single repeats; it is no function of r.
FEVE = "FEVE"


def compute_definition(definition: str, r: ArrayLike, reliability: ArrayLike = np.nan) -> Array:
    """A score of that name.

    The headline number of an area is this function of two aggregates (the median r over sites and the median
    reliability), not the median of per-site ratios, which is biased upwards where the reliability is low.

    Parameters
    ----------
    definition : str
        ``"r"``; ``"r2"``: r·|r|, which keeps the sign;
        ``"r/sqrt(ceiling)"``: part of the largest r that a noise-free model can reach;
        ``"r2/ceiling"``: part of the explainable variance, Brain-Score's definition since January 2026;
        ``"(r/ceiling)2"``: Brain-Score's definition before; it divides r by the reliability, so that a perfect model
        scores above 1;
        ``"CCnorm"``: r over the largest r of a noise-free model as signal power gives it;
        ``"r2/ceiling (NSD)"``: r·|r| over the noise ceiling of the Natural Scenes Dataset,
        ncsnr² / (ncsnr² + 1/repeats).  Both take the reliability from signal power.
    r : array_like
        Correlation of prediction and response, averaged over repeats.
    reliability : array_like
        Reliability of that average: its squared correlation with the true response, in expectation.

    Returns
    -------
    ndarray
        NaN where the definition needs a reliability and it is not above zero.

    Raises
    ------
    NotFoundError
        If there is no such definition.

    References
    ----------
    Schoppe et al. (2016), Front. Comput. Neurosci., doi:10.3389/fncom.2016.00010 (Eq. 11-13); Allen et al. (2022), Nat.
    Neurosci. 25:116, doi:10.1038/s41593-021-00962-x.

    Notes
    -----
    Differs from Brain-Score for negative r only, whose square Brain-Score would count as success.
    """
    check_choice(definition, DEFINITIONS, what="definition of a score")
    r, reliability = read_array(r, what="r"), read_array(reliability, what="reliability")
    check_broadcast(r=r, reliability=reliability)
    return DEFINITIONS[definition](r, reliability)
