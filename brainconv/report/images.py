"""Pictures made safe to stand in one page: SVG inline with ids of its own, PNG as a data address."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from brainconv.errors import InvalidInputError
from brainconv.report.content import FigureItem

_PNG = b"\x89PNG\r\n\x1a\n"
_FORBIDDEN = {"script", "foreignObject", "iframe", "object", "embed", "animate", "set", "handler"}


@dataclass(frozen=True)
class ShownFigure:
    """A figure ready for the template.

    Parameters
    ----------
    svg : str
        Markup that has been checked; empty for a PNG.
    png : str
        ``data:`` address; empty for an SVG.
    title, caption, alt : str
    simulated : bool
    anchor : str
        Id of the figure in the page.
    number : int
        Its number in the page.
    width : int
        In CSS pixels, at its natural size.
    """

    svg: str
    png: str
    title: str
    caption: str
    alt: str
    simulated: bool
    anchor: str
    number: int
    width: int


def embed_figure(item: FigureItem, number: int) -> ShownFigure:
    """The picture as markup of the page.

    Parameters
    ----------
    item : FigureItem
    number : int
        Its number in the page; the ids inside an SVG are put behind it, so that no two figures share one.

    Returns
    -------
    ShownFigure

    Raises
    ------
    InvalidInputError
        If the picture is neither PNG nor well-formed SVG, or holds scripts or links to elsewhere.
    """
    image = item.image
    if isinstance(image, Path):
        if not image.is_file():
            msg = f"The figure {image} does not exist; draw it first."
            raise InvalidInputError(msg)
        image = image.read_bytes()
    anchor = f"figure-{number}"
    words = (item.title, item.caption, item.alt, item.simulated, anchor, number)
    if isinstance(image, bytes) and image.startswith(_PNG):
        address = "data:image/png;base64," + base64.b64encode(image).decode("ascii")
        return ShownFigure("", address, *words, _png_width(image))
    try:
        text = image.decode("utf-8") if isinstance(image, bytes) else image
    except UnicodeDecodeError as error:
        msg = "A figure of the report is neither PNG nor SVG; give one of the two."
        raise InvalidInputError(msg) from error
    svg, width = _inline_svg(text, anchor)
    return ShownFigure(svg, "", *words, width)


def _png_width(image: bytes) -> int:
    """Width at 96 pixels per inch, from the resolution that the file states (144 where it states none)."""
    pixels = int.from_bytes(image[16:20], "big")
    place = image.find(b"pHYs", 0, 4096)
    per_metre = int.from_bytes(image[place + 4 : place + 8], "big") if place > 0 else 5669
    return round(pixels * 96 / (per_metre * 0.0254))


def _inline_svg(text: str, anchor: str) -> tuple[str, int]:
    start = text.find("<svg")
    if start < 0:
        msg = f"A figure of the report is no SVG: it begins with {text[:40]!r}; give SVG or PNG."
        raise InvalidInputError(msg)
    body = text[start:]
    _check_svg(body)
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    ids = set(re.findall(r'\sid="([^"]+)"', body))
    body = re.sub(r'(\sid=")([^"]+)(")', rf"\g<1>{anchor}-\g<2>\g<3>", body)
    body = re.sub(
        r'(url\(#|href="#)([^)"]+)', lambda hit: hit[1] + (f"{anchor}-{hit[2]}" if hit[2] in ids else hit[2]), body
    )
    # A style sheet inside an SVG would hold for the whole page.
    body = re.sub(r"(<style[^>]*>)\s*\*\s*\{", rf"\g<1>#{anchor} *{{", body)
    head, rest = body[: body.index(">")], body[body.index(">") :]
    size = re.search(r'\swidth="([\d.]+)pt"', head)
    head = re.sub(r'\s(width|height|version)="[^"]*"', "", head)
    width = round(float(size[1]) / 0.75) if size else 640
    return f'{head} aria-hidden="true" focusable="false"{rest}', width


def _check_svg(body: str) -> None:
    if "<!" in body.replace("<!--", "").replace("<![CDATA[", ""):
        msg = "A figure of the report declares a document type within its SVG; remove it."
        raise InvalidInputError(msg)
    try:
        root = ET.fromstring(body)
    except ET.ParseError as error:
        msg = f"A figure of the report is no well-formed SVG ({error}); write it anew."
        raise InvalidInputError(msg) from error
    for element in root.iter():
        name = element.tag.rpartition("}")[2]
        if name in _FORBIDDEN:
            msg = f"A figure of the report holds <{name}>; the page runs nothing, draw the figure without it."
            raise InvalidInputError(msg)
        for key, value in element.attrib.items():
            attribute = key.rpartition("}")[2].lower()
            outward = attribute == "href" and not value.startswith(("#", "data:image/"))
            if outward or attribute.startswith("on") or re.search(r"url\(\s*['\"]?(?!#)", value):
                msg = (
                    f"A figure of the report refers to {value[:60]!r} in {attribute!r}; it must hold everything itself."
                )
                raise InvalidInputError(msg)
        if name == "style" and re.search(r"@import|url\(\s*['\"]?(?!#)", element.text or ""):
            msg = "The style sheet of a figure of the report loads something from elsewhere; put it into the figure."
            raise InvalidInputError(msg)
