"""Flexible models: layers and categories weighted to fit an area, judged on held-out stimuli and subjects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain, combinations
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from brainconv.containers import RDMs, Recording, Representation, Scores
from brainconv.containers.checks import check_representations, check_target
from brainconv.errors import InvalidInputError
from brainconv.similarity.arguments import check_estimators
from brainconv.similarity.candidates import prepare_candidates
from brainconv.similarity.comparators import RESAMPLED_COMPARATORS
from brainconv.similarity.discriminants import Discriminants
from brainconv.similarity.targets import AreaTarget, prepare_targets
from brainconv.similarity.weighting import HeldOut, Indices, draw_splits, evaluate_held_out
from brainconv.validation import check_choice, check_count, check_instance, check_number, check_seed, check_text

Floats = NDArray[np.float64]
Components = Mapping[str, Representation] | Sequence[Representation] | Representation | RDMs

_LEAST_TEST_STIMULI = 8
_MOST_GROUPS = 4


def score_reweighted(
    components: Mapping[str, Components],
    target: Recording | RDMs,
    *,
    discriminants: Discriminants | None = None,
    estimator: str = "correlation",
    comparator: str = "tau-a",
    test_share: float = 0.25,
    n_splits: int = 100,
    target_estimator: str | None = None,
    random_state: int = 0,
) -> Scores:
    """Score non-negative weightings of RDMs on stimuli and subjects that they were not fitted to.

    Parameters
    ----------
    components : mapping of str to layers or RDMs
        Groups of components, such as ``{"layers": representations, "categories": compute_category_rdms(table)}``.
    target : Recording or RDMs
        Of one area.
    discriminants : Discriminants, optional
        A further group, ``"discriminants"``: a layer remixed to categories, within each split.
    estimator : str
        For RDMs of layers.
    comparator : str
        Of `RESAMPLED_COMPARATORS`.
    test_share : float
        Share of the stimuli that is held out.
    n_splits : int
        Random splits of the stimuli; in each, every subject is left out once.
    target_estimator : str, optional
        For the RDMs of a Recording.
    random_state : int
        Seed.

    Returns
    -------
    Scores
        Rows for each group alone and, where there are several, for all together (``layer`` names the groups, joined by
        ``+``); ``value, ceiling_low, ceiling_high``: means over splits and left-out subjects, the ceiling on the same
        stimuli.  No interval: splits share stimuli.  ``details``: every split's values, ceilings and weights.

    Raises
    ------
    InvalidInputError
        If there are several areas, too few stimuli to hold out, or a component is undefined.

    References
    ----------
    Khaligh-Razavi S-M, Kriegeskorte N (2014), doi:10.1371/journal.pcbi.1003915.  There discriminants were support
    vector machines fitted to other images, and stimuli alone were held out.
    """
    _check_arguments(components, target, discriminants, test_share=test_share, n_splits=n_splits, seed=random_state)
    part, ids, rows, groups, notes = _prepare(
        components,
        target,
        discriminants,
        estimators=(estimator, check_estimators(estimator, target_estimator)),
        comparator=comparator,
    )
    sets = dict(groups)
    if len(groups) > 1:
        sets["+".join(groups)] = list(chain.from_iterable(groups.values()))
    splits = _draw(len(ids), test_share, n_splits, random_state)
    found = evaluate_held_out(_build(rows, ids, discriminants), part.rows, sets, splits, comparator=comparator)
    shared = _shared_columns(part, ids, estimator, comparator, splits)
    table = [
        shared
        | {"layer": name, "value": float(found.values[name].mean()), "definition": comparator}
        | {"ceiling_low": _mean(found.lower), "ceiling_high": _mean(found.upper)}
        for name in sets
    ]
    return Scores.from_rows(table, details=_details(found, part), notes=[*notes, *_describe(part, splits)])


def partition_variance(
    components: Mapping[str, Components],
    target: Recording | RDMs,
    *,
    discriminants: Discriminants | None = None,
    estimator: str = "correlation",
    test_share: float = 0.25,
    n_splits: int = 100,
    target_estimator: str | None = None,
    random_state: int = 0,
) -> pd.DataFrame:
    """What groups of models explain of an area alone, and what they share, on held-out stimuli and subjects.

    Parameters
    ----------
    components : mapping of str to layers or RDMs
        Two to four groups, with the discriminants.
    target : Recording or RDMs
        Of one area.
    discriminants : Discriminants, optional
        A further group, ``"discriminants"``.
    estimator : str
        For RDMs of layers.
    test_share : float
        Share of the stimuli that is held out.
    n_splits : int
        Random splits of the stimuli.
    target_estimator : str, optional
        For the RDMs of a Recording.
    random_state : int
        Seed.

    Returns
    -------
    DataFrame
        ``part`` (``"unique: a"``, ``"shared: a & b"``, ``"total: a + b"``), ``value``, and ``share`` of the total.
        Unique and shared parts sum to the total of all; both may lie below 0, where a group suppresses another's errors
        or overfits.  Values are r |r| between the weighted RDM and that of the subject left out, means over splits.

    Raises
    ------
    InvalidInputError
        If there are fewer than two or more than four groups, or as in `score_reweighted`.

    References
    ----------
    Commonality analysis, as in Groen I I A et al. (2018), doi:10.7554/eLife.32962; there without held-out data.
    """
    _check_arguments(components, target, discriminants, test_share=test_share, n_splits=n_splits, seed=random_state)
    part, ids, rows, groups, _ = _prepare(
        components,
        target,
        discriminants,
        estimators=(estimator, check_estimators(estimator, target_estimator)),
        comparator="pearson",
    )
    if not 2 <= len(groups) <= _MOST_GROUPS:
        msg = f"Variance is partitioned between 2 to {_MOST_GROUPS} groups of models; found {len(groups)}."
        raise InvalidInputError(msg)
    names = list(groups)
    subsets = [subset for size in range(1, len(names) + 1) for subset in combinations(names, size)]
    sets = {"+".join(subset): [i for name in subset for i in groups[name]] for subset in subsets}
    splits = _draw(len(ids), test_share, n_splits, random_state)
    found = evaluate_held_out(_build(rows, ids, discriminants), part.rows, sets, splits, comparator="pearson")
    total: dict[frozenset[str], float] = {frozenset(): 0.0}
    total |= {
        frozenset(subset): float(np.mean(found.values["+".join(subset)] * np.abs(found.values["+".join(subset)])))
        for subset in subsets
    }
    every = frozenset(names)
    table = []
    for subset in subsets:
        # what only these explain together: inclusion and exclusion over the groups left out
        value = sum(
            (-1) ** (size + 1) * total[every - frozenset(subset) | frozenset(chosen)]
            for size in range(len(subset) + 1)
            for chosen in combinations(subset, size)
        )
        table.append({"part": ("unique: " if len(subset) == 1 else "shared: ") + " & ".join(subset), "value": value})
    table += [{"part": "total: " + " + ".join(subset), "value": total[frozenset(subset)]} for subset in subsets]
    frame = pd.DataFrame(table)
    return frame.assign(share=frame["value"] / total[every] if total[every] > 0 else np.nan)


def _check_arguments(
    components: Any, target: Any, discriminants: Any, *, test_share: Any, n_splits: Any, seed: Any
) -> None:
    check_target(target)
    check_instance(components, Mapping, what="components", hint="name of a group to its layers or RDMs")
    for name, members in components.items():
        check_text(name, what="The name of a group of components")
        if not isinstance(members, RDMs):
            check_representations(members, what=f"components[{name!r}]")
    if discriminants is not None:
        check_instance(discriminants, Discriminants, what="discriminants")
    check_number(test_share, what="test_share", above=0, below=1)
    check_count(n_splits, what="n_splits")
    check_seed(seed)


def _prepare(
    components: Mapping[str, Components],
    target: Recording | RDMs,
    discriminants: Discriminants | None,
    *,
    estimators: tuple[str, str],
    comparator: str,
) -> tuple[AreaTarget, tuple[str, ...], Floats, dict[str, list[int]], list[str]]:
    check_choice(comparator, RESAMPLED_COMPARATORS, what="RDM comparator")
    parts, ids, notes = prepare_targets(target, estimator=estimators[1])
    if len(parts) > 1:
        msg = f"{parts[0].recording!r} has {len(parts)} areas; weights are fitted to one at a time (`.select`)."
        raise InvalidInputError(msg)
    rows, groups, n = [], {}, 0
    for name, members in components.items():
        candidates, more = prepare_candidates(members, ids, estimator=estimators[0], comparators=(comparator,))
        if not candidates.usable.all():
            raise InvalidInputError(more[0])
        rows.append(candidates.rows)
        groups[name] = list(range(n, n + len(candidates.rows)))
        n += len(candidates.rows)
    if discriminants is not None:
        groups["discriminants"] = list(range(n, n + len(discriminants.names)))
    if not groups:
        msg = "No component was given; give at least one group of layers or RDMs."
        raise InvalidInputError(msg)
    return parts[0], ids, np.vstack(rows) if rows else np.empty((0, parts[0].rows.shape[1])), groups, notes


def _build(rows: Floats, ids: tuple[str, ...], discriminants: Discriminants | None) -> Callable[[Indices], Floats]:
    if discriminants is None:
        return lambda training: rows  # noqa: ARG005
    return lambda training: np.vstack([rows, discriminants.rdms_of_split(ids, training)])


def _draw(n_stimuli: int, test_share: float, n_splits: int, random_state: int) -> list[Indices]:
    n_test = round(n_stimuli * test_share)
    if n_test < _LEAST_TEST_STIMULI or n_stimuli - n_test < 2 * _LEAST_TEST_STIMULI:
        msg = (
            f"A test share of {test_share:g} holds out {n_test} of {n_stimuli} stimuli; expected at least "
            f"{_LEAST_TEST_STIMULI} to test and {2 * _LEAST_TEST_STIMULI} to train with."
        )
        raise InvalidInputError(msg)
    rng = np.random.default_rng(random_state)
    return draw_splits(n_stimuli, test_share=test_share, n_splits=n_splits, rng=rng)


def _shared_columns(
    part: AreaTarget, ids: tuple[str, ...], estimator: str, comparator: str, splits: list[Indices]
) -> dict[str, Any]:
    several = len(part.rows) > 1
    return {
        "model": "weighted",
        "recording": part.recording,
        "simulated": part.simulated,
        "area": part.area,
        "analysis": "rsa",
        "estimator": estimator,
        "comparator": comparator,
        "regression": "nnls",
        "splits": f"holdout{len(splits[0])}x{len(splits)}" + (" and leave one subject out" if several else ""),
        "statistic": "mean over splits and subjects" if several else "mean over splits",
        "n_stimuli": len(ids),
        "n_sites": part.n_sites,
        "n_repeats": part.n_repeats,
    }


def _describe(part: AreaTarget, splits: list[Indices]) -> list[str]:
    notes = [
        f"Weights were fitted to {len(part.rows[0])} pairs less those of {len(splits[0])} held-out stimuli, in "
        f"{len(splits)} random splits; values are of pairs of held-out stimuli."
    ]
    if len(part.rows) < 2:
        notes.append(
            f"{part.recording}: one subject, so that the weights are fitted to it, and no ceiling over subjects."
        )
    return notes


def _details(found: HeldOut, part: AreaTarget) -> xr.Dataset:
    data: dict[str, Any] = {
        "value": (("group", "split", "subject"), np.stack(list(found.values.values()))),
        "ceiling_low": (("split", "subject"), found.lower),
        "ceiling_high": (("split", "subject"), found.upper),
    }
    for name, weights in found.weights.items():
        data[f"weights {name}"] = (("split", "subject", f"component of {name}"), weights)
    return xr.Dataset(data, {"group": list(found.values), "subject": list(part.subjects)})


def _mean(values: Floats) -> float | None:
    return None if np.isnan(values).all() else float(values.mean())
