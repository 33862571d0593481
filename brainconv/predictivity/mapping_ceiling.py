"""Mapping ceilings: how well the same linear map predicts a recording from a recording."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainconv.containers import Recording, Scores
from brainconv.containers.checks import check_recording, check_varying
from brainconv.errors import InvalidInputError
from brainconv.predictivity.area import Area
from brainconv.predictivity.crossvalidation import CrossValidation, cross_validate
from brainconv.predictivity.regressions import find_regression
from brainconv.predictivity.resampling import draw_sites, draw_stimuli
from brainconv.predictivity.score import bootstrap_groups
from brainconv.predictivity.splits import Splits, make_splits
from brainconv.reliability import (
    apply_spearman_brown,
    carry_factor,
    count_repeats,
    draw_halves,
    require_repeats,
    split_half_reliability,
)
from brainconv.validation import align_indices, check_count, check_instance, check_seed

Array = NDArray[np.float64]
Index = NDArray[np.intp]

SOURCES = {
    "itself": "the same responses (shares their noise)",
    "halves": "other half of the repeats",
    "animals": "sites of other animals",
}


@dataclass(frozen=True, eq=False)
class _Task:
    """Columns of source responses that predict columns of target responses."""

    source: Array  # (n_stimuli, n_source_sites)
    target: Array  # (n_stimuli, n_sites)
    sites: Index  # places of the target's columns among the sites of the area


def compute_mapping_ceiling(
    recording: Recording,
    *,
    source: str | Recording = "halves",
    regression: str = "ridge",
    splits: str | Splits = "kfold10",
    n_halvings: int = 5,
    n_boot: int = 1000,
    n_ceiling_splits: int = 100,
    random_state: int = 0,
) -> Scores:
    """Predict each area of a recording from recorded sites instead of a layer, by the same regression and splits.

    What a linear map from finitely many noisy sites reaches is often far below the noise ceiling; it is what a network
    as good as another recording would score.

    Parameters
    ----------
    recording : Recording
    source : str or Recording
        ``"halves"``: mean over one half of the repeats from the mean over the other half of all sites of the area;
        ``"animals"``: each animal's sites from the sites of all other animals; ``"itself"``: the mean responses from
        themselves, as in Brain-Score's tests; or another recording of the same stimuli (same ids, same pixels).
    regression : str
        See `find_regression`.
    splits : str or Splits
        See `make_splits`.
    n_halvings : int
        Random halvings, each used in both directions.
    n_boot : int
        Resamples of stimuli and sites for the 95 % intervals.
    n_ceiling_splits : int
    random_state : int

    Returns
    -------
    Scores
        Analysis "mapping ceiling", ``layer`` names the source.  For halves, the reliability that scores are divided by
        is that of a half.  ``notes`` count source sites that lack a stimulus and were left out.

    Raises
    ------
    InvalidInputError
        If there are no repeats, no second animal, or the other recording has other stimuli.
    """
    check_varying(check_recording(recording))
    check_instance(source, (str, Recording), what="source")
    check_count(n_halvings, what="n_halvings", at_most=1000)
    check_count(n_boot, what="n_boot", at_least=10, or_zero=True)
    check_count(n_ceiling_splits, what="n_ceiling_splits")
    check_seed(random_state)
    method = find_regression(regression)
    ids = tuple(sorted(recording.stimuli.ids))
    order = np.argsort(np.array(recording.stimuli.ids))
    drawn = make_splits(splits, recording.stimuli, random_state=random_state).reindex(ids)
    groups, notes = bootstrap_groups(recording, drawn)
    units = np.arange(len(ids)) if groups is None else np.unique(groups, return_inverse=True)[1]
    weights = draw_stimuli(n_boot, len(ids), groups=groups, random_state=random_state)
    if isinstance(source, Recording):
        _require_same_stimuli(recording, source)
        title = f"recording {source.name}"
    elif source in SOURCES:
        title = SOURCES[source]
    else:
        msg = f"Unknown source {source!r} of a mapping ceiling; expected {', '.join(SOURCES)} or a Recording."
        raise InvalidInputError(msg)
    if source == "halves":
        require_repeats(recording)
    rows: list[dict[str, Any]] = []
    for name in recording.areas:
        part = recording.select(area=name)
        ranked = np.argsort(part.sites.index.to_numpy(dtype=str))
        responses = part.responses[order][:, :, ranked]
        animals = part.sites["animal"].to_numpy(dtype=str)[ranked] if "animal" in part.sites else None
        rounds = _rounds(part, responses, animals, source, ids, n_halvings=n_halvings, random_state=random_state)
        whole = [[_whole(task) for task in tasks] for tasks in rounds]
        left_out = sum(a.source.shape[1] - b.source.shape[1] for a, b in zip(rounds[0], whole[0], strict=True))
        if left_out:
            notes.append(f"{name}: {left_out} source site(s) lack a stimulus and were left out of the source.")
        results = [_cross_validate(tasks, drawn, regression=regression, units=units) for tasks in whole]
        reliability, resampled = _reliability(
            part, responses, weights, halved=source == "halves", n_splits=n_ceiling_splits, random_state=random_state
        )
        area = Area(
            name=name,
            sites=np.arange(part.n_sites),
            splits=replace(drawn, train=drawn.train * len(results), test=drawn.test * len(results)),
            weights=weights,
            picks=draw_sites(n_boot, part.n_sites, area=name, random_state=random_state),
            reliability=reliability,
            reliability_resampled=resampled,
            n_drawn=int(units.max()) + 1,
        )
        result = _join(results)
        labels = {
            "model": "recording",
            "layer": title,
            "recording": recording.name,
            "simulated": recording.simulated,
            "analysis": "mapping ceiling",
            "regression": method.name,
            "splits": drawn.name,
            "statistic": area.statistic,
            "n_stimuli": len(ids),
            "n_sites": int(np.isfinite(result.r).any(axis=0).sum()),
            "n_units": max(task.source.shape[1] for task in whole[0]),
        }
        rows += area.rows(area.resample(area.tabulate(result)).median, labels)
    return Scores.from_rows(rows, notes=notes)


def _rounds(
    part: Recording,
    responses: Array,
    animals: NDArray[np.str_] | None,
    source: str | Recording,
    ids: tuple[str, ...],
    *,
    n_halvings: int,
    random_state: int,
) -> list[list[_Task]]:
    """Tasks that together predict every site of the area once; one list for each time that they are predicted."""
    everyone = np.arange(part.n_sites)
    if source == "halves":
        halves = list(draw_halves(responses, n_splits=n_halvings, random_state=random_state))
        return [[_Task(a, b, everyone)] for first, second in halves for a, b in ((first, second), (second, first))]
    counts = count_repeats(responses)
    means = np.where(counts > 0, np.nansum(responses, axis=1) / np.maximum(counts, 1), np.nan)
    if source == "itself":
        return [[_Task(means, means, everyone)]]
    if isinstance(source, Recording):
        other = source.select(area=part.areas[0]) if part.areas[0] in source.areas else source
        return [[_Task(other.select(stimuli=ids).mean_responses(), means, everyone)]]
    names = [] if animals is None else sorted(set(animals.tolist()))
    if animals is None or len(names) < 2:
        msg = (
            f"{part.name!r} has {len(names) or 'no named'} animal(s) in {part.areas[0]}; prediction from others "
            f"takes at least two (column 'animal' of the sites)."
        )
        raise InvalidInputError(msg)
    return [
        [_Task(means[:, animals != name], means[:, animals == name], np.flatnonzero(animals == name)) for name in names]
    ]


def _whole(task: _Task) -> _Task:
    """Only the source sites that have every stimulus."""
    whole = np.isfinite(task.source).all(axis=0)
    if not whole.any():
        msg = "No source site has every stimulus; a recording cannot be predicted from it. Select stimuli first."
        raise InvalidInputError(msg)
    return replace(task, source=task.source[:, whole])


def _cross_validate(tasks: list[_Task], splits: Splits, *, regression: str, units: Index) -> CrossValidation:
    parts = [
        cross_validate(task.source @ task.source.T, task.target, splits, regression=regression, units=units)
        for task in tasks
    ]
    order = np.argsort(np.concatenate([task.sites for task in tasks]))

    def beside(name: str) -> Any:
        return np.concatenate([getattr(part, name) for part in parts], axis=-1)[..., order]

    def each(name: str) -> list[Array]:
        lists = zip(*(getattr(part, name) for part in parts), strict=True)
        return [np.concatenate(values, axis=1)[:, order] for values in lists]

    return CrossValidation(
        predictions=each("predictions"),
        observed=each("observed"),
        influence=each("influence"),
        **{name: beside(name) for name in _FIELDS},
    )


_FIELDS = ("r", "nested_r", "shuffled_r", "setting", "edge")


def _join(results: list[CrossValidation]) -> CrossValidation:
    """Several halvings as if they were more splits."""
    return CrossValidation(
        predictions=[values for result in results for values in result.predictions],
        observed=[values for result in results for values in result.observed],
        influence=[values for result in results for values in result.influence],
        **{name: np.concatenate([getattr(result, name) for result in results]) for name in _FIELDS},
    )


def _reliability(
    part: Recording, responses: Array, weights: Array, *, halved: bool, n_splits: int, random_state: int
) -> tuple[Array, Array]:
    """Reliability of what is predicted: of the mean over all repeats, or over one half of them."""
    if not part.has_repeats:
        return np.full(part.n_sites, np.nan), np.full((len(weights), part.n_sites), np.nan)
    every = np.concatenate([np.ones((1, len(responses))), weights])
    values, _ = split_half_reliability(responses, n_splits=n_splits, random_state=random_state, weights=every)
    if halved:
        values = apply_spearman_brown(values, 1.0 / carry_factor(count_repeats(responses), every))
    return values[0], values[1:]


def _require_same_stimuli(recording: Recording, other: Recording) -> None:
    align_indices(other.stimuli.ids, recording.stimuli.ids, what="stimulus")
    images = other.stimuli.select(list(recording.stimuli.ids)).images
    for name, mine, theirs in zip(recording.stimuli.ids, recording.stimuli.images, images, strict=True):
        if mine.shape != theirs.shape or not np.array_equal(mine, theirs):
            msg = (
                f"Stimulus {name!r} is another image in {other.name!r} than in {recording.name!r}; the source "
                f"must be a recording with the same stimuli."
            )
            raise InvalidInputError(msg)
