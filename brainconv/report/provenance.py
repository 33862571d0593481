"""Provenance as the page shows it: nested mappings become groups of rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brainconv.report.tables import Cell, format_value


@dataclass(frozen=True)
class ProvenanceGroup:
    """Rows under one heading.

    Parameters
    ----------
    heading : str
        Empty for what stands at the top.
    rows : tuple of (str, Cell)
    """

    heading: str
    rows: tuple[tuple[str, Cell], ...]


def flatten_provenance(provenance: Mapping[str, Any]) -> tuple[ProvenanceGroup, ...]:
    """Groups of rows, plain values first, then one group for each mapping within.

    Parameters
    ----------
    provenance : mapping
        Any depth; deeper keys are joined by a dot.

    Returns
    -------
    tuple of ProvenanceGroup
    """
    plain = {key: value for key, value in provenance.items() if not isinstance(value, Mapping)}
    groups = [ProvenanceGroup("", tuple(_rows(plain)))] if plain else []
    for key, value in provenance.items():
        if isinstance(value, Mapping) and value:
            groups.append(ProvenanceGroup(str(key).replace("_", " "), tuple(_rows(value))))
    return tuple(groups)


def _rows(mapping: Mapping[str, Any], before: str = "") -> list[tuple[str, Cell]]:
    rows = []
    for key, value in mapping.items():
        name = f"{before}{key}"
        if isinstance(value, Mapping):
            rows += _rows(value, f"{name}.")
        elif isinstance(value, bool) or value is None or isinstance(value, (str, list, tuple)):
            rows.append((name, format_value(value)))
        else:  # a seed or a count is written as it was given, without separators
            rows.append((name, Cell(str(value))))
    return rows
