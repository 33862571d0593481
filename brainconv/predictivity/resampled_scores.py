"""Scores on the same resamples: what may be compared, and what is read of it."""

from __future__ import annotations

from collections.abc import Sequence

import xarray as xr

from brainconv.containers import Scores
from brainconv.errors import InvalidInputError
from brainconv.predictivity.area import MEAN, NESTED, NESTED_LAYER
from brainconv.predictivity.details import BOOTSTRAPS, NESTED_BOOTSTRAPS
from brainconv.predictivity.twofactor import Resampled
from brainconv.validation import align_indices

_SAME = {
    "stimulus": "stimuli",
    "site": "sites",
    "train": "training stimuli",
    "test": "test stimuli",
    "n_drawn": "number of things that are drawn",
    "n_resamples": "number of resamples",
    "random_state": "seed of the resamples",
}


def get_details(scores: Scores) -> xr.Dataset:
    """The values behind a table, with resamples.

    Parameters
    ----------
    scores : Scores
        Of `score_predictivity`.

    Returns
    -------
    Dataset

    Raises
    ------
    InvalidInputError
        If there are no resamples.
    """
    if scores.details is None or not scores.details.sizes.get("resample"):
        msg = "These scores hold no resamples; call score_predictivity with n_boot above 0."
        raise InvalidInputError(msg)
    return scores.details


def list_areas(details: xr.Dataset, area: str | None) -> list[str]:
    """The area named, or all.

    Parameters
    ----------
    details : Dataset
    area : str or None

    Returns
    -------
    list of str

    Raises
    ------
    NotFoundError
        If there is no such area.
    """
    known = [str(name) for name in details["area"].to_numpy()]
    if area is not None:
        align_indices(known, [area], what="area")
    return known if area is None else [area]


def read_mean(scores: Scores, layer: str, area: str) -> Resampled:
    """Mean r over sites of a layer, on every resample.

    Parameters
    ----------
    scores : Scores
    layer : str
        Or ``"nested"``: the layer chosen inside the training stimuli of each split.
    area : str

    Returns
    -------
    Resampled

    Raises
    ------
    NotFoundError
        If there is no such layer or area.
    """
    details = get_details(scores)
    align_indices([str(name) for name in details["area"].to_numpy()], [area], what="area")
    if layer == NESTED_LAYER:
        found = {which: details[name].sel(area=area).to_numpy() for name, (_, which) in NESTED_BOOTSTRAPS.items()}
    else:
        align_indices([str(name) for name in details["layer"].to_numpy()], [layer], what="layer")
        found = {
            which: details[name].sel(layer=layer, area=area).to_numpy()
            for name, (centre, which) in BOOTSTRAPS.items()
            if centre == "mean"
        }
    table = scores.table
    keep = (table["layer"] == layer) & (table["area"] == area) & (table["definition"] == "r")
    statistic = MEAN + NESTED if layer == NESTED_LAYER else MEAN
    return Resampled(
        both=found["both"],
        stimuli=found["stimuli"],
        sites=found["sites"],
        n_stimuli=int(details.attrs["n_drawn"]),
        n_sites=int(details["n_drawn_sites"].sel(area=area)),
        value=float(table.loc[keep & (table["statistic"] == statistic), "value"].iloc[0]),
    )


def require_same_resamples(scores: Sequence[Scores]) -> None:
    """Refuse to compare what was not scored on the same resamples of the same splits.

    Parameters
    ----------
    scores : sequence of Scores

    Raises
    ------
    InvalidInputError
        With what differs: stimuli, sites, splits, number or seed of the resamples.
    """
    first = get_details(scores[0])
    for other in scores[1:]:
        details = get_details(other)
        differ = [words for name, words in _SAME.items() if not _equal(first, details, name)]
        if differ:
            msg = (
                f"The scores differ in their {', '.join(differ)}; only scores on the same resamples can be compared: "
                f"score both with the same recording, splits, n_boot and random_state."
            )
            raise InvalidInputError(msg)


def name_regressions(scores: Sequence[Scores]) -> str:
    """The regression of scores that are compared; both names where they differ.

    Parameters
    ----------
    scores : sequence of Scores

    Returns
    -------
    str
    """
    names = [str(name) for one in scores for name in one.table["regression"].dropna().unique()]
    return " and ".join(dict.fromkeys(names))


def _equal(first: xr.Dataset, other: xr.Dataset, name: str) -> bool:
    if name == "n_resamples":
        return first.sizes["resample"] == other.sizes["resample"]
    if name in ("n_drawn", "random_state"):
        return bool(first.attrs.get(name) == other.attrs.get(name))
    mine, theirs = first[name].to_numpy(), other[name].to_numpy()
    return mine.shape == theirs.shape and bool((mine == theirs).all())
