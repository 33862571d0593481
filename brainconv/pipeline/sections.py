"""The report of a comparison: which figure stands in which section, with what caption."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from brainconv.containers import RDMs, Recording
from brainconv.io.registries import explain
from brainconv.pipeline import captions
from brainconv.pipeline.differences import LAYERS, MODELS, PREFERRED, caption_of, list_differences
from brainconv.pipeline.figures import explain_missing_ceiling, select_layer_rows
from brainconv.pipeline.listings import list_brainscore, list_hierarchy, list_mapping_ceilings, list_sites
from brainconv.pipeline.similarities import list_areas, list_measures
from brainconv.plotting import select_best_layers
from brainconv.predictivity.ridge import PENALTY_GRID
from brainconv.report import (
    FigureItem,
    Section,
    Summary,
    TableItem,
    compare_with_known,
    describe_methods,
    render_report,
)

if TYPE_CHECKING:
    from brainconv.pipeline.results import Comparison


def write_report(comparison: Comparison, path: Path | str) -> None:
    """Assemble the sections of a comparison and write the page.

    Parameters
    ----------
    comparison : Comparison
    path : path
    """
    steps: dict[str, Callable[[], Section | None]] = {
        "What was run": partial(_describe_run, comparison),
        **{captions.HEADS[name]: partial(_describe_analysis, comparison, name) for name in captions.HEADS},
        "First layer": partial(_describe_first_layers, comparison),
        "Known values": partial(_list_known, comparison),
        "Score tables": partial(_list_scores, comparison),
        "Methods": lambda: describe_methods(comparison.scores, settings=_flatten(comparison)),
    }
    sections, failed = [], []
    for what, describe in steps.items():
        try:
            sections.append(describe())
        except Exception as error:  # the page, and whatever else it holds, is not lost to one section
            failed.append(f"The section “{what}” cannot be written ({explain(error)}); the scores are in the tables.")
    render_report(
        [section for section in sections if section is not None],
        title=comparison.title,
        summary=_summarise(comparison),
        provenance=comparison.provenance,
        warnings=(*comparison.not_drawn, *failed, *comparison.scores.notes),
        not_tested=_not_tested(comparison),
        path=path,
    )


def _find_drawings(comparison: Comparison, kind: str, recording: str) -> dict[str, str]:
    """Drawings of one kind that show one recording; another's name may begin with this one's."""
    others = [name for name in comparison.targets if name != recording and name.startswith(recording)]
    return {
        name: drawing
        for name, drawing in comparison.drawings.items()
        if f"{name}_".startswith(f"{kind}_{recording}_")
        and not any(f"{name}_".startswith(f"{kind}_{other}_") for other in others)
    }


def _summarise(comparison: Comparison) -> Summary:
    best = [
        select_best_layers(rows)
        for analysis in captions.HEADS
        if not (rows := select_layer_rows(comparison.scores.table, analysis)).empty
    ]
    numbers = None
    if best:
        columns = ["analysis", "recording", "area", "model", "weights", "layer", "definition", "value", "ci_low"]
        columns += ["ci_high", "ceiling_low", "ceiling_high", "ceiling_ci_low", "ceiling_ci_high", "n_stimuli"]
        columns += ["n_sites", "simulated"]
        numbers = TableItem(
            pd.concat(best, ignore_index=True)[columns],
            captions.BEST_TABLE,
        )
    table = comparison.scores.table
    facts = {
        "models": ", ".join(_name_models(table)),
        "recordings": ", ".join(comparison.targets),
        "first layers": ", ".join(comparison.first_layers) or "none",
        "numbers in the tables": str(int(table["value"].notna().sum())),
    }
    return Summary([comparison.description] if comparison.description else [], facts, numbers)


def _name_models(table: pd.DataFrame) -> list[str]:
    pairs = table[["model", "weights"]].dropna().drop_duplicates()
    return [model if weights == "default" else f"{model} ({weights})" for model, weights in pairs.to_numpy()]


def _describe_run(comparison: Comparison) -> Section:
    rows = []
    references = []
    for name, target in comparison.targets.items():
        few = isinstance(target, Recording)
        stimuli = target.stimuli
        rows.append(
            {
                "recording": name,
                "simulated": _is_simulated(target),
                "area": ", ".join(target.areas if isinstance(target, Recording) else target.metadata.get("areas", ())),
                "stimuli": target.n_stimuli,
                "sites": target.n_sites if isinstance(target, Recording) else None,
                "repeats": target.n_repeats if isinstance(target, Recording) and target.has_repeats else None,
                "RDMs": None if few else len(target),  # type: ignore[arg-type]
                "degrees": None if stimuli is None else stimuli.degrees,
                "noise": target.metadata.get("noise"),
                "unit": target.unit if isinstance(target, Recording) else target.estimator,
            }
        )
        references.append(str(target.metadata.get("citation") or ""))
    layers = comparison.scores.table.dropna(subset=["layer_index", "n_units", "recording"])
    layers = layers[["model", "weights", "layer", "layer_index", "recording", "n_units"]].drop_duplicates()
    layers = layers.groupby(["model", "weights", "layer", "layer_index"], sort=False)["n_units"].max().reset_index()
    return Section(
        "What was run",
        tables=[
            TableItem(
                pd.DataFrame(rows),
                captions.RECORDINGS_TABLE,
            ),
            TableItem(layers, captions.LAYERS_TABLE),
        ],
        references=[text for text in dict.fromkeys(references) if text],
    )


def _is_simulated(target: Recording | RDMs) -> bool:
    return target.simulated if isinstance(target, Recording) else bool(target.metadata.get("simulated", False))


def _describe_analysis(comparison: Comparison, analysis: str) -> Section | None:
    rows = select_layer_rows(comparison.scores.table, analysis)
    if rows.empty:
        return None
    figures, parts = [], []
    for name, drawing in comparison.drawings.items():
        if name == f"{analysis}_best_layers":
            alt = f"{captions.HEADS[analysis]}: each model's best layer."
            made = bool(rows["simulated"].fillna(False).any())
            figures.append(_item(drawing, alt, captions.BEST[analysis], simulated=made))
        if name == f"{analysis}_recovery":
            figures.append(
                _item(
                    drawing,
                    "Recovery of the layers that made the simulated recordings.",
                    captions.RECOVERY,
                    simulated=True,
                )
            )
    for name, target in comparison.targets.items():
        shown = [_profile_item(comparison, key, target, analysis) for key in _find_drawings(comparison, analysis, name)]
        extra = f"rdms_{name}" if analysis == "rsa" else f"sites_{name}" if analysis == "predictivity" else ""
        if shown and extra in comparison.drawings:
            caption = captions.RDM_PICTURES if analysis == "rsa" else captions.SITES
            shown.append(
                _item(
                    comparison.drawings[extra],
                    f"{name}: {extra.split('_', maxsplit=1)[0]}",
                    caption,
                    simulated=_is_simulated(target),
                )
            )
        shown += _difference_items(comparison, analysis, name)
        if analysis == "rsa":
            shown += _geometry_items(comparison, name)
        if analysis == "rsa" and f"reweighting_{name}" in comparison.drawings:
            alt = f"{name}: weighted layers and categories."
            drawing = comparison.drawings[f"reweighting_{name}"]
            shown.append(_item(drawing, alt, captions.REWEIGHTING, simulated=_is_simulated(target)))
        if shown:
            tables: list[TableItem | None] = [list_differences(comparison, analysis, name)]
            tables += [list_sites(comparison, name)] if analysis == "predictivity" else []
            tables += list_measures(comparison, name) if analysis == "rsa" else []
            parts.append(Section(name, figures=shown, tables=[table for table in tables if table is not None]))
    text = [captions.INTRODUCTIONS[analysis]]
    if _stimuli_differ(comparison, rows):
        text.append(captions.DIFFERENT_STIMULI)
    tables = []
    for name, drawing in comparison.drawings.items():
        if name.startswith(f"matrix_{analysis}_"):
            made = bool(rows["simulated"].fillna(False).any())
            figures.append(_item(drawing, "Layers by areas.", captions.MATRIX, simulated=made))
    if analysis == "rsa":
        tables += list_areas(comparison)
    if analysis == "predictivity" and PREFERRED in comparison.drawings:
        made = bool(rows["simulated"].fillna(False).any())
        alt = "Preferred layers of the sites of each area."
        figures.append(_item(comparison.drawings[PREFERRED], alt, caption_of(PREFERRED, analysis), simulated=made))
        tables.append(list_hierarchy(comparison))
    if analysis == "predictivity":
        tables.append(list_mapping_ceilings(comparison))
    if analysis == "brainscore":
        tables.append(list_brainscore(comparison))
    return Section(
        captions.HEADS[analysis], text, figures, [table for table in tables if table is not None], subsections=parts
    )


def _geometry_items(comparison: Comparison, recording: str) -> list[FigureItem]:
    made = _is_simulated(comparison.targets[recording])
    return [
        _item(drawing, f"{recording}: {kind}", caption, simulated=made)
        for kind, caption in (("map", captions.MAP), ("measures", captions.MEASURES_PANEL))
        for drawing in _find_drawings(comparison, kind, recording).values()
    ]


def _difference_items(comparison: Comparison, analysis: str, recording: str) -> list[FigureItem]:
    return [
        _item(
            drawing,
            f"{recording}: {kind.replace('_', ' ')}",
            caption_of(kind, analysis),
            simulated=_is_simulated(target),
        )
        for kind in (LAYERS, MODELS)
        for drawing in _find_drawings(comparison, f"{kind}_{analysis}", recording).values()
        for target in [comparison.targets[recording]]
    ]


def _stimuli_differ(comparison: Comparison, rows: pd.DataFrame) -> bool:
    """Whether several areas are shown that were not recorded with one stimulus set."""
    sets = {frozenset(_stimulus_ids(comparison.targets[name])) for name in rows["recording"].unique()}
    return len(sets) > 1 and len(rows["area"].dropna().unique()) > 1


def _stimulus_ids(target: Recording | RDMs) -> tuple[str, ...]:
    return target.stimulus_ids if isinstance(target, RDMs) else target.stimuli.ids


def _profile_item(comparison: Comparison, key: str, target: Recording | RDMs, analysis: str) -> FigureItem:
    has_repeats = isinstance(target, Recording) and target.has_repeats
    several = isinstance(target, RDMs) and "subject" in target.labels and len(target.labels["subject"].unique()) > 1
    if (analysis != "rsa" and has_repeats) or (analysis == "rsa" and several):
        ceiling = captions.CEILINGS[analysis]
    else:
        ceiling = f"No noise ceiling: {explain_missing_ceiling(target, analysis)}."
    caption = f"{captions.PROFILES[analysis]} {ceiling} {target.n_stimuli} stimuli."
    alt = f"{captions.HEADS[analysis]} by layer, {target.name}"
    return _item(comparison.drawings[key], alt, caption, simulated=_is_simulated(target))


def _describe_first_layers(comparison: Comparison) -> Section | None:
    if not comparison.first_layers:
        return None
    pictures = {"shape_plane": ("Shapes of first-layer filters over those of V1 cells.", captions.SHAPE_PLANE)}
    for name in comparison.properties:
        pictures[f"bandwidths_{name}"] = f"Orientation bandwidth, {name}.", captions.BANDWIDTHS
    for name in comparison.first_layers:
        pictures[f"filters_{name}"] = f"First-layer filters of {name} and their Gabor fits.", captions.FILTERS
    drawings = comparison.drawings
    figures = [_item(drawings[name], *words) for name, words in pictures.items() if name in drawings]
    table = comparison.scores.table
    rows = table[(table["analysis"] == "first_layer") & table["value"].notna()]
    columns = [
        "model",
        "weights",
        "seed",
        "layer",
        "statistic",
        "definition",
        "value",
        "ci_low",
        "ci_high",
        "p",
        "n_units",
    ]
    summary = TableItem(rows[columns], captions.FIRST_LAYER_TABLE)
    return Section("First layer and V1 receptive fields", [captions.INTRODUCTIONS["first_layer"]], figures, [summary])


def _list_known(comparison: Comparison) -> Section | None:
    found = compare_with_known(comparison.scores, left_out=comparison.left_out)
    if found.empty:
        return None
    return Section("Known values", [captions.KNOWN], tables=[TableItem(found, captions.KNOWN_TABLE)])


def _list_scores(comparison: Comparison) -> Section:
    table = comparison.scores.table
    parts = []
    for analysis in dict.fromkeys(table["analysis"].dropna()):
        rows = table[table["analysis"] == analysis]
        if analysis in ("first_layer", "measures"):  # shown whole in their own sections
            continue
        for recording, group in rows.groupby("recording", sort=False):
            parts.append(TableItem(group.reset_index(drop=True), f"{analysis}, {recording}"))
    return Section("Score tables", ["All rows, with all columns and digits, are in `tables/scores.csv`."], tables=parts)


def _not_tested(comparison: Comparison) -> list[str]:
    said = [
        f"{name}: this run was to have it and did without (`without` of the configuration)."
        for name in comparison.left_out
    ]
    for name, target in comparison.targets.items():
        for analysis in ("predictivity", "rsa"):
            head = captions.HEADS[analysis]
            rows = comparison.scores.table
            if rows[(rows["analysis"] == analysis) & (rows["recording"] == name)].empty:
                why = (
                    f" ({target.n_sites} sites; RSA needs 20)"
                    if isinstance(target, Recording) and target.n_sites < 20
                    else ""
                )
                why = why if analysis == "rsa" else (" (RDMs only, no responses)" if isinstance(target, RDMs) else "")
                said.append(f"{head} of {name}{why}.")
    return said


def _flatten(comparison: Comparison) -> dict[str, object]:
    settings = dict(comparison.settings)
    flat: dict[str, object] = {
        "random_state": settings.get("seed", 0),
        "n_boot": settings.get("n_boot"),
        "penalty_grid": PENALTY_GRID.tolist(),
        "units": settings.get("extraction", {}).get("units", "raw"),
        "noise": {name: made for name, target in comparison.targets.items() if (made := target.metadata.get("noise"))},
    }
    if comparison.first_layers:
        flat["first_layer"] = {**settings.get("first_layer", {}), "gate_percentile": 95}
    return flat


def _item(drawing: str, alt: str, caption: str, *, simulated: bool = False) -> FigureItem:
    return FigureItem(drawing, caption, alt, simulated)
