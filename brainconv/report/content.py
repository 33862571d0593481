"""What a report is made of: sections with text, figures and tables, and the summary above them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from brainconv.errors import InvalidInputError


@dataclass(frozen=True, eq=False)
class FigureItem:
    """A picture with its caption.

    Parameters
    ----------
    image : str, bytes or Path
        SVG as text, PNG or SVG as bytes, or the path of such a file.
    caption : str
        What is shown, the units, what intervals and ceilings are, how many stimuli and sites.
    alt : str
        The same for those who cannot see it.
    simulated : bool
        Whether it shows simulated data, which the page then says beside it.
    title : str
        A few words in bold before the caption.
    """

    image: str | bytes | Path
    caption: str
    alt: str
    simulated: bool = False
    title: str = ""

    def __post_init__(self) -> None:
        if not self.caption.strip() or not self.alt.strip():
            msg = "A figure of the report has no caption or no alternative text; give both."
            raise InvalidInputError(msg)


@dataclass(frozen=True, eq=False)
class TableItem:
    """A table with its caption.

    Parameters
    ----------
    frame : DataFrame
        A column ``value`` beside ``ci_low`` and ``ci_high`` is shown as ``0.56 [0.53, 0.59]``. The ceiling is
        ``0.61 to 0.72`` where its bounds differ and ``0.76 [0.71, 0.80]`` where it is one number with an interval
        (``ceiling_ci_low``, ``ceiling_ci_high``). A ``p`` or ``q`` below .001 is ``< .001``. Numbers are rounded, their
        full value is in the tool tip.
    caption : str
    compact : bool
        Leave out empty columns, and say columns of one value beneath the table instead of in every row.
    digits : int
        Decimals of numbers below 10.
    labels : mapping of str to str
        Headings of columns, where the name of the column is not good enough.
    """

    frame: pd.DataFrame
    caption: str
    compact: bool = True
    digits: int = 3
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Section:
    """One numbered part of the report.

    Parameters
    ----------
    title : str
    text : sequence of str
        Paragraphs. ``code`` between backticks.  Nothing in it becomes a link, as it may hold somebody's names.
    figures : sequence of FigureItem
    tables : sequence of TableItem
    notes : sequence of str
        What the reader must know, in a box at the end of the section.
    subsections : sequence of Section
        Without a number of their own.
    references : sequence of str
        Papers, each with its DOI; addresses and ``doi:10.…`` become links.
    """

    title: str
    text: Sequence[str] = ()
    figures: Sequence[FigureItem] = ()
    tables: Sequence[TableItem] = ()
    notes: Sequence[str] = ()
    subsections: Sequence[Section] = ()
    references: Sequence[str] = ()

    @property
    def simulated(self) -> bool:
        """Whether anything in it shows simulated data."""
        return (
            any(figure.simulated for figure in self.figures)
            or any(_is_simulated(table.frame) for table in self.tables)
            or any(part.simulated for part in self.subsections)
        )


@dataclass(frozen=True, eq=False)
class Summary:
    """What stands above everything else: what was run, and the main numbers.

    Parameters
    ----------
    text : sequence of str
        A paragraph or two: the question and the answer.
    facts : mapping of str to str
        What was run: models, recordings, layers, stimuli, time, memory.
    numbers : TableItem, optional
        The main numbers, each with interval, ceiling and formula.
    """

    text: Sequence[str] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    numbers: TableItem | None = None


def _is_simulated(frame: pd.DataFrame) -> bool:
    return "simulated" in frame and bool(frame["simulated"].fillna(False).astype(bool).any())
