"""The registry of models: rows of YAML, the user's own rows, and those that installed packages offer."""

from __future__ import annotations

import math
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from importlib.metadata import entry_points
from importlib.resources import files
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from brainconv.errors import BrainconvError, InvalidInputError
from brainconv.io.registries import check_text, explain, read_yaml, shorten
from brainconv.models.preprocessing import Preprocessing
from brainconv.validation import check_choice

ENTRY_POINTS = "brainconv.models"
WEIGHT_SOURCES = ("torchvision", "timm", "file", "checkpoint", "function", "fixed")
_FILE = ("name", "url", "mirrors", "bytes", "sha256", "sha1", "folder", "reader")
_ROW = ("title", "builder", "kwargs", "weights", "preprocessing", "layers", "degrees", "citation")

Registry = str | os.PathLike[str] | Mapping[str, Any]


@dataclass(frozen=True)
class ModelEntry:
    """One row of the registry.

    Parameters
    ----------
    name : str
    title : str
        As it stands in figures.
    builder : str or callable
        ``module:function``, or ``file.py:function`` with the file beside the registry's, that returns a torch.nn.Module
        with random weights.
    kwargs : mapping
        What the builder is given.
    weights : mapping
        One of ``torchvision``, ``timm``, ``file``, ``checkpoint``, ``function``, ``fixed``; empty: none are published.
    preprocessing : Preprocessing, optional
        None: the network states its own (timm).
    layers : tuple of str
        ``"stages"``, names, or globs over names.
    degrees : float, degrees of visual angle
    citation : str
    folder : pathlib.Path, optional
        Where the row's file lies, for relative paths in it.
    file : str
        Name of the row's file, for messages.
    """

    name: str
    builder: str | Callable[..., Any]
    title: str = ""
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    weights: Mapping[str, Any] = field(default_factory=dict)
    preprocessing: Preprocessing | None = None
    layers: tuple[str, ...] = ("stages",)
    degrees: float = 8.0
    citation: str = ""
    folder: Path | None = None
    file: str = ""

    @property
    def place(self) -> str:
        """The row and its file, as messages name them."""
        return f"{self.name}{f' in {self.file}' if self.file else ''}"

    @property
    def source(self) -> str | None:
        """Kind of the weights' source, None where none are published."""
        return next((kind for kind in WEIGHT_SOURCES if kind in self.weights), None)


def read_registry(registry: Registry | None = None) -> dict[str, ModelEntry]:
    """All known models.

    brainconv's rows, then those of installed packages (entry points ``brainconv.models``), then the user's; a later
    row replaces an earlier one of the same name.

    Parameters
    ----------
    registry : path of a YAML file, or mapping of the same form, optional
        The user's rows, under ``models``; a builder named there is imported, so use only files that you trust.
        A mapping may hold callables as builders.

    Returns
    -------
    dict of str to ModelEntry

    Raises
    ------
    InvalidInputError
        If a row is not as it should be.
    """
    shared, entries = _read_file(files("brainconv.models").joinpath("registry.yaml"), {}, where="registry.yaml")
    for point in entry_points(group=ENTRY_POINTS):
        where = f"entry point {point.name!r}"
        try:
            offered = point.load()
            content = offered() if callable(offered) else offered
        except Exception as error:
            msg = f"The {where} of brainconv.models raised {explain(error)}; mend or uninstall its package."
            raise InvalidInputError(msg) from error
        entries.update(_read_any(content, shared, where=where))
    if registry is not None:
        entries.update(_read_any(registry, shared, where="the registry given"))
    return entries


def _read_any(content: Any, shared: dict[str, Preprocessing], *, where: str) -> dict[str, ModelEntry]:
    if isinstance(content, str | os.PathLike):
        return _read_file(Path(content), shared, where=str(Path(content).name))[1]
    return _read_rows(content, shared, where=where, folder=None)[1]


def _read_file(
    path: Any, shared: dict[str, Preprocessing], *, where: str
) -> tuple[dict[str, Preprocessing], dict[str, ModelEntry]]:
    content = read_yaml(path, what=f"The registry of models {where}")
    return _read_rows(content, shared, where=where, folder=path.parent if isinstance(path, Path) else None)


def _read_rows(
    content: Any, shared: dict[str, Preprocessing], *, where: str, folder: Path | None
) -> tuple[dict[str, Preprocessing], dict[str, ModelEntry]]:
    if not isinstance(content, Mapping) or not isinstance(content.get("models"), Mapping):
        msg = f"{where} holds no mapping 'models'; expected rows of the form models: {{my_net: {{builder: …}}}}."
        raise InvalidInputError(msg)
    known = dict(shared)
    try:
        for key in content:
            check_choice(str(key), ("models", "preprocessing"), what="part of a registry")
        for name, settings in _check_mapping(content.get("preprocessing"), what="preprocessing").items():
            known[check_text(name, what="name of a preprocessing")] = _read_preprocessing(settings)
    except (BrainconvError, TypeError, ValueError) as error:
        msg = f"{where}: {error}"
        raise InvalidInputError(msg) from error
    entries = {}
    for name, row in content["models"].items():
        key = check_text(name, what=f"name of a model in {where}")
        try:
            entries[key] = replace(_read_row(key, row, known), folder=folder, file=where)
        except (BrainconvError, TypeError, ValueError) as error:
            msg = f"Model {shorten(key)} of {where}: {error}"
            raise InvalidInputError(msg) from error
    return known, entries


def _read_row(name: str, row: Any, known: Mapping[str, Preprocessing]) -> ModelEntry:
    if not isinstance(row, Mapping):
        msg = f"the row is {_name_kind(row)}; expected a mapping with at least builder."
        raise InvalidInputError(msg)
    for key in row:
        check_choice(str(key), _ROW, what="setting of a model")
    builder = row.get("builder")
    if not callable(builder) and not (isinstance(builder, str) and builder.count(":") == 1):
        dotted = re.fullmatch(r"([\w.]+)\.(\w+)", str(builder))
        near = f" Did you mean '{dotted[1]}:{dotted[2]}'?" if dotted else ""
        msg = f"builder is {shorten(builder)}; expected 'module:function' or 'file.py:function'.{near}"
        raise InvalidInputError(msg)
    weights = _check_mapping(row.get("weights"), what="weights")
    if weights and sum(kind in weights for kind in WEIGHT_SOURCES) != 1:
        msg = f"weights are {shorten(weights)}; expected exactly one of {', '.join(WEIGHT_SOURCES)}."
        raise InvalidInputError(msg)
    _check_weights(weights)
    preprocessing = row.get("preprocessing")
    if isinstance(preprocessing, str):
        preprocessing = known[check_choice(preprocessing, known, what="preprocessing")]
    elif preprocessing is not None:
        preprocessing = _read_preprocessing(preprocessing)
    elif "timm" not in weights:
        preprocessing = known["imagenet"]
    layers = row.get("layers") or ["stages"]
    layers = [layers] if isinstance(layers, str) else layers
    if not isinstance(layers, list | tuple) or not all(isinstance(layer, str) for layer in layers):
        msg = f"layers are {shorten(layers)}; expected a list of names."
        raise InvalidInputError(msg)
    return ModelEntry(
        name=name,
        title=str(row.get("title") or name),
        builder=builder,
        kwargs={check_text(key, what="name of a kwarg"): value for key, value in _kwargs(row).items()},
        weights=weights,
        preprocessing=preprocessing,
        layers=tuple(layers),
        degrees=_check_degrees(row.get("degrees", 8.0)),
        citation=str(row.get("citation") or ""),
    )


def _kwargs(row: Mapping[str, Any]) -> dict[Any, Any]:
    return _check_mapping(row.get("kwargs"), what="kwargs")


def _check_mapping(value: Any, *, what: str) -> dict[Any, Any]:
    """A mapping, empty where there is none."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        msg = f"{what} is {_name_kind(value)}; expected a mapping."
        raise InvalidInputError(msg)
    return dict(value)


def _check_weights(weights: Mapping[str, Any]) -> None:
    """What is used only when the weights are fetched is wrong now."""
    for kind in ("torchvision", "checkpoint"):
        if kind in weights and not (isinstance(weights[kind], str) and weights[kind]):
            msg = f"weights.{kind} is {shorten(weights[kind])}; expected text."
            raise InvalidInputError(msg)
    function = weights.get("function", "module:function")
    if not callable(function) and not (isinstance(function, str) and function.count(":") == 1):
        msg = f"weights.function is {shorten(function)}; expected 'module:function' or 'file.py:function'."
        raise InvalidInputError(msg)
    if "file" in weights:
        settings = _check_mapping(weights["file"], what="weights.file")
        for key in ("name", "url", "folder", "reader"):
            if not isinstance(settings.get(key), str) and not (key == "reader" and callable(settings.get(key))):
                msg = f"weights.file has no {key}, or none that is text; expected name, url, folder and reader."
                raise InvalidInputError(msg)
        for key in settings:
            check_choice(str(key), _FILE, what="setting of weights.file")


def _read_preprocessing(settings: Any) -> Preprocessing:
    return Preprocessing.from_dict(_check_mapping(settings, what="preprocessing"))


def _check_degrees(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not (math.isfinite(value) and value > 0):
        msg = f"degrees is {shorten(value)}; expected a number above 0."
        raise InvalidInputError(msg)
    return float(value)


def _name_kind(value: Any) -> str:
    return "empty" if value is None else f"a {type(value).__name__}"


def import_callable(
    reference: str | Callable[..., Any], *, what: str, folder: Path | None = None
) -> Callable[..., Any]:
    """The function that ``module:function`` or ``file.py:function`` names.

    Parameters
    ----------
    reference : str or callable
        A callable is returned as it is.
    what : str
        The word for it in messages.
    folder : pathlib.Path, optional
        Where ``file.py`` lies; the working directory if not given.

    Raises
    ------
    InvalidInputError
        If it cannot be imported.
    """
    if not isinstance(reference, str):
        return reference
    module_name, _, attribute = reference.partition(":")
    try:
        module = (
            _run_file((folder or Path()) / module_name) if module_name.endswith(".py") else import_module(module_name)
        )
        found = getattr(module, attribute)
    except (Exception, SystemExit) as error:  # the file is the user's: it may raise anything
        said = error if isinstance(error, ImportError | AttributeError) else explain(error)
        msg = (
            f"The {what} {reference!r} cannot be imported: {said}; expected 'module:function' of an installed "
            f"package, or 'file.py:function' with the file beside the registry."
        )
        raise InvalidInputError(msg) from error
    if not callable(found):
        msg = f"The {what} {reference!r} is {type(found).__name__}; expected a function."
        raise InvalidInputError(msg)
    return found  # type: ignore[no-any-return]


def _run_file(path: Path) -> ModuleType:
    """A Python file of the user's as a module."""
    path = path.resolve()
    spec = spec_from_file_location(f"brainconv_models_{path.stem}", path)
    if spec is None or spec.loader is None or not path.is_file():
        msg = f"there is no file {path}"
        raise ImportError(msg)
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses and pickles in the file look for their module there
    spec.loader.exec_module(module)
    return module
