"""Which models differ from one another, from zero and from the ceiling, for new stimuli, new subjects or both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student

from brainconv.containers import RDMs, Recording, Representation
from brainconv.containers.checks import check_representations, check_target
from brainconv.errors import InvalidInputError
from brainconv.similarity.arguments import check_estimators
from brainconv.similarity.bootstrap import compare_resampled, draw_multiplicities
from brainconv.similarity.candidates import prepare_candidates
from brainconv.similarity.ceiling import POOLED_AS
from brainconv.similarity.comparators import RESAMPLED_COMPARATORS, compare_rows
from brainconv.similarity.corrections import CORRECTIONS, adjust_p
from brainconv.similarity.targets import AreaTarget, prepare_targets
from brainconv.similarity.variances import Jackknife, bootstrap_interaction, combine_variances, count_pairs_once
from brainconv.validation import check_choice, check_count, check_number, check_seed

Floats = NDArray[np.float64]

# Beyond, stimuli are drawn for being left out: the variance is then known to 6 % or better.
_MAX_LEFT_OUT = 500

GENERALISE = ("stimuli", "subjects", "both")


@dataclass(frozen=True)
class ModelComparison:
    """Tests of models, and what they rest on.

    Parameters
    ----------
    models : DataFrame
        Per area and candidate: ``value`` (mean over subjects), ``se``, ``ci_low, ci_high`` (95 %), ``p, q`` (one-sided,
        against 0); ``ceiling_low, ceiling_high``, ``p_below_ceiling, q_below_ceiling`` (against the lower bound, one-
        sided: small where the candidate stays below), ``p_equivalent, q_equivalent`` (small where it is shown to reach
        the lower bound less the margin).
    pairs : DataFrame
        Per area and pair of candidates: ``difference`` of a from b, ``se, ci_low, ci_high, p, q`` (two-sided).
    notes : tuple of str
    """

    models: pd.DataFrame
    pairs: pd.DataFrame
    notes: tuple[str, ...]


def compare_models(
    representations: Mapping[str, Representation] | Sequence[Representation] | Representation | RDMs,
    target: Recording | RDMs,
    *,
    estimator: str = "correlation",
    comparator: str = "rho-a",
    generalise: str = "stimuli",
    correction: str = "fdr",
    margin: float = 0.1,
    n_boot: int = 1000,
    target_estimator: str | None = None,
    random_state: int = 0,
) -> ModelComparison:
    """Test layers or models against one another, against zero and against the ceiling.

    Parameters
    ----------
    representations : mapping or sequence of Representation, Representation, or RDMs
        One candidate each.
    target : Recording or RDMs
        Each area by itself; RDMs of several subjects carry the label ``subject``.
    estimator : str
        For the layers' RDMs.
    comparator : str
        Of `RESAMPLED_COMPARATORS`.
    generalise : {"stimuli", "subjects", "both"}
        What the claim is about.  Stimuli are resampled; the variance over subjects is known without.  Variances are
        corrected for what is counted more than once: noise of single pairs of stimuli, and of stimuli in subjects.
    correction : {"fdr", "bonferroni", "none"}
        Of p, over the candidates or pairs of one area.
    margin : float
        Share of the lower ceiling by which a candidate may miss it and still count as equivalent.
    n_boot : int
        Bootstrap samples of the stimuli, at least 100; none are drawn for ``"subjects"``.
    target_estimator : str, optional
        For the RDMs of a Recording; by default that of the layers.
    random_state : int
        Seed.

    Returns
    -------
    ModelComparison
        Intervals and p from Student's t on resampled standard errors.  Degrees of freedom: subjects less one; for
        stimuli as many as the scatter of their influences leaves (at most their number less one); for both, weighted
        after Satterthwaite.  What needs a ceiling is NaN for a single subject.

    Raises
    ------
    InvalidInputError
        If a claim about subjects rests on one, there are fewer than 20 stimuli, a stimulus stands twice, or two
        candidates do not differ in any sample.
    NotFoundError
        If there is no such comparator, correction or generalisation.

    References
    ----------
    Schütt H H et al. (2023), doi:10.7554/eLife.82566; Nili H et al. (2014), doi:10.1371/journal.pcbi.1003553.  Unlike
    them, noise of pairs counts once (Efron & Stein 1981, doi:10.1214/aos/1176345462), and the pools behind the ceiling
    are those of all stimuli and subjects in every sample.
    """
    check_target(target)
    if not isinstance(representations, RDMs):
        check_representations(representations)
    check_number(margin, what="margin", at_least=0, below=2)
    check_count(n_boot, what="n_boot", at_least=100)
    check_seed(random_state)
    check_choice(comparator, RESAMPLED_COMPARATORS, what="RDM comparator")
    check_choice(generalise, GENERALISE, what="factor to generalise over")
    check_choice(correction, CORRECTIONS, what="correction for multiple tests")
    if n_boot < 100:
        msg = f"n_boot is {n_boot}; a standard error needs at least 100 bootstrap samples."
        raise InvalidInputError(msg)
    targets, ids, notes = prepare_targets(target, estimator=check_estimators(estimator, target_estimator))
    candidates, more = prepare_candidates(representations, ids, estimator=estimator, comparators=(comparator,))
    rows = candidates.rows[candidates.usable]
    labels = [label for label, usable in zip(candidates.labels, candidates.usable, strict=True) if usable]
    drawing, leaving = (np.random.default_rng(stream) for stream in np.random.SeedSequence(random_state).spawn(2))
    samples = draw_multiplicities(len(ids), n_boot, drawing), _leave_out(len(ids), leaving)
    models: list[dict[str, Any]] = []
    pairs: list[dict[str, Any]] = []
    for part in targets:
        if len(part.rows) < 2 and generalise != "stimuli":
            msg = (
                f"{part.recording!r} {part.area or ''} has one subject; nothing can be said about others. "
                f"Use generalise='stimuli', and say that the claim is about this one."
            )
            raise InvalidInputError(msg)
        statistics = _Statistics.of(rows, part, samples, comparator=comparator, generalise=generalise)
        shared = {"recording": part.recording, "area": part.area, "comparator": comparator}
        models += _test_models(statistics, labels, shared, correction, margin)
        pairs += _test_pairs(statistics, labels, shared, correction)
    notes += more
    notes.append(_describe(generalise, correction, n_boot, random_state))
    return ModelComparison(pd.DataFrame(models), pd.DataFrame(pairs), tuple(dict.fromkeys(notes)))


def _describe(generalise: str, correction: str, n_boot: int, seed: int) -> str:
    over_stimuli = f"{n_boot} bootstrap samples of the stimuli and leaving out each (seed {seed})"
    error = {
        "stimuli": over_stimuli,
        "subjects": "the scatter of the subjects",
        "both": f"{over_stimuli} and the scatter of the subjects",
    }[generalise]
    corrected = {"fdr": "Benjamini and Hochberg", "bonferroni": "Bonferroni"}.get(correction)
    return f"Tests: Student's t, standard error from {error}; " + (
        f"q: p corrected after {corrected} within an area." if corrected else "p are not corrected."
    )


@dataclass(frozen=True)
class _Statistics:
    """Values of the candidates and, last, of the lower ceiling, per subject: of all stimuli and of samples of them."""

    values: Floats  # (n_candidates + 1, n_subjects)
    upper: float
    drawn: Floats  # (n_boot, n_candidates + 1, n_subjects)
    left_out: Floats  # (n_left_out, n_candidates + 1, n_subjects)
    generalise: str
    n_stimuli: int

    @classmethod
    def of(
        cls,
        rows: Floats,
        part: AreaTarget,
        samples: tuple[NDArray[np.int32], NDArray[np.int32]],
        *,
        comparator: str,
        generalise: str,
    ) -> _Statistics:
        everything = np.vstack([rows, _pools(part.rows, comparator)])
        values = _per_subject(compare_rows(everything, part.rows, comparator=comparator)[None], len(rows))[0]
        upper = np.nan
        if len(part.rows) > 1:
            pooled = POOLED_AS[comparator](part.rows).mean(axis=0, keepdims=True)
            upper = float(compare_rows(pooled, part.rows, comparator=comparator).mean())
        n_boot, n_stimuli = samples[0].shape
        drawn = left_out = np.empty((0, *values.shape))
        if generalise != "subjects":
            found = compare_resampled(everything, part.rows, np.concatenate(samples), comparators=[comparator])
            drawn, left_out = np.split(_per_subject(found[comparator], len(rows)), [n_boot])
        return cls(values, upper, drawn, left_out, generalise, n_stimuli)

    def error(self, contrast: Floats) -> tuple[float, float]:
        """Standard error of a contrast of the mean values (NaN where a sample leaves it undefined), degrees of freedom.

        Only stimuli are drawn: what drawing subjects would bring is the variance over subjects, known exactly.
        """
        used = np.flatnonzero(contrast)  # an undefined ceiling must not spoil what does not use it
        weights, n, m = contrast[used], self.n_stimuli, self.values.shape[1]
        values = weights @ self.values[used]
        by_subjects = float(np.var(values) / max(m - 1, 1))
        if self.generalise == "subjects":
            return float(np.sqrt(by_subjects)), m - 1
        drawn, left_out = (np.einsum("k,iks->is", weights, every[:, used]) for every in (self.drawn, self.left_out))
        jackknife = Jackknife.of(left_out, n)
        by_stimuli = float(count_pairs_once(jackknife.variance, np.var(drawn.mean(axis=1)) * n / (n - 1)))
        if self.generalise == "stimuli":
            return float(np.sqrt(by_stimuli)), jackknife.dof
        interaction = count_pairs_once(jackknife.interaction, bootstrap_interaction(drawn, values) * n / (n - 1))
        variance = float(combine_variances(by_stimuli, by_subjects, interaction))
        # Satterthwaite: few subjects leave few degrees of freedom as far as subjects are what varies
        uncertainty = by_stimuli**2 / jackknife.dof + by_subjects**2 / (m - 1)
        return float(np.sqrt(variance)), variance**2 / uncertainty if uncertainty > 0 else n - 1


def _leave_out(n_stimuli: int, rng: np.random.Generator) -> NDArray[np.int32]:
    """Multiplicities that leave out one stimulus each: all in turn, or some that are drawn."""
    without = rng.permutation(n_stimuli)[:_MAX_LEFT_OUT] if n_stimuli > _MAX_LEFT_OUT else np.arange(n_stimuli)
    left = np.ones((len(without), n_stimuli), dtype=np.int32)
    left[np.arange(len(without)), without] = 0
    return left


def _pools(subjects: Floats, comparator: str) -> Floats:
    """For each subject what the others have in common; NaN for a single one."""
    if len(subjects) < 2:
        return np.empty((0, subjects.shape[1]))
    parts = POOLED_AS[comparator](subjects)
    return np.asarray((parts.sum(axis=0) - parts) / (len(subjects) - 1))


def _per_subject(similarities: Floats, n_candidates: int) -> Floats:
    """Replace the rows of the pools by one row: the similarity of each subject with the pool of the others."""
    lower = np.full(similarities[:, 0].shape, np.nan)
    if similarities.shape[2] > 1:
        lower = np.einsum("kss->ks", similarities[:, n_candidates:])
    return np.concatenate([similarities[:, :n_candidates], lower[:, None]], axis=1)


def _test_models(
    statistics: _Statistics, labels: list[dict[str, Any]], shared: dict[str, Any], correction: str, margin: float
) -> list[dict[str, Any]]:
    means = statistics.values.mean(axis=1)
    lower = float(means[-1])
    found = []
    for k, label in enumerate(labels):
        contrast = np.zeros(len(means))
        contrast[k] = 1.0
        value, (se, dof) = float(means[k]), statistics.error(contrast)
        if not se > 1e-12:
            msg = (
                f"{label['model']}:{label['layer']} has the same similarity with {shared['recording']!r} in every "
                f"sample; no test can be made of a value without spread (a constant or copied RDM?)."
            )
            raise InvalidInputError(msg)
        below = equivalent = np.nan
        if np.isfinite(lower):
            contrast[-1] = -1.0
            below = 1.0 - _exceeds(value - lower, *statistics.error(contrast))
            contrast[-1] = margin - 1.0
            equivalent = _exceeds(value - (1.0 - margin) * lower, *statistics.error(contrast))
        wide = student.ppf(0.975, dof)
        found.append(
            shared
            | {"model": label["model"], "layer": label["layer"], "value": value, "se": se}
            | {"ci_low": value - wide * se, "ci_high": value + wide * se, "p": _exceeds(value, se, dof)}
            | {"ceiling_low": lower, "ceiling_high": statistics.upper}
            | {"p_below_ceiling": below, "p_equivalent": equivalent}
        )
    for name in ("", "_below_ceiling", "_equivalent"):
        _add_q(found, correction, name)
    return found


def _exceeds(value: float, se: float, dof: float) -> float:
    """One-sided p against a value of at most 0; NaN without spread."""
    return float(student.sf(value / se, dof)) if se > 1e-12 else np.nan


def _test_pairs(
    statistics: _Statistics, labels: list[dict[str, Any]], shared: dict[str, Any], correction: str
) -> list[dict[str, Any]]:
    means = statistics.values.mean(axis=1)
    found = []
    for i, j in combinations(range(len(labels)), 2):
        contrast = np.zeros(len(means))
        contrast[[i, j]] = 1.0, -1.0
        difference = float(means[i] - means[j])
        se, dof = statistics.error(contrast)
        if not se > 1e-12:
            names = [f"{labels[k]['model']}:{labels[k]['layer']}" for k in (i, j)]
            msg = f"{names[0]} and {names[1]} do not differ in any sample; leave one of the two out."
            raise InvalidInputError(msg)
        named = {f"{name}_{side}": labels[k][name] for side, k in (("a", i), ("b", j)) for name in ("model", "layer")}
        wide = student.ppf(0.975, dof)
        spread = {"se": se, "ci_low": difference - wide * se, "ci_high": difference + wide * se}
        p = 2.0 * _exceeds(abs(difference), se, dof)
        found.append(shared | named | {"difference": difference, "p": p} | spread)
    _add_q(found, correction, "")
    return found


def _add_q(rows: list[dict[str, Any]], correction: str, name: str) -> None:
    q = adjust_p(np.array([row[f"p{name}"] for row in rows], dtype=np.float64), correction=correction)
    for row, value in zip(rows, q, strict=True):
        row[f"q{name}"] = float(value)
