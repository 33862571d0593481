"""What stands behind the table: values per layer, split and site, and sentences about them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from brainconv.containers import Recording
from brainconv.predictivity.area import NESTED_LAYER, Centres
from brainconv.predictivity.crossvalidation import CrossValidation
from brainconv.predictivity.resampling import INTERVAL, MIN_ANIMALS, nanmean
from brainconv.predictivity.splits import Splits

Array = NDArray[np.float64]

BOOTSTRAPS = {
    f"bootstrap_{centre}{suffix}": (name, which)
    for centre, name in (("r", "median"), ("mean_r", "mean"))
    for suffix, which in (("", "both"), ("_stimuli", "stimuli"), ("_sites", "sites"))
}

NESTED_BOOTSTRAPS = {f"nested_{name}": which for name, which in BOOTSTRAPS.items() if which[0] == "mean"}

_NAMED = 5  # how many sites or layers a sentence names


def build_details(
    results: Mapping[str, CrossValidation],
    recording: Recording,
    splits: Splits,
    *,
    reliability: Array,
    reliability_resampled: Array,
    resampled: Mapping[str, Mapping[str, Centres]],
    chosen: Mapping[str, list[str]],
    n_drawn: int,
    n_sites_drawn: Mapping[str, int],
    random_state: int,
    power: Array,
) -> xr.Dataset:
    """Values behind a table of predictivity.

    Parameters
    ----------
    results : mapping of layer to CrossValidation
    recording : Recording
    splits : Splits
    reliability : ndarray, shape (n_sites,)
    reliability_resampled : ndarray, shape (n_resamples, n_sites)
    resampled : mapping of area to mapping of layer to Centres
    chosen : mapping of area to list of str, length n_splits
    n_drawn : int
        Stimuli, or groups of them, of which each resample is drawn.
    n_sites_drawn : mapping of area to int
        Sites, or animals, of which each resample is drawn.
    random_state : int
        Seed of the resamples.
    power : ndarray, shape (n_stimuli,)
        Sum of squares of the first layer's units.

    Returns
    -------
    Dataset
        ``r`` and ``nested_r`` (layer, split, site): on test stimuli, and on inner folds of the training stimuli;
        ``site_r`` (layer, site): mean of ``r`` over splits; ``site_r_shuffled`` (layer, site): the same for shuffled
        stimuli; ``setting`` and ``edge`` (layer, split, site): the penalty (or number of components), and -1 or +1
        where it is the smallest or largest of the grid; ``reliability`` (site) and its 95 % interval over resamples of
        stimuli, ``reliability_low`` and ``reliability_high``; ``bootstrap_r`` (layer, area, resample): r of the area on
        each resample of stimuli and sites, the same resamples for every model scored with the same seed;
        ``bootstrap_r_stimuli`` and ``bootstrap_r_sites``: the same for stimuli or sites drawn alone;
        ``bootstrap_mean_r`` …: of the mean over sites;
        ``nested_bootstrap_mean_r`` … (area, resample): the same for the layer chosen inside the training stimuli;
        ``n_drawn_sites`` (area): how many sites, or animals, each resample is drawn of;
        ``nested_layer`` (area, split); ``train`` and ``test`` (split, stimulus): where a stimulus stood;
        ``first_layer_power`` (stimulus): tells images apart that share an id.
    """
    values = list(results.values())
    r = np.stack([result.r for result in values])
    member = {"train": splits.train, "test": splits.test}
    sides = {name: np.zeros((len(splits), len(splits.stimulus_ids)), dtype=bool) for name in member}
    for name, sets in member.items():
        for number, indices in enumerate(sets):
            sides[name][number, indices] = True
    low, high = _interval_per_site(reliability_resampled)
    variables: dict[str, tuple[tuple[str, ...], NDArray[np.generic]]] = {
        "r": (("layer", "split", "site"), r),
        "nested_r": (("layer", "split", "site"), np.stack([result.nested_r for result in values])),
        "setting": (("layer", "split", "site"), np.stack([result.setting for result in values])),
        "edge": (("layer", "split", "site"), np.stack([result.edge for result in values])),
        "site_r": (("layer", "site"), nanmean(r, axis=1)),
        "site_r_shuffled": (("layer", "site"), nanmean(np.stack([x.shuffled_r for x in values]), axis=1)),
        "reliability": (("site",), reliability),
        "reliability_low": (("site",), low),
        "reliability_high": (("site",), high),
        **{
            name: (("layer", "area", "resample"), _stack(resampled, list(results), *which))
            for name, which in BOOTSTRAPS.items()
        },
        **{
            name: (("area", "resample"), _stack(resampled, [NESTED_LAYER], *which)[0])
            for name, which in NESTED_BOOTSTRAPS.items()
        },
        "n_drawn_sites": (("area",), np.array([n_sites_drawn[name] for name in resampled])),
        "nested_layer": (("area", "split"), np.array(list(chosen.values()), dtype=str)),
        "first_layer_power": (("stimulus",), power),
        "train": (("split", "stimulus"), sides["train"]),
        "test": (("split", "stimulus"), sides["test"]),
    }
    return xr.Dataset(
        variables,
        coords={
            "layer": np.array(list(results), dtype=str),
            "site": recording.sites.index.to_numpy(dtype=str),
            "site_area": ("site", recording.sites["area"].to_numpy(dtype=str)),
            "area": np.array(list(resampled), dtype=str),
            "stimulus": np.array(splits.stimulus_ids, dtype=str),
        },
        attrs={
            "recording": recording.name,
            "splits": splits.name,
            "simulated": int(recording.simulated),
            "n_drawn": n_drawn,
            "random_state": random_state,
        },
    )


def _interval_per_site(resampled: Array) -> tuple[Array, Array]:
    n_sites = resampled.shape[1]
    low, high = np.full(n_sites, np.nan), np.full(n_sites, np.nan)
    known = np.isfinite(resampled).any(axis=0)
    if known.any():
        low[known], high[known] = np.nanpercentile(resampled[:, known], INTERVAL, axis=0)
    return low, high


def _stack(resampled: Mapping[str, Mapping[str, Centres]], layers: list[str], centre: str, which: str) -> Array:
    return np.stack(
        [[getattr(getattr(found[layer], centre), which) for found in resampled.values()] for layer in layers]
    )


def describe(
    results: Mapping[str, CrossValidation], recording: Recording, responses: Array, *, n_shuffles: int
) -> list[str]:
    """What the reader of a table of predictivity must know.

    Parameters
    ----------
    results : mapping of layer to CrossValidation
    recording : Recording
    responses : ndarray, shape (n_stimuli, n_sites)
        Mean over repeats.
    n_shuffles : int

    Returns
    -------
    list of str
    """
    names = recording.sites.index.to_numpy(dtype=str)
    notes = []
    animals = recording.sites["animal"].nunique() if "animal" in recording.sites else 0
    if animals >= MIN_ANIMALS:
        notes.append(f"Intervals draw {animals} animals, and sites of theirs: they speak about new animals too.")
    elif animals > 1:
        notes.append(
            f"The sites are of {animals} animals, too few to be drawn (at least {MIN_ANIMALS}): intervals draw sites "
            f"and do not speak about new animals; each animal's own score stands in the table."
        )
    lacking = ~np.isfinite(responses).all(axis=0)
    if lacking.any():
        notes.append(f"{_sites(names[lacking], len(names))} lack some stimuli and were scored on those that they have.")
    unscored = ~np.isfinite(next(iter(results.values())).r).any(axis=0)
    if unscored.any():
        notes.append(
            f"{_sites(names[unscored], len(names))} have no score (a constant response, or fewer than 3 stimuli in "
            f"every test set) and are in no median."
        )
    gaps = int(np.isnan(next(iter(results.values())).r[:, ~unscored]).sum())
    if gaps:
        notes.append(
            f"{gaps} pairs of split and site have a constant response or fewer than 3 stimuli and were left out."
        )
    flat = {name: int((result.r == 0).sum()) for name, result in results.items()}
    if any(flat.values()):
        notes.append(f"Constant predictions, scored 0: {_counts(flat)}.")
    for sign, end in ((-1, "smallest"), (1, "largest")):
        hits = {name: int((result.edge == sign).sum()) for name, result in results.items()}
        total = sum(result.edge.size for result in results.values())
        if any(hits.values()):
            share = 100 * sum(hits.values()) / total
            notes.append(f"The {end} penalty of the grid was chosen in {share:.1f} % of all cases: {_counts(hits)}.")
    if n_shuffles:
        notes.append(f"Scores for shuffled stimuli: {n_shuffles} shuffle(s) of the stimuli for each site.")
    return notes


def _sites(names: NDArray[np.str_], total: int) -> str:
    shown = ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
    return f"{len(names)} of {total} sites ({shown})"


def _counts(counts: Mapping[str, int]) -> str:
    ranked = sorted(((n, name) for name, n in counts.items() if n), key=lambda pair: -pair[0])
    more = f" and {len(ranked) - _NAMED} more layers" if len(ranked) > _NAMED else ""
    return ", ".join(f"{name} {n}" for n, name in ranked[:_NAMED]) + more
