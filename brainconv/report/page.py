"""The report as one HTML page that holds everything itself and runs nothing."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brainconv.errors import InvalidInputError, ResourceError
from brainconv.report.content import FigureItem, Section, Summary, TableItem
from brainconv.report.images import ShownFigure, embed_figure
from brainconv.report.provenance import flatten_provenance
from brainconv.report.tables import ShownTable, arrange_table, format_value

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

_LINK = re.compile(
    r"(?P<doi>(?:doi:|https?://(?:dx\.)?doi\.org/)?10\.\d{4,9}/[^\s<>\"]+)|(?P<url>https?://[^\s<>\"]+)|`(?P<code>[^`]+)`"
)
#: Characters that no page may hold, whatever a name holds.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class _ShownSection:
    number: str
    anchor: str
    title: str
    text: Sequence[str]
    figures: Sequence[ShownFigure]
    tables: Sequence[ShownTable]
    notes: Sequence[str]
    parts: Sequence[_ShownSection]
    references: Sequence[str]
    simulated: bool


def render_report(
    sections: Sequence[Section],
    *,
    title: str,
    summary: Summary | str,
    provenance: Mapping[str, Any],
    warnings: Sequence[str] = (),
    not_tested: Sequence[str] = (),
    path: str | Path | None = None,
) -> str:
    """The page: summary, the sections, provenance, warnings.

    Parameters
    ----------
    sections : sequence of Section
        Numbered from 2; the summary is 1, provenance and warnings come last.
    title : str
    summary : Summary or str
        What was run and the main numbers.
    provenance : mapping
        Versions, hashes, seeds, device; mappings within it become groups.
    warnings : sequence of str
        What the reader of the numbers must know, in sentences; they stand in the summary too.
    not_tested : sequence of str
        What could not be had or was left out, in sentences.
    path : str or Path, optional
        File to be written; it appears under this name only when it is complete.

    Returns
    -------
    str
        HTML, without any reference to another file.

    Raises
    ------
    InvalidInputError
        If a picture is not PNG or safe SVG, or two sections have one title.
    ResourceError
        If the page cannot be written.
    """
    titles = [section.title for section in sections]
    twice = [name for name in titles if titles.count(name) > 1]
    if twice:
        msg = f"Two sections of the report are called {twice[0]!r}; give each its own title."
        raise InvalidInputError(msg)
    counter = _Counter()
    above = Summary(text=[summary]) if isinstance(summary, str) else summary
    numbers = None if above.numbers is None else counter.show_table(above.numbers)
    shown = [_show(section, str(place), counter) for place, section in enumerate(sections, start=2)]
    environment = _create_environment()
    page = environment.get_template("report.html.j2").render(
        title=title,
        summary=above,
        facts=[(name, format_value(value).text) for name, value in above.facts.items()],
        numbers=numbers,
        sections=shown,
        provenance=flatten_provenance(provenance),
        warnings=list(dict.fromkeys(warnings)),
        not_tested=list(dict.fromkeys(not_tested)),
        n_last=len(shown) + 2,
        simulated=any(section.simulated for section in sections),
        all_simulated=_all_simulated(sections),
    )
    page = _UNWRITABLE.sub("\ufffd", page)
    if path is not None:
        _write(Path(path), page)
    return page


class _Counter:
    """Numbers the figures and tables of a page."""

    def __init__(self) -> None:
        self.n_figures = 0
        self.n_tables = 0

    def show_figure(self, item: FigureItem) -> ShownFigure:
        self.n_figures += 1
        return embed_figure(item, self.n_figures)

    def show_table(self, item: TableItem) -> ShownTable:
        self.n_tables += 1
        return arrange_table(item, number=self.n_tables)


def _show(section: Section, number: str, counter: _Counter) -> _ShownSection:
    return _ShownSection(
        number=number,
        anchor=f"section-{number.replace('.', '-')}",
        title=section.title,
        text=section.text,
        figures=[counter.show_figure(figure) for figure in section.figures],
        tables=[counter.show_table(table) for table in section.tables],
        notes=list(dict.fromkeys(section.notes)),
        parts=[_show(part, f"{number}.{place}", counter) for place, part in enumerate(section.subsections, start=1)],
        references=list(dict.fromkeys(section.references)),
        simulated=section.simulated,
    )


def _all_simulated(sections: Sequence[Section]) -> bool:
    figures = [figure for section in sections for part in (section, *section.subsections) for figure in part.figures]
    return bool(figures) and all(figure.simulated for figure in figures)


def _create_environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("brainconv.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["linked"] = _link
    environment.filters["coded"] = _mark_code
    return environment


def _mark_code(text: str) -> Markup:
    """Escape a text that may hold somebody's names; code stands between backticks, and nothing becomes a link."""
    from markupsafe import Markup, escape

    parts = re.split(r"`([^`]+)`", text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if k % 2 else escape(part) for k, part in enumerate(parts)
    )


def _link(text: str) -> Markup:
    """Escape a text and make links of DOIs and addresses, code of what stands between backticks."""
    from markupsafe import Markup, escape

    pieces, end = [], 0
    for hit in _LINK.finditer(text):
        pieces.append(escape(text[end : hit.start()]))
        end = hit.end()
        if hit["code"]:
            pieces.append(Markup("<code>{}</code>").format(hit["code"]))
            continue
        said = hit.group(0).rstrip(".,;)")
        end -= len(hit.group(0)) - len(said)
        target = said if said.startswith("http") else "https://doi.org/" + said.removeprefix("doi:")
        pieces.append(Markup('<a href="{}" rel="noreferrer">{}</a>').format(target, said))
    pieces.append(escape(text[end:]))
    return Markup("").join(pieces)


def _write(path: Path, page: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".report.", suffix=".part")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(page)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        msg = f"The report cannot be written to {path} ({reason}); make room there, or choose another place."
        raise ResourceError(msg) from error
