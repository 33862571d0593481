"""The registry of recordings: rows of YAML, checked when they are read."""

from __future__ import annotations

import difflib
import functools
import math
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from brainconv.errors import InvalidInputError
from brainconv.io import RemoteFile
from brainconv.io.registries import check_key, check_text, read_yaml
from brainconv.validation import check_choice, check_path

KINDS = ("responses", "rdms", "properties")
BUILT_IN = Path(__file__).with_name("registry.yaml")

_NUMBER = (int, float)
# field: (types of its value, whether every recording must have it)
_FIELDS: dict[str, tuple[tuple[type, ...], bool]] = {
    "title": ((str,), True),
    "kind": ((str,), True),
    "species": ((str,), True),
    "areas": ((list,), True),
    "doi": ((str, type(None)), True),
    "citation": ((str,), True),
    "licence": ((str,), True),
    "reader": ((str,), True),
    "files": ((dict,), True),
    "degrees": ((*_NUMBER, type(None)), True),
    "time_window": ((list, type(None)), True),
    "source": ((str,), False),
    "unit": ((str,), False),
    "n_sites": ((int, type(None)), False),
    "n_stimuli": ((int, type(None)), False),
    "n_rdms": ((int, type(None)), False),
    "options": ((dict,), False),
}
_NEEDS = {"responses": ("unit", "n_sites", "n_stimuli"), "rdms": ("n_stimuli", "n_rdms"), "properties": ("n_sites",)}
_FILE_FIELDS = ("name", "url", "mirrors", "bytes", "sha256", "sha1", "otherwise", "path")


@dataclass(frozen=True)
class RegisteredFile:
    """A file that a recording needs.

    Parameters
    ----------
    remote : RemoteFile
        Its name, address and checksum.
    otherwise : RemoteFile, optional
        What is fetched where ``remote`` is not on disk (the same content in another packing).
    path : path, optional
        A file of the user's own, which lies where their registry says.
    """

    remote: RemoteFile
    otherwise: RemoteFile | None = None
    path: Path | None = None


@dataclass(frozen=True)
class RecordingRow:
    """One row of the registry.

    Parameters
    ----------
    name : str
        ``<author><year>`` and, where there are several, ``.<session or part>``.
    dataset : str
        Name of the data set, its folder on disk and its page of description.
    kind : {"responses", "rdms", "properties"}
        Whether it is read as a `Recording`, as `RDMs` or as `Properties`.
    title, species, citation, licence : str
    areas : tuple of str
        ``"V1"``, ``"V2"``, ``"V4"``, ``"IT"``.
    doi, source : str, optional
    reader : str
        Name of one of our readers, ``"package.module:function"``, or ``"file.py:function"`` beside the YAML file.
    files : mapping of str to RegisteredFile
        Keys are the reader's words for them.
    registry : path
        The YAML file that the row stands in.
    degrees : float, optional
        Width of a stimulus, deg; None: the files state none.
    time_window : (float, float), optional
        ms after stimulus onset; None: the files state none.
    unit : str, optional
        Of the responses.
    n_sites, n_stimuli, n_rdms : int, optional
        What the reader must find.
    options : mapping
        For the reader.
    """

    name: str
    dataset: str
    kind: str
    title: str
    species: str
    areas: tuple[str, ...]
    doi: str | None
    citation: str
    licence: str
    reader: str
    files: Mapping[str, RegisteredFile]
    registry: Path
    degrees: float | None = None
    time_window: tuple[float, float] | None = None
    source: str | None = None
    unit: str | None = None
    n_sites: int | None = None
    n_stimuli: int | None = None
    n_rdms: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


def load_registry(registry: str | os.PathLike[str] | None = None) -> dict[str, RecordingRow]:
    """Read the rows of the built-in registry and of one of the user's.

    Parameters
    ----------
    registry : path, optional
        A YAML file of the same form: data sets, each with ``recordings``.

    Returns
    -------
    dict of str to RecordingRow
        The built-in rows first.

    Raises
    ------
    InvalidInputError
        If a row is not as expected, or has a name that the built-in registry has.
    """
    if registry is not None:
        check_path(registry, what="registry")
    rows = dict(_read_registry(BUILT_IN, BUILT_IN.stat().st_mtime_ns))
    if registry is not None:
        path = Path(registry)
        if not path.is_file():
            msg = f"There is no registry of recordings {path}; expected a YAML file."
            raise InvalidInputError(msg)
        own = _read_registry(path.absolute(), path.stat().st_mtime_ns)
        clash = sorted(set(own) & set(rows))
        if clash:
            msg = f"{path} names a recording {clash[0]!r}, which the built-in registry has; give it another name."
            raise InvalidInputError(msg)
        rows |= own
    return rows


@functools.lru_cache(maxsize=8)
def _read_registry(path: Path, _changed: int) -> dict[str, RecordingRow]:
    content = read_yaml(path, what=f"The registry of recordings {path}")
    if not isinstance(content, dict):
        msg = f"{path} holds {type(content).__name__}; expected data sets, each a mapping with `recordings`."
        raise InvalidInputError(msg)
    rows: dict[str, RecordingRow] = {}
    for key, shared in content.items():
        dataset = check_key(key, what=f"name of a data set in {path}")
        recordings = shared.get("recordings") if isinstance(shared, dict) else None
        if not isinstance(recordings, dict) or not recordings:
            msg = f"Data set {dataset!r} in {path} has no `recordings`; expected a mapping of names to rows."
            raise InvalidInputError(msg)
        common = {field: value for field, value in shared.items() if field != "recordings"}
        for label, own in recordings.items():
            name = check_key(label, what=f"name of a recording in data set {dataset!r} of {path}")
            where = f"Recording {name!r} in {path}"
            if name in rows:
                msg = f"Recording {name!r} stands twice in {path}; name each once."
                raise InvalidInputError(msg)
            row = {**common, **_check_mapping(own, where)}
            files = [_check_mapping(part.get("files"), f"`files` of {where}") for part in (common, row)]
            rows[name] = _check_row(name, dataset, {**row, "files": files[0] | files[1]}, path)
    return rows


def _check_mapping(value: Any, where: str) -> dict[Any, Any]:
    """A mapping, empty where there is none."""
    if value is not None and not isinstance(value, dict):
        msg = f"{where} is a {type(value).__name__}; expected a mapping of fields to values."
        raise InvalidInputError(msg)
    return value or {}


def _check_row(name: str, dataset: str, row: Mapping[str, Any], path: Path) -> RecordingRow:
    where = f"Recording {name!r} in {path}"
    for key, value in row.items():
        if key not in _FIELDS:
            near = difflib.get_close_matches(str(key), _FIELDS, n=1)
            hint = f" (did you mean {near[0]!r}?)" if near else ""
            msg = f"{where} has an unknown field {key!r}{hint}; known: {', '.join(_FIELDS)}."
            raise InvalidInputError(msg)
        types = _FIELDS[key][0]
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            wanted = " or ".join("null" if t is type(None) else t.__name__ for t in types)
            msg = f"{where}: field {key!r} is {value!r}; expected {wanted}."
            raise InvalidInputError(msg)
    _check_present(row, [key for key, (_, must) in _FIELDS.items() if must], where)
    kind = check_choice(row["kind"], KINDS, what=f"kind of {where}")
    _check_present(row, _NEEDS[kind], where)
    _check_values(row, where)
    window = row["time_window"]
    if window is not None and not (len(window) == 2 and all(_is_number(t) for t in window)):
        msg = f"{where}: time_window is {window!r}; expected [start, end] in ms after stimulus onset, or null."
        raise InvalidInputError(msg)
    values = {key: value for key, value in row.items() if key not in {"files", "areas", "time_window"}}
    return RecordingRow(
        name=name,
        dataset=dataset,
        registry=path,
        areas=tuple(check_key(area, what=f"area of {where}") for area in row["areas"]),
        time_window=None if window is None else (float(window[0]), float(window[1])),
        files={
            check_text(key, what=f"name of a file of {where}"): _check_file(f"File {key!r} of {where}", value, path)
            for key, value in row["files"].items()
        },
        **values,
    )


def _check_values(row: Mapping[str, Any], where: str) -> None:
    """Numbers that no recording has, and a reader that is named with dots alone."""
    for key in ("n_sites", "n_stimuli", "n_rdms"):
        if row.get(key) is not None and row[key] < 1:
            msg = f"{where}: field {key!r} is {row[key]}; expected a count above 0, or null."
            raise InvalidInputError(msg)
    degrees = row["degrees"]
    if degrees is not None and not (_is_number(degrees) and degrees > 0):
        msg = f"{where}: field 'degrees' is {degrees!r}; expected a number above 0, or null."
        raise InvalidInputError(msg)
    reader = row["reader"]
    if reader.count(":") > 1 or not all(reader.split(":")) or (":" not in reader and not reader.isidentifier()):
        package, _, function = reader.rpartition(".")
        near = f" Did you mean '{package}:{function}'?" if ":" not in reader and package and function != "py" else ""
        msg = f"{where}: reader is {reader!r}; expected one of ours, 'package.module:function' or 'file.py:read'.{near}"
        raise InvalidInputError(msg)


def _is_number(value: Any) -> bool:
    return isinstance(value, _NUMBER) and not isinstance(value, bool) and math.isfinite(value)


def _check_present(row: Mapping[str, Any], needed: Iterable[str], where: str) -> None:
    missing = [key for key in needed if key not in row]
    if missing:
        kind = f" of kind {row['kind']!r}" if "kind" in row else ""
        msg = f"{where} lacks {', '.join(map(repr, missing))}; a recording{kind} must state it."
        raise InvalidInputError(msg)


def _check_file(where: str, value: Any, registry: Path) -> RegisteredFile:
    if not isinstance(value, dict) or not ("name" in value or "path" in value):
        msg = f"{where} is {value!r}; expected a mapping with `name` and `url`, or with `path`."
        raise InvalidInputError(msg)
    unknown = [key for key in value if key not in _FILE_FIELDS]
    if unknown:
        msg = f"{where} has an unknown field {unknown[0]!r}; known: {', '.join(_FILE_FIELDS)}."
        raise InvalidInputError(msg)
    path = None
    if "path" in value:
        path = (registry.parent / check_text(value["path"], what=f"path of {where}")).absolute()
    otherwise = value.get("otherwise")
    return RegisteredFile(
        remote=_check_remote(where, value, path),
        otherwise=None if otherwise is None else _check_remote(f"`otherwise` of {where}", otherwise, None),
        path=path,
    )


def _check_remote(where: str, value: Any, path: Path | None) -> RemoteFile:
    if not isinstance(value, Mapping):
        msg = f"{where} is {value!r}; expected a mapping with `name` and `url`."
        raise InvalidInputError(msg)
    name = str(value["name"]) if "name" in value else path.name if path is not None else ""
    _check_plain_name(name, where)
    url, mirrors = value.get("url", ""), value.get("mirrors", [])
    for address in [url, *(mirrors if isinstance(mirrors, list) else [mirrors])]:
        if address and not re.match(r"https?://", str(address)):
            msg = f"{where} has the address {address!r}; expected one that starts with https://."
            raise InvalidInputError(msg)
    if not isinstance(mirrors, list):
        msg = f"{where}: mirrors is {mirrors!r}; expected a list of addresses."
        raise InvalidInputError(msg)
    checksums: dict[str, str | None] = {}
    for algorithm, digits in (("sha256", 64), ("sha1", 40)):
        checksum = value.get(algorithm)
        if checksum is not None and not re.fullmatch(f"[0-9a-fA-F]{{{digits}}}", str(checksum)):
            msg = f"{where}: {algorithm} is {checksum!r}; expected {digits} hexadecimal digits (in quotes)."
            raise InvalidInputError(msg)
        checksums[algorithm] = None if checksum is None else str(checksum)
    size = value.get("bytes")
    if size is not None and (not isinstance(size, int) or size < 0):
        msg = f"{where}: bytes is {size!r}; expected a whole number."
        raise InvalidInputError(msg)
    return RemoteFile(name, url, checksums["sha256"], size, tuple(mirrors), checksums["sha1"])


def _check_plain_name(name: str, where: str) -> None:
    """Refuse names that would lead out of the data folder."""
    if not name or name in {".", ".."} or "/" in name or "\\" in name:
        msg = f"{where} is called {name!r}; expected a plain name without slashes."
        raise InvalidInputError(msg)
