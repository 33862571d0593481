"""Properties: measurements of single cells or filters, one row each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from brainconv.containers.checks import check_table
from brainconv.errors import InvalidInputError
from brainconv.validation import check_flag, check_instance, check_text


@dataclass(frozen=True, eq=False)
class Properties:
    """A table of measurements with units.

    Parameters
    ----------
    name : str
        Name of the set, such as ``"ringach2002"``.
    table : DataFrame
        One row per cell, unit or filter.
    units : mapping of str to str
        Unit of each measured column: ``"deg"``, ``"spikes/s"``, ``"cycles/px"``, ``"1"`` for a ratio.
    area : str, optional
        Where the cells lie.
    simulated : bool
        Made by a computer.
    metadata : mapping
        ``doi``, ``citation`` and so on.

    Raises
    ------
    InvalidInputError
        If a field is of the wrong kind, or a unit is given for a column that does not exist.
    """

    name: str
    table: pd.DataFrame
    units: Mapping[str, str]
    area: str | None = None
    simulated: bool = False
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_text(self.name, what="The name of a table of properties")
        check_table(self.table, what=f"The properties of {self.name!r}")
        check_instance(self.units, Mapping, what=f"units of {self.name!r}")
        if self.area is not None:
            check_text(self.area, what=f"The area of {self.name!r}")
        check_flag(self.simulated, what=f"simulated of {self.name!r}")
        check_instance(self.metadata, Mapping, what=f"metadata of {self.name!r}")
        strangers = [column for column in self.units if column not in self.table]
        if strangers:
            known = ", ".join(map(str, self.table.columns))
            msg = f"{self.name!r} gives a unit for {strangers[0]!r}, which is not a column; columns: {known}."
            raise InvalidInputError(msg)

    def __len__(self) -> int:
        return len(self.table)
