"""Hash of code of the user's: a function in a file, the modules of theirs behind it, and the files that they name."""

from __future__ import annotations

import ast
import functools
import hashlib
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from importlib.machinery import PathFinder
from pathlib import Path

from brainconv.io.hashing import PACKAGE, hash_files, hash_source


def hash_code(references: Iterable[str], folder: Path) -> str:
    """Hash of the code behind functions that a registry names.

    Parameters
    ----------
    references : iterable of str
        ``"file.py:function"`` or ``"package.module:function"``.
    folder : pathlib.Path
        Where the registry lies.

    Returns
    -------
    str
        Of brainconv's own modules: `hash_source`.  Of the user's: the file, the modules that it imports and that are
        installed nowhere, and every file beside it that is named in it.  Of an installed package: the one module.
    """
    digest = hashlib.sha256()
    waiting: list[Path] = []
    for reference in references:
        place = reference.partition(":")[0]
        if place.partition(".")[0] == PACKAGE:
            digest.update(hash_source(place).encode())
        elif place.endswith(".py"):
            waiting.append((folder / place).resolve())
        else:
            found = _find_module(place, (str(folder),))
            waiting += [] if found is None else [found]
    done: set[Path] = set()
    while waiting:
        path = waiting.pop(0)
        if path in done or not path.is_file():
            continue
        done.add(path)
        imported, named = _analyse(path, folder, path.stat().st_mtime_ns)
        digest.update(hash_files(path, *named).encode())
        if not _is_installed(path):
            waiting += [found for found in imported if not _is_installed(found)]
    return digest.hexdigest()


def _is_installed(path: Path) -> bool:
    places = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    return any(path.is_relative_to(Path(place).resolve()) for place in places)


@functools.lru_cache(maxsize=256)
def _analyse(path: Path, folder: Path, _changed: int) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Files of the modules that a file imports, and files that it names."""
    try:
        tree = ast.parse(path.read_bytes(), filename=str(path))
    except (SyntaxError, ValueError):  # whoever imports it is told
        return (), ()
    places = (str(path.parent), str(folder))
    imported = [
        found for name, base in _imports(tree, path) if (found := _find_module(name, (base,) if base else places))
    ]
    named = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and 0 < len(node.value) < 200:
            candidates = [base / node.value for base in (path.parent, folder) if node.value.isprintable()]
            named += [file.resolve() for file in candidates if file.is_file()][:1]
    return tuple(dict.fromkeys(imported)), tuple(sorted(set(named)))


def _imports(tree: ast.Module, path: Path) -> Iterator[tuple[str, str]]:
    """Dotted names that are imported; a relative one with the folder that it is seen from."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = str(path.parents[node.level - 1]) if 0 < node.level <= len(path.parents) else ""
            prefix = f"{node.module}." if node.module else ""
            if node.module:
                yield node.module, base
            yield from ((f"{prefix}{alias.name}", base) for alias in node.names)


def _find_module(name: str, places: tuple[str, ...]) -> Path | None:
    """File of a module, without importing anything; None for what is built in, in an archive, or not there."""
    if name.partition(".")[0] in sys.stdlib_module_names:
        return None
    search: list[str] = [*places, *sys.path]
    spec = None
    for part in name.split("."):
        try:
            spec = PathFinder.find_spec(part, search)
        except (ImportError, ValueError):
            return None
        if spec is None:
            return None
        search = list(spec.submodule_search_locations or ())
    return Path(spec.origin).resolve() if spec is not None and spec.origin and spec.origin.endswith(".py") else None
