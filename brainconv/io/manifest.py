"""Small JSON files that say what is where."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from brainconv.errors import InvalidInputError
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

    Raises
    ------
    InvalidInputError
        If there is no such file, or it holds no mapping in JSON.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        msg = f"{path} cannot be read as JSON ({' '.join(str(error).split())}); make it again."
        raise InvalidInputError(msg) from error
    if not isinstance(content, dict):
        msg = f"{path} holds {type(content).__name__}; expected a mapping."
        raise InvalidInputError(msg)
    return content
