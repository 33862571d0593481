"""Print docs/api.md from the docstrings: python docs/describe_api.py > docs/api.md."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

import brainconv

HEAD = """# API

`import brainconv as bc` gives the names of the first table; it loads neither torch nor any other large package until
one of them is used. The other names are imported from their package: `from brainconv.similarity import compare_rdms`.
`help(name)` prints arguments with shapes and units, errors and references.

Made from the docstrings by `python docs/describe_api.py > docs/api.md`.
"""


def describe() -> str:
    """Markdown of all public names, by package, with the first sentence of their docstrings."""
    parts = [HEAD, *_section("brainconv", "What most programs need.")]
    for found in iter_modules(brainconv.__path__, "brainconv."):
        module = import_module(found.name)
        if found.ispkg and getattr(module, "__all__", ()):
            parts += _section(found.name, _first_paragraph(module))
    return "\n".join(parts)


def _section(name: str, text: str) -> Iterator[str]:
    module = import_module(name)
    yield f"## {name}\n{text}\n\n| name | what it is |\n|---|---|"
    for public in sorted(module.__all__, key=str.lower):
        value = getattr(module, public)
        if inspect.isroutine(value) or inspect.isclass(value):
            text = _first_paragraph(value).replace("|", "\\|")
        else:
            text = f"constant, {type(value).__name__}"
        call = "()" if inspect.isroutine(value) else ""
        yield f"| `{public}{call}` | {text} |"
    yield ""


def _first_paragraph(thing: object) -> str:
    text = " ".join((inspect.getdoc(thing) or "").split("\n\n", maxsplit=1)[0].split())
    return re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text)


if __name__ == "__main__":
    print(describe(), end="")  # noqa: T201
