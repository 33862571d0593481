from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from brainconv.containers import RDMs
from brainconv.errors import InvalidInputError
from brainconv.similarity import average_sessions, compute_rdm_ceiling
from brainconv.similarity.comparators import RESAMPLED_COMPARATORS, compare_rows


def make_subjects(n_subjects=4, n_sessions=2, n_stimuli=20, noise=1.0, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.random(n_stimuli * (n_stimuli - 1) // 2)
    rows = truth + 0.3 * noise * rng.normal(size=(n_subjects * n_sessions, truth.size))
    labels = pd.DataFrame(
        {
            "subject": np.repeat([f"p{i}" for i in range(n_subjects)], n_sessions),
            "session": [*range(n_sessions)] * n_subjects,
        }
    )
    return RDMs("people", rows, tuple(f"s{i}" for i in range(n_stimuli)), labels, "correlation"), truth


def test_sessions_are_averaged_within_subjects():
    rdms, _ = make_subjects()
    subjects = average_sessions(rdms)
    assert list(subjects.labels["subject"]) == ["p0", "p1", "p2", "p3"]
    assert "session" not in subjects.labels
    np.testing.assert_allclose(subjects.dissimilarities[1], rdms.dissimilarities[2:4].mean(axis=0))


def test_subjects_times_sessions_are_not_subjects():
    rdms, _ = make_subjects()
    right = compute_rdm_ceiling(rdms, comparator="tau-a")
    miscounted = RDMs(
        rdms.name, rdms.dissimilarities, rdms.stimulus_ids, rdms.labels.assign(subject=range(8)), "correlation"
    )
    wrong = compute_rdm_ceiling(miscounted, comparator="tau-a")
    assert right[0] > wrong[0] + 0.05
    assert right[1] > wrong[1] + 0.05


@pytest.mark.parametrize("comparator", sorted(RESAMPLED_COMPARATORS))
def test_lower_is_below_upper_and_truth_between(comparator):
    rdms, truth = make_subjects(n_subjects=8, n_sessions=1)
    low, high = compute_rdm_ceiling(rdms, comparator=comparator)
    true = compare_rows(truth[None], rdms.dissimilarities, comparator=comparator).mean()
    assert low < true < high


def test_order_of_rows_does_not_matter():
    rdms, _ = make_subjects()
    shuffled = rdms.select([5, 1, 7, 0, 3, 2, 6, 4])
    np.testing.assert_allclose(
        compute_rdm_ceiling(rdms, comparator="rho-a"), compute_rdm_ceiling(shuffled, comparator="rho-a"), atol=1e-12
    )


def test_one_subject_is_refused():
    rdms, _ = make_subjects(n_subjects=1)
    with pytest.raises(InvalidInputError, match="1 subject; a ceiling over subjects needs at least 2"):
        compute_rdm_ceiling(rdms, comparator="rho-a")


def test_rdms_without_subjects_are_refused():
    rdms, _ = make_subjects()
    nameless = RDMs("x", rdms.dissimilarities, rdms.stimulus_ids, pd.DataFrame({"session": range(8)}), "correlation")
    with pytest.raises(InvalidInputError, match="no label 'subject'"):
        compute_rdm_ceiling(nameless)


def test_two_areas_are_refused():
    rdms, _ = make_subjects()
    two = RDMs("x", rdms.dissimilarities, rdms.stimulus_ids, rdms.labels.assign(area=["V4", "IT"] * 4), "correlation")
    with pytest.raises(InvalidInputError, match="2 areas"):
        compute_rdm_ceiling(two)
