"""YAML files of the user's: read with limits, and the names in them."""

from __future__ import annotations

import os
import re
import reprlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brainconv.errors import InvalidInputError

if TYPE_CHECKING:
    from yaml import Node

MAX_BYTES = 10_000_000
MAX_DEPTH = 50
MAX_VALUES = 1_000_000  # with aliases written out: a few lines of them can stand for billions

#: What names of models, data sets, recordings and areas look like where they become names of files.
KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,79}")
KEY_IN_WORDS = "letters, digits and . _ + -, a letter or digit first, 80 characters at most"


def shorten(value: Any) -> str:
    """A value as it is in code, cut where it is long.

    Parameters
    ----------
    value : object
    """
    return reprlib.repr(value)


def explain(error: BaseException) -> str:
    """An exception from the user's code in one line: its kind and what it says.

    Parameters
    ----------
    error : BaseException
    """
    return " ".join(f"{type(error).__name__}: {error}".split())[:300].rstrip(": ")


def check_text(name: Any, *, what: str) -> str:
    """Return a name that YAML read as text.

    Parameters
    ----------
    name : object
        What YAML made of it.
    what : str
        The word for it in the message, with its place.

    Raises
    ------
    InvalidInputError
        If YAML took it for something else (50, no, 2015-01-01, nothing).
    """
    if isinstance(name, str):
        return name
    kind = {bool: "true or false", int: "a number", float: "a number", type(None): "nothing"}
    read = kind.get(type(name), f"a {type(name).__name__}")
    said = "yes, no, on, off, true or false" if isinstance(name, bool) else shorten(name)
    msg = f"The {what} is {said}, which YAML reads as {read}; expected text: put it in quotes."
    raise InvalidInputError(msg)


def check_key(name: Any, *, what: str) -> str:
    """Return a name that may become the name of a file.

    Parameters
    ----------
    name : object
        What YAML made of it.
    what : str
        The word for it in the message, with its place.

    Raises
    ------
    InvalidInputError
        If it does not match `KEY`.
    """
    text = check_text(name, what=what)
    if KEY.fullmatch(text) is None:
        msg = f"The {what} is {shorten(text)}; expected {KEY_IN_WORDS}."
        raise InvalidInputError(msg)
    return text


def read_yaml(path: str | os.PathLike[str] | Any, *, what: str) -> Any:
    """Read a YAML file; a key that stands twice, absurd depth or size is refused.

    Parameters
    ----------
    path : path, or anything with ``read_text``
    what : str
        The word for the file in messages, with its name.

    Raises
    ------
    InvalidInputError
        If it cannot be read.
    """
    import yaml

    source: Any = Path(path) if isinstance(path, str | os.PathLike) else path
    size = source.stat().st_size if isinstance(source, Path) and source.is_file() else 0
    if size > MAX_BYTES:
        msg = f"{what} has {size:,} bytes; expected at most {MAX_BYTES:,} of YAML."
        raise InvalidInputError(msg)
    try:
        loader = yaml.SafeLoader(source.read_text(encoding="utf-8"))
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            problem = _find_excess(node)
            if problem is None:
                return loader.construct_document(node)
        finally:
            loader.dispose()
    except RecursionError:
        problem = f"is nested more than {MAX_DEPTH} deep"
    except (OSError, yaml.YAMLError, ValueError, TypeError) as error:
        reason = " ".join(str(error).split())
        msg = f"{what} cannot be read as YAML: {reason}."
        raise InvalidInputError(msg) from error
    msg = f"{what} {problem}; expected plain YAML, each key once."
    raise InvalidInputError(msg)


def _find_excess(root: Node) -> str | None:
    """What is wrong with a document before anything is made of it."""
    import yaml

    sizes: dict[int, int] = {}
    above: set[int] = set()

    def measure(node: Node, depth: int) -> int:
        if id(node) in above:
            msg = "holds itself"
            raise _ExcessError(msg)
        if depth > MAX_DEPTH:
            msg = f"is nested more than {MAX_DEPTH} deep"
            raise _ExcessError(msg)
        if id(node) not in sizes:
            above.add(id(node))
            children: list[Node] = []
            if isinstance(node, yaml.MappingNode):
                seen: set[str] = set()
                for key, value in node.value:
                    if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                        if key.value in seen:
                            msg = f"has the key {shorten(key.value)} twice (line {key.start_mark.line + 1})"
                            raise _ExcessError(msg)
                        seen.add(key.value)
                    children += [key, value]
            elif isinstance(node, yaml.SequenceNode):
                children = list(node.value)
            sizes[id(node)] = 1 + sum(measure(child, depth + 1) for child in children)
            above.remove(id(node))
            if sizes[id(node)] > MAX_VALUES:
                msg = f"stands for more than {MAX_VALUES:,} values"
                raise _ExcessError(msg)
        return sizes[id(node)]

    try:
        measure(root, 0)
    except _ExcessError as found:
        return str(found)
    return None


class _ExcessError(Exception):
    pass
