"""Layers, categories and both, weighted to fit a recording's RDM, on stimuli and subjects that were held out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from brainconv.containers import RDMs, Recording, Representation, Scores
from brainconv.errors import InvalidInputError
from brainconv.similarity import compute_category_rdms, score_reweighted

ANALYSIS = "reweighting"


def score_layers_and_categories(
    layers: Mapping[str, Representation],
    target: Recording | RDMs,
    *,
    categories: Sequence[str],
    estimator: str = "correlation",
    n_splits: int = 200,
    random_state: int = 0,
) -> Scores:
    """Score non-negative weightings of a network's layers, of category RDMs, and of both.

    Parameters
    ----------
    layers : mapping of str to Representation
        Of one model.
    target : Recording or RDMs
        With a table of stimuli.
    categories : sequence of str
        Columns of that table; each gives one RDM, 0 within and 1 between its values.
    estimator : str
        For RDMs of layers.
    n_splits : int
        Random splits of the stimuli.
    random_state : int

    Returns
    -------
    Scores
        Of `score_reweighted` by tau-a, under the model's name and the analysis ``"reweighting"``.

    Raises
    ------
    InvalidInputError
        If the table of stimuli has no such column.
    """
    table = None if target.stimuli is None else target.stimuli.table
    absent = [name for name in categories if table is None or name not in table]
    if table is None or absent:
        known = "no table" if table is None else ", ".join(map(str, table.columns)) or "no columns"
        msg = f"The stimuli of {target.name!r} have no {', '.join(map(repr, absent))}; they have: {known}."
        raise InvalidInputError(msg)
    components: dict[str, Any] = {"layers": layers, "categories": compute_category_rdms(table[list(categories)])}
    found = score_reweighted(
        components, target, estimator=estimator, comparator="tau-a", n_splits=n_splits, random_state=random_state
    )
    first = next(iter(layers.values()))
    named = found.table.assign(analysis=ANALYSIS, model=first.model, weights=first.weights, seed=first.seed)
    return replace(found, table=named, notes=(*found.notes, f"Category RDMs: {', '.join(categories)}."))
