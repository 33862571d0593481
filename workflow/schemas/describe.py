"""Print config/README.md's table from the schema: python workflow/schemas/describe.py > config/README.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

HEAD = """# Configurations

| file | what it runs |
|---|---|
| `config.yaml` | the embedded quickstart: a network trained on the spot, SIMULATED recordings, no download |
| `macaque.yaml` | real V1, V4 and IT recordings and a trained SqueezeNet; about 20 MB of downloads |
| `macaque_reduced.yaml` | the same with fewer layers, stimuli and samples, for CI |
| `sensitivity.yaml` | scores against squash or crop, interpolation, size on the canvas (`models/sensitivity.yaml`) |
| `brainscore.yaml` | Brain-Score's procedure on layers averaged over positions, beside the values of its own code |
| `smoke.yaml` | a minute's run for daily use and for the tests; SIMULATED recordings |

`snakemake --cores all --configfile config/macaque.yaml` runs one of them. Threads, memory and the working directory
are set on the command line or in a profile (`profiles/`), never here. A misspelt key stops the run and is named.

## Keys
Generated from `workflow/schemas/config.schema.yaml`.

| key | default | meaning |
|---|---|---|
"""


def describe(schema: Mapping[str, Any]) -> str:
    """Markdown of all keys of a configuration schema."""
    rows = [f"| `{key}` | {default} | {text} |" for key, default, text in _walk(schema, schema, "")]
    return HEAD + "\n".join(rows) + "\n"


def _walk(schema: Mapping[str, Any], node: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str, str]]:
    for name, child in node.get("properties", {}).items():
        target = schema["$defs"][child["$ref"].rsplit("/", 1)[1]] if "$ref" in child else child
        key = f"{prefix}{name}"
        if "description" in child:
            yield key, _default(child, name in node.get("required", ())), child["description"]
        yield from _walk(schema, target, f"{key}.")
        values = target.get("additionalProperties")
        if isinstance(values, Mapping) and "properties" in values:
            yield from _walk(schema, values, f"{key}.<name>.")


def _default(node: Mapping[str, Any], required: bool) -> str:
    if required:
        return "required"
    default = node.get("default")
    if default is None or default in ({}, ""):
        return "none" if "default" in node and default is None else ""
    return f"`{', '.join(map(str, default)) if isinstance(default, list) else str(default).lower()}`"


if __name__ == "__main__":
    path = Path(__file__).with_name("config.schema.yaml")
    print(describe(yaml.safe_load(path.read_text(encoding="utf-8"))), end="")  # noqa: T201
