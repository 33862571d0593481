"""Linear predictivity of the layers of one model for the sites of one recording."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainconv.containers import Recording, Representation, Scores
from brainconv.containers.checks import check_recording, check_representations, check_varying
from brainconv.errors import InvalidInputError
from brainconv.predictivity.area import Area, count_scored
from brainconv.predictivity.brainscore import list_ceiling_rows
from brainconv.predictivity.crossvalidation import CrossValidation, cross_validate, draw_shuffles
from brainconv.predictivity.details import build_details, describe
from brainconv.predictivity.labels import label_layer
from brainconv.predictivity.layers import score_area
from brainconv.predictivity.regressions import find_regression
from brainconv.predictivity.resampling import aggregate, can_draw_animals, draw_sites, draw_stimuli
from brainconv.predictivity.single_repeats import SingleRepeats
from brainconv.predictivity.spectrum import NOISE_FLOOR
from brainconv.predictivity.splits import Splits, make_splits
from brainconv.reliability import require_repeats, split_half_reliability
from brainconv.validation import check_count, check_seed

MIN_GROUPS = 20  # fewer groups are too few to be drawn as the units of a bootstrap


def score_predictivity(
    representations: Representation | Mapping[str, Representation] | Sequence[Representation],
    recording: Recording,
    *,
    regression: str = "ridge",
    splits: str | Splits = "kfold10",
    n_boot: int = 1000,
    n_shuffles: int = 1,
    n_ceiling_splits: int = 100,
    random_state: int = 0,
) -> Scores:
    """How well each layer predicts each site, linearly, on stimuli that the read-out has not seen.

    Parameters
    ----------
    representations : Representation, or mapping or sequence of them
        Layers of one model with one set of weights; they must hold every stimulus of the recording.
    recording : Recording
        Responses are averaged over repeats; all repeats of a stimulus stand on the same side of a split.
    regression : str
        ``"ridge"``: penalty per site and split by leave-one-out inside the training stimuli; ``"pls25"``,
        ``"pls25-sklearn"``, ``"pcr100"``: see `find_regression`.
    splits : str or Splits
        See `make_splits`.
    n_boot : int
        Resamples of stimuli and sites for the 95 % intervals (`Resampled`); 0 for none.  Predictions stay fixed and
        nothing is fitted again: r follows from what each test stimulus does to it (`measure_influence`); the
        reliability is computed on the same resample.
    n_shuffles : int
        How often the stimuli are shuffled for the negative control, for each site in an order of its own, so that few
        do: the sites share nothing then.  0 for none.
    n_ceiling_splits : int
        Random splits of the repeats into halves.
    random_state : int
        Seed of splits, resamples, halves and shuffles, all drawn over the sorted stimulus ids.

    Returns
    -------
    Scores
        Per area: a row for each layer and definition (``statistic`` "median over sites"), for the plain maximum over
        layers, for the layer chosen by its r on inner folds of the training stimuli (``layer`` "nested"), and for
        shuffled stimuli; and a row of analysis "reliability".  With ``splits="brainscore"`` also Brain-Score's ceilings
        and its score with them (`list_ceiling_rows`).  ``ceiling_low`` and ``ceiling_high`` are both the
        largest value that a noise-free model can reach, ``ceiling_ci_low`` and ``ceiling_ci_high`` its 95 % interval.
        ``details``: see `build_details`.

    Raises
    ------
    InvalidInputError
        If the layers are of different models, or stimuli are missing or too few.
    NotFoundError
        If there is no such regression.

    References
    ----------
    Yamins et al. (2014), PNAS 111:8619, doi:10.1073/pnas.1403112111;
    Schrimpf et al. (2018), bioRxiv, doi:10.1101/407007.

    Notes
    -----
    Differs from Brain-Score: ridge with a penalty per site chosen inside the training stimuli; r is averaged over folds
    for each site before the median over sites (with ``splits="brainscore"`` the other way round, as there); reliability
    is carried to the real number of repeats where these are odd or differ.  ``regression="pls25-sklearn"`` with
    ``splits="brainscore"`` gives Brain-Score's number.
    """
    check_varying(check_recording(recording))
    check_count(n_boot, what="n_boot", at_least=10, or_zero=True)
    check_count(n_shuffles, what="n_shuffles", at_least=0, at_most=1000)
    check_count(n_ceiling_splits, what="n_ceiling_splits")
    check_seed(random_state)
    method = find_regression(regression)
    layers = as_layers(representations)
    ids = tuple(sorted(recording.stimuli.ids))
    order = np.argsort(np.array(recording.stimuli.ids))
    drawn = make_splits(splits, recording.stimuli, random_state=random_state).reindex(ids)
    responses = recording.mean_responses()[order]
    shuffles = draw_shuffles(n_shuffles, len(ids), recording.sites.index, random_state=random_state)
    site_areas = recording.sites["area"].to_numpy(dtype=str)
    animals = recording.sites["animal"].to_numpy(dtype=str) if "animal" in recording.sites else None
    groups, notes = bootstrap_groups(recording, drawn)
    units = np.arange(len(ids)) if groups is None else np.unique(groups, return_inverse=True)[1]
    results = {
        name: cross_validate(
            part.gram,
            responses,
            drawn,
            regression=regression,
            noise_floor=NOISE_FLOOR[layer.feature_dtype],
            shuffles=shuffles,
            areas=site_areas,
            features=part.features,
            units=units,
        )
        for name, layer in layers.items()
        for part in [layer.select(ids)]
    }
    notes += dict.fromkeys(note for layer in layers.values() for note in layer.notes)
    n_drawn = int(units.max()) + 1
    weights = draw_stimuli(n_boot, len(ids), groups=groups, random_state=random_state)
    reliability, resampled_reliability = (
        np.full(recording.n_sites, np.nan),
        np.full((n_boot, recording.n_sites), np.nan),
    )
    repeats: NDArray[np.float64] | None = None
    try:
        require_repeats(recording)
    except InvalidInputError as reason:
        notes.append(f"Ceiling unavailable: {reason}")
    else:
        trials = recording.responses[order]
        halves = partial(split_half_reliability, trials, n_splits=n_ceiling_splits, random_state=random_state)
        reliability, _ = halves()
        if n_boot:
            resampled_reliability, _ = halves(weights=weights)
        repeats = trials

    rows: list[dict[str, Any]] = []
    resampled, chosen, n_sites_drawn = {}, {}, {}
    site_order = np.argsort(recording.sites.index.to_numpy(dtype=str))
    for name in recording.areas:
        sites = site_order[site_areas[site_order] == name]
        own = None if animals is None else animals[sites]
        area = Area(
            name=name,
            sites=sites,
            splits=drawn,
            weights=weights,
            picks=draw_sites(n_boot, len(sites), area=name, animals=own, random_state=random_state),
            reliability=reliability[sites],
            reliability_resampled=resampled_reliability[:, sites],
            n_drawn=n_drawn,
            n_animals=len(set(own)) if own is not None and can_draw_animals(own) else None,
            repeats=None if repeats is None else SingleRepeats.of(repeats[:, :, sites], weights),
        )
        n_sites_drawn[name] = area.n_second
        labels = {
            layer: {
                **label_layer(representation, layer, recording),
                "analysis": "predictivity",
                "regression": method.name,
                "splits": drawn.name,
                "n_sites": count_scored(sites, results[layer]),
            }
            for layer, representation in layers.items()
        }
        more, resampled[name], chosen[name] = score_area(area, results, labels)
        rows += more + list(_score_animals(area, own, results, labels))
        if np.isfinite(area.ceiling):
            rows.append(area.ceiling_row({key: next(iter(labels.values()))[key] for key in _OF_RECORDING}))
            if drawn.name == "brainscore":
                rows += list(list_ceiling_rows(area, recording.responses[order], rows, resampled[name]))
    if method.joint:
        notes.append(f"{method.name}: the sites of an area were fitted together and change each other's predictions.")
    details = build_details(
        results,
        recording,
        drawn,
        reliability=reliability,
        reliability_resampled=resampled_reliability,
        resampled=resampled,
        chosen=chosen,
        n_drawn=n_drawn,
        n_sites_drawn=n_sites_drawn,
        random_state=random_state,
        power=np.diagonal(min(layers.values(), key=lambda x: x.layer_index).select(ids).gram).copy(),
    )
    notes = [*notes, *describe(results, recording, responses, n_shuffles=n_shuffles)]
    return Scores.from_rows(rows, details=details, notes=notes)


def _score_animals(
    area: Area,
    animals: NDArray[np.str_] | None,
    results: Mapping[str, CrossValidation],
    labels: Mapping[str, Mapping[str, Any]],
) -> Iterator[dict[str, Any]]:
    """The score of each animal by itself, where there are several."""
    names = [] if animals is None else sorted(set(animals))
    for animal in names if len(names) > 1 else ():
        sites = area.sites[animals == animal]
        for layer, result in results.items():
            value = float(aggregate(result.r[:, sites], median_first=area.splits.median_first))
            statistic = f"{area.statistic} of animal {animal}"
            number = {"statistic": statistic, "definition": "r", "value": value, "n_sites": count_scored(sites, result)}
            yield {**labels[layer], "area": area.name, **number}


_OF_RECORDING = ("recording", "simulated", "n_stimuli", "n_repeats")


def as_layers(
    representations: Representation | Mapping[str, Representation] | Sequence[Representation],
) -> dict[str, Representation]:
    """Layers by name, in the order given.

    Parameters
    ----------
    representations : Representation, or mapping or sequence of them
        A mapping's keys are the names.

    Returns
    -------
    dict of str to Representation

    Raises
    ------
    InvalidInputError
        If there is none, a name stands twice, or they are of different models.
    """
    found = check_representations(representations)
    if isinstance(representations, Mapping):
        layers = dict(representations)
    else:
        layers = {representation.layer: representation for representation in found}
        if len(layers) < len(found):
            msg = f"{len(found)} representations share {len(layers)} layer names; name each (pass a mapping)."
            raise InvalidInputError(msg)
    models = {(layer.model, layer.weights, layer.seed, layer.units) for layer in layers.values()}
    if len(models) > 1:
        msg = (
            f"The representations are of {len(models)} models, weights or kinds of units ({sorted(map(str, models))}); "
            f"the best layer is one of one model: score each model in a call of its own."
        )
        raise InvalidInputError(msg)
    return layers


def bootstrap_groups(recording: Recording, drawn: Splits) -> tuple[NDArray[np.str_] | None, list[str]]:
    """Groups to draw as wholes where the splits keep them together, and what to say about it.

    Parameters
    ----------
    recording : Recording
    drawn : Splits

    Returns
    -------
    groups : ndarray of str, shape (n_stimuli,), or None
        In the order of the splits; None where single stimuli are drawn.
    notes : list of str
    """
    notes = [drawn.note] if drawn.note else []
    groups = drawn.groups
    if groups is None:
        return None, notes
    n_groups = len(np.unique(groups))
    if n_groups < MIN_GROUPS:
        notes.append(
            f"{recording.stimuli.name!r} has {n_groups} groups of stimuli, too few to be drawn for an interval "
            f"(at least {MIN_GROUPS}): stimuli were drawn, and the intervals do not speak about new groups."
        )
        return None, notes
    notes.append(f"Intervals draw {n_groups} groups of stimuli, not single stimuli.")
    return groups, notes
