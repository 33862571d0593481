"""A configuration against its schema: one sentence for the first thing that is wrong, and texts read as numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from brainconv.errors import BrainconvError, InvalidInputError
from brainconv.io.registries import check_text, shorten
from brainconv.validation import check_choice

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}
_WORDS = {"string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false"}
_WORDS |= {"array": "a list", "object": "a mapping", "null": "null"}

Node = Mapping[str, Any]


def read_command_line(config: dict[str, Any], given: Mapping[str, Any], schema: Node) -> None:
    """Put numbers where the command line has them inside a mapping, which Snakemake reads as text.

    ``--config 'rsa={n_boot: 60}'`` reaches the configuration as ``{"n_boot": "60"}``.

    Parameters
    ----------
    config : dict
        The configuration, changed in place.
    given : mapping
        What the command line gave; nothing else is touched.
    schema : mapping
        Where it allows text, text stays.
    """
    for key, value in given.items():
        if key in config:
            config[key] = _merge(config[key], _read(value, _child(schema, key, schema), schema))


def _merge(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{key: _merge(old.get(key), value) for key, value in new.items()}}
    return new


def _read(value: Any, node: Node, schema: Node) -> Any:
    if isinstance(value, Mapping):
        return {key: _read(item, _child(node, key, schema), schema) for key, item in value.items()}
    if isinstance(value, list):
        items: Node = next((one["items"] for one in _alternatives(node, schema) if "items" in one), {})
        return [_read(item, items, schema) for item in value]
    if not isinstance(value, str) or _find_fault(value, node, schema, "") is None:
        return value
    for convert in (int, float, {"true": True, "false": False, "null": None}.__getitem__):
        try:
            found = convert(value)
        except (ValueError, KeyError):
            continue
        if _find_fault(found, node, schema, "") is None:
            return found
    return value


def check_schema(config: Mapping[str, Any], schema: Node) -> None:
    """Refuse a configuration that is not as its schema says.

    Parameters
    ----------
    config : mapping
        As it was read.
    schema : mapping
        JSON Schema: of it ``type, enum, const, anyOf, pattern, minimum, exclusiveMinimum, minItems, uniqueItems,
        minProperties, items, properties, additionalProperties, required`` and ``$ref`` to ``$defs``.

    Raises
    ------
    InvalidInputError
        With the place of the first fault, what was found and what was expected.
    """
    fault = _find_fault(config, schema, schema, "")
    if fault is not None:
        raise InvalidInputError(fault)


def _resolve(node: Node, schema: Node) -> Node:
    if "$ref" in node:
        return {**schema["$defs"][node["$ref"].rsplit("/", 1)[1]], **{k: v for k, v in node.items() if k != "$ref"}}
    return node


def _alternatives(node: Node, schema: Node) -> Iterator[Node]:
    node = _resolve(node, schema)
    for one in node.get("anyOf", (node,)):
        yield _resolve(one, schema)


def _child(node: Node, key: str, schema: Node) -> Node:
    for one in _alternatives(node, schema):
        if key in one.get("properties", {}):
            found: Node = one["properties"][key]
            return found
        if isinstance(one.get("additionalProperties"), Mapping):
            more: Node = one["additionalProperties"]
            return more
    return {}


def _find_fault(value: Any, node: Node, schema: Node, place: str) -> str | None:
    """The first thing that is wrong with a value; with several alternatives, that with the one of its type."""
    alternatives = list(_alternatives(node, schema))
    fitting = [one for one in alternatives if _is_of_type(value, one)]
    if not fitting:
        wanted = " or ".join(dict.fromkeys(_describe(one) for one in alternatives))
        return f"{_name(place)} is {shorten(value)}; expected {wanted}."
    faults = [_find_fault_inside(value, one, schema, place) for one in fitting]
    return None if None in faults else faults[0]


def _is_of_type(value: Any, node: Node) -> bool:
    if "const" in node or "enum" in node:
        choices = node.get("enum", (node.get("const"),))
        return any(value == choice and isinstance(value, bool) == isinstance(choice, bool) for choice in choices)
    names = node.get("type", list(_TYPES))
    names = [names] if isinstance(names, str) else names
    if isinstance(value, bool):
        return "boolean" in names
    if isinstance(value, float) and not math.isfinite(value):
        return False
    return any(isinstance(value, _TYPES[name]) for name in names)


def _find_fault_inside(value: Any, node: Node, schema: Node, place: str) -> str | None:
    if isinstance(value, dict):
        return _find_fault_of_mapping(value, node, schema, place)
    if isinstance(value, list):
        if len(value) < node.get("minItems", 0):
            return f"{_name(place)} is an empty list; expected at least {node['minItems']}."
        twice = [item for item in value if value.count(item) > 1] if node.get("uniqueItems") else []
        if twice:
            return f"{_name(place)} has {shorten(twice[0])} more than once; name each once."
        found = (_find_fault(item, node.get("items", {}), schema, f"{place}[{k}]") for k, item in enumerate(value))
        return next((fault for fault in found if fault is not None), None)
    too_small = isinstance(value, int | float) and (
        value < node.get("minimum", -math.inf) or value <= node.get("exclusiveMinimum", -math.inf)
    )
    other = isinstance(value, str) and "pattern" in node and re.fullmatch(node["pattern"], value) is None
    return f"{_name(place)} is {shorten(value)}; expected {_describe(node)}." if too_small or other else None


def _find_fault_of_mapping(value: dict[Any, Any], node: Node, schema: Node, place: str) -> str | None:
    known = node.get("properties", {})
    missing = [name for name in node.get("required", ()) if name not in value]
    if missing:
        return f"{_name(place)} lacks {missing[0]!r}; a configuration must state it."
    if len(value) < node.get("minProperties", 0):
        return f"{_name(place)} is empty; expected at least {node['minProperties']} entry."
    for key, item in value.items():
        try:
            name = check_text(key, what=f"key in {_name(place)}")
            if name not in known and node.get("additionalProperties") is False:
                check_choice(name, known, what=f"key in {_name(place)}:")
        except BrainconvError as error:
            return str(error)
        fault = _find_fault(item, _child(node, name, schema), schema, f"{place}.{name}" if place else name)
        if fault is not None:
            return fault
    return None


def _name(place: str) -> str:
    return f"`{place[:120]}` of the configuration" if place else "the configuration"


def _describe(node: Node) -> str:
    if "const" in node or "enum" in node:
        return " or ".join("null" if one is None else str(one) for one in node.get("enum", (node.get("const"),)))
    if "examples" in node:
        return "such as " + ", ".join(node["examples"])
    names = node.get("type", "value")
    said = " or ".join(_WORDS.get(name, "a value") for name in ([names] if isinstance(names, str) else names))
    if "minimum" in node:
        said += f" of at least {node['minimum']}"
    return said + (f" above {node['exclusiveMinimum']}" if "exclusiveMinimum" in node else "")
