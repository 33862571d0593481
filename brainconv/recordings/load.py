"""Recordings by name: list, fetch, load, describe."""

from __future__ import annotations

import fnmatch
import importlib
import importlib.util
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from brainconv.containers import Properties, RDMs, Recording
from brainconv.errors import BrainconvError, DataUnavailableError, InvalidInputError, NotFoundError
from brainconv.io import fetch_file, find_file
from brainconv.io.registries import explain
from brainconv.recordings.registry import RecordingRow, load_registry
from brainconv.validation import check_choice, check_flag, check_path, check_text

READERS = "brainconv.recordings.readers"  # by name, so that a change in a reader counts as a change of this module
PathLike = str | os.PathLike[str]
_CONTAINERS: dict[str, type[Recording | RDMs | Properties]] = {
    "responses": Recording,
    "rdms": RDMs,
    "properties": Properties,
}


def list_recordings(pattern: str = "*", *, area: str | None = None, registry: PathLike | None = None) -> list[str]:
    """Names of the recordings that can be loaded.

    Parameters
    ----------
    pattern : str
        With ``*`` and ``?``, such as ``"cowley2023.*"``.
    area : str, optional
        Only recordings of this area: ``"V1"``, ``"V2"``, ``"V4"``, ``"IT"``.
    registry : path, optional
        A YAML file with rows of your own, which come after the built-in ones.

    Returns
    -------
    list of str
        Empty if nothing matches.
    """
    check_text(pattern, what="pattern")
    if area is not None:
        check_text(area, what="area")
    rows = load_registry(registry)
    return [
        name for name, row in rows.items() if fnmatch.fnmatchcase(name, pattern) and (area is None or area in row.areas)
    ]


def fetch_recording(
    name: str, *, data_dir: PathLike | None = None, download: bool = True, registry: PathLike | None = None
) -> dict[str, Path]:
    """Find a recording's files on disk, or download them.

    Parameters
    ----------
    name : str
        One of `list_recordings()`.
    data_dir : path, optional
        First place to look in and to write to; the others are those of `brainconv.io.list_data_dirs`.
    download : bool
        Whether the network may be used.
    registry : path, optional
        A YAML file with rows of your own.

    Returns
    -------
    dict of str to pathlib.Path
        Keys are the reader's words for the files.

    Raises
    ------
    NotFoundError
        If there is no recording of that name.
    DataUnavailableError
        If a file cannot be had: the sentence names it, its URL and where to put it by hand.
    """
    if data_dir is not None:
        check_path(data_dir, what="data_dir")
    check_text(name, what="The name of a recording")
    check_flag(download, what="download")
    return _fetch(_find_row(name, registry), data_dir=data_dir, download=download)


def load_recording(
    name: str,
    *,
    area: str | None = None,
    data_dir: PathLike | None = None,
    download: bool = True,
    registry: PathLike | None = None,
) -> Recording | RDMs | Properties:
    """Load a recording by name, fetching its files first if need be.

    Parameters
    ----------
    name : str
        One of `list_recordings()`, such as ``"cowley2023.190923"``.
    area : str, optional
        Only the sites of this area.
    data_dir : path, optional
        First place to look for the files; the others are those of `brainconv.io.list_data_dirs`.
    download : bool
        Whether the network may be used.
    registry : path, optional
        A YAML file with rows of your own.

    Returns
    -------
    Recording, RDMs or Properties
        As the row's ``kind`` says.  ``metadata`` holds title, doi, citation, licence, species and the checksums of the
        files it was read from.

    Raises
    ------
    NotFoundError
        If there is no recording of that name, or none of its sites lies in the area.
    DataUnavailableError
        If a file cannot be had.
    InvalidInputError
        If the files do not hold what the registry says.
    """
    if data_dir is not None:
        check_path(data_dir, what="data_dir")
    check_text(name, what="The name of a recording")
    if area is not None:
        check_text(area, what="area")
    check_flag(download, what="download")
    row = _find_row(name, registry)
    if area is not None and area not in row.areas:
        msg = f"{name!r} has no area {area!r}; it has {', '.join(row.areas) or 'none'}."
        raise NotFoundError(msg)
    paths = _fetch(row, data_dir=data_dir, download=download)
    loaded = _read(row, paths)
    wanted = _CONTAINERS[row.kind]
    if not isinstance(loaded, wanted):
        found = type(loaded).__name__
        msg = f"Reader {row.reader!r} of {name!r} gave {found}; a row of kind {row.kind!r} needs {wanted.__name__}."
        raise InvalidInputError(msg)
    _check_counts(row, loaded)
    metadata = {**_describe_row(row, paths), **loaded.metadata}
    if isinstance(loaded, Recording):
        recording = replace(loaded, metadata=metadata)
        return recording if area is None else recording.select(area=area)
    return replace(loaded, metadata=metadata)


def describe_recording(name: str, *, registry: PathLike | None = None) -> str:
    """The page that describes a recording: Access, Notes, Content, References, Licence.

    Parameters
    ----------
    name : str
        One of `list_recordings()`.
    registry : path, optional
        A YAML file with rows of your own; their pages are ``descriptions/<data set>.md`` beside it.

    Returns
    -------
    str
        Markdown; for a row of yours without a page, what the row says.

    Raises
    ------
    NotFoundError
        If there is no recording of that name.
    """
    check_text(name, what="The name of a recording")
    row = _find_row(name, registry)
    page = row.registry.parent / "descriptions" / f"{row.dataset}.md"
    if page.is_file():
        return page.read_text(encoding="utf-8")
    return f"# {row.title}\n\n## References\n\n{row.citation}\n\n## Licence\n\n{row.licence}\n"


def _find_row(name: str, registry: PathLike | None) -> RecordingRow:
    rows = load_registry(registry)
    return rows[check_choice(name, rows, what="recording")]


def _fetch(row: RecordingRow, *, data_dir: PathLike | None, download: bool) -> dict[str, Path]:
    paths = {}
    for key, file in row.files.items():
        if file.path is not None:
            if not _is_file(file.path):
                msg = f"{row.name!r} needs {file.path}, which {row.registry} names, but it is not there; put it there."
                raise DataUnavailableError(msg)
            paths[key] = file.path
            continue
        found = find_file(file.remote, folder=row.dataset, data_dir=data_dir)
        wanted = file.remote if file.otherwise is None else file.otherwise
        paths[key] = found or fetch_file(wanted, folder=row.dataset, data_dir=data_dir, download=download)
    return paths


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # no access, a name that is too long or no name
        return False


def _read(row: RecordingRow, paths: dict[str, Path]) -> Any:
    """Run the row's reader; whatever it raises becomes one sentence that names the row."""
    reader = _find_reader(row)
    try:
        return reader(row, paths)
    except BrainconvError:
        raise
    except Exception as error:
        text = " ".join(str(error).split())
        msg = (
            f"The reader {row.reader!r} of {row.name!r} in {row.registry} failed ({type(error).__name__}: {text}); "
            f"mend the reader, or the files that it reads: {', '.join(path.name for path in paths.values())}."
        )
        raise InvalidInputError(msg) from error


def _find_reader(row: RecordingRow) -> Callable[[RecordingRow, dict[str, Path]], Any]:
    """The function that a row names, from an importable module or from a file beside the registry."""
    place, _, function = (row.reader if ":" in row.reader else f"{READERS}.{row.reader}:read").rpartition(":")
    try:
        if place.endswith(".py"):
            path = (row.registry.parent / place).resolve()
            spec = importlib.util.spec_from_file_location(f"brainconv_reader_{path.stem}", path)
            if spec is None or spec.loader is None or not path.is_file():
                msg = f"no file {path}"
                raise ImportError(msg)
            module = importlib.util.module_from_spec(spec)
            sys.modules[spec.name] = module  # dataclasses in the file look for their module there
            spec.loader.exec_module(module)
        else:
            module = importlib.import_module(place)
        reader: Any = getattr(module, function)
    except (Exception, SystemExit) as error:  # the file is the user's: it may raise anything
        said = error if isinstance(error, ImportError | AttributeError) else explain(error)
        msg = (
            f"The reader {row.reader!r} of {row.name!r} cannot be imported ({said}); expected "
            f"'package.module:function', or 'file.py:function' with the file beside {row.registry}."
        )
        raise InvalidInputError(msg) from error
    if not callable(reader):
        msg = f"The reader {row.reader!r} of {row.name!r} in {row.registry} is no function; expected one."
        raise InvalidInputError(msg)
    return reader  # type: ignore[no-any-return]


def _check_counts(row: RecordingRow, loaded: Recording | RDMs | Properties) -> None:
    found: dict[str, int]
    if isinstance(loaded, Recording):
        found = {"n_stimuli": loaded.n_stimuli, "n_sites": loaded.n_sites}
    elif isinstance(loaded, RDMs):
        found = {"n_stimuli": loaded.n_stimuli, "n_rdms": len(loaded)}
    else:
        found = {"n_sites": len(loaded)}
    for what, count in found.items():
        expected = getattr(row, what)
        if expected is not None and count != expected:
            msg = f"{row.name!r} has {what} = {count}, but {row.registry.name} says {expected}; these are other files."
            raise InvalidInputError(msg)


def _describe_row(row: RecordingRow, paths: dict[str, Path]) -> dict[str, Any]:
    checksums = {}
    for key, path in paths.items():
        file = row.files[key]
        is_other = file.otherwise is not None and path.name == file.otherwise.name
        remote = file.otherwise if is_other and file.otherwise is not None else file.remote
        checksums[path.name] = remote.checksum
    return {
        "title": row.title,
        "dataset": row.dataset,
        "species": row.species,
        "areas": list(row.areas),
        "doi": row.doi,
        "citation": row.citation,
        "licence": row.licence,
        "source": row.source,
        "files": checksums,
    }
