"""One area and some layers by every measure of similarity at once: how much depends on which one is chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brainconv.containers import RDMs, Recording, Representation, Scores
from brainconv.containers.checks import check_target
from brainconv.similarity.animal_ceiling import compute_animal_ceiling
from brainconv.similarity.arguments import check_estimators
from brainconv.similarity.bootstrap import compare_resampled, draw_multiplicities
from brainconv.similarity.candidates import Candidates, prepare_candidates
from brainconv.similarity.comparators import COMPARATORS, compare_rows
from brainconv.similarity.geometry import compute_bures, compute_cka, list_layers, resample_measure
from brainconv.similarity.rdms import complete_responses
from brainconv.similarity.targets import AreaTarget, prepare_targets
from brainconv.validation import check_choice, check_count, check_instance, check_seed

Floats = NDArray[np.float64]

ANALYSIS = "measures"

#: Measures of which less is more alike.
DISTANCES = ("procrustes",)

#: Whose bootstrap costs a matrix product; ranks have their intervals in `score_rsa`.
_INTERVALS = ("pearson", "cosine", "whitened-corr", "whitened-cosine")
#: The search inverts matrices of all stimuli many times over.
_MAX_RIEMANNIAN = 200
_CROSS_VALIDATED = "cv_sqeuclidean_per_unit"
_LEAST_REPEATS = 4


def score_measures(
    representations: Mapping[str, Representation] | Sequence[Representation],
    target: Recording | RDMs,
    *,
    estimator: str = "correlation",
    n_boot: int = 200,
    target_estimator: str | None = None,
    random_state: int = 0,
) -> Scores:
    """Similarity of layers and an area by every comparator of RDMs and every measure of patterns.

    Parameters
    ----------
    representations : mapping or sequence of Representation
        Layers.
    target : Recording or RDMs
        Measures of patterns (CKA, Procrustes, normalised Bures) need a Recording.
    estimator : str
        For RDMs.
    n_boot : int
        Bootstrap samples of the stimuli, the same ones for every measure; 0 for no interval.
    target_estimator : str, optional
        For the RDMs of a Recording; by default that of the layers.
    random_state : int
        Seed.

    Returns
    -------
    Scores
        Analysis ``"measures"``: a row per layer, area and measure (``definition``).  The measures are those of
        `COMPARATORS` (``neg-riemannian`` up to 200 stimuli); for a Recording also ``cka``, ``cka-debiased``,
        ``procrustes`` (a distance: smaller is better) and ``bures of patterns`` of mean responses; for one with four
        repeats or more also ``pearson, cross-validated``: squared distances of the layer with cross-validated ones of
        the area, beside the ceiling of `compute_animal_ceiling` for these sites.  What is not defined has no row.
        ``ci_low, ci_high``: 2.5 and 97.5 % quantiles, where a bootstrap over stimuli is cheap and right.

    Raises
    ------
    InvalidInputError
        As `score_rsa`.

    References
    ----------
    See `compare_rdms`, `compute_cka`, `compute_procrustes`, `compute_bures`.
    """
    check_target(target)
    check_count(n_boot, what="n_boot", at_least=20, or_zero=True)
    check_seed(random_state)
    layers = list_layers(representations)
    targets, ids, notes = prepare_targets(target, estimator=check_estimators(estimator, target_estimator))
    candidates, _ = prepare_candidates(layers, ids, estimator=estimator, comparators=())
    drawn = draw_multiplicities(len(ids), n_boot, np.random.default_rng(random_state))
    aligned = [layer.select(ids) for layer in layers]
    rows: list[dict[str, Any]] = []
    for part in targets:
        rows += _by_rdms(candidates, part, drawn, n_stimuli=len(ids))
    if isinstance(target, Recording):
        for part in targets:
            rows += _by_patterns(aligned, candidates, part, _patterns_of(target, part, ids), drawn)
        if target.has_repeats and target.n_repeats >= _LEAST_REPEATS:
            rows += _cross_validated(layers, target, drawn, random_state)
    else:
        notes.append(f"{target.name}: CKA, Procrustes and Bures of patterns need responses, and these are RDMs.")
    shared = {"n_stimuli": len(ids)}
    return Scores.from_rows([shared | row for row in rows if np.isfinite(row["value"])], notes=notes)


def _row(part: AreaTarget, label: Mapping[str, Any], definition: str, value: float, samples: Floats) -> dict[str, Any]:
    low, high = np.nanquantile(samples, [0.025, 0.975]) if np.isfinite(samples).any() else (None, None)
    return {
        **label,
        "recording": part.recording,
        "simulated": part.simulated,
        "area": part.area,
        "analysis": ANALYSIS,
        "n_sites": part.n_sites,
        "n_repeats": part.n_repeats,
        "definition": definition,
        "value": value,
        "ci_low": low,
        "ci_high": high,
    }


def _by_rdms(
    candidates: Candidates, part: AreaTarget, drawn: NDArray[np.int32], *, n_stimuli: int
) -> list[dict[str, Any]]:
    usable = np.flatnonzero(candidates.usable)
    rows = candidates.rows[usable]
    samples = compare_resampled(rows, part.rows, drawn, comparators=_INTERVALS)
    statistic = "mean over subjects" if len(part.rows) > 1 else "single RDM"
    found = []
    for comparator in COMPARATORS:
        if comparator == "neg-riemannian" and n_stimuli > _MAX_RIEMANNIAN:
            continue
        values = compare_rows(rows, part.rows, comparator=comparator).mean(axis=1)
        boot = samples.get(comparator, np.empty((0, *values.shape, 1))).mean(axis=2)
        for place, k in enumerate(usable):
            row = _row(part, candidates.labels[k], comparator, float(values[place]), boot[:, place])
            found.append(row | {"statistic": statistic, "comparator": comparator, "estimator": candidates.estimator})
    return found


def _patterns_of(recording: Recording, part: AreaTarget, ids: Sequence[str]) -> Representation:
    """Mean responses of an area's sites as if they were the units of a layer."""
    means = recording.mean_responses()
    stimuli, sites = complete_responses(means, recording)
    here = sites & (recording.sites["area"].astype(str).to_numpy() == part.area)
    names = np.asarray(recording.stimuli.ids)[stimuli].tolist()
    patterns = Representation.from_features(means[np.ix_(stimuli, here)], names, keep=False, model=recording.name)
    return patterns.select(ids)


def _by_patterns(
    layers: list[Representation],
    candidates: Candidates,
    part: AreaTarget,
    patterns: Representation,
    drawn: NDArray[np.int32],
) -> list[dict[str, Any]]:
    none = np.empty((0, len(layers)))
    bures = compute_bures(layers, patterns)
    measured = {
        "cka": (compute_cka(layers, patterns, debiased=False), "cka"),
        "cka-debiased": (compute_cka(layers, patterns), "cka-debiased"),
        "procrustes": (2.0 - 2.0 * bures, None),
        "bures of patterns": (bures, None),
    }
    found = []
    for name, (values, resampled) in measured.items():
        boot = none
        if resampled is not None and len(drawn):
            boot = resample_measure(layers, patterns, drawn, measure=resampled)[:, :, 0]
        for k, label in enumerate(candidates.labels):
            row = _row(part, label, name, float(values[k, 0]), boot[:, k])
            found.append(row | {"statistic": "mean responses"})
    return found


def _cross_validated(
    layers: list[Representation], recording: Recording, drawn: NDArray[np.int32], seed: int
) -> list[dict[str, Any]]:
    """Squared distances that noise does not bias, so that a ceiling exists for this animal."""
    targets, ids, _ = prepare_targets(recording, estimator=_CROSS_VALIDATED)
    candidates, _ = prepare_candidates(layers, ids, estimator="sqeuclidean_per_unit", comparators=())
    found_ceilings = compute_animal_ceiling(recording, random_state=seed)["ceiling_of_all"]
    ceilings = dict(zip(found_ceilings["area"].values.tolist(), found_ceilings.values.tolist(), strict=True))
    same = len(drawn) and drawn.shape[1] == len(ids)
    found = []
    for part in targets:
        values = compare_rows(candidates.rows, part.rows, comparator="pearson")[:, 0]
        boot = np.empty((0, len(values)))
        if same:
            boot = compare_resampled(candidates.rows, part.rows, drawn, comparators=["pearson"])["pearson"][:, :, 0]
        bound = ceilings[str(part.area)]
        for k, label in enumerate(candidates.labels):
            row = _row(part, label, "pearson, cross-validated", float(values[k]), boot[:, k])
            found.append(
                row
                | {"statistic": "single RDM", "comparator": "pearson", "n_stimuli": len(ids)}
                | {"estimator": f"{candidates.estimator} and {_CROSS_VALIDATED}"}
                | {"ceiling_low": bound, "ceiling_high": bound}
            )
    return found


def rank_agreement(scores: Scores | pd.DataFrame, *, reference: str = "rho-a") -> pd.DataFrame:
    """How alike two measures order the layers and models.

    Parameters
    ----------
    scores : Scores or DataFrame
        Of `score_measures`, any number of models, one recording and area.
    reference : str
        The measure that the others are compared with.

    Returns
    -------
    DataFrame
        Columns ``definition``, ``rho`` (Spearman's, over layers of all models; distances turned round), ``best``
        (model and layer that the measure puts first), ``n``.
    """
    check_instance(scores, (Scores, pd.DataFrame), what="scores")
    table = (scores if isinstance(scores, Scores) else Scores(scores)).table
    table = table[table["analysis"] == ANALYSIS]
    keys = ["model", "weights", "seed", "layer"]
    table = table.assign(candidate=table.groupby(keys, dropna=False, sort=False).ngroup())
    by_measure = {
        name: rows.set_index("candidate")["value"].astype(float) * (-1.0 if name in DISTANCES else 1.0)
        for name, rows in table.groupby("definition", sort=False)
    }
    check_choice(reference, map(str, by_measure), what="measure")
    rows = []
    for name, values in by_measure.items():
        both = pd.concat([by_measure[reference], values], axis=1, join="inner")
        best = table[(table["candidate"] == values.idxmax()) & (table["definition"] == name)].to_dict("records")[0]
        label = f"{best['model']} {best['layer']}" + (", untrained" if best["weights"] == "random" else "")
        rho = np.corrcoef(both.rank().to_numpy().T)[0, 1] if len(both) > 1 else np.nan
        rows.append({"definition": str(name), "rho": float(rho), "best": label, "n": len(both)})
    return pd.DataFrame(rows)
