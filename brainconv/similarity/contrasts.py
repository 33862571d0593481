"""Differences of similarities, with the errors that new stimuli, new subjects or both would bring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
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
from brainconv.similarity.halves import N_SPLITS, compare_in_halves, pool_others
from brainconv.similarity.targets import AreaTarget, prepare_targets
from brainconv.similarity.variances import Jackknife, bootstrap_interaction, combine_variances, count_pairs_once
from brainconv.validation import check_choice, check_count, check_seed

Floats = NDArray[np.float64]
Index = NDArray[np.intp]

GENERALISE = ("stimuli", "subjects", "both")

# Beyond, stimuli are drawn for being left out: the variance is then known to 6 % or better.
_MAX_LEFT_OUT = 500
# A smaller standard error is that of copies.
_LEAST_ERROR = 1e-12


class Estimate(NamedTuple):
    """A value, its standard error (0 without spread) and the degrees of freedom of that."""

    value: float
    se: float
    dof: float

    @property
    def interval(self) -> tuple[float, float]:
        """Of 95 %, by Student's t."""
        wide = float(student.ppf(0.975, self.dof)) * self.se
        return self.value - wide, self.value + wide

    @property
    def has_spread(self) -> bool:
        """Whether a test can be made of it."""
        return self.se > _LEAST_ERROR

    @property
    def p_above(self) -> float:
        """One-sided p against a value of at most 0; NaN without spread."""
        return float(student.sf(self.value / self.se, self.dof)) if self.has_spread else np.nan

    @property
    def p_below(self) -> float:
        """One-sided p against a value of at least 0; NaN without spread."""
        return float(student.cdf(self.value / self.se, self.dof)) if self.has_spread else np.nan

    @property
    def p(self) -> float:
        """Two-sided p against 0; NaN without spread."""
        return 2.0 * min(self.p_above, self.p_below)


# A candidate's row, or the row that is chosen for each half and subject; and its weight.
Term = tuple[int | Index, float]


@dataclass(frozen=True)
class ResampledArea:
    """Similarities of the candidates and, last, of the lower ceiling with each subject of one area.

    Parameters
    ----------
    target : AreaTarget
    values : ndarray, shape (n_candidates + 1, n_subjects)
        For all stimuli.
    upper : float
        The upper ceiling.
    drawn : ndarray, shape (n_boot, n_candidates + 1, n_subjects)
        For bootstrap samples of the stimuli.
    left_out : ndarray, shape (n_left_out, n_candidates + 1, n_subjects)
        Without one stimulus each.
    halves : ndarray, shape (n_splits, 2, n_candidates + 1, n_subjects)
        For the halves of random splits of the stimuli; shape (1, 1, …) and for all stimuli where these are fixed.
    generalise : {"stimuli", "subjects", "both"}
    n_stimuli : int
    """

    target: AreaTarget
    values: Floats
    upper: float
    drawn: Floats
    left_out: Floats
    halves: Floats
    generalise: str
    n_stimuli: int

    @property
    def lower_ceiling(self) -> int:
        """The row that holds the lower ceiling, NaN for a single subject."""
        return len(self.values) - 1

    def choose(self, candidates: Sequence[int]) -> Index:
        """The most similar of some candidates on other stimuli, other subjects or both than those it is scored on.

        Parameters
        ----------
        candidates : sequence of int
            Rows, such as the layers of one network.

        Returns
        -------
        ndarray of int, shape (n_splits, 2, 1) or (…, n_subjects)
            The row for each half, and for each subject where claims are about new ones: the choice is then that of the
            other subjects.
        """
        scores = self.halves[:, :, list(candidates)]
        if self.generalise != "subjects":
            scores = scores[:, ::-1]  # of the other half
        n_subjects = scores.shape[3]
        total = scores.sum(axis=3, keepdims=True)
        others = total if self.generalise == "stimuli" else (total - scores) / (n_subjects - 1)
        best = np.where(np.isfinite(others), others, -np.inf).argmax(axis=2)
        chosen: Index = np.asarray(candidates, dtype=np.intp)[best]
        return chosen

    def compare_best(self, terms: Sequence[tuple[int | Sequence[int], float]]) -> Estimate:
        """A weighted sum of similarities of networks' best layers, each chosen on other stimuli.

        Parameters
        ----------
        terms : sequence of (int or sequence of int, float)
            A row, or the layers of one network, and their weights.  Where there is nothing to choose, all stimuli are
            taken at once.
        """
        layers = [([rows] if isinstance(rows, int) else list(rows), weight) for rows, weight in terms]
        if all(len(rows) == 1 for rows, _ in layers):
            return self.estimate([(rows[0], weight) for rows, weight in layers])
        return self.estimate([(self.choose(rows), weight) for rows, weight in layers])

    def estimate(self, terms: Sequence[Term]) -> Estimate:
        """A weighted sum of similarities, mean over subjects.

        Parameters
        ----------
        terms : sequence of (int or ndarray of int, float)
            Rows, or choices as of `choose`, and their weights.

        Returns
        -------
        Estimate
            With choices the value is the mean over halves, each with the rows that were chosen on the other one.  Its
            variance lies between the mean variance of what was chosen (one split: the halves share no stimuli) and the
            variance of the mean of what was chosen (endlessly many splits, if the choice did not depend on the data);
            it is taken as half of their sum (docs/calibration.md).
        """
        weights = np.array([weight for _, weight in terms])
        rows = np.stack(np.broadcast_arrays(*(np.asarray(row) for row, _ in terms)), axis=-1)
        if rows.ndim == 1:
            contrast = self._contrast(rows, weights)
            used = np.flatnonzero(contrast)
            return Estimate(float((contrast[used] @ self.values[used]).mean()), *self.error(contrast))
        n_subjects = self.values.shape[1]
        split, half, subject = np.ogrid[: rows.shape[0], : rows.shape[1], :n_subjects]
        value = sum(weight * self.halves[split, half, rows[..., k], subject].mean() for k, weight in enumerate(weights))
        chosen, counts = np.unique(rows.reshape(-1, len(weights)), axis=0, return_counts=True)
        shares = counts / counts.sum()
        contrasts = np.stack([self._contrast(one, weights) for one in chosen])
        errors = [self.error(one) for one in contrasts]
        apart = float(sum(share * se**2 for share, (se, _) in zip(shares, errors, strict=True)))
        se, dof = self.error(shares @ contrasts)
        variance = (apart + se**2) / 2.0
        # estimated from the same samples, so that their errors add up
        scatter = sum(share * s**2 / np.sqrt(d) for share, (s, d) in zip(shares, errors, strict=True))
        scatter = (scatter + se**2 / np.sqrt(dof)) / 2.0
        return Estimate(float(value), float(np.sqrt(variance)), (variance / scatter) ** 2 if scatter > 0 else dof)

    def _contrast(self, rows: Index, weights: Floats) -> Floats:
        contrast = np.zeros(len(self.values))
        np.add.at(contrast, rows, weights)
        return contrast

    def error(self, contrast: Floats) -> tuple[float, float]:
        """Standard error of a contrast of the mean values (NaN where a sample leaves it undefined), degrees of freedom.

        Only stimuli are drawn: what drawing subjects would bring is the variance over subjects, known exactly.

        Parameters
        ----------
        contrast : ndarray, shape (n_candidates + 1,)
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


def add_seeds(estimate: Estimate, values: Sequence[float]) -> Estimate:
    """Add what another seed would change to the difference of a trained network and the mean of its untrained twins.

    Parameters
    ----------
    estimate : Estimate
        Of that difference, for these seeds.
    values : sequence of float
        The twins' own values.

    Returns
    -------
    Estimate
        With s² (1 + 1/k) more variance, s² that of the k values: the trained network has one seed, and the mean of the
        twins has k.  Degrees of freedom after Satterthwaite, of which the seeds have k - 1.
    """
    k = len(values)
    seeds = float(np.var(values, ddof=1)) * (1.0 + 1.0 / k)
    variance = estimate.se**2 + seeds
    uncertainty = estimate.se**4 / estimate.dof + seeds**2 / (k - 1)
    dof = variance**2 / uncertainty if uncertainty > 0 else estimate.dof
    return Estimate(estimate.value, float(np.sqrt(variance)), dof)


class Resampling(NamedTuple):
    """Every area of a target with the same candidates and samples.

    Parameters
    ----------
    areas : list of ResampledArea
    labels : list of dict
        Which candidate each row is, as in a score table.
    notes : list of str
    """

    areas: list[ResampledArea]
    labels: list[dict[str, Any]]
    notes: list[str]


def resample_similarities(
    representations: Mapping[str, Representation] | Sequence[Representation] | Representation | RDMs,
    target: Recording | RDMs,
    *,
    estimator: str = "correlation",
    comparator: str = "rho-a",
    generalise: str = "stimuli",
    n_boot: int = 1000,
    target_estimator: str | None = None,
    random_state: int = 0,
) -> Resampling:
    """Similarities of candidates with every area of a target, on samples and halves of the stimuli.

    Parameters
    ----------
    representations, target, estimator, comparator, generalise, n_boot, target_estimator, random_state
        As of `compare_models`.

    Raises
    ------
    InvalidInputError
        If a claim about subjects rests on one, there are fewer than 20 stimuli, or a stimulus stands twice.
    NotFoundError
        If there is no such comparator or generalisation.
    """
    check_target(target)
    if not isinstance(representations, RDMs):
        check_representations(representations)
    check_count(n_boot, what="n_boot", at_least=100)
    check_seed(random_state)
    check_choice(comparator, RESAMPLED_COMPARATORS, what="RDM comparator")
    check_choice(generalise, GENERALISE, what="factor to generalise over")
    targets, ids, notes = prepare_targets(target, estimator=check_estimators(estimator, target_estimator))
    candidates, more = prepare_candidates(representations, ids, estimator=estimator, comparators=(comparator,))
    rows = candidates.rows[candidates.usable]
    labels = [label for label, usable in zip(candidates.labels, candidates.usable, strict=True) if usable]
    streams = np.random.SeedSequence(random_state).spawn(3)
    drawing, leaving, splitting = (np.random.default_rng(stream) for stream in streams)
    samples = draw_multiplicities(len(ids), n_boot, drawing), _leave_out(len(ids), leaving)
    orders = np.stack([splitting.permutation(len(ids)) for _ in range(N_SPLITS)])
    areas = []
    for part in targets:
        if len(part.rows) < 2 and generalise != "stimuli":
            msg = (
                f"{part.recording!r} {part.area or ''} has one subject; nothing can be said about others. "
                f"Use generalise='stimuli', and say that the claim is about this one."
            )
            raise InvalidInputError(msg)
        areas.append(_resample(rows, part, samples, orders, comparator=comparator, generalise=generalise))
    return Resampling(areas, labels, notes + more)


def describe_errors(generalise: str, n_boot: int, seed: int) -> str:
    """What the standard errors rest on, for notes.

    Parameters
    ----------
    generalise : {"stimuli", "subjects", "both"}
    n_boot, seed : int

    Returns
    -------
    str
    """
    over_stimuli = f"{n_boot} bootstrap samples of the stimuli and leaving out each (seed {seed})"
    return {
        "stimuli": over_stimuli,
        "subjects": "the scatter of the subjects",
        "both": f"{over_stimuli} and the scatter of the subjects",
    }[generalise]


def _resample(
    rows: Floats,
    part: AreaTarget,
    samples: tuple[NDArray[np.int32], NDArray[np.int32]],
    orders: Index,
    *,
    comparator: str,
    generalise: str,
) -> ResampledArea:
    everything = np.vstack([rows, pool_others(part.rows, comparator)])
    values = _per_subject(compare_rows(everything, part.rows, comparator=comparator)[None], len(rows))[0]
    upper = np.nan
    if len(part.rows) > 1:
        pooled = POOLED_AS[comparator](part.rows).mean(axis=0, keepdims=True)
        upper = float(compare_rows(pooled, part.rows, comparator=comparator).mean())
    n_boot, n_stimuli = samples[0].shape
    drawn = left_out = np.empty((0, *values.shape))
    halves = values[None, None]
    if generalise != "subjects":
        found = compare_resampled(everything, part.rows, np.concatenate(samples), comparators=[comparator])
        drawn, left_out = np.split(_per_subject(found[comparator], len(rows)), [n_boot])
        halves = _per_subject(compare_in_halves(rows, part.rows, orders, comparator=comparator), len(rows))
        halves = halves.reshape(len(orders), 2, *values.shape)
    return ResampledArea(part, values, upper, drawn, left_out, halves, generalise, n_stimuli)


def _leave_out(n_stimuli: int, rng: np.random.Generator) -> NDArray[np.int32]:
    """Multiplicities that leave out one stimulus each: all in turn, or some that are drawn."""
    without = rng.permutation(n_stimuli)[:_MAX_LEFT_OUT] if n_stimuli > _MAX_LEFT_OUT else np.arange(n_stimuli)
    left = np.ones((len(without), n_stimuli), dtype=np.int32)
    left[np.arange(len(without)), without] = 0
    return left


def _per_subject(similarities: Floats, n_candidates: int) -> Floats:
    """Replace the rows of the pools by one row: the similarity of each subject with the pool of the others."""
    lower = np.full(similarities[:, 0].shape, np.nan)
    if similarities.shape[2] > 1:
        lower = np.einsum("kss->ks", similarities[:, n_candidates:])
    return np.concatenate([similarities[:, :n_candidates], lower[:, None]], axis=1)
