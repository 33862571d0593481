"""Regressions by name: ``ridge``, ``pls25`` (any number of components), ``pls25-sklearn``, ``pcr100``."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from brainconv.errors import NotFoundError
from brainconv.predictivity.components import predict_components
from brainconv.predictivity.heldout import HeldOut
from brainconv.predictivity.pls import predict_pls
from brainconv.predictivity.power_iteration import TOL
from brainconv.predictivity.ridge import predict_ridge
from brainconv.validation import check_count, check_instance


@dataclass(frozen=True)
class Regression:
    """A way from one Gram matrix to predictions.

    Parameters
    ----------
    name : str
        What stands in the column ``regression``.
    predict : callable
        ``predict(gram, responses, train, test, choices=..., noise_floor=...)`` returns one `HeldOut` per split.
    joint : bool
        The sites of an area are fitted together and change each other's answer.
    """

    name: str
    predict: Callable[..., list[HeldOut]]
    joint: bool = False


def find_regression(name: str) -> Regression:
    """The regression of that name.

    Parameters
    ----------
    name : str
        ``"ridge"``: penalty per site and split (`predict_ridge`); ``"pls<k>"``: k components, 25 for plain ``"pls"``
        (`predict_pls`); ``"pls<k>-sklearn"``: the same with scikit-learn's stopping rule, which Brain-Score's numbers
        hold; ``"pcr<k>"``: least squares on k principal components (`predict_components`).

    Returns
    -------
    Regression

    Raises
    ------
    NotFoundError
        If there is none.
    """
    check_instance(name, str, what="regression", hint="'ridge', 'pls25', 'pcr100' or another number of components")
    if name == "ridge":
        return Regression("ridge", predict_ridge)
    match = re.fullmatch(r"(?:pls([1-9]\d*)(-sklearn)?|pcr([1-9]\d*))", "pls25" if name == "pls" else name)
    if match is None:
        msg = (
            f"Unknown regression {name!r}. Known: ridge, pls25, pls25-sklearn and pcr100, or any other number of "
            f"components."
        )
        raise NotFoundError(msg)
    n_components = check_count(int((match[3] or match[1])[:9]), what="The number of components")
    if match[3]:
        return Regression(match[0], partial(predict_components, n_components=n_components))
    tol = TOL if match[2] else None
    return Regression(match[0], partial(predict_pls, n_components=n_components, tol=tol), joint=True)
