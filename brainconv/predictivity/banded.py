"""Banded ridge: several layers together, each with a penalty of its own, and what each adds alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from brainconv.containers import Recording, Representation, Scores
from brainconv.containers.checks import check_recording, check_representations, check_semidefinite, check_varying
from brainconv.errors import InvalidInputError, MissingDependencyError
from brainconv.predictivity.arguments import check_gram, check_pairs, check_responses
from brainconv.predictivity.folds import InnerFolds
from brainconv.predictivity.heldout import locate
from brainconv.predictivity.resampling import nanmean, nanmedian
from brainconv.predictivity.ridge import PENALTY_GRID, mean_eigenvalue
from brainconv.predictivity.spectrum import centre_gram
from brainconv.predictivity.splits import Splits, make_splits
from brainconv.reliability import correlate_columns
from brainconv.validation import check_array, check_count, check_instance, check_seed

Array = NDArray[np.float64]
Index = NDArray[np.intp]

INNER_FOLDS = 5


@dataclass(frozen=True, eq=False)
class BandedFit:
    """One split of a banded ridge regression.

    Parameters
    ----------
    parts : ndarray, shape (n_layers, n_test, n_sites)
        What each layer adds to the prediction of the test stimuli.
    intercept : ndarray, shape (n_sites,)
    weights : ndarray, shape (n_layers, n_sites)
        Factor of each layer's Gram in the joint kernel, in units of the inverse mean eigenvalue; its inverse is the
        layer's penalty.
    """

    parts: Array
    intercept: Array
    weights: Array

    @property
    def predictions(self) -> Array:
        """Of all layers together, shape (n_test, n_sites)."""
        total: Array = self.parts.sum(axis=0) + self.intercept
        return total


def fit_banded(
    grams: Array,
    responses: Array,
    train: Index,
    test: Index,
    *,
    inner: InnerFolds | None = None,
    n_iter: int = 50,
    random_state: int = 0,
) -> BandedFit:
    """Fit several layers together on the training stimuli.

    Parameters
    ----------
    grams : ndarray, shape (n_layers, n_stimuli, n_stimuli)
        Uncentred Gram matrices.
    responses : ndarray, shape (n_stimuli, n_sites)
        Finite.
    train, test : ndarray of int
    inner : InnerFolds, optional
        Folds of the training stimuli on which mixtures and penalties are chosen; by default five random ones.
    n_iter : int
        Mixtures of layers that are tried, besides equal shares of all and each layer alone; the mixture and the penalty
        of a site are those with the smallest squared error on the inner folds.
    random_state : int

    Returns
    -------
    BandedFit

    Raises
    ------
    MissingDependencyError
        If himalaya is not installed.

    References
    ----------
    Dupré la Tour et al. (2022), NeuroImage 264:119728, doi:10.1016/j.neuroimage.2022.119728.
    """
    grams = check_array(grams, (None, None, None), what="grams", finite=True)
    if not len(grams):
        msg = "grams holds no layer; expected shape (n_layers, n_stimuli, n_stimuli) with at least one."
        raise InvalidInputError(msg)
    for number, gram in enumerate(grams):
        check_semidefinite(check_gram(gram, what=f"grams[{number}]"), what=f"grams[{number}]")
    responses = check_responses(responses, len(grams[0]))
    (train,), (test,) = check_pairs([train], [test], len(grams[0]))
    if inner is not None:
        check_instance(inner, InnerFolds, what="inner", hint="of `Splits.inner_folds`")
    check_count(n_iter, what="n_iter")
    check_seed(random_state)
    from sklearn.model_selection import KFold, PredefinedSplit

    kernels, outer = [], []
    for gram in grams:
        block = gram[np.ix_(train, train)]
        means, scale = block.mean(axis=0), mean_eigenvalue(gram, train)
        kernels.append(centre_gram(block) / scale)
        cross = gram[np.ix_(test, train)]
        outer.append((cross - cross.mean(axis=1, keepdims=True) - means + means.mean()) / scale)
    intercept = responses[train].mean(axis=0)
    n_layers = len(grams)
    rng = np.random.default_rng([random_state, 9])
    sparse, even = (
        rng.dirichlet(np.full(n_layers, c), size=n) for c, n in ((0.1, n_iter // 2), (1.0, -(-n_iter // 2)))
    )
    mixtures = np.concatenate([np.full((1, n_layers), 1.0 / n_layers), np.eye(n_layers), sparse, even])
    choices: KFold | PredefinedSplit = KFold(INNER_FOLDS, shuffle=True, random_state=random_state)
    if inner is not None and inner.folds:
        part = np.full(len(train), -1)  # -1: never left out
        for k, fold in enumerate(locate(inner.folds, train)):
            part[fold] = k
        choices = PredefinedSplit(part)
    # A mixture that leaves a layer out has the logarithm of 0 as its weight.
    with _numpy_backend() as search, np.errstate(divide="ignore"):
        deltas, dual, *_ = search(
            np.stack(kernels),
            responses[train] - intercept,
            n_iter=mixtures,
            alphas=PENALTY_GRID,
            cv=choices,
            return_weights="dual",
            progress_bar=False,
            random_state=random_state,
        )
    weights = np.exp(np.asarray(deltas, dtype=np.float64))
    parts = np.stack([k @ np.asarray(dual, dtype=np.float64) for k in outer]) * weights[:, None, :]
    return BandedFit(parts, intercept, weights)


def score_banded(
    representations: Mapping[str, Representation],
    recording: Recording,
    *,
    splits: str | Splits = "kfold10",
    n_iter: int = 50,
    random_state: int = 0,
) -> Scores:
    """How well several layers predict together, and the share that no other layer can take over.

    Parameters
    ----------
    representations : mapping of layer to Representation
        Two to eight layers.
    recording : Recording
        Sites that lack a stimulus are left out and counted.
    splits : str or Splits
    n_iter : int
        See `fit_banded`.
    random_state : int

    Returns
    -------
    Scores
        Analysis "banded predictivity"; per area ``r`` of all layers together (``layer`` "all") and for each layer its
        unique share, the signed r² of all layers less that of all but this one, median over sites.  It can be slightly
        negative by chance.  ``details``: ``r`` (site), ``unique`` (layer, site), ``weight`` (layer, site).

    Raises
    ------
    InvalidInputError
        If there are not two to eight layers, or no site has every stimulus.

    Notes
    -----
    Unique shares of layers do not add up to the joint r²: what layers share belongs to none of them.
    """
    check_representations(
        check_instance(representations, Mapping, what="representations", hint="layer to Representation")
    )
    check_varying(check_recording(recording))
    check_count(n_iter, what="n_iter")
    check_seed(random_state)
    if not 2 <= len(representations) <= 8:
        msg = f"{len(representations)} layer(s) were given; banded ridge takes 2 to 8. Choose the layers to compare."
        raise InvalidInputError(msg)
    ids = tuple(sorted(recording.stimuli.ids))
    order = np.argsort(np.array(recording.stimuli.ids))
    drawn = make_splits(splits, recording.stimuli, random_state=random_state).reindex(ids)
    responses = recording.mean_responses()[order]
    whole = np.isfinite(responses).all(axis=0)
    if not whole.any():
        msg = (
            f"No site of {recording.name!r} has every stimulus; banded ridge fits sites together. Select stimuli first."
        )
        raise InvalidInputError(msg)
    grams = np.stack([layer.select(ids).gram for layer in representations.values()])
    names = list(representations)
    together, weights = _cross_validate(grams, responses[:, whole], drawn, n_iter=n_iter, random_state=random_state)
    without = [
        _cross_validate(
            np.delete(grams, k, axis=0), responses[:, whole], drawn, n_iter=n_iter, random_state=random_state
        )[0]
        for k in range(len(names))
    ]
    unique = np.stack([together * np.abs(together) - one * np.abs(one) for one in without])
    areas = recording.sites["area"].to_numpy(dtype=str)[whole]
    first = next(iter(representations.values()))
    rows: list[dict[str, Any]] = []
    for area in recording.areas:
        own = areas == area
        common = {
            "model": first.model,
            "weights": first.weights,
            "seed": first.seed,
            "recording": recording.name,
            "simulated": recording.simulated,
            "area": area,
            "analysis": "banded predictivity",
            "regression": "banded ridge",
            "splits": drawn.name,
            "n_stimuli": len(ids),
            "n_sites": int(np.isfinite(together[own]).sum()),
        }
        rows.append(
            common
            | {
                "layer": "all",
                "statistic": "median over sites",
                "definition": "r",
                "value": float(nanmedian(together[own])),
                "n_units": sum(layer.n_units for layer in representations.values()),
            }
        )
        rows += [
            common
            | {
                "layer": name,
                "layer_index": representations[name].layer_index,
                "n_units": representations[name].n_units,
                "statistic": "median over sites, unique share",
                "definition": "r2(all) - r2(all but this layer)",
                "value": float(nanmedian(unique[k][own])),
            }
            for k, name in enumerate(names)
        ]
    details = xr.Dataset(
        {"r": (("site",), together), "unique": (("layer", "site"), unique), "weight": (("layer", "site"), weights)},
        coords={
            "layer": np.array(names, dtype=str),
            "site": recording.sites.index.to_numpy(dtype=str)[whole],
            "site_area": ("site", areas),
        },
        attrs={"recording": recording.name, "splits": drawn.name, "simulated": int(recording.simulated)},
    )
    lacking = int((~whole).sum())
    notes = (
        [f"{lacking} of {recording.n_sites} sites lack stimuli and were left out of banded ridge."] if lacking else []
    )
    return Scores.from_rows(rows, details=details, notes=notes)


def _cross_validate(
    grams: Array, responses: Array, splits: Splits, *, n_iter: int, random_state: int
) -> tuple[Array, Array]:
    """Mean r over splits, and mean weight of each layer, per site."""
    fits = [
        fit_banded(grams, responses, fit, held, inner=splits.inner_folds(k), n_iter=n_iter, random_state=random_state)
        for k, (fit, held) in enumerate(zip(splits.train, splits.test, strict=True))
    ]
    r = [correlate_columns(one.predictions, responses[held]) for one, held in zip(fits, splits.test, strict=True)]
    return nanmean(np.stack(r), axis=0), np.mean([one.weights for one in fits], axis=0)


@contextmanager
def _numpy_backend() -> Iterator[Any]:
    """Random search of himalaya on NumPy arrays; the backend that was set before is set again."""
    try:
        from himalaya.backend import get_backend, set_backend
        from himalaya.kernel_ridge import solve_multiple_kernel_ridge_random_search
    except ImportError as error:
        msg = "Banded ridge needs himalaya, which is not installed; run `pip install himalaya`."
        raise MissingDependencyError(msg) from error
    before = get_backend().name
    set_backend("numpy")
    try:
        yield solve_multiple_kernel_ridge_random_search
    finally:
        set_backend(before)
