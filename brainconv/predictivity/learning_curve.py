"""Learning curves: predictivity against the number of stimuli that train the read-out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from brainconv.containers import Recording, Representation, Scores
from brainconv.containers.checks import check_recording, check_varying
from brainconv.errors import InvalidInputError
from brainconv.predictivity.crossvalidation import cross_validate
from brainconv.predictivity.folds import MIN_TRAIN
from brainconv.predictivity.labels import label_layer
from brainconv.predictivity.regressions import find_regression
from brainconv.predictivity.resampling import nanmean, nanmedian
from brainconv.predictivity.score import as_layers
from brainconv.predictivity.spectrum import NOISE_FLOOR
from brainconv.predictivity.splits import Splits, make_splits
from brainconv.validation import check_count, check_instance, check_number, check_seed

FRACTIONS = (0.1, 0.2, 0.4, 0.7, 1.0)


def score_learning_curve(
    representations: Representation | Mapping[str, Representation] | Sequence[Representation],
    recording: Recording,
    *,
    fractions: Sequence[float] = FRACTIONS,
    n_draws: int = 3,
    regression: str = "ridge",
    splits: str | Splits = "kfold10",
    random_state: int = 0,
) -> Scores:
    """Score with parts of the training stimuli; the test stimuli stay the same.

    A curve that still rises says that the recording, and not the layer, limits the score.

    Parameters
    ----------
    representations : Representation, or mapping or sequence of them
        Layers of one model.
    recording : Recording
    fractions : sequence of float
        Parts of each training set, above 0 and up to 1.  Smaller parts lie within larger ones.
    n_draws : int
        Random draws of the parts, over which is averaged.
    regression : str
        See `find_regression`.
    splits : str or Splits
    random_state : int

    Returns
    -------
    Scores
        Analysis "learning curve"; a row for each area, layer and fraction, with the median number of training stimuli
        in ``statistic`` and in ``n_stimuli``.

    Raises
    ------
    InvalidInputError
        If a fraction is not above 0 and up to 1, or leaves fewer than three training stimuli.
    """
    check_varying(check_recording(recording))
    check_seed(random_state)
    check_count(n_draws, what="n_draws", at_most=1000)
    check_instance(fractions, (tuple, list), what="fractions")
    for value in fractions:
        check_number(value, what="A fraction of the training stimuli", above=0, at_most=1)
    method, layers = find_regression(regression), as_layers(representations)
    wrong = [part for part in fractions if not 0 < part <= 1]
    if wrong or not len(fractions):
        msg = f"The fractions of training stimuli are {list(fractions)}; expected numbers above 0 and up to 1."
        raise InvalidInputError(msg)
    ids = tuple(sorted(recording.stimuli.ids))
    order = np.argsort(np.array(recording.stimuli.ids))
    drawn = make_splits(splits, recording.stimuli, random_state=random_state).reindex(ids)
    responses = recording.mean_responses()[order]
    areas = recording.sites["area"].to_numpy(dtype=str)
    rows: list[dict[str, Any]] = []
    for part in sorted(fractions):
        parts = [_reduce(drawn, part, draw, random_state) for draw in range(1 if part == 1 else n_draws)]
        size = int(np.median([len(fit) for fit in parts[0].train]))
        for name, layer in layers.items():
            kept = layer.select(ids)
            r = [
                cross_validate(
                    kept.gram,
                    responses,
                    one,
                    regression=regression,
                    noise_floor=NOISE_FLOOR[layer.feature_dtype],
                    areas=areas,
                    features=kept.features,
                ).r
                for one in parts
            ]
            per_site = nanmean(np.concatenate(r), axis=0)
            rows += [
                {
                    **label_layer(layer, name, recording),
                    "area": area,
                    "analysis": "learning curve",
                    "regression": method.name,
                    "splits": drawn.name,
                    "statistic": f"median over sites, {size} training stimuli",
                    "definition": "r",
                    "value": float(nanmedian(per_site[areas == area])),
                    "n_sites": int(np.isfinite(per_site[areas == area]).sum()),
                    "n_stimuli": size,
                }
                for area in recording.areas
            ]
    return Scores.from_rows(rows)


def _reduce(splits: Splits, part: float, draw: int, random_state: int) -> Splits:
    """The first part of each training set in an order that is the same for every part."""
    train = []
    for number, fit in enumerate(splits.train):
        size = round(part * len(fit))
        if size < MIN_TRAIN:
            msg = f"{part:g} of {len(fit)} training stimuli are {size}; at least {MIN_TRAIN} are needed."
            raise InvalidInputError(msg)
        order = np.random.default_rng([random_state, 11, draw, number]).permutation(fit)
        train.append(np.sort(order[:size]))
    return replace(splits, train=tuple(train))
