"""Representational similarity of layers and an area, with interval, p and ceiling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainconv.containers import RDMs, Recording, Representation, Scores
from brainconv.containers.checks import check_representations, check_target
from brainconv.similarity.arguments import check_estimators
from brainconv.similarity.bootstrap import compare_resampled, draw_multiplicities
from brainconv.similarity.candidates import Candidates, prepare_candidates
from brainconv.similarity.ceiling import compute_ceiling_of_rows
from brainconv.similarity.comparators import RESAMPLED_COMPARATORS, compare_rows
from brainconv.similarity.corrections import correct_families
from brainconv.similarity.details import collect_details
from brainconv.similarity.permutation import compute_p, permute_labels
from brainconv.similarity.targets import AreaTarget, prepare_targets
from brainconv.validation import check_choices, check_count, check_seed

Floats = NDArray[np.float64]

# tau takes pairs × log2(pairs) steps; beyond this many in all there are fewer samples and permutations, which is said
_TAU_BUDGET = 2e9


def score_rsa(
    representations: Mapping[str, Representation] | Sequence[Representation] | Representation | RDMs,
    target: Recording | RDMs,
    *,
    estimator: str = "correlation",
    comparator: str | Sequence[str] = "rho-a",
    n_boot: int = 1000,
    n_permutations: int | None = None,
    target_estimator: str | None = None,
    random_state: int = 0,
) -> Scores:
    """Similarity of the RDMs of layers and of an area.

    Parameters
    ----------
    representations : mapping or sequence of Representation, Representation, or RDMs
        One candidate each.  Stimuli that the target lacks are left aside.
    target : Recording or RDMs
        Each area is scored by itself.  RDMs of several subjects carry the label ``subject``; sessions of a subject are
        averaged first.
    estimator : str
        For the layers' RDMs; see `estimate_from_gram`.  Of no effect on RDMs.
    comparator : str or sequence of str
        Of `RESAMPLED_COMPARATORS`; several share RDMs, bootstrap samples and permutations.
    n_boot : int
        Bootstrap samples of the stimuli, at least 20, or 0 for no interval.  Tau at many stimuli takes fewer; the notes
        say how many.
    n_permutations : int, optional
        Relabellings of the stimuli, at least 19, or 0 for no p; by default 1,000, above 300 stimuli 200.  Tau
        at many stimuli takes fewer; the notes say how many.
    target_estimator : str, optional
        For the RDMs of a Recording; by default that of the layers.
    random_state : int
        Seed.

    Returns
    -------
    Scores
        Rows per candidate, area and comparator.  ``statistic`` is ``"mean over subjects"`` (each subject's RDM
        compared, then averaged; with the ceiling of Nili et al.) and ``"mean RDM"`` (compared with the mean of the
        subjects' RDMs) where there are several, else ``"single RDM"``.  ``ci_low, ci_high``: 2.5 and 97.5 % quantiles
        of the bootstrap; ``p``: one-sided, against no relation; ``q``: p corrected over all candidates and areas after
        Benjamini and Hochberg, ``n_tests`` of them.  ``details`` holds each subject's value and the bootstrap samples.

    Raises
    ------
    InvalidInputError
        If there are fewer than 20 stimuli or 20 sites, two stimuli are one and the same to every layer, the
        representations lack a stimulus of the target, or the target has undefined dissimilarities.
    NotFoundError
        If there is no such estimator or comparator.

    Warns
    -----
    BrainconvWarning
        If a layer has constant patterns (its score is missing), if stimuli or sites are left out, or if a comparator
        that favours ties meets an RDM with ties.

    References
    ----------
    Kriegeskorte N, Mur M, Bandettini P (2008), doi:10.3389/neuro.06.004.2008; Nili H et al. (2014),
    doi:10.1371/journal.pcbi.1003553; Schütt H H et al. (2023), doi:10.7554/eLife.82566.  Unlike them, sessions never
    count as subjects, and permutation p includes the observed order.
    """
    check_target(target)
    if not isinstance(representations, RDMs):
        check_representations(representations)
    check_seed(random_state)
    comparators = _check_arguments(comparator, n_boot, n_permutations)
    targets, ids, notes = prepare_targets(target, estimator=check_estimators(estimator, target_estimator))
    if n_permutations is None:
        n_permutations = 1000 if len(ids) <= 300 else 200
    candidates, more = prepare_candidates(representations, ids, estimator=estimator, comparators=comparators)
    notes += more
    rng_boot, rng_permutation = (np.random.default_rng(s) for s in np.random.SeedSequence(random_state).spawn(2))
    multiplicities = draw_multiplicities(len(ids), n_boot, rng_boot)
    permutation_seed = int(rng_permutation.integers(2**63))
    rows: list[dict[str, Any]] = []
    samples: list[Floats] = []
    by_subject: list[tuple[AreaTarget, str, Floats]] = []
    for part in targets:
        if part.estimator != candidates.estimator:
            notes.append(
                f"The RDMs of {part.recording} were computed as {part.estimator}, those of the candidates as "
                f"{candidates.estimator}."
            )
        n_used = _affordable(n_permutations, 99, comparators, candidates.rows.shape, len(part.rows))
        n_drawn = _affordable(n_boot, 200, comparators, candidates.rows.shape, len(part.rows))
        for used, wanted, word in ((n_drawn, n_boot, "bootstrap samples"), (n_used, n_permutations, "permutations")):
            if used < wanted:
                notes.append(f"{part.recording}: {used} {word} instead of {wanted}, for tau is slow at this size.")
        for name, table in _score_area(
            candidates,
            part,
            multiplicities=multiplicities[:n_drawn],
            n_permutations=n_used,
            seed=permutation_seed,
            comparators=comparators,
        ):
            by_subject.append((part, name, table.pop("by subject")["value"]))
            ceiling = compute_ceiling_of_rows(part.rows, comparator=name) if len(part.rows) > 1 else (np.nan, np.nan)
            for statistic, numbers in table.items():
                bounds = ceiling if statistic == "mean over subjects" else (np.nan, np.nan)
                for k, label in enumerate(candidates.labels):
                    rows.append(
                        label
                        | _row_of(part, numbers, k, ceiling=bounds)
                        | {
                            "estimator": candidates.estimator,
                            "comparator": name,
                            "statistic": statistic,
                            "definition": name,
                            "n_stimuli": len(ids),
                        }
                    )
                    drawn = np.full(n_boot, np.nan)
                    drawn[:n_drawn] = numbers["samples"][:, k]
                    samples.append(drawn)
    if n_boot:
        notes.append(
            f"Intervals: percentiles of {n_boot} bootstrap samples of the stimuli unless said otherwise; "
            f"seed {random_state}."
        )
    if n_permutations:
        notes.append(
            f"p: one-sided, {n_permutations} relabellings of the stimuli unless said otherwise; q: p corrected after "
            f"Benjamini and Hochberg over everything that is scored on a recording by one comparator (n_tests)."
        )
    correct_families(rows)
    details = collect_details(rows, samples, by_subject, candidates)
    return Scores.from_rows(rows, details=details, notes=notes)


def _check_arguments(comparator: str | Sequence[str], n_boot: int, n_permutations: int | None) -> tuple[str, ...]:
    comparators = check_choices(comparator, RESAMPLED_COMPARATORS, what="RDM comparator")
    check_count(n_boot, what="n_boot", at_least=20, or_zero=True)
    if n_permutations is not None:
        check_count(n_permutations, what="n_permutations", at_least=19, or_zero=True)
    return comparators


def _affordable(wanted: int, least: int, comparators: Sequence[str], shape: tuple[int, ...], n_targets: int) -> int:
    if not {"tau-a", "tau-b"} & set(comparators):
        return wanted
    n_candidates, n_pairs = shape
    steps = n_candidates * n_targets * n_pairs * np.log2(n_pairs)
    return int(min(wanted, max(least, _TAU_BUDGET // steps)))


def _score_area(
    candidates: Candidates,
    part: AreaTarget,
    *,
    multiplicities: NDArray[np.int32],
    n_permutations: int,
    seed: int,
    comparators: Sequence[str],
) -> list[tuple[str, dict[str, dict[str, Floats]]]]:
    """Per comparator and statistic: value, samples, p of every candidate."""
    n_subjects = len(part.rows)
    several = n_subjects > 1
    columns = np.vstack([part.rows, part.rows.mean(axis=0)]) if several else part.rows
    usable = candidates.usable
    n_candidates = len(candidates.rows)
    rows = candidates.rows[usable]
    resampled = compare_resampled(rows, columns, multiplicities, comparators=comparators)
    null = permute_labels(rows, columns, n_permutations, np.random.default_rng(seed), comparators=comparators)
    result = []
    for name in comparators:
        observed = compare_rows(rows, columns, comparator=name)
        views: dict[str, Any] = {"single RDM": lambda x: x[..., 0]}
        if several:
            views = {
                "mean over subjects": lambda x: x[..., :n_subjects].mean(axis=-1),
                "mean RDM": lambda x: x[..., n_subjects],
            }
        table: dict[str, dict[str, Floats]] = {
            "by subject": {"value": _spread(observed[:, :n_subjects], usable, n_candidates, axis=0)}
        }
        for statistic, view in views.items():
            value = view(observed)
            p = compute_p(value, view(null[name])) if n_permutations else np.full(len(value), np.nan)
            table[statistic] = {
                "value": _spread(value, usable, n_candidates, axis=0),
                "p": _spread(p, usable, n_candidates, axis=0),
                "samples": _spread(view(resampled[name]), usable, n_candidates, axis=1),
            }
        result.append((name, table))
    return result


def _spread(values: Floats, usable: NDArray[np.bool_], n: int, *, axis: int) -> Floats:
    """Put the values of the usable candidates in their places among all, NaN elsewhere."""
    shape = list(values.shape)
    shape[axis] = n
    full = np.full(shape, np.nan)
    full[(slice(None),) * axis + (usable,)] = values
    return full


def _row_of(part: AreaTarget, numbers: Mapping[str, Floats], k: int, *, ceiling: tuple[float, float]) -> dict[str, Any]:
    samples = numbers["samples"][:, k]
    defined = samples[np.isfinite(samples)]
    low, high = np.quantile(defined, [0.025, 0.975]) if defined.size else (np.nan, np.nan)
    numbers_here = {
        "value": numbers["value"][k],
        "ci_low": low,
        "ci_high": high,
        "p": numbers["p"][k],
        "ceiling_low": ceiling[0],
        "ceiling_high": ceiling[1],
    }
    return {
        "recording": part.recording,
        "simulated": part.simulated,
        "area": part.area,
        "analysis": "rsa",
        "n_sites": part.n_sites,
        "n_repeats": part.n_repeats,
    } | {name: (float(number) if np.isfinite(number) else None) for name, number in numbers_here.items()}
