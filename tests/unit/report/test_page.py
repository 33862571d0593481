from __future__ import annotations

import re
from html.parser import HTMLParser

import pandas as pd
import pytest

from brainconv.errors import InvalidInputError, ResourceError
from brainconv.report import FigureItem, Section, Summary, TableItem, render_report

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="72pt" height="36pt" viewBox="0 0 72 36">'
    '<defs><path id="p" d="M0 0"/></defs><use href="#p"/><text>drawn words</text></svg>'
)
VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """What the tests ask of a page: balance of tags, ids, links, words by tag."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.links, self.tags, self.words, self.errors = [], [], [], [], {}, []
        self.outward = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if tag not in VOID:
            self.open.append(tag)
        if "id" in attributes:
            self.ids.append(attributes["id"])
        for key in ("href", "src", "xlink:href"):
            value = attributes.get(key)
            if value is None:
                continue
            if value.startswith("#") or (tag == "a" and value.startswith("http")):
                self.links.append(value)
            elif not value.startswith("data:"):
                self.outward.append(value)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.errors.append(tag)

    def handle_data(self, data):
        for tag in self.open[-1:]:
            self.words.setdefault(tag, []).append(data.strip())


def figure(**changes):
    return FigureItem(
        **({"image": SVG, "caption": "Scores of n = 92 stimuli.", "alt": "A curve that rises."} | changes)
    )


def render(*sections, **changes):
    words = {"title": "A report", "summary": "It was run.", "provenance": {"seed": 0}} | changes
    return render_report(sections, **words)


@pytest.fixture(scope="module")
def text():
    frame = pd.DataFrame({"model": ["a", "b"], "value": [0.512345, 0.2], "ci_low": [0.4, 0.1], "ci_high": [0.6, 0.3]})
    return render(
        Section("First", text=["See doi:10.1371/journal.pcbi.1003553."], figures=[figure(), figure(title="Second")]),
        Section(
            "Second",
            tables=[TableItem(frame, "Scores.")],
            notes=["Note this."],
            references=["Paper, doi:10.1371/journal.pcbi.1003553."],
        ),
        Section("Third", subsections=[Section("Part", text=["Inner words."], figures=[figure()])]),
        summary=Summary(["It was run."], {"Models": "a, b", "Stimuli": 1200}, TableItem(frame, "Main numbers.")),
        provenance={"seed": 0, "versions": {"torch": "2.5"}},
        warnings=["One site has no score."],
        not_tested=["ringach2002 was not at hand."],
    )


def test_page_is_well_formed(text):
    page = Page(text)
    assert not page.errors
    assert not page.open
    assert text.startswith("<!DOCTYPE html>")


def test_ids_are_unique_and_every_inner_link_has_its_target(text):
    page = Page(text)
    assert len(page.ids) == len(set(page.ids))
    inner = [link[1:] for link in page.links if link.startswith("#")]
    assert inner
    assert set(inner) <= set(page.ids)


def test_page_holds_everything_itself_and_runs_nothing(text):
    page = Page(text)
    assert not page.outward
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "link", "iframe", "object", "embed"}
    assert not [key for _, attributes in page.tags for key in attributes if key.startswith("on")]
    assert not re.search(r"@import|url\(\s*['\"]?http", text)
    policy = next(a["content"] for t, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy


def test_everything_given_is_shown(text):
    for words in (
        "A report",
        "It was run.",
        "Main numbers.",
        "Scores of n = 92 stimuli.",
        "drawn words",
        "Note this.",
        "Inner words.",
        "One site has no score.",
        "ringach2002 was not at hand.",
        "torch",
        "1,200",
    ):
        assert words in text, words


def test_sections_are_numbered_in_order(text):
    headings = re.findall(r"<h2><span>(\d+)</span> ([^<]+)", text)
    assert [(int(number), title.strip()) for number, title in headings] == [
        (1, "Summary"),
        (2, "First"),
        (3, "Second"),
        (4, "Third"),
        (5, "Provenance"),
        (6, "Warnings and what was not tested"),
    ]


def test_figures_and_tables_are_counted_through(text):
    assert re.findall(r"<strong>(Figure \d+)", text) == ["Figure 1", "Figure 2", "Figure 3"]
    assert re.findall(r"<strong>(Table \d+)", text) == ["Table 1", "Table 2"]


def test_figures_have_words_for_those_who_do_not_see(text):
    page = Page(text)
    pictures = [attributes for tag, attributes in page.tags if attributes.get("role") == "img"]
    assert [attributes["aria-label"] for attributes in pictures] == ["A curve that rises."] * 3


def test_full_value_is_in_the_tool_tip(text):
    assert 'title="0.512345 [0.4, 0.6]">0.512 [0.400, 0.600]</td>' in text


def test_dois_become_links_without_the_full_stop(text):
    assert 'href="https://doi.org/10.1371/journal.pcbi.1003553"' in text
    assert "</a>.</li>" in text
    assert text.count('href="https://doi.org') == 1, "names that stand in a text become no links"


def test_a_link_in_a_name_becomes_no_link():
    name = "see https://evil.example/ or doi:10.1371/x.1"
    section = Section(name, [f"Of {name}."], [figure(caption=f"Of {name}.")], notes=[name])
    page = render(section, title=name, summary=Summary([], {"models": name}), warnings=[name], not_tested=[name])
    assert "evil.example" in page
    assert '<a href="http' not in page


def test_characters_that_no_page_may_hold_are_replaced(tmp_path):
    page = render(Section("a\ud800b\x00c"), path=tmp_path / "report.html")
    assert "a\ufffdb\ufffdc" in page
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == page


def test_words_are_escaped():
    page = render(
        Section("<b>title</b>", text=["<script>alert(1)</script> & `<i>`"]),
        title="<i>x</i>",
        provenance={"<k>": "<v>"},
        warnings=["<u>"],
    )
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; <code>&lt;i&gt;</code>" in page
    for raw in ("<b>title", "<i>x", "<k>", "<v>", "<u>"):
        assert raw not in page


def test_simulated_is_said_at_the_top_and_beside_the_figure():
    some = render(Section("A", figures=[figure(simulated=True)]), Section("B", figures=[figure()]))
    assert "Some recordings in this report are simulated" in some
    assert some.count('<span class="badge">simulated</span>') == 3
    every = render(Section("A", figures=[figure(simulated=True)]))
    assert "Every recording in this report is simulated" in every
    none = render(Section("A", figures=[figure()]))
    assert '<span class="badge">' not in none
    assert "report are simulated" not in none


def test_a_simulated_table_is_simulated_too():
    frame = pd.DataFrame({"simulated": pd.array([True, None], "boolean"), "value": [1.0, 2.0]})
    assert Section("A", tables=[TableItem(frame, "x")]).simulated
    assert Section("A", subsections=[Section("B", tables=[TableItem(frame, "x")])]).simulated
    assert not Section("A", tables=[TableItem(frame.iloc[1:], "x")]).simulated


def test_many_warnings_are_all_at_the_end_and_counted_above():
    page = render(Section("A"), warnings=[f"warning number {i}" for i in range(7)])
    assert page.count("warning number 6") == 1
    assert page.count("warning number 0") == 2
    assert "3 more warnings" in page


def test_without_warnings():
    page = render(Section("A"))
    assert "No analysis gave a warning." in page
    assert "Before you read the numbers" not in page


def test_file_appears_complete(tmp_path):
    path = tmp_path / "results" / "report.html"
    page = render(Section("A"), path=path)
    assert path.read_text(encoding="utf-8") == page
    assert [found.name for found in path.parent.iterdir()] == ["report.html"]


def test_a_failed_write_leaves_nothing_behind(tmp_path, monkeypatch):
    def fail(_):
        raise OSError("no space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(ResourceError, match=r"cannot be written to .*report\.html \(no space"):
        render(Section("A"), path=tmp_path / "report.html")
    assert not list(tmp_path.iterdir())


def test_a_place_where_no_page_can_be_is_one_sentence(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    for name in ("folder", "file/report.html", "x" * 300, "a\0b"):
        with pytest.raises(ResourceError, match="The report cannot be written to"):
            render(Section("A"), path=tmp_path / name)
    assert sorted(found.name for found in tmp_path.iterdir()) == ["file", "folder"]


def test_the_same_input_gives_the_same_page():
    assert render(Section("A", figures=[figure()])) == render(Section("A", figures=[figure()]))


def test_two_sections_of_one_title():
    with pytest.raises(InvalidInputError, match="Two sections of the report are called 'A'"):
        render(Section("A"), Section("A"))
