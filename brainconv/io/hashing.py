"""Hashes of contents: the keys of every cache.  Equal contents give equal keys on any machine; names do not count."""

from __future__ import annotations

import ast
import functools
import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from brainconv.containers import StimulusSet
from brainconv.errors import InvalidInputError, NotFoundError
from brainconv.validation import check_instance, check_path

PACKAGE = "brainconv"
DATA_SUFFIXES = (".yaml", ".json")
TEMPLATE_SUFFIXES = (".j2", ".css")


def hash_arrays(*arrays: ArrayLike) -> str:
    """Hash of arrays in their order: type, shape and values.

    Parameters
    ----------
    *arrays : array_like
        Numbers, booleans or text.

    Returns
    -------
    str
        64 hexadecimal digits (sha256).

    Raises
    ------
    InvalidInputError
        If an array holds Python objects.
    """
    digest = hashlib.sha256()
    for array in arrays:
        _add_array(digest, np.asarray(array))
    return digest.hexdigest()


def _add_array(digest: Any, array: np.ndarray[Any, Any]) -> None:
    if array.dtype.kind == "U":  # the width of a text array depends on its longest entry
        _add_text(digest, f"text{array.shape}", *array.ravel().tolist())
        return
    if array.dtype.kind not in "biufc":
        msg = f"An array of {array.dtype} cannot be hashed; expected numbers, booleans or text."
        raise InvalidInputError(msg)
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    _add_text(digest, little.dtype.str, str(array.shape))
    digest.update(np.ascontiguousarray(little).tobytes())


def _add_text(digest: Any, *texts: str) -> None:
    """Each with its length, so that ("ab", "c") and ("a", "bc") differ."""
    for text in texts:
        data = text.encode()
        digest.update(f"{len(data)}:".encode() + data)


def hash_stimuli(stimuli: StimulusSet) -> str:
    """Hash of a stimulus set: ids in their order, pixels, and width in degrees.

    Its name and its table do not count: they change nothing in what a network sees.

    Parameters
    ----------
    stimuli : StimulusSet
    """
    check_instance(stimuli, StimulusSet, what="stimuli")
    digest = hashlib.sha256()
    _add_text(digest, f"degrees={stimuli.degrees!r}")
    for i, identifier in enumerate(stimuli.ids):
        _add_text(digest, identifier)
        _add_array(digest, np.asarray(stimuli.images[i]))
    return digest.hexdigest()


def hash_state(state: Mapping[str, Any]) -> str:
    """Hash of a network's weights; the order of the names does not count.

    Parameters
    ----------
    state : mapping of str to ndarray
        A state dict as arrays (CPU tensors of NumPy's types will do).
    """
    check_instance(state, Mapping, what="state")
    digest = hashlib.sha256()
    for name in sorted(state):
        _add_text(digest, name)
        _add_array(digest, np.asarray(state[name]))
    return digest.hexdigest()


def hash_source(*modules: str, root: str | os.PathLike[str] | None = None) -> str:
    """Hash of the code behind modules: theirs, and that of all that they import inside brainconv.

    Comments, docstrings and layout do not count.  Of an imported package its ``__init__`` counts and what that
    imports; of a package named here, or named as text in the code (lazy imports, readers in a registry), all modules
    count.  A YAML or JSON file that lies beside a module and is named in it counts too, and so do the templates and
    style sheets of a folder beside it that is named.

    Parameters
    ----------
    *modules : str
        Such as ``"brainconv.similarity"``.
    root : path, optional
        Folder of the package ``brainconv``; default: the one that is running.

    Raises
    ------
    NotFoundError
        If there is no such module.
    """
    folder = Path(root) if root is not None else Path(__file__).resolve().parent.parent
    found: dict[str, str] = {}
    waiting = [name for module in modules for name in _expand(module, folder)]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        path = _find(name, folder)
        if path is None:
            msg = f"There is no module {name!r} in {folder}; expected one such as 'brainconv.similarity'."
            raise NotFoundError(msg)
        found[name], imported, beside = _analyse(name, path, folder, path.stat().st_mtime_ns)
        found |= {f"{name}:{data.name}": data.read_text(encoding="utf-8") for data in beside}
        waiting += imported
    digest = hashlib.sha256()
    for name in sorted(found):
        _add_text(digest, name, found[name])
    return digest.hexdigest()


def hash_files(*paths: str | os.PathLike[str]) -> str:
    """Hash of what is in files; of a folder the names, sizes and times of change of all files below it.

    Parameters
    ----------
    *paths : path
        Where they lie does not count.

    Raises
    ------
    NotFoundError
        If one is not there.
    """
    for one in paths:
        check_path(one, what="A path")
    digest = hashlib.sha256()
    for path in map(Path, paths):
        if not path.exists():
            msg = f"There is no file {path}, seen from {Path.cwd()}; put it there, or correct what names it."
            raise NotFoundError(msg)
        stated = path.stat()
        _add_text(digest, _hash_folder(path) if path.is_dir() else _hash_file(path, stated.st_mtime_ns, stated.st_size))
    return digest.hexdigest()


def _hash_folder(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            stated = path.stat()
            _add_text(digest, path.relative_to(folder).as_posix(), str(stated.st_size), str(stated.st_mtime_ns))
    return digest.hexdigest()


@functools.lru_cache(maxsize=1024)
def _hash_file(path: Path, _changed: int, _size: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@functools.lru_cache(maxsize=1024)
def _analyse(name: str, path: Path, folder: Path, _changed: int) -> tuple[str, tuple[str, ...], tuple[Path, ...]]:
    """What a module says, the modules of ours that it needs, and the data files beside it that it names."""
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    texts = {text for text in _texts(tree) if 0 < len(text) < 200 and "/" not in text and text.isprintable()}
    named = sorted(text for text in texts if text.endswith(DATA_SUFFIXES))
    beside = [path.parent / text for text in named if (path.parent / text).is_file()]
    for folder_name in sorted(text for text in texts if text.isidentifier() and (path.parent / text).is_dir()):
        inside = sorted((path.parent / folder_name).iterdir())
        beside += [file for file in inside if file.suffix in TEMPLATE_SUFFIXES]
    imported = tuple(dict.fromkeys(_imports(tree, name, path, folder)))
    return ast.dump(_without_docstrings(tree)), imported, tuple(beside)


def _find(name: str, folder: Path) -> Path | None:
    """File of a module of ours; None for what is none, and for the top package, which holds only names."""
    parts = name.split(".")
    if parts[0] != PACKAGE or len(parts) == 1 or not all(part.isidentifier() for part in parts):
        return None
    base = folder.joinpath(*parts[1:])
    candidates = (base.with_suffix(".py"), base / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


def _expand(name: str, folder: Path) -> list[str]:
    """A module; for a package, all modules in it."""
    package = folder.joinpath(*name.split(".")[1:])
    if _find(name, folder) != package / "__init__.py":
        return [name]
    inside = [path.relative_to(folder).with_suffix("").parts for path in sorted(package.rglob("*.py"))]
    return [name, *(".".join((PACKAGE, *parts)) for parts in inside if parts[-1] != "__init__")]


def _imports(tree: ast.Module, name: str, path: Path, folder: Path) -> Iterator[str]:
    """Modules of ours that a module names in an import, or in a string of their full name (lazy imports)."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(tree):
        candidates: list[str] = []
        if isinstance(node, ast.Import):
            candidates = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                ancestor = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*ancestor, base] if base else ancestor)
            candidates = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        yield from (candidate for candidate in candidates if _find(candidate, folder) is not None)
    for text in _texts(tree):
        module = text.partition(":")[0]
        if _find(module, folder) is not None:
            yield from _expand(module, folder)


def _texts(tree: ast.Module) -> list[str]:
    """Every text constant of a module."""
    return [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.body:
            first = node.body[0]
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                node.body = node.body[1:]
    return tree
