"""Containers in netCDF-4 files: one file each, readable by anything that reads netCDF or HDF5, without pickles."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from brainconv.containers import Properties, RDMs, Recording, Representation
from brainconv.containers.checks import check_representations
from brainconv.errors import InvalidInputError
from brainconv.io.atomic import write_atomically
from brainconv.io.groups import (
    read_array,
    read_attributes,
    read_frame,
    read_strings,
    write_array,
    write_attributes,
    write_frame,
    write_strings,
)
from brainconv.io.hdf5 import read_netcdf, write_netcdf
from brainconv.io.images import read_stimuli, write_stimuli
from brainconv.io.provenance import inherit_provenance
from brainconv.validation import check_choice, check_instance, check_path, check_text, check_unique

FORMAT_VERSION = 2
PathLike = str | os.PathLike[str]
_LAYER_FIELDS = (
    "n_units",
    "model",
    "weights",
    "layer",
    "layer_index",
    "seed",
    "units",
    "feature_dtype",
    "degrees",
    "provenance",
)


def save_representations(
    path: PathLike, representations: Mapping[str, Representation], *, provenance: Mapping[str, Any] | None = None
) -> None:
    """Write the layers of a model, one group each.

    A group ``layer_<i>`` holds ``gram``, the upper triangle with the diagonal, row after row, float64,
    ``unit_sums``, the stimulus ids, and ``features`` where they were kept; labels and provenance are attributes.

    Parameters
    ----------
    path : path
        The ``.nc`` file.
    representations : mapping of str to Representation
        In the order of execution, as `brainconv.extract` gives them.
    provenance : mapping, optional
        Default: `brainconv.io.provenance.inherit_provenance` of the layers; `read_provenance` gives it back.
    """
    check_path(path, what="path")
    check_representations(
        check_instance(representations, Mapping, what="representations", hint="layer to Representation")
    )
    for name in representations:
        check_text(name, what="The name of a layer")
    if provenance is not None:
        check_instance(provenance, Mapping, what="provenance")
    known = inherit_provenance(representations) if provenance is None else provenance
    with _create(path, "representations", known) as file:
        for i, (key, layer) in enumerate(representations.items()):
            group = file.create_group(f"layer_{i:04d}")
            write_attributes(group, {"key": key, **{name: getattr(layer, name) for name in _LAYER_FIELDS}})
            write_strings(group, "stimulus_id", layer.stimulus_ids, "stimulus")
            write_array(group, "gram", layer.gram[np.triu_indices(layer.n_stimuli)], ("pair",))
            write_array(group, "unit_sums", layer.unit_sums, ("stimulus",))
            if layer.features is not None:
                write_array(group, "features", layer.features, ("stimulus", "unit"))


def read_layers(path: PathLike) -> tuple[str, ...]:
    """Names of the layers in a file of representations, in order, without reading them.

    Parameters
    ----------
    path : path
    """
    check_path(path, what="path")
    with _open(path, "representations") as file:
        return tuple(str(read_attributes(file.groups[name])["key"]) for name in sorted(file.groups))


def load_representations(path: PathLike, *, layers: Sequence[str] | None = None) -> dict[str, Representation]:
    """Read layers back.

    Parameters
    ----------
    path : path
    layers : sequence of str, optional
        Read only these, in this order; the others are not touched.

    Raises
    ------
    NotFoundError
        If the file has no such layer.
    InvalidInputError
        If the file is no file of representations.
    """
    check_path(path, what="path")
    if layers is not None:
        layers = check_unique(layers, what="layer")
    with _open(path, "representations") as file:
        groups = {}
        for name in sorted(file.groups):
            groups[str(read_attributes(file.groups[name])["key"])] = file.groups[name]
        wanted = list(groups) if layers is None else [check_choice(key, groups, what="layer") for key in layers]
        return {key: _read_layer(groups[key]) for key in wanted}


def _read_layer(group: Any) -> Representation:
    fields = read_attributes(group)
    ids = read_strings(group, "stimulus_id")
    n = len(ids)
    condensed = read_array(group, "gram")
    if condensed.size != n * (n + 1) // 2:
        msg = f"{group.name} has {condensed.size} entries for {n} stimuli"
        raise ValueError(msg)
    gram = np.empty((n, n))
    rows, columns = np.triu_indices(n)
    gram[rows, columns] = condensed
    gram[columns, rows] = condensed
    return Representation(
        gram=gram,
        unit_sums=read_array(group, "unit_sums"),
        stimulus_ids=tuple(ids),
        features=read_array(group, "features") if "features" in group.variables else None,
        **{name: fields[name] for name in _LAYER_FIELDS},
    )


def save_recording(path: PathLike, recording: Recording, *, provenance: Mapping[str, Any] | None = None) -> None:
    """Write a recording with its images.

    Parameters
    ----------
    path : path
        The ``.nc`` file.
    recording : Recording
    provenance : mapping, optional
        Kept beside it; `read_provenance` gives it back.
    """
    check_path(path, what="path")
    check_instance(recording, Recording, what="recording")
    if provenance is not None:
        check_instance(provenance, Mapping, what="provenance")
    with _create(path, "recording", provenance) as file:
        names = ("name", "unit", "averaged", "time_window", "simulated", "metadata")
        write_attributes(file, {name: getattr(recording, name) for name in names})
        write_stimuli(file.create_group("stimuli"), recording.stimuli)
        write_frame(file.create_group("sites"), recording.sites)
        write_array(file, "responses", recording.responses, ("stimulus", "repeat", "site"), compress=True)


def open_recording(path: PathLike) -> Recording:
    """Read a recording back; its images are read one by one when they are asked for.

    Parameters
    ----------
    path : path

    Raises
    ------
    InvalidInputError
        If the file holds no recording.
    """
    check_path(path, what="path")
    with _open(path, "recording") as file:
        fields = read_attributes(file)
        window = fields["time_window"]
        return Recording(
            name=fields["name"],
            stimuli=read_stimuli(file.groups["stimuli"], Path(path)),
            responses=read_array(file, "responses"),
            sites=read_frame(file.groups["sites"]),
            unit=fields["unit"],
            averaged=fields["averaged"],
            time_window=None if window is None else (float(window[0]), float(window[1])),
            simulated=fields["simulated"],
            metadata=fields["metadata"],
        )


def save_rdms(path: PathLike, rdms: RDMs, *, provenance: Mapping[str, Any] | None = None) -> None:
    """Write RDMs, with the stimuli where they are known.

    Parameters
    ----------
    path : path
        The ``.nc`` file.
    rdms : RDMs
    provenance : mapping, optional
    """
    check_path(path, what="path")
    check_instance(rdms, RDMs, what="rdms")
    if provenance is not None:
        check_instance(provenance, Mapping, what="provenance")
    with _create(path, "rdms", provenance) as file:
        write_attributes(file, {"name": rdms.name, "estimator": rdms.estimator, "metadata": rdms.metadata})
        write_strings(file, "stimulus_id", rdms.stimulus_ids, "stimulus")
        write_array(file, "dissimilarities", rdms.dissimilarities, ("rdm", "pair"))
        write_frame(file.create_group("labels"), rdms.labels)
        if rdms.stimuli is not None:
            write_stimuli(file.create_group("stimuli"), rdms.stimuli)


def open_rdms(path: PathLike) -> RDMs:
    """Read RDMs back.

    Parameters
    ----------
    path : path

    Raises
    ------
    InvalidInputError
        If the file holds no RDMs.
    """
    check_path(path, what="path")
    with _open(path, "rdms") as file:
        fields = read_attributes(file)
        return RDMs(
            name=fields["name"],
            dissimilarities=read_array(file, "dissimilarities"),
            stimulus_ids=tuple(read_strings(file, "stimulus_id")),
            labels=read_frame(file.groups["labels"]),
            estimator=fields["estimator"],
            stimuli=read_stimuli(file.groups["stimuli"], Path(path)) if "stimuli" in file.groups else None,
            metadata=fields["metadata"],
        )


def save_properties(path: PathLike, properties: Properties, *, provenance: Mapping[str, Any] | None = None) -> None:
    """Write a table of measurements with its units.

    Parameters
    ----------
    path : path
        The ``.nc`` file.
    properties : Properties
    provenance : mapping, optional
    """
    check_path(path, what="path")
    check_instance(properties, Properties, what="properties")
    if provenance is not None:
        check_instance(provenance, Mapping, what="provenance")
    with _create(path, "properties", provenance) as file:
        names = ("name", "units", "area", "simulated", "metadata")
        write_attributes(file, {name: getattr(properties, name) for name in names})
        write_frame(file.create_group("table"), properties.table)


def open_properties(path: PathLike) -> Properties:
    """Read a table of measurements back.

    Parameters
    ----------
    path : path

    Raises
    ------
    InvalidInputError
        If the file holds no such table.
    """
    check_path(path, what="path")
    with _open(path, "properties") as file:
        return Properties(table=read_frame(file.groups["table"]), **_without(read_attributes(file), *_HEAD))


def read_provenance(path: PathLike) -> dict[str, Any]:
    """Provenance of a file that brainconv wrote; empty where none was given.

    Parameters
    ----------
    path : path
    """
    check_path(path, what="path")
    with read_netcdf(path) as file:
        return dict(read_attributes(file).get("provenance") or {})


_HEAD = ("brainconv_content", "brainconv_format", "provenance")


def _without(fields: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key not in names}


@contextlib.contextmanager
def _create(path: PathLike, content: str, provenance: Mapping[str, Any] | None = None) -> Iterator[Any]:
    with write_atomically(path) as temporary, write_netcdf(temporary) as file:
        head = {"brainconv_content": content, "brainconv_format": FORMAT_VERSION, "provenance": dict(provenance or {})}
        write_attributes(file, head)
        yield file


@contextlib.contextmanager
def _open(path: PathLike, content: str) -> Iterator[Any]:
    with read_netcdf(path) as file:
        if "brainconv_content" not in file.attrs:
            msg = f"{path} holds nothing that brainconv wrote; expected {content}."
            raise InvalidInputError(msg)
        found = read_attributes(file)["brainconv_content"]
        if found != content:
            msg = f"{path} holds {found}; expected {content}."
            raise InvalidInputError(msg)
        yield file
