from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from brainconv.errors import InvalidInputError
from brainconv.plotting.style import create_figure, figure_to_png, figure_to_svg
from brainconv.report import FigureItem
from brainconv.report.images import embed_figure

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'width="72pt" height="36pt">{}</svg>'
)


def item(image):
    return FigureItem(image, "What is seen.", "What is seen, in words.")


@pytest.fixture(scope="module")
def drawn():
    figure = create_figure(2.0, 1.5)
    axis = figure.subplots()
    axis.plot([0, 1, 2], [0, 1, 0], "o-")
    axis.imshow([[0, 1], [1, 0]])
    return figure


def test_two_copies_of_a_figure_share_no_id(drawn):
    svg = figure_to_svg(drawn)
    first, second = (embed_figure(item(svg), number).svg for number in (1, 2))
    ids = [set(re.findall(r'\sid="([^"]+)"', text)) for text in (first, second)]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_every_reference_still_has_its_target(drawn):
    shown = embed_figure(item(figure_to_svg(drawn)), 7).svg
    ids = set(re.findall(r'\sid="([^"]+)"', shown))
    used = set(re.findall(r'href="#([^"]+)"', shown)) | set(re.findall(r"url\(#([^)]+)\)", shown))
    assert used
    assert used <= ids
    ET.fromstring(shown)


def test_style_sheet_holds_for_its_figure_only(drawn):
    svg = figure_to_svg(drawn)
    assert "<style" in svg
    shown = embed_figure(item(svg), 3).svg
    assert re.search(r"<style[^>]*>\s*\*", shown) is None
    assert "#figure-3 *{" in shown


def test_natural_width_in_pixels(drawn):
    assert embed_figure(item(figure_to_svg(drawn)), 1).width == 192
    assert embed_figure(item(figure_to_png(drawn, dpi=200)), 1).width == pytest.approx(192, abs=1)


def test_png_becomes_a_data_address(drawn, tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(figure_to_png(drawn, dpi=50))
    shown = embed_figure(item(path), 1)
    assert shown.png.startswith("data:image/png;base64,iVBOR")
    assert shown.svg == ""


def test_svg_as_bytes_or_file(drawn, tmp_path):
    svg = figure_to_svg(drawn)
    path = tmp_path / "a.svg"
    path.write_text(svg, encoding="utf-8")
    assert embed_figure(item(path), 1) == embed_figure(item(svg), 1) == embed_figure(item(svg.encode()), 1)


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        ("<script>alert(1)</script>", "<script>"),
        ('<g onload="alert(1)"/>', "onload"),
        ('<image xlink:href="https://example.org/a.png"/>', "must hold everything itself"),
        ('<a href="javascript:alert(1)"/>', "must hold everything itself"),
        ('<rect fill="url(https://example.org/a)"/>', "must hold everything itself"),
        ("<foreignObject/>", "<foreignObject>"),
        ("<style>@import 'a.css';</style>", "from elsewhere"),
        ("<g>", "well-formed"),
    ],
)
def test_unsafe_or_broken_svg_is_refused(inside, message):
    with pytest.raises(InvalidInputError, match=message):
        embed_figure(item(SVG.format(inside)), 1)


def test_entities_are_refused():
    with pytest.raises(InvalidInputError, match="document type"):
        embed_figure(item(SVG.format('<!DOCTYPE x [<!ENTITY a "b">]>')), 1)


def test_what_is_no_picture(tmp_path):
    with pytest.raises(InvalidInputError, match="neither PNG nor SVG"):
        embed_figure(item(b"\xff\xd8\xff"), 1)
    with pytest.raises(InvalidInputError, match="is no SVG"):
        embed_figure(item("<html></html>"), 1)
    with pytest.raises(InvalidInputError, match="does not exist"):
        embed_figure(item(tmp_path / "absent.svg"), 1)


def test_caption_and_alternative_text_are_required():
    with pytest.raises(InvalidInputError, match="caption"):
        FigureItem("<svg/>", "", "words")
    with pytest.raises(InvalidInputError, match="alternative"):
        FigureItem("<svg/>", "words", " ")
