"""Small JSON files that say what is where."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from brainconv.io.atomic import write_atomically


def save_manifest(path: str | os.PathLike[str], content: Mapping[str, Any]) -> None:
    """Write a mapping as JSON, atomically.

    Parameters
    ----------
    path : path
    content : mapping
        Text, numbers, lists and mappings.
    """
    with write_atomically(path) as temporary:
        temporary.write_text(json.dumps(dict(content), indent=2, sort_keys=True) + "\n", encoding="utf-8")


def open_manifest(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read what `save_manifest` wrote.

    Parameters
    ----------
    path : path
    """
    content: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    return content
