"""Which layer each site prefers, and whether the order of layers follows the order of areas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from scipy.stats import rankdata

from brainconv.containers import Scores
from brainconv.errors import InvalidInputError
from brainconv.predictivity.resampling import nanmean
from brainconv.predictivity.twofactor import Resampled
from brainconv.validation import check_count, check_instance, check_seed, check_unique

Array = NDArray[np.float64]

AREA_ORDER = ("V1", "V2", "V4", "IT")
DIFFERENT_STIMULI = "different stimuli: order not interpretable"


@dataclass(frozen=True, eq=False)
class _Profiles:
    """r of every layer, in order of execution, for the sites of some areas."""

    r: Array  # (n_layers, n_splits, n_sites)
    nested_r: Array
    sites: NDArray[np.str_]
    areas: NDArray[np.str_]
    layers: tuple[str, ...]


def compute_preferred_depth(scores: Scores) -> pd.DataFrame:
    """The depth at which each site is predicted best, with the layer chosen inside the training stimuli.

    Parameters
    ----------
    scores : Scores
        Of `score_predictivity` for one model.

    Returns
    -------
    DataFrame
        One row per site: ``site``, ``area``; ``layer``, chosen most often over splits; ``depth``, mean over splits of
        the place of the layer chosen in that split (0 first, 1 last of the layers scored); ``r``, mean over splits of
        the r of the layer chosen.  A site that no layer predicts inside the training stimuli (largest r not above 0 in
        most splits) has no layer and no depth.

    Raises
    ------
    InvalidInputError
        If the scores hold no values per site, or fewer than two layers.
    """
    check_instance(scores, Scores, what="scores")
    profiles = _profiles(scores)
    inside = np.where(np.isfinite(profiles.nested_r), profiles.nested_r, -np.inf)
    chosen, best = inside.argmax(axis=0), inside.max(axis=0)
    found = best > 0
    counted = found.mean(axis=0) > 0.5
    n_layers = len(profiles.layers)
    depth = nanmean(np.where(found, chosen / (n_layers - 1), np.nan), axis=0)
    r = nanmean(np.where(found, np.take_along_axis(profiles.r, chosen[None], axis=0)[0], np.nan), axis=0)
    votes = np.stack([((chosen == k) & found).sum(axis=0) for k in range(n_layers)])
    layer = np.array(profiles.layers, dtype=object)[votes.argmax(axis=0)]
    return pd.DataFrame(
        {
            "site": profiles.sites,
            "area": profiles.areas,
            "layer": np.where(counted, layer, None),
            "depth": np.where(counted, depth, np.nan),
            "r": np.where(counted, r, np.nan),
        }
    )


def score_hierarchy(
    scores: Scores | Sequence[Scores],
    *,
    areas: Sequence[str] = AREA_ORDER,
    n_boot: int = 1000,
    n_permutations: int = 10000,
    random_state: int = 0,
) -> Scores:
    """Rank correlation, over sites, of preferred depth and place of the area in the visual hierarchy.

    Parameters
    ----------
    scores : Scores, or sequence of them
        Of `score_predictivity` for one model; several where areas are recordings of their own.  All areas must
        have been recorded with the same stimuli.
    areas : sequence of str
        The order that is tested; areas that were not recorded are passed over.
    n_boot : int
        Resamples of splits (blocks of stimuli) and sites within their area, predictions fixed.
    n_permutations : int
        Of the area of the sites, for p.
    random_state : int

    Returns
    -------
    Scores
        One row: Spearman's correlation of preferred depth (`compute_preferred_depth`) and area, ``ci_low`` and
        ``ci_high`` by Student's t with the variance of the two-factor bootstrap, centred on the estimate (drawing
        splits makes depths noisier), one-sided p: the larger of two, against sites that belong to areas at random, and
        of that t, which knows that the sites of an area share noise.

    Raises
    ------
    InvalidInputError
        With the words "different stimuli: order not interpretable" if the areas were recorded with different stimuli;
        if fewer than two areas were recorded; if the scores are of different models or layers.

    Notes
    -----
    p speaks about the sites of these areas, not about other animals.  Depth is a place among the layers scored.
    """
    for part in scores if isinstance(scores, (list, tuple)) and scores else [scores]:
        check_instance(part, Scores, what="scores", hint="of `score_predictivity`")
    check_unique(areas, what="area", least=2)
    check_count(n_boot, what="n_boot", at_least=10, or_zero=True)
    check_count(n_permutations, what="n_permutations", at_least=19, or_zero=True)
    check_seed(random_state)
    parts = [scores] if isinstance(scores, Scores) else list(scores)
    _require_one_model(parts)
    profiles = [_profiles(part) for part in parts]
    if any(profile.layers != profiles[0].layers for profile in profiles):
        msg = "The scores are of different layers; score the same layers for every area."
        raise InvalidInputError(msg)
    _require_same_stimuli(parts)
    depths = pd.concat([compute_preferred_depth(part) for part in parts], ignore_index=True)
    r = np.concatenate([profile.r for profile in profiles], axis=2)
    known = {name: place for place, name in enumerate(areas)}
    place = np.array([known.get(name, -1) for name in depths["area"]], dtype=np.float64)
    depth = depths["depth"].to_numpy(dtype=np.float64)
    used = (place >= 0) & np.isfinite(depth)
    present = [name for name in areas if (place[used] == known[name]).any()]
    if len(present) < 2:
        msg = f"Sites of {len(present)} area(s) of {', '.join(areas)} have a depth; an order takes at least two areas."
        raise InvalidInputError(msg)
    place, depth, r = place[used], depth[used], r[:, :, used]
    rng = np.random.default_rng([random_state, 8])
    value = float(_spearman(depth[None], place[None])[0])
    null = _spearman(rng.permuted(np.tile(depth, (n_permutations, 1)), axis=1), place[None])
    p = float((1 + (null >= value - 1e-12).sum()) / (1 + n_permutations))
    low, high = np.nan, np.nan
    if n_boot:
        resampled = _resample(r, place, n_boot, rng, value)
        low, high = np.clip(resampled.interval(), -1.0, 1.0)
        # sites of an area share noise, which a permutation of single sites does not know
        two_sided = resampled.p_value()
        p = max(p, two_sided / 2 if value > 0 else 1.0 - two_sided / 2)
    table = parts[0].table.iloc[0]
    row: dict[str, Any] = {
        name: table[name] for name in ("model", "weights", "seed", "degrees", "regression", "splits", "n_stimuli")
    }
    row |= {
        "recording": " + ".join(dict.fromkeys(str(part.table["recording"].iloc[0]) for part in parts)),
        "simulated": bool(any(part.table["simulated"].fillna(False).any() for part in parts)),
        "area": " < ".join(present),
        "analysis": "hierarchy",
        "statistic": "rank correlation over sites of preferred depth and area",
        "definition": "Spearman rho",
        "value": value,
        "ci_low": low,
        "ci_high": high,
        "p": p,
        "n_sites": int(used.sum()),
    }
    notes = []
    if not used.all():
        notes.append(
            f"{int((~used).sum())} of {len(used)} sites have no preferred depth or lie in no area of the order."
        )
    return Scores.from_rows([row], notes=notes)


def _resample(r: Array, place: Array, n_boot: int, rng: np.random.Generator, value: float) -> Resampled:
    """The rank correlation where splits, sites within areas, or both are drawn; depth by the largest mean r."""
    n_splits, n_sites = r.shape[1:]
    weights = rng.multinomial(n_splits, np.full(n_splits, 1.0 / n_splits), size=n_boot).astype(np.float64)
    picks = np.empty((n_boot, n_sites), dtype=np.intp)
    for name in np.unique(place):
        own = np.flatnonzero(place == name)
        picks[:, own] = own[rng.integers(0, len(own), size=(n_boot, len(own)))]
    shown, filled = np.isfinite(r), np.nan_to_num(r)
    with np.errstate(divide="ignore", invalid="ignore"):
        means = np.einsum("bk,lks->bls", weights, filled) / np.einsum("bk,lks->bls", weights, shown.astype(float))
    depth = np.where(np.isfinite(means), means, -np.inf).argmax(axis=1).astype(np.float64)
    plain = nanmean(r, axis=1)
    fixed = np.where(np.isfinite(plain), plain, -np.inf).argmax(axis=0).astype(np.float64)
    return Resampled(
        both=_spearman(np.take_along_axis(depth, picks, axis=1), place[None]),
        stimuli=_spearman(depth, place[None]),
        sites=_spearman(fixed[picks], place[None]),
        n_stimuli=n_splits,
        n_sites=n_sites,
        value=value,
    )


def _spearman(depth: Array, place: Array) -> Array:
    """Row by row; 0 where all depths are the same, which says nothing about order."""
    a, b = rankdata(depth, axis=1), rankdata(place, axis=1)
    a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    norm = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    rho: Array = np.where(norm > 0, (a * b).sum(axis=1) / np.where(norm > 0, norm, 1.0), 0.0)
    return rho


def _profiles(scores: Scores) -> _Profiles:
    details = _details(scores)
    if details.sizes["layer"] < 2:
        msg = f"{details.sizes['layer']} layer was scored; a preferred depth takes at least two."
        raise InvalidInputError(msg)
    places = scores.table.dropna(subset=["layer_index"]).drop_duplicates("layer").set_index("layer")["layer_index"]
    names = sorted((str(name) for name in details["layer"].to_numpy()), key=lambda name: int(places[name]))
    ordered = details.sel(layer=names)
    return _Profiles(
        r=ordered["r"].to_numpy(),
        nested_r=ordered["nested_r"].to_numpy(),
        sites=details["site"].to_numpy().astype(str),
        areas=details["site_area"].to_numpy().astype(str),
        layers=tuple(names),
    )


def _details(scores: Scores) -> xr.Dataset:
    if scores.details is None or "nested_r" not in scores.details:
        msg = "These scores hold no values per site; use the result of score_predictivity itself."
        raise InvalidInputError(msg)
    return scores.details


def _require_one_model(parts: Sequence[Scores]) -> None:
    models = {tuple(part.table[["model", "weights", "seed"]].astype(str).iloc[0]) for part in parts}
    if len(models) != 1:
        msg = f"The scores are of {len(models)} models or weights; the order of layers is one of one model."
        raise InvalidInputError(msg)


def _require_same_stimuli(parts: Sequence[Scores]) -> None:
    """Equal ids, and equal power of the first layer for each, as ids such as image0001 may name different images."""
    first = _details(parts[0])
    for part in parts[1:]:
        details = _details(part)
        same = np.array_equal(first["stimulus"].to_numpy(), details["stimulus"].to_numpy()) and np.allclose(
            first["first_layer_power"].to_numpy(), details["first_layer_power"].to_numpy(), rtol=1e-3, atol=0.0
        )
        if not same:
            names = [str(one.attrs.get("recording", "?")) for one in (first, details)]
            msg = f"{names[0]} and {names[1]} have {DIFFERENT_STIMULI}."
            raise InvalidInputError(msg)
