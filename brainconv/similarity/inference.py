"""Which models differ from one another, from zero and from the ceiling, for new stimuli, new subjects or both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from brainconv.containers import RDMs, Recording, Representation
from brainconv.errors import InvalidInputError
from brainconv.similarity.contrasts import ResampledArea, describe_errors, resample_similarities
from brainconv.similarity.corrections import CORRECTIONS, correct_family
from brainconv.similarity.halves import N_SPLITS
from brainconv.validation import check_choice, check_number

_CORRECTED = {"fdr": "Benjamini and Hochberg", "bonferroni": "Bonferroni"}
_CEILING_TESTS = ("_below_ceiling", "_equivalent")


@dataclass(frozen=True)
class ModelComparison:
    """Tests of models, and what they rest on.

    Parameters
    ----------
    models : DataFrame
        Per area and candidate: ``value`` (mean over subjects), ``se``, ``ci_low, ci_high`` (95 %), ``p, q`` (one-sided,
        against 0); ``ceiling_low, ceiling_high``, ``p_below_ceiling, q_below_ceiling`` (against the lower bound, one-
        sided: small where the candidate stays below), ``p_equivalent, q_equivalent`` (small where it is shown to reach
        the lower bound less the margin).  ``n_tests`` (and ``n_tests_…``) says over how many tests q corrects p.
    pairs : DataFrame
        Per area and pair of candidates: ``difference`` of a from b, ``se, ci_low, ci_high, p, q`` (two-sided),
        ``n_tests``.
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
        Of p, over all candidates or all pairs in all areas of the target.
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
        after Satterthwaite.  What needs a ceiling is NaN for a single subject.  Two candidates that are the same in
        every sample (layers with equal activations) are named in a note and their pair is left out.

    Raises
    ------
    InvalidInputError
        If a claim about subjects rests on one, there are fewer than 20 stimuli, or a stimulus stands twice.
    NotFoundError
        If there is no such comparator, correction or generalisation.

    References
    ----------
    Schütt H H et al. (2023), doi:10.7554/eLife.82566; Nili H et al. (2014), doi:10.1371/journal.pcbi.1003553.  Unlike
    them, noise of pairs counts once (Efron & Stein 1981, doi:10.1214/aos/1176345462), and the pools behind the ceiling
    are those of all stimuli and subjects in every sample.
    """
    check_choice(correction, CORRECTIONS, what="correction for multiple tests")
    check_number(margin, what="margin", at_least=0, below=2)
    areas, labels, notes = resample_similarities(
        representations,
        target,
        estimator=estimator,
        comparator=comparator,
        generalise=generalise,
        n_boot=n_boot,
        target_estimator=target_estimator,
        random_state=random_state,
    )
    models: list[dict[str, Any]] = []
    pairs: list[dict[str, Any]] = []
    for area in areas:
        shared = {"recording": area.target.recording, "area": area.target.area, "comparator": comparator}
        models += [shared | row for row in _test_models(area, labels, margin)]
        tested, alike = _test_pairs(area, labels)
        pairs += [shared | row for row in tested]
        notes += alike
    notes.append(_describe(generalise, correction, n_boot, random_state))
    return _finish(models, pairs, notes, correction)


def compare_best_layers(
    representations: Mapping[str, Representation] | Sequence[Representation] | RDMs,
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
    """Test models, each at its best layer, against one another, against zero and against the ceiling.

    The best layer of all stimuli would be too good on these by chance, the more so the more layers a model has.  Here
    the stimuli are split at random into halves, ten times; a layer is chosen on one half and scored on the other.  For
    claims about new subjects it is chosen by the other subjects, too.

    Parameters
    ----------
    representations : mapping or sequence of Representation, or RDMs
        Layers of several models, told apart by their ``model``.
    target, estimator, comparator, generalise, correction, margin, n_boot, target_estimator, random_state
        As of `compare_models`.

    Returns
    -------
    ModelComparison
        A row for each model: ``layer`` is the one chosen most often, ``share`` how often; ``value`` and ``ceiling_low``
        are means over halves.  A row for each pair of models.

    Raises
    ------
    InvalidInputError, NotFoundError
        As of `compare_models`.

    Notes
    -----
    What is compared is the layer that half of the stimuli can find, so that a model whose best layer they often miss is
    worth less than that layer: docs/calibration.md says how much less.
    """
    check_choice(correction, CORRECTIONS, what="correction for multiple tests")
    check_number(margin, what="margin", at_least=0, below=2)
    areas, labels, notes = resample_similarities(
        representations,
        target,
        estimator=estimator,
        comparator=comparator,
        generalise=generalise,
        n_boot=n_boot,
        target_estimator=target_estimator,
        random_state=random_state,
    )
    layers = group_layers(labels)
    models: list[dict[str, Any]] = []
    pairs: list[dict[str, Any]] = []
    for area in areas:
        shared = {"recording": area.target.recording, "area": area.target.area, "comparator": comparator}
        for model, candidates in layers.items():
            rows, counts = np.unique(area.choose(candidates), return_counts=True)
            most = int(counts.argmax())
            named = {"model": model, "layer": labels[rows[most]]["layer"], "share": counts[most] / counts.sum()}
            models.append(shared | named | compare_with_ceiling(area, candidates, margin))
        for (a, one), (b, other) in combinations(layers.items(), 2):
            found = area.compare_best([(one, 1.0), (other, -1.0)])
            low, high = found.interval
            tested = {"difference": found.value, "se": found.se, "ci_low": low, "ci_high": high, "p": found.p}
            pairs.append(shared | {"model_a": a, "model_b": b} | tested)
    notes.append(_describe(generalise, correction, n_boot, random_state) + f" {describe_choice(generalise)}")
    return _finish(models, pairs, notes, correction)


def describe_choice(generalise: str) -> str:
    """How the layer of a model is chosen, for notes.

    Parameters
    ----------
    generalise : {"stimuli", "subjects", "both"}
    """
    halves = f"the other half of the stimuli ({N_SPLITS} random splits)"
    where = {"stimuli": halves, "subjects": "the other subjects", "both": f"{halves} and by the other subjects"}
    return f"Models are compared at the layer chosen on {where[generalise]}."


def group_layers(labels: Sequence[Mapping[str, Any]]) -> dict[str, list[int]]:
    """Rows of the layers of each model.

    Parameters
    ----------
    labels : sequence of mapping
        As of `resample_similarities`.
    """
    found: dict[str, list[int]] = {}
    for row, label in enumerate(labels):
        found.setdefault(str(label["model"]), []).append(row)
    return found


def compare_with_ceiling(area: ResampledArea, candidates: Sequence[int], margin: float) -> dict[str, float]:
    """A candidate, or the one of several that is chosen on other stimuli, against 0 and the lower ceiling.

    Parameters
    ----------
    area : ResampledArea
    candidates : sequence of int
        Rows.
    margin : float
        As of `compare_models`.
    """
    own = area.compare_best([(candidates, 1.0)])
    lower = area.lower_ceiling
    below = equivalent = ceiling = np.nan
    if np.isfinite(area.values[lower]).all():
        missed = area.compare_best([(candidates, 1.0), (lower, -1.0)])
        ceiling, below = own.value - missed.value, missed.p_below
        equivalent = area.compare_best([(candidates, 1.0), (lower, margin - 1.0)]).p_above
    low, high = own.interval
    return {
        "value": own.value,
        "se": own.se,
        "ci_low": low,
        "ci_high": high,
        "p": own.p_above,
        "ceiling_low": ceiling,
        "ceiling_high": area.upper,
        "p_below_ceiling": below,
        "p_equivalent": equivalent,
    }


def _describe(generalise: str, correction: str, n_boot: int, seed: int) -> str:
    corrected = _CORRECTED.get(correction)
    return f"Tests: Student's t, standard error from {describe_errors(generalise, n_boot, seed)}; " + (
        f"q: p corrected after {corrected} for each kind of test, over all areas (n_tests)."
        if corrected
        else "p are not corrected."
    )


def _finish(
    models: list[dict[str, Any]], pairs: list[dict[str, Any]], notes: list[str], correction: str
) -> ModelComparison:
    for kind in ("", *_CEILING_TESTS):
        correct_family(models, kind=kind, correction=correction)
    correct_family(pairs, correction=correction)
    return ModelComparison(_to_table(models), _to_table(pairs), tuple(dict.fromkeys(notes)))


def _to_table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    table = pd.DataFrame(rows)
    for name in table.columns:
        if name.startswith("q"):
            table[name] = table[name].astype("float64")
        elif name.startswith("n_tests"):
            table[name] = table[name].astype("Int64")
    return table


def _test_models(area: ResampledArea, labels: list[dict[str, Any]], margin: float) -> list[dict[str, Any]]:
    found = []
    for k, label in enumerate(labels):
        tested = compare_with_ceiling(area, [k], margin)
        if not np.isfinite(tested["p"]):
            msg = (
                f"{label['model']}:{label['layer']} has the same similarity with {area.target.recording!r} in every "
                f"sample; no test can be made of a value without spread (a constant or copied RDM?)."
            )
            raise InvalidInputError(msg)
        found.append({"model": label["model"], "layer": label["layer"]} | tested)
    return found


def _test_pairs(area: ResampledArea, labels: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[str]]:
    found, alike = [], []
    for i, j in combinations(range(len(labels)), 2):
        estimate = area.estimate([(i, 1.0), (j, -1.0)])
        if not estimate.has_spread:
            names = [f"{labels[k]['model']}:{labels[k]['layer']}" for k in (i, j)]
            alike.append(
                f"{names[0]} and {names[1]} do not differ in any sample; their pair was left out of the tests."
            )
            continue
        named = {f"{name}_{side}": labels[k][name] for side, k in (("a", i), ("b", j)) for name in ("model", "layer")}
        low, high = estimate.interval
        spread = {"se": estimate.se, "ci_low": low, "ci_high": high}
        found.append(named | {"difference": estimate.value, "p": estimate.p} | spread)
    return found, alike
