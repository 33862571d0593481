from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from brainconv.errors import InvalidInputError, NotFoundError
from brainconv.similarity.repeats import REPEAT_ESTIMATORS, estimate_from_repeats, group_sites


def make_responses(n=8, n_repeats=4, n_sites=6, seed=0):
    return np.random.default_rng(seed).normal(2.0, 1.0, (n, n_repeats, n_sites))


def brute_force(responses):
    """Mean over pairs of distinct repeats, pair of stimuli by pair of stimuli."""
    n, n_repeats, n_sites = responses.shape
    values = []
    for i in range(n):
        for j in range(i + 1, n):
            difference = responses[i] - responses[j]
            products = difference @ difference.T
            values.append((products.sum() - np.trace(products)) / (n_repeats * (n_repeats - 1)) / n_sites)
    return np.array(values)


def test_balanced_equals_brute_force():
    responses = make_responses()
    ours = estimate_from_repeats(responses, estimator="cv_sqeuclidean_per_unit")
    np.testing.assert_allclose(ours, brute_force(responses), atol=1e-12)


def test_crossnobis_equals_whitened_brute_force():
    from brainconv.similarity.noise import estimate_noise_covariance

    responses = make_responses()
    noise = estimate_noise_covariance(responses)
    whitened = responses @ np.linalg.cholesky(np.linalg.inv(noise.to_matrix()))
    ours = estimate_from_repeats(responses, estimator="crossnobis", noise=noise)
    np.testing.assert_allclose(ours, brute_force(whitened), atol=1e-12)


@pytest.mark.parametrize("n_sites", [6, 40])
@pytest.mark.parametrize("unequal", [False, True])
def test_noise_comes_from_the_other_stimuli(n_sites, unequal):
    from brainconv.similarity.noise import compute_residuals, estimate_noise_covariance

    responses = make_responses(n=7, n_repeats=3, n_sites=n_sites)
    if unequal:
        responses[1, 2] = responses[5, 0] = np.nan
    noise = estimate_noise_covariance(responses)
    ours = estimate_from_repeats(responses, estimator="crossnobis")
    for k, (i, j) in enumerate(zip(*np.triu_indices(7, 1), strict=True)):
        others, _ = compute_residuals(np.delete(responses, [i, j], axis=0))
        held_out = replace(noise, residuals=others, slope=noise.slope * 7 / 5)
        expected = estimate_from_repeats(
            responses[[i, j]] - np.nanmean(responses, axis=(0, 1)), estimator="crossnobis", noise=held_out
        )
        if not (unequal and {i, j} & {1, 5}):  # the pair alone is centred otherwise, which matters for unequal repeats
            assert ours[k] == pytest.approx(expected[0], abs=1e-10)


def test_two_stimuli_leave_none_for_the_noise():
    with pytest.raises(InvalidInputError, match="found 2 stimuli, expected 3"):
        estimate_from_repeats(make_responses(n=2), estimator="crossnobis")


def test_distances_are_not_rectified():
    ours = estimate_from_repeats(make_responses(seed=1), estimator="crossnobis")
    assert (ours < 0).any()


@pytest.mark.parametrize("estimator", ["crossnobis", "mahalanobis"])
def test_many_sites_give_the_same_as_few(estimator):
    """More sites than residuals are whitened through the residuals; both ways are one formula."""
    responses = make_responses(n=5, n_repeats=3, n_sites=40)
    from brainconv.similarity.noise import estimate_noise_covariance

    noise = estimate_noise_covariance(responses)
    whitened = responses @ np.linalg.cholesky(np.linalg.inv(noise.to_matrix()))
    given = {"noise": noise} if estimator == "crossnobis" else {}
    if estimator == "crossnobis":
        expected = brute_force(whitened)
    else:
        means = whitened.mean(axis=1)
        i, j = np.triu_indices(5, 1)
        expected = ((means[i] - means[j]) ** 2).mean(axis=1)
    np.testing.assert_allclose(estimate_from_repeats(responses, estimator=estimator, **given), expected, rtol=1e-9)


def test_unequal_repeats_are_averaged_over_all_distinct_pairs():
    responses = make_responses(n=4, n_repeats=4)
    responses[0, 3] = responses[2, :2] = np.nan
    centred = responses - np.nanmean(responses, axis=(0, 1))
    n_sites = responses.shape[2]

    def product(i, j):
        pairs = [
            centred[i, a] @ centred[j, b]
            for a in range(4)
            for b in range(4)
            if a != b and np.isfinite(responses[i, a, 0]) and np.isfinite(responses[j, b, 0])
        ]
        return np.mean(pairs)

    i, j = np.triu_indices(4, 1)
    expected = [(product(a, a) + product(b, b) - 2 * product(a, b)) / n_sites for a, b in zip(i, j, strict=True)]
    ours = estimate_from_repeats(responses, estimator="cv_sqeuclidean_per_unit")
    np.testing.assert_allclose(ours, expected, atol=1e-12)


def test_noise_of_a_whole_repeat_does_no_harm():
    """A shift of all stimuli in one repeat, as slow drift makes, leaves every distance alone."""
    responses = make_responses()
    drifted = responses + np.random.default_rng(1).normal(0, 5, (1, 4, 6))
    np.testing.assert_allclose(
        estimate_from_repeats(drifted, estimator="cv_sqeuclidean_per_unit"),
        estimate_from_repeats(responses, estimator="cv_sqeuclidean_per_unit"),
        atol=1e-10,
    )


def test_sites_recorded_apart_are_whitened_apart():
    responses = make_responses(n_sites=5)
    responses[:, 0, 3:] = np.nan
    groups = group_sites(np.isfinite(responses))
    assert sorted(sorted(group.tolist()) for group in groups) == [[0, 1, 2], [3, 4]]
    parts = [estimate_from_repeats(responses[:, :, group], estimator="crossnobis") * len(group) for group in groups]
    np.testing.assert_allclose(estimate_from_repeats(responses, estimator="crossnobis"), sum(parts) / 5, atol=1e-12)


@pytest.mark.parametrize("estimator", ["crossnobis", "cv_sqeuclidean_per_unit"])
def test_one_repeat_is_refused(estimator):
    responses = make_responses()
    responses[2, 1:, 4] = np.nan
    with pytest.raises(InvalidInputError, match="needs 2 repeats of every stimulus at every site; found 1"):
        estimate_from_repeats(responses, estimator=estimator)


def test_copies_of_a_mean_have_no_noise():
    responses = np.repeat(make_responses(n_repeats=1), 3, axis=1)
    with pytest.raises(InvalidInputError, match="All repeats of a stimulus are equal"):
        estimate_from_repeats(responses, estimator="crossnobis")


def test_poisson_needs_rates():
    with pytest.raises(InvalidInputError, match="Poisson distance needs spike counts"):
        estimate_from_repeats(make_responses() - 4.0, estimator="poisson")
    counts = np.random.default_rng(0).poisson(2.0, (6, 3, 10)).astype(float)
    rates = (counts.mean(axis=1) + 0.1) / 1.1
    i, j = np.triu_indices(6, 1)
    expected = ((rates[i] - rates[j]) * (np.log(rates[i]) - np.log(rates[j]))).mean(axis=1)
    np.testing.assert_allclose(estimate_from_repeats(counts, estimator="poisson"), expected, atol=1e-12)


def test_unknown_estimator():
    with pytest.raises(NotFoundError, match="Did you mean 'crossnobis'"):
        estimate_from_repeats(make_responses(), estimator="crosnobis")


@pytest.mark.parametrize("estimator", sorted(REPEAT_ESTIMATORS))
def test_order_of_sites_does_not_matter(estimator):
    responses = np.abs(make_responses())
    ours = estimate_from_repeats(responses[:, :, ::-1], estimator=estimator)
    np.testing.assert_allclose(ours, estimate_from_repeats(responses, estimator=estimator), atol=1e-12)
