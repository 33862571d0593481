"""The 92 images of Kriegeskorte et al. (2008): published and re-derived values of RSA."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from brainconv.similarity import compare_rdms, compute_rdm_ceiling, score_rsa
from brainconv.similarity.ranks import SortedRow, restore_ties

pytestmark = pytest.mark.realdata

# stored model: (human IT r, rho, tau-a; monkey IT r, rho, tau-a; mean tau-a over the 4 people)
REFERENCE = {
    "animacy": (0.5766, 0.5882, 0.3397, 0.4418, 0.4534, 0.2618, 0.2230),
    "FaceBodyManmadeNatobj": (0.4177, 0.4053, 0.2006, 0.4673, 0.4253, 0.2105, 0.1369),
    "EVA": (0.3735, 0.3542, 0.2408, 0.1316, 0.0942, 0.0629, 0.1661),
    "HMAX": (0.2165, 0.2217, 0.1494, 0.2812, 0.2452, 0.1650, 0.1073),
    "V1": (0.0422, 0.0393, 0.0261, 0.0759, 0.0740, 0.0486, 0.0179),
    "Silhouette": (0.1618, 0.1247, 0.0837, 0.3403, 0.2474, 0.1677, 0.0647),
    "RADON": (0.0549, 0.0612, 0.0412, -0.0110, 0.0160, 0.0115, 0.0259),
}


@pytest.fixture(scope="module")
def sets(data_dir):
    from brainconv.recordings import load_recording

    names = ("human_IT", "monkey_IT", "models")
    return {name: load_recording(f"kriegeskorte2008.{name}", data_dir=data_dir, download=False) for name in names}


@pytest.fixture(scope="module")
def human_mean(sets):
    human = sets["human_IT"]
    labels = human.labels.iloc[:1].drop(columns=["subject", "session"])
    return replace(human, dissimilarities=human.dissimilarities.mean(axis=0)[None], labels=labels)


def test_distances_that_differ_are_not_tied(sets):
    for rdms in sets.values():
        for row in rdms.dissimilarities:
            assert SortedRow.of(row).starts.size == len(np.unique(row))
            assert restore_ties(row, 1e-7 * row.max()) is row or len(np.unique(row)) < 10


@pytest.mark.parametrize(
    ("comparator", "expected"),
    [("pearson", 0.4912), ("spearman", 0.4389), ("tau-a", 0.3040), ("rho-a", 0.4389), ("whitened-corr", 0.5270)],
)
def test_monkey_and_human_it(sets, human_mean, comparator, expected):
    value = compare_rdms(sets["monkey_IT"], human_mean, comparator=comparator)[0, 0]
    assert value == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("comparator", "lower", "upper"),
    [
        ("pearson", 0.3944, 0.6804),
        ("spearman", 0.3723, 0.6657),
        ("tau-a", 0.2539, 0.4767),
        ("whitened-corr", 0.4298, 0.6958),
        ("whitened-cosine", 0.6647, 0.8173),
    ],
)
def test_ceiling_over_people(sets, comparator, lower, upper):
    # the whitened references were pooled by plain, not by whitened length
    tolerance = 2e-3 if comparator.startswith("whitened") else 1e-3
    assert compute_rdm_ceiling(sets["human_IT"], comparator=comparator) == pytest.approx((lower, upper), abs=tolerance)


def test_sessions_counted_as_people_give_another_and_wrong_ceiling(sets):
    human = sets["human_IT"]
    wrong = replace(human, labels=human.labels.assign(subject=[f"{k}" for k in range(8)]))
    assert compute_rdm_ceiling(wrong, comparator="tau-a") == pytest.approx((0.223, 0.366), abs=1e-3)


def test_table_of_stored_models(sets, human_mean):
    names = list(sets["models"].labels["label"])
    assert set(REFERENCE) <= set(names)
    got = {}
    for side, target in (("human", human_mean), ("monkey", sets["monkey_IT"])):
        for comparator in ("pearson", "spearman", "tau-a"):
            got[side, comparator] = compare_rdms(sets["models"], target, comparator=comparator)[:, 0]
    ours = np.stack(list(got.values()), axis=1)
    for name, expected in REFERENCE.items():
        np.testing.assert_allclose(ours[names.index(name)], expected[:6], atol=1e-3, err_msg=name)


def test_tie_correction_reverses_two_models(sets, human_mean):
    """Spearman and tau-b put the tied category model above early visual cortex, rho-a and tau-a below it."""
    names = list(sets["models"].labels["label"])
    category, eva = names.index("FaceBodyManmadeNatobj"), names.index("EVA")
    expected = {
        "spearman": (0.405, 0.354),
        "tau-b": (0.331, 0.241),
        "rho-a": (0.301, 0.354),
        "tau-a": (0.201, 0.241),
    }
    for comparator, pair in expected.items():
        scores = compare_rdms(sets["models"], human_mean, comparator=comparator)[:, 0]
        assert (scores[category], scores[eva]) == pytest.approx(pair, abs=1e-3)


@pytest.mark.filterwarnings("ignore::brainconv.errors.BrainconvWarning")
def test_scores_of_stored_models(sets):
    table = score_rsa(sets["models"], sets["human_IT"], comparator="spearman", n_boot=400, n_permutations=400).table
    rho = table[table["statistic"] == "mean RDM"].set_index("layer")
    assert rho.loc["V1", "value"] == pytest.approx(0.0393, abs=1e-4)
    assert rho.loc["HMAX", "value"] == pytest.approx(0.2217, abs=1e-4)
    assert rho.loc["V1", "p"] > 0.05 > 0.005 > rho.loc["HMAX", "p"]
    # stimulus-bootstrap intervals: V1 [-.05, .15], HMAX [.11, .34]
    assert rho.loc["V1", "ci_low"] < 0 < rho.loc["V1", "ci_high"] < 0.2
    assert rho.loc["HMAX", "ci_low"] == pytest.approx(0.11, abs=0.03)
    assert rho.loc["HMAX", "ci_high"] == pytest.approx(0.34, abs=0.03)
    table = score_rsa(sets["models"], sets["human_IT"], comparator="tau-a", n_boot=0, n_permutations=0).table
    people = table[table["statistic"] == "mean over subjects"].set_index("layer")
    for name, expected in REFERENCE.items():
        assert people.loc[name, "value"] == pytest.approx(expected[6], abs=1e-3)
    assert people["ceiling_low"].astype(float).to_numpy() == pytest.approx(0.2539, abs=1e-3)
    assert people["ceiling_high"].astype(float).to_numpy() == pytest.approx(0.4767, abs=1e-3)
