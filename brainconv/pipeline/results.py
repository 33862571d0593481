"""Comparison: all that a run found, from a workflow's files or from one library call."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import xarray as xr

from brainconv.containers import Properties, RDMs, Recording, Scores
from brainconv.io.netcdf import load_representations, open_properties, read_layers
from brainconv.io.provenance import collect_provenance
from brainconv.io.registries import explain
from brainconv.io.tables import open_scores
from brainconv.pipeline.first_layer import FirstLayerFits, open_first_layer
from brainconv.pipeline.gather import join_scores
from brainconv.pipeline.pictures import MAX_STIMULI, choose_rdms, find_most_similar_layer
from brainconv.pipeline.prepare import open_target
from brainconv.pipeline.reweighting import ANALYSIS as REWEIGHTING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Comparison:
    """Scores of some models for some recordings, and what stands behind them.

    Parameters
    ----------
    title, description : str
        Heading of the report, and a sentence or two.
    scores : Scores
        Every number, one tidy row each, and the notes.
    targets : mapping of str to Recording or RDMs
        What the models were compared with, by name.
    details : mapping of (str, str, str) to Dataset
        Values behind the scores, by analysis, model (its key in this run) and recording.
    first_layers : mapping of str to FirstLayerFits
        By model.
    properties : mapping of str to Properties
        Measured properties of cells, shown beside first layers.
    rdms : mapping of str to sequence of RDMs
        Matrices to be drawn side by side, by recording.
    comparisons : mapping of (str, str) to Scores
        What was tested against what, by analysis and recording.
    settings : mapping
        Settings of each analysis, by name.
    provenance : mapping
        Versions, hashes, seeds and device.
    left_out : tuple of str
        Recordings that were to be compared and were done without.
    """

    title: str
    scores: Scores
    targets: Mapping[str, Recording | RDMs]
    description: str = ""
    details: Mapping[tuple[str, str, str], xr.Dataset] = field(default_factory=dict)
    first_layers: Mapping[str, FirstLayerFits] = field(default_factory=dict)
    properties: Mapping[str, Properties] = field(default_factory=dict)
    rdms: Mapping[str, tuple[RDMs, ...]] = field(default_factory=dict)
    comparisons: Mapping[tuple[str, str], Scores] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    @property
    def figures(self) -> dict[str, Figure]:
        """The figures of the report, by name; drawn when first asked for, written as they are when first saved."""
        return self._drawn[0]

    @property
    def drawings(self) -> dict[str, str]:
        """The figures as SVG, by name; made once, as making them costs more than drawing them."""
        return self._written[0]

    @property
    def not_drawn(self) -> tuple[str, ...]:
        """A sentence for each figure that could not be drawn; the report has them among its warnings."""
        return (*self._drawn[1], *self._written[1])

    @cached_property
    def _drawn(self) -> tuple[dict[str, Figure], tuple[str, ...]]:
        from brainconv.pipeline.figures import draw_figures

        return draw_figures(self)

    @cached_property
    def _written(self) -> tuple[dict[str, str], tuple[str, ...]]:
        from brainconv.plotting import figure_to_svg

        drawings, notes = {}, []
        for name, figure in self.figures.items():
            try:
                drawings[name] = figure_to_svg(figure)
            except Exception as error:  # a name that no font can write, for example: one figure, not the page
                notes.append(f"The figure {name} cannot be written ({explain(error)}); the tables have its numbers.")
        return drawings, tuple(notes)

    def save_figures(self, folder: Path | str) -> None:
        """Write every figure as SVG.

        Parameters
        ----------
        folder : path
            Made if need be.
        """
        from brainconv.io.atomic import check_target, write_atomically

        target = check_target(folder, what="folder of the figures", folder=True)
        for name, drawing in self.drawings.items():
            with write_atomically(target / f"{_name_file(name)}.svg") as temporary:
                temporary.write_text(drawing, encoding="utf-8")

    def save_report(self, path: Path | str) -> None:
        """Write the report, one self-contained HTML page.

        Parameters
        ----------
        path : path
            A file; what could not be drawn is said in the page.

        Raises
        ------
        InvalidInputError
            If no file can be there; checked before anything is drawn.
        ResourceError
            If the disk is full.
        """
        from brainconv.io.atomic import check_target
        from brainconv.pipeline.sections import write_report

        write_report(self, check_target(path, what="report"))


def _name_file(name: str) -> str:
    """A figure's name as that of a file: whatever a recording is called, it stays in its folder."""
    quoted = quote(name.encode("utf-8", "backslashreplace"), safe=" +,=@")
    if len(quoted) > 150:
        quoted = f"{quoted[:130]}-{hashlib.sha256(quoted.encode()).hexdigest()[:12]}"
    return quoted if not quoted.startswith(".") else f"%2E{quoted[1:]}"


def open_results(folder: Path | str, config: Mapping[str, Any]) -> Comparison:
    """Read what a workflow run left.

    Parameters
    ----------
    folder : path
        The ``results`` folder.
    config : mapping
        The configuration of the run, with its defaults filled in.

    Returns
    -------
    Comparison
    """
    folder = Path(folder)
    models, datasets = config["models"], config["datasets"]
    parts: dict[tuple[str, ...], Scores] = {}
    details: dict[tuple[str, str, str], xr.Dataset] = {}
    comparisons: dict[tuple[str, str], Scores] = {}
    rdms: dict[str, tuple[RDMs, ...]] = {}
    provenance: dict[str, Any] = {}
    targets: dict[str, Recording | RDMs] = {}
    for dataset, spec in datasets.items():
        files = {
            name: folder / "representations" / name / f"{dataset}.nc"
            for name, model in models.items()
            if model["datasets"] is None or dataset in model["datasets"]
        }
        for recording in spec["recordings"]:
            targets[recording] = open_target(folder / "recordings" / f"{recording}.nc")
            shown = []
            for analysis, (model, path) in itertools.product(spec["analyses"], files.items()):
                scores = open_scores(folder / analysis / model / f"{recording}.csv")
                parts[analysis, model, recording] = scores
                if scores.details is not None and analysis != REWEIGHTING:
                    details[analysis, model, recording] = scores.details
                layer = find_most_similar_layer(scores) if analysis == "rsa" else None
                if layer is not None and targets[recording].n_stimuli <= MAX_STIMULI:
                    shown.append(load_representations(path, layers=[layer])[layer])
            if "rsa" in spec["analyses"]:
                parts["measures", "", recording] = open_scores(folder / "measures" / f"{recording}.csv")
            for analysis in ("rsa", "predictivity", "brainscore"):
                if analysis in spec["analyses"]:
                    tested = open_scores(folder / "comparisons" / analysis / f"{recording}.csv")
                    parts[f"{analysis} compared", "", recording] = comparisons[analysis, recording] = tested
            if "predictivity" in spec["analyses"]:
                parts["mapping ceiling", "", recording] = open_scores(folder / "mapping_ceiling" / f"{recording}.csv")
            if shown:
                chosen = {**config["rsa"], **spec["rsa"]}
                rdms[recording] = choose_rdms(
                    targets[recording],
                    shown,
                    estimator=chosen["estimator"],
                    target_estimator=chosen["target_estimator"],
                )
        if "predictivity" in spec["analyses"] and len(spec["recordings"]) > 1:
            parts["hierarchy", "", dataset] = open_scores(folder / "hierarchy" / f"{dataset}.csv")
        if "rsa" in spec["analyses"]:
            parts["areas", "", dataset] = open_scores(folder / "areas" / f"{dataset}.csv")
        for model, path in files.items():
            layer = read_layers(path)[0]
            provenance[f"{model} × {dataset}"] = dict(load_representations(path, layers=[layer])[layer].provenance)
    first_layers = {}
    for model, entry in models.items():
        if entry["first_layer"]:
            parts["first_layer", model] = open_scores(folder / "first_layer" / f"{model}.csv")
            first_layers[model] = open_first_layer(folder / "first_layer" / f"{model}.fits.nc")
    properties = {name: open_properties(folder / "recordings" / f"{name}.nc") for name in config["properties"]}
    parts |= {("properties", "", name): open_scores(folder / "properties" / f"{name}.csv") for name in properties}
    return Comparison(
        title=config["title"],
        description=config["description"],
        scores=join_scores(parts),
        targets=targets,
        details=details,
        first_layers=first_layers,
        properties=properties,
        rdms=rdms,
        comparisons=comparisons,
        settings={
            **{name: config[name] for name in ("rsa", "predictivity", "first_layer", "extraction", "seed")},
            "n_boot": _agree(
                {**config[analysis], **spec[analysis]}["n_boot"]
                for spec in datasets.values()
                for analysis in ("rsa", "predictivity")
                if analysis in spec["analyses"]
            ),
        },
        provenance={"run": collect_provenance(seed=config["seed"]), **provenance},
        left_out=tuple(config["left_out"]),
    )


def _agree(values: Iterable[int]) -> int | None:
    """The number that all share, or None: where they differ, the notes say each."""
    found = set(values)
    return found.pop() if len(found) == 1 else None
