from __future__ import annotations

import pytest

from brainconv.containers import Scores
from brainconv.report import describe_methods, wording
from brainconv.report.wording import DEFINITIONS, REFERENCES
from brainconv.similarity import COMPARATORS, ESTIMATORS, REPEAT_ESTIMATORS


def row(**labels):
    return {
        "model": "squeezenet",
        "weights": "default",
        "layer": "conv1",
        "recording": "cowley2023.210325",
        "area": "V4",
        "simulated": False,
        "analysis": "predictivity",
        "regression": "ridge",
        "splits": "kfold10",
        "statistic": "median over sites",
        "definition": "r",
        "value": 0.5,
        "ci_low": 0.4,
        "ci_high": 0.6,
    } | labels


RSA = row(
    analysis="rsa",
    estimator="correlation",
    comparator="tau-a",
    regression=None,
    splits=None,
    statistic="mean over subjects",
    definition="tau-a",
    recording="kriegeskorte2008.human_IT",
    p=0.001,
    ceiling_low=0.25,
    ceiling_high=0.48,
)


def text_of(section):
    return " ".join(paragraph for part in section.subsections for paragraph in part.text)


def titles(section):
    return [part.title for part in section.subsections]


def test_says_what_was_run_and_nothing_else():
    section = describe_methods(Scores.from_rows([row()]))
    assert titles(section) == ["Activations", "Linear predictivity"]
    text = text_of(section)
    assert "ridge regression" in text
    assert "10 folds" in text
    assert "RDM" not in text
    assert "seed" not in text


def test_numbers_come_from_the_settings():
    settings = {"n_boot": 1000, "random_state": 7, "penalty_grid": [0.001, 1.0, 10000.0], "version": "0.1.0"}
    section = describe_methods(Scores.from_rows([row()]), settings=settings)
    text = text_of(section)
    assert "1,000 bootstrap samples" in text
    assert "seed 7" in text
    assert "3 penalties, from 0.001 to 10000 times" in text
    assert section.text == ["All numbers were computed with brainconv 0.1.0."]


def test_rsa_names_estimator_comparator_ceiling_and_p():
    section = describe_methods(Scores.from_rows([RSA]), settings={"n_permutations": 999})
    text = text_of(section)
    for words in ("correlation distance", "Kendall's tau-a", "Nili et al. 2014", "999 permutations", "one-sided"):
        assert words in text


def test_papers_are_those_that_the_text_cites():
    section = describe_methods([Scores.from_rows([row()]), Scores.from_rows([RSA])])
    names = [entry.split(",")[0] for entry in section.references]
    text = text_of(section)
    assert names == [name for name in REFERENCES if name in text]
    assert "Hoerl and Kennard 1970" in names
    assert "Schrimpf et al. 2018" not in names
    assert all("doi:10." in entry for entry in section.references)


def test_an_unknown_method_is_named_not_dropped():
    text = text_of(describe_methods(Scores.from_rows([row(regression="lasso", splits="odd-even", definition="MI")])))
    assert "`lasso`" in text
    assert "`odd-even`" in text
    assert "`MI`" in text


@pytest.mark.parametrize("definition", [name for name in DEFINITIONS if "ceiling" in name])
def test_every_formula_that_divides_by_a_ceiling_says_so(definition):
    text = text_of(describe_methods(Scores.from_rows([row(definition=definition)])))
    assert f"`{definition}` is" in text
    assert "reliability" in text


def test_choice_of_layers_and_control_are_explained():
    rows = [
        row(),
        row(statistic="median over sites, best layer (plain maximum)"),
        row(statistic="median over sites, layer chosen in training folds"),
        row(statistic="median over sites, stimuli shuffled"),
    ]
    text = text_of(describe_methods(Scores.from_rows(rows), settings={"n_shuffles": 5}))
    assert "too high by chance" in text
    assert "has no such bias" in text
    assert "shuffled 5 times" in text
    assert "Statistic: `" not in text


def test_brainscore_order_of_median_and_mean():
    text = text_of(
        describe_methods(Scores.from_rows([row(splits="brainscore", statistic="median over sites, mean over splits")]))
    )
    assert "medians averaged over splits" in text
    assert "Schrimpf et al. 2018" in text


def test_few_seeds_and_unknown_sizes_are_confessed():
    text = text_of(describe_methods(Scores.from_rows([row(), row(weights="random", seed=0)])))
    assert "needs at least five" in text
    assert "no size in degrees is claimed" in text
    seeds = [row(weights="random", seed=seed, degrees=8.0) for seed in range(5)]
    text = text_of(describe_methods(Scores.from_rows(seeds)))
    assert "5 seeds each" in text
    assert "needs at least five" not in text
    assert "8° of visual angle" in text


def test_simulated_recordings_are_called_so():
    section = describe_methods(Scores.from_rows([row(simulated=True, recording="simulated.V4")]))
    assert titles(section)[-1] == "Simulated recordings"
    assert "say nothing about brains" in text_of(section)
    assert "Noise: Poisson. They" in text_of(section)


def test_the_noise_of_simulated_recordings_is_named():
    table = Scores.from_rows([row(simulated=True, recording=f"simulated.{area}") for area in ("V1", "V4")])
    noise = {"simulated.V1": "Poisson; drift", "simulated.V4": "Poisson; drift"}
    assert "Noise: Poisson; drift. They" in text_of(describe_methods(table, settings={"noise": noise}))
    text = text_of(describe_methods(table, settings={"noise": {"simulated.V1": "Poisson; drift"}}))
    assert "Noise: Poisson; drift (simulated.V1), and Poisson (simulated.V4). They" in text


def test_reliability_and_first_layer():
    rows = [row(), row(analysis="reliability", model=None, layer=None, definition="split-half, Spearman-Brown")]
    settings = {"n_ceiling_splits": 100, "first_layer": {"n_starts": 8, "n_noise": 500, "gate_percentile": 95}}
    section = describe_methods(Scores.from_rows(rows), settings=settings)
    assert titles(section)[-2:] == ["Reliability", "First layer"]
    assert "95th percentile" in text_of(section)
    assert "permutes the labels of filters and cells" in text_of(section)
    assert "100 random splits" in text_of(section)


def test_no_score_at_all():
    assert titles(describe_methods([])) == ["Activations"]


def test_every_method_of_the_library_has_a_sentence():
    assert set(wording.ESTIMATORS) == {*ESTIMATORS, *REPEAT_ESTIMATORS}
    assert set(wording.COMPARATORS) == set(COMPARATORS)
    assert {"cka", "cka-debiased", "procrustes"} <= set(wording.MEASURES)


def test_tests_between_geometries_and_other_measures_are_described():
    tested = RSA | {
        "analysis": "comparison",
        "definition": "difference of tau-a",
        "statistic": "similarity, minus conv1",
    }
    measured = RSA | {"analysis": "measures", "comparator": "whitened-corr", "definition": "whitened-corr"}
    aligned = RSA | {"analysis": "measures", "comparator": None, "definition": "cka-debiased"}
    chosen = tested | {"analysis": "selection", "definition": "selection frequency", "statistic": "share of halves"}
    section = describe_methods(Scores.from_rows([RSA, tested, chosen, measured, aligned]))
    text = text_of(section)
    assert "a layer was chosen on one half" in text
    assert "plain maxima" not in text
    assert "over the bootstrap samples" not in text
    assert "untrained twins" not in text
    twins = tested | {"statistic": "similarity, minus mean of 5 untrained twins"}
    assert "added 1 + 1/k times" in text_of(describe_methods(Scores.from_rows([RSA, twins])))
    assert "noise of single pairs of stimuli counts once" in text
    assert "0 on average for unrelated layers" in text
    assert "whitened-corr" in text
    assert "mean r over sites" not in text
    assert any("Efron and Stein" in reference for reference in section.references)
