"""The text of the methods, made from what was run: sentences that can stand in a paper, with their sources."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from brainconv.containers import Scores
from brainconv.report.content import Section
from brainconv.report.wording import (
    COMPARATORS,
    DEFINITIONS,
    ESTIMATORS,
    MEASURES,
    REFERENCES,
    REGRESSIONS,
    STATISTICS,
    UNITS,
)

#: What a statistic says about the choice of layers and stimuli, behind how sites and folds were made one number.
_SELECTION = re.compile(r", (best layer|layer chosen|stimuli shuffled).*")


def describe_methods(
    scores: Scores | pd.DataFrame | Sequence[Scores | pd.DataFrame],
    *,
    settings: Mapping[str, Any] | None = None,
    title: str = "Methods",
) -> Section:
    """A section that says how the numbers of these tables were made.

    Only what stands in the tables or in `settings` is said. A method that has no sentence here is named as it stands in
    the table.

    Parameters
    ----------
    scores : Scores, DataFrame, or sequence of them
        Every table of the report.
    settings : mapping, optional
        Numbers that no table holds: ``n_boot``, ``n_permutations``, ``n_shuffles``, ``n_ceiling_splits``,
        ``random_state``, ``penalty_grid`` (sequence of float), ``units``, ``version``; ``first_layer``, a mapping with
        ``n_starts``, ``n_noise`` and ``gate_percentile``; ``noise``, what was made, by simulated recording.
    title : str

    Returns
    -------
    Section
        One subsection per stage, and the papers that it cites.
    """
    parts = [scores] if isinstance(scores, (Scores, pd.DataFrame)) else list(scores)
    frames = [(part if isinstance(part, Scores) else Scores(part)).table for part in parts]
    table = pd.concat(frames, ignore_index=True) if frames else Scores.from_rows([]).table
    known = dict(settings or {})
    sections = [_describe_activations(table, known)]
    rsa, fits = (table[table["analysis"] == name] for name in ("rsa", "predictivity"))
    if not rsa.empty:
        sections.append(_describe_rsa(rsa, known))
    beside = table[table["analysis"].isin(["measures", "dimensionality", "between areas", "double dissociation"])]
    if not beside.empty:
        sections.append(_describe_measures(beside))
    if not fits.empty:
        sections.append(_describe_predictivity(fits, known))
    weighted = table[table["analysis"] == "reweighting"]
    if not weighted.empty:
        sections.append(_describe_reweighting(weighted))
    tested = table[table["analysis"].isin(["comparison", "selection", "hierarchy", "mapping ceiling"])]
    if not tested.empty:
        sections.append(_describe_comparisons(tested))
    if (table["analysis"] == "reliability").any() or fits[["ceiling_low", "ceiling_high"]].notna().any(axis=None):
        sections.append(_describe_reliability(known))
    if "first_layer" in known:
        sections.append(_describe_first_layer(known["first_layer"] or {}))
    if table["simulated"].fillna(False).any():
        sections.append(_describe_simulation(table, known.get("noise") or {}))
    text = " ".join(paragraph for section in sections for paragraph in section.text)
    cited = [f"{name}, {rest}" for name, rest in REFERENCES.items() if name in text]
    opening = [f"All numbers were computed with brainconv {known['version']}."] if "version" in known else []
    return Section(title, text=opening, subsections=sections, references=cited)


def _words(table: pd.DataFrame, column: str) -> list[str]:
    return [str(word) for word in dict.fromkeys(table[column].dropna()) if str(word)]


def _sentences(words: Iterable[str], known: Mapping[str, str], kind: str) -> str:
    return " ".join(known.get(word, f"{kind}: `{word}`.") for word in words)


def _number(known: Mapping[str, Any], key: str) -> str:
    """The number with a blank behind it, or nothing where it is not known."""
    return f"{int(known[key]):,} " if known.get(key) is not None else ""


def _describe_activations(table: pd.DataFrame, known: Mapping[str, Any]) -> Section:
    layers = table.dropna(subset=["model", "weights", "layer"])
    units = UNITS.get(str(known.get("units", "raw")), f"Units: `{known.get('units')}`.")
    text = [
        "Activations were read from the named layers with the network in inference mode. "
        "A layer's activations X for n stimuli enter every analysis as the n × n matrix of their inner products X "
        f"Xᵀ, accumulated in double precision, so that no unit was left out or sampled. {units}"
    ]
    widths = sorted({float(width) for width in layers["degrees"].dropna()})
    if widths:
        said = ", ".join(f"{width:g}" for width in widths)
        text.append(f"Stimuli were placed in the network's field of view at {said}° of visual angle.")
    if layers["degrees"].isna().any():
        names = ", ".join(_words(layers[layers["degrees"].isna()], "recording"))
        text.append(f"Stimuli of {names} filled the network's input; no size in degrees is claimed for them.")
    random = layers[layers["weights"] == "random"]
    if not random.empty:
        n_seeds = int(random.groupby("model", dropna=False)["seed"].nunique(dropna=False).max())
        few = " A statement about training against no training needs at least five." if n_seeds < 5 else ""
        text.append(
            f"Untrained twins have the same architecture with random weights ({n_seeds} "
            f"{'seed' if n_seeds == 1 else 'seeds'} each).{few}"
        )
    return Section("Activations", text=text)


def _describe_rsa(table: pd.DataFrame, known: Mapping[str, Any]) -> Section:
    estimators, comparators = _words(table, "estimator"), _words(table, "comparator")
    text = [
        "Representational dissimilarity matrices (RDMs) of layers and of brain areas were compared "
        "(Kriegeskorte et al. 2008). "
        + _sentences(estimators, ESTIMATORS, "Estimator")
        + " "
        + _sentences(comparators, COMPARATORS, "Comparator")
        + " "
        + _sentences(_words(table, "statistic"), STATISTICS, "Statistic")
    ]
    if table["ci_low"].notna().any():
        text.append(
            f"Intervals are the 2.5 and 97.5 % quantiles of {_number(known, 'n_boot')}bootstrap samples of the "
            "stimuli; pairs of a stimulus with itself were dropped. They speak about other stimuli, not about "
            "other animals."
        )
    if table["p"].notna().any():
        text.append(
            f"p values are one-sided, from {_number(known, 'n_permutations')}permutations of the stimulus labels "
            "(rows and columns of the RDM together), the observed order included."
        )
    if table[["ceiling_low", "ceiling_high"]].notna().any(axis=None):
        text.append(
            "The noise ceiling is that of Nili et al. 2014: each subject's RDM was compared with the mean RDM of "
            "the other subjects (lower bound) and of all subjects (upper bound), with the comparator of the "
            "scores; sessions of one subject were averaged first."
        )
    return Section("Representational similarity", text=text)


def _describe_measures(table: pd.DataFrame) -> Section:
    kinds = set(_words(table, "analysis"))
    text = []
    if "measures" in kinds:
        measures = table[table["analysis"] == "measures"]
        named = [name for name in _words(measures, "definition") if name in MEASURES]
        text.append(
            "To see how much depends on the measure, every layer was compared with every area by all comparators of "
            f"RDMs: {', '.join(_words(measures, 'comparator'))}. " + _sentences(named, MEASURES, "Measure")
        )
    if "dimensionality" in kinds:
        text.append(
            "Effective dimensionality is the participation ratio (Σλ)² / Σλ² of the covariance's eigenvalues, from "
            "unbiased estimates of both parts; its interval is a jackknife over 20 groups of stimuli. Spectral slopes "
            "are weighted least squares on logarithms."
        )
    if "between areas" in kinds:
        text.append("Areas were compared with one another by their RDMs, means over subjects where there are several.")
    if "double dissociation" in kinds:
        text.append(
            "A double dissociation of two areas needs that each is more alike to its own best layer than to the best "
            "layer of the other, both chosen on the other half of the stimuli (ten random splits); its p is the larger "
            "one of the two one-sided tests."
        )
    return Section("Other measures of geometry", text=text)


def _describe_predictivity(table: pd.DataFrame, known: Mapping[str, Any]) -> Section:
    text = [
        "Responses of each site, averaged over repeats, were predicted from each layer by a linear read-out "
        "(Yamins et al. 2014). "
        + " ".join(_describe_regression(word) for word in _words(table, "regression"))
        + _describe_grid(known)
    ]
    text.append(" ".join(_describe_splits(word) for word in _words(table, "splits")) + _describe_seed(known))
    statistics = _words(table, "statistic")
    text.append(
        _sentences(_words(table, "definition"), DEFINITIONS, "Formula")
        + " "
        + _sentences(dict.fromkeys(_SELECTION.sub("", word) for word in statistics), STATISTICS, "Statistic")
    )
    if any("plain maximum" in word for word in statistics):
        text.append(
            "The best layer as a plain maximum was chosen on the data on which it is scored and is too high by chance."
        )
    if any("chosen in training" in word for word in statistics):
        text.append(
            "The layer chosen in training folds is, for each split, the one whose r on five inner folds of the "
            "training stimuli (of whole groups, where splits keep groups whole) is largest; its score on the test "
            "stimuli has no such bias."
        )
    if any("shuffled" in word for word in statistics):
        text.append(
            f"As a negative control the stimuli were shuffled {_number(known, 'n_shuffles')}"
            f"{'times ' if known.get('n_shuffles') is not None else ''}against the responses, in another order "
            "for each site."
        )
    if table["ci_low"].notna().any():
        text.append(
            "Intervals are centred on the estimate: Student's t with a standard error from "
            f"{_number(known, 'n_boot')}bootstrap samples of stimuli and sites and Satterthwaite's degrees of freedom. "
            "Predictions stayed fixed; r of a sample follows from the jackknife's influence of each test stimulus on "
            "it, and the variance was corrected for drawing two factors at once (Schütt et al. 2023)."
        )
    return Section("Linear predictivity", text=[paragraph for paragraph in text if paragraph.strip()])


def _describe_regression(name: str) -> str:
    match = re.fullmatch(r"(pls|pcr)(\d+)(-sklearn)?", name)
    if match:
        return REGRESSIONS[match[1] + (match[3] or "")].format(match[2])
    return REGRESSIONS.get(name, f"Regression: `{name}`.")


def _describe_reweighting(table: pd.DataFrame) -> Section:
    names = ", ".join(_words(table, "recording"))
    return Section(
        "Reweighting",
        text=[
            f"For {names}, non-negative weights of the layers' RDMs, of category RDMs, and of both were fitted by "
            "least squares to the pairs of training stimuli (random splits, three quarters and one quarter) of the "
            "other subjects where there are several, and scored by tau-a on pairs of held-out stimuli in the subject "
            "left out, beside the noise ceiling on the same pairs (after Khaligh-Razavi and Kriegeskorte 2014, who "
            "took support vector machines trained on other images instead of category RDMs)."
        ],
    )


def _describe_comparisons(table: pd.DataFrame) -> Section:
    kinds = set(_words(table, "analysis"))
    text = []
    tests = table[table["analysis"] == "comparison"]
    similarities = tests[tests["comparator"].notna()]
    if not similarities.empty:
        text.append(
            "Layers and models were compared in representational similarity by Student's t on standard errors from "
            "resampled stimuli, twice the jackknife's variance less the bootstrap's, so that the noise of single pairs "
            "of stimuli counts once (Efron and Stein 1981); with several subjects the variance over them was "
            "added, less what both hold (Schütt et al. 2023). Models were compared with one another and with the "
            "ceiling at the layer that was chosen on other stimuli: these were split at random into halves, ten times, "
            "a layer was chosen on one half (with several subjects by the other subjects) and scored on the other, and "
            "the values were averaged. q values control the false discovery rate within each kind of difference, over "
            f"all areas, models and layers of a recording (Benjamini and Hochberg 1995).{_describe_twins(similarities)}"
        )
    if tests["comparator"].isna().any():
        twins = (
            " Where training was tested, the variance over seeds of the untrained twins was added, undivided for a "
            "network that was trained once."
            if _says(tests[tests["comparator"].isna()], "untrained twins")
            else ""
        )
        text.append(
            "Layers and models were compared by the difference of their mean r over sites on the same bootstrap "
            "samples of stimuli and sites, by Student's t; p values are two-sided, and q values control the false "
            "discovery rate over all tests of one kind on one recording (Benjamini and Hochberg 1995). Models were "
            f"compared at the layer that was chosen inside the training folds.{twins}"
        )
    if "mapping ceiling" in kinds:
        text.append(
            "Mapping ceilings are scores of the same regression and splits in which recorded sites stand for a layer: "
            "the mean over one half of the repeats of all sites of the area for the other half, or the sites of the "
            "other animals."
        )
    selected = table[(table["analysis"] == "selection") & table["comparator"].isna()]
    if not selected.empty:
        text.append(
            "The selection frequency of a layer is how often it has the largest r over the bootstrap samples; it is "
            "not the probability that the layer is the right one."
        )
    if "hierarchy" in kinds:
        text.append(
            "The order of areas was tested by Spearman's correlation, over sites, of the place of the area and the "
            "preferred depth: the mean place of the layer chosen inside the training folds. Its one-sided p is the "
            "larger of two: of permutations of the sites' areas, and of Student's t with a bootstrap over splits and "
            "sites."
        )
    return Section("Comparisons", text=text)


def _describe_twins(table: pd.DataFrame) -> str:
    if not _says(table, "untrained twins"):
        return ""
    return (
        " A trained network was compared with the mean of k untrained twins; another seed would have changed the "
        "trained network, too, so that the variance over the twins was added 1 + 1/k times, with k - 1 degrees of "
        "freedom (Satterthwaite)."
    )


def _says(table: pd.DataFrame, words: str) -> bool:
    return bool(table["statistic"].str.contains(words, regex=False).fillna(False).any())


def _describe_grid(known: Mapping[str, Any]) -> str:
    grid = [float(factor) for factor in known.get("penalty_grid") or ()]
    if not grid:
        return ""
    return (
        f" The grid had {len(grid)} penalties, from {min(grid):g} to {max(grid):g} times the mean eigenvalue of the "
        "training stimuli's centred Gram matrix."
    )


def _describe_splits(name: str) -> str:
    match = re.fullmatch(r"(kfold|group)(\d*)", name)
    if name == "brainscore":
        return (
            "Splits were Brain-Score's: ten random draws of 90 % training and 10 % test stimuli, seed 1, over "
            "the sorted stimulus ids (Schrimpf et al. 2018)."
        )
    if match and match[1] == "kfold":
        return f"Cross-validation had {match[2] or 10} folds over stimuli; all repeats of a stimulus were on one side."
    if match:
        folds = match[2] or "10"
        return f"Cross-validation had up to {folds} folds over groups of stimuli; no group stood on both sides."
    return f"Splits: `{name}`."


def _describe_seed(known: Mapping[str, Any]) -> str:
    if known.get("random_state") is None:
        return ""
    return f" Folds and resamples were drawn over the sorted stimulus ids with seed {known['random_state']}."


def _describe_reliability(known: Mapping[str, Any]) -> Section:
    n_splits = _number(known, "n_ceiling_splits")
    return Section(
        "Reliability",
        text=[
            f"The reliability of a site's mean response was estimated from {n_splits}random splits of the repeats "
            "into halves, whose correlation was averaged and carried to all repeats by the Spearman–Brown formula "
            "(Spearman 1910; Brown 1910). A model without error reaches on average r = √reliability "
            "(Schoppe et al. 2016); the ceilings of r in figures and tables are that root. Recordings without single "
            "repeats have no ceiling, and none was assumed."
        ],
    )


def _describe_first_layer(known: Mapping[str, Any]) -> Section:
    percentile = known.get("gate_percentile")
    point = f"the {percentile:g}th percentile of R²" if percentile is not None else "a high percentile of R²"
    n_starts, n_noise = _number(known, "n_starts"), _number(known, "n_noise")
    return Section(
        "First layer",
        text=[
            "First-layer filters, with the input normalisation undone, were reduced to their first spatial component "
            "over the colour channels (singular value decomposition), and a Gabor function was fitted by bounded "
            f"least squares from {n_starts}starts. A filter counts as a Gabor when its R² exceeds {point} of "
            f"{n_noise}filters of three-channel 1/f noise of the same size, which went through the same colour "
            "reduction and starts. Width and length of the envelope in periods, n_x = σ_x f and n_y = σ_y f, stand "
            "beside the macaque V1 cells of Ringach 2002. The distance between the two is the total variation of their "
            "shares in the published bins; p permutes the labels of filters and cells, and the floor is the mean "
            "distance over these permutations: what two samples of these sizes from one distribution have."
        ],
    )


def _describe_simulation(table: pd.DataFrame, noise: Mapping[str, str]) -> Section:
    recordings = _words(table[table["simulated"].fillna(False)], "recording")
    made: dict[str, list[str]] = {}
    for name in recordings:
        made.setdefault(noise.get(name, "Poisson"), []).append(name)
    names = ", ".join(recordings)
    kinds = [f"{kind} ({', '.join(members)})" if len(made) > 1 else kind for kind, members in made.items()]
    return Section(
        "Simulated recordings",
        text=[
            f"{names}: responses were made by a computer from the features of a known layer, with a known number of "
            f"repeats. Noise: {', and '.join(kinds)}. They test whether the analyses recover that layer and the "
            "analytic reliability; they say nothing about brains."
        ],
    )
