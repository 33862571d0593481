"""Panels of one RDM each: which RDMs, what they are called, and the categories of their stimuli."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from brainconv.containers import RDMs
from brainconv.errors import InvalidInputError
from brainconv.plotting.style import OKABE_ITO, series_label

_CATEGORIES = ("blue", "orange", "green", "purple", "vermillion", "sky", "black", "yellow")


def list_rdms(rdms: RDMs | Sequence[RDMs]) -> list[RDMs]:
    """The sets of RDMs of a figure.

    Parameters
    ----------
    rdms : RDMs or sequence of RDMs

    Returns
    -------
    list of RDMs

    Raises
    ------
    InvalidInputError
        If they hold no RDM.
    """
    sets = [rdms] if isinstance(rdms, RDMs) else list(rdms)
    if not sum(map(len, sets)):
        msg = "There is no RDM to draw; give at least one."
        raise InvalidInputError(msg)
    return sets


def name_panels(sets: Sequence[RDMs], titles: Sequence[str] | None = None) -> list[str]:
    """One name for each RDM.

    Parameters
    ----------
    sets : sequence of RDMs
    titles : sequence of str, optional
        By default model, layer and whether it is untrained; of other RDMs what tells each from the others of its set
        in `labels`, or the set's name.

    Returns
    -------
    list of str

    Raises
    ------
    InvalidInputError
        If there are not as many titles as RDMs.
    """
    n_rdms = sum(map(len, sets))
    if titles is not None:
        if len(titles) != n_rdms:
            msg = f"There are {len(titles)} titles for {n_rdms} RDMs; give one for each."
            raise InvalidInputError(msg)
        return list(titles)
    return [name for one in sets for name in _name_set(one)]


def _name_set(rdms: RDMs) -> list[str]:
    rows = rdms.labels.to_dict("records")
    if {"model", "layer"} <= set(rdms.labels):
        names = [" ".join(dict.fromkeys((str(row["model"]), str(row["layer"])))) for row in rows]
        return [series_label(name, str(row.get("weights", ""))) for name, row in zip(names, rows, strict=True)]
    differing = [column for column in rdms.labels if rdms.labels[column].nunique(dropna=False) > 1]
    return [" ".join(str(row[column]) for column in differing) or rdms.name for row in rows]


def sort_stimuli(first: RDMs, categories: Mapping[str, str] | Sequence[str] | None) -> tuple[list[str], list[str]]:
    """The stimuli by category, in the order in which the categories first appear.

    Parameters
    ----------
    first : RDMs
        Whose order is kept within a category.
    categories : mapping or sequence of str, optional
        By stimulus id or in the order of `first`; by default the column ``category`` of its stimuli.

    Returns
    -------
    ids, names : list of str
        Stimuli and the category of each; `names` is empty where there are no categories.

    Raises
    ------
    InvalidInputError
        If a stimulus has no category, or there are not as many as stimuli.
    """
    ids = list(first.stimulus_ids)
    if categories is None:
        table = None if first.stimuli is None else first.stimuli.table
        if table is None or "category" not in table:
            return ids, []
        categories = {str(key): str(word) for key, word in table["category"].items()}
    if not isinstance(categories, Mapping):
        if len(categories) != len(ids):
            msg = f"There are {len(categories)} categories for {len(ids)} stimuli; give one for each."
            raise InvalidInputError(msg)
        categories = dict(zip(ids, categories, strict=True))
    absent = [name for name in ids if name not in categories]
    if absent:
        msg = f"{len(absent)} stimulus(i) have no category, for example {absent[0]!r}; name one for each."
        raise InvalidInputError(msg)
    order = list(dict.fromkeys(categories[name] for name in ids))
    ids.sort(key=lambda name: order.index(categories[name]))
    return ids, [str(categories[name]) for name in ids]


def colour_categories(names: Sequence[str]) -> dict[str, str]:
    """Colour of each category; after eight they begin again.

    Parameters
    ----------
    names : sequence of str
        Category of each stimulus.

    Returns
    -------
    dict of str to str
    """
    order = dict.fromkeys(names)
    return {name: OKABE_ITO[_CATEGORIES[place % len(_CATEGORIES)]] for place, name in enumerate(order)}
