"""Cross-validation of one layer against one recording, with sites that lack stimuli and with shuffled stimuli."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from brainconv.errors import InvalidInputError
from brainconv.predictivity.arguments import check_gram, check_responses
from brainconv.predictivity.folds import MIN_TEST, MIN_TRAIN
from brainconv.predictivity.heldout import Choices, HeldOut
from brainconv.predictivity.influence import measure_influence
from brainconv.predictivity.primal import predict_ridge_primal, primal_pays
from brainconv.predictivity.regressions import Regression, find_regression
from brainconv.predictivity.resampling import nanmean
from brainconv.predictivity.splits import Splits
from brainconv.reliability import correlate_resampled
from brainconv.validation import check_array, check_instance, check_number

Array = NDArray[np.float64]
Index = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """What cross-validation of one layer gave.

    Parameters
    ----------
    predictions, observed : list of ndarray, shape (n_test, n_sites)
        One per split; NaN where a site lacks a stimulus.
    r : ndarray, shape (n_splits, n_sites)
        Correlation on the test stimuli: 0 for a constant prediction, NaN for a constant response.
    nested_r : ndarray, shape (n_splits, n_sites)
        Mean r over inner folds of the training stimuli.
    shuffled_r : ndarray, shape (n_splits, n_sites)
        Mean of ``r`` over recordings whose stimuli were shuffled; NaN where none was asked for.
    setting : ndarray, shape (n_splits, n_sites)
        The penalty chosen inside the training stimuli.
    edge : ndarray of int, shape (n_splits, n_sites)
        -1 or +1 where it lies at the lower or upper end of the grid, else 0.
    influence : list of ndarray, shape (n_test, n_sites)
        One per split: what each test stimulus does to ``r`` (`measure_influence`).
    """

    predictions: list[Array]
    observed: list[Array]
    r: Array
    nested_r: Array
    shuffled_r: Array
    setting: Array
    edge: NDArray[np.int8]
    influence: list[Array]


def cross_validate(
    gram: Array,
    responses: Array,
    splits: Splits,
    *,
    regression: str = "ridge",
    noise_floor: float = 1e-12,
    shuffles: Array | None = None,
    areas: NDArray[np.str_] | None = None,
    features: NDArray[np.floating] | None = None,
    units: Index | None = None,
) -> CrossValidation:
    """Fit on the training stimuli and predict the test stimuli of every split.

    Sites that lack the same stimuli are fitted together on those that they have; nothing is filled in.

    Parameters
    ----------
    gram : ndarray, shape (n_stimuli, n_stimuli)
        Uncentred Gram matrix of the layer.
    responses : ndarray, shape (n_stimuli, n_sites)
        Mean over repeats; NaN where a site lacks a stimulus.
    splits : Splits
        Indices count the rows of ``gram``.
    regression : str
        See `find_regression`.
    noise_floor : float
        See `decompose_gram`.
    shuffles : ndarray, shape (n_shuffles, n_stimuli, n_sites), optional
        Random keys; the order of their values is the order in which a site's responses are dealt out again.
    areas : ndarray of str, shape (n_sites,), optional
        Sites of different areas are never fitted together; matters for partial least squares only.
    features : ndarray, shape (n_stimuli, n_units), optional
        Used for ridge where there are fewer units than training stimuli: the same answer, sooner.
    units : ndarray of int, shape (n_stimuli,), optional
        What resamples draw: by default each stimulus, else the numbers of their groups.

    Returns
    -------
    CrossValidation

    Raises
    ------
    NotFoundError
        If there is no such regression.
    """
    gram = check_gram(gram)
    responses = check_responses(responses, len(gram))
    check_instance(splits, Splits, what="splits", hint="`make_splits(name, stimuli)`")
    if len(splits.stimulus_ids) != len(gram):
        msg = f"splits are of {len(splits.stimulus_ids)} stimuli and gram of {len(gram)}; expected the same stimuli."
        raise InvalidInputError(msg)
    check_number(noise_floor, what="noise_floor", at_least=0, below=1)
    if shuffles is not None:
        shuffles = check_array(shuffles, (None, *responses.shape), what="shuffles", finite=True)
    if areas is not None and np.shape(areas) != responses.shape[1:]:
        msg = f"areas has shape {np.shape(areas)}; expected the area of each of {responses.shape[1]} sites."
        raise InvalidInputError(msg)
    if features is not None:
        features = check_array(features, (len(gram), None), what="features", finite=True, dtype=None)
    if units is not None:
        units = check_array(units, (len(gram),), what="units", dtype=np.intp)
    method = find_regression(regression)
    inner = [splits.inner_folds(k) for k in range(len(splits))]
    n_sites, n_splits = responses.shape[1], len(splits)
    units = np.arange(len(responses)) if units is None else units
    present = np.isfinite(responses)
    shuffles = np.empty((0, *responses.shape)) if shuffles is None else shuffles
    predictions = [np.full((len(held), n_sites), np.nan) for held in splits.test]
    nested_r, shuffled_r, setting = (np.full((n_splits, n_sites), np.nan) for _ in range(3))
    edge = np.zeros((n_splits, n_sites), dtype=np.int8)
    keys = present.T.astype(np.intp)
    if method.joint and areas is not None:
        keys = np.concatenate([np.unique(areas, return_inverse=True)[1][:, None], keys], axis=1)
    member = np.unique(keys, axis=0, return_inverse=True)[1].ravel()
    for number in range(int(member.max()) + 1):
        sites = np.flatnonzero(member == number)
        pattern = present[:, sites[0]]
        usable = [
            (k, fit[pattern[fit]], held[pattern[held]], Choices(inner[k].keep(pattern), len(sites)))
            for k, (fit, held) in enumerate(zip(splits.train, splits.test, strict=True))
            if pattern[fit].sum() >= MIN_TRAIN and pattern[held].sum() >= MIN_TEST
        ]
        if not usable:
            continue
        recordings = [
            responses[:, sites],
            *_deal_out(responses[:, sites], np.flatnonzero(pattern), shuffles[:, :, sites]),
        ]
        form, source = method, gram
        if (
            features is not None
            and method.name == "ridge"
            and primal_pays(features.shape[1], [fit for _, fit, *_ in usable])
        ):
            form, source = Regression("ridge", predict_ridge_primal), features.astype(np.float64)
        found = _predict(form, source, recordings, usable, noise_floor)
        for column, (k, _, held, _) in enumerate(usable):
            own = found[0][column]
            predictions[k][np.ix_(pattern[splits.test[k]], sites)] = own.predictions
            nested_r[k, sites] = own.nested_r
            setting[k, sites] = own.settings[own.choice]
            last = len(own.settings) - 1
            if last > 0:
                edge[k, sites] = (own.choice == last).astype(np.int8) - (own.choice == 0).astype(np.int8)
            if len(shuffles):
                dealt = [
                    _correlate(one[column].predictions, recording[held])
                    for one, recording in zip(found[1:], recordings[1:], strict=True)
                ]
                shuffled_r[k, sites] = nanmean(np.stack(dealt), axis=0)
    observed = [responses[held] for held in splits.test]
    r = np.stack([_correlate(p, y) for p, y in zip(predictions, observed, strict=True)])
    influence = [
        measure_influence(p, y, units[held]) for p, y, held in zip(predictions, observed, splits.test, strict=True)
    ]
    return CrossValidation(predictions, observed, r, nested_r, shuffled_r, setting, edge, influence)


def draw_shuffles(n_shuffles: int, n_stimuli: int, sites: Iterable[object], *, random_state: int) -> Array:
    """Keys whose order shuffles the stimuli of each site; a site's own depend on no other.

    Parameters
    ----------
    n_shuffles, n_stimuli : int
    sites : iterable
        Their names.
    random_state : int

    Returns
    -------
    ndarray, shape (n_shuffles, n_stimuli, n_sites)
        Uniform from 0 to 1.
    """
    seeds = [[random_state, 5, crc32(str(site).encode())] for site in sites]
    return np.stack([np.random.default_rng(seed).random((n_shuffles, n_stimuli)) for seed in seeds], axis=2)


def _deal_out(responses: Array, rows: Index, shuffles: Array) -> list[Array]:
    """The same responses for every shuffle, given to other stimuli among those that the sites have."""
    dealt = []
    for keys in shuffles:
        one = np.full_like(responses, np.nan)
        order = np.argsort(keys[rows], axis=0, kind="stable")
        one[rows] = np.take_along_axis(responses[rows], order, axis=0)
        dealt.append(one)
    return dealt


def _predict(
    method: Regression,
    gram: Array,
    recordings: list[Array],
    usable: list[tuple[int, Index, Index, Choices]],
    noise_floor: float,
) -> list[list[HeldOut]]:
    """One list of `HeldOut` (one per split) for every recording; in one go where sites do not change each other."""
    train, test = [fit for _, fit, _, _ in usable], [held for _, _, held, _ in usable]
    choices = [one[3] for one in usable]
    if method.joint:  # the shuffled ones need no nested r
        return [
            method.predict(gram, one, train, test, noise_floor=noise_floor, choices=None if number else choices)
            for number, one in enumerate(recordings)
        ]
    width = recordings[0].shape[1]
    together = method.predict(
        gram, np.concatenate(recordings, axis=1), train, test, noise_floor=noise_floor, choices=choices
    )
    return [[one.select(slice(i * width, (i + 1) * width)) for one in together] for i in range(len(recordings))]


def _correlate(predictions: Array, observed: Array) -> Array:
    r: Array = correlate_resampled(predictions, observed, np.ones((1, len(observed))))[0]
    return r
