import numpy as np
import pytest

from brainconv.errors import InvalidInputError
from brainconv.reliability import compute_ccnorm, compute_feve, compute_ncsnr, compute_r2_er, compute_variance_parts


@pytest.fixture
def planted():
    """Signal variance 2, noise variance 3, five repeats; a model whose squared correlation with the truth is 0.5."""
    rng = np.random.default_rng(0)
    truth = np.sqrt(2.0) * rng.normal(size=(3000, 6))
    trials = truth[:, None] + np.sqrt(3.0) * rng.normal(size=(3000, 5, 6))
    trials[rng.random((3000, 5)) < 0.15] = np.nan
    trials[:, :2] = truth[:, None] + np.sqrt(3.0) * rng.normal(size=(3000, 2, 6))
    model = truth + np.sqrt(2.0) * rng.normal(size=truth.shape)
    return truth, trials, model


def test_planted_variances_are_found(planted):
    _, trials, _ = planted
    parts = compute_variance_parts(trials)
    assert parts.signal.mean() == pytest.approx(2.0, abs=0.06)
    assert parts.noise.mean() == pytest.approx(3.0, abs=0.05)
    np.testing.assert_allclose(parts.total, parts.signal + parts.noise_of_mean)
    assert compute_ncsnr(trials).mean() == pytest.approx(np.sqrt(2 / 3), abs=0.02)


def test_equal_repeats_give_sahani_and_lindens_formula():
    trials = np.random.default_rng(0).normal(size=(30, 4, 3)) + np.random.default_rng(1).normal(size=(30, 1, 3))
    trials -= trials.mean(axis=0)  # without drift the two estimates are the same
    n_repeats = trials.shape[1]
    paper = (trials.sum(axis=1).var(axis=0, ddof=1) - trials.var(axis=0, ddof=1).sum(axis=0)) / (
        n_repeats * (n_repeats - 1)
    )
    parts = compute_variance_parts(trials)
    # Repeats that were centred carry 29/30 of a degree of freedom more.
    noise = parts.noise * 30 / 29
    np.testing.assert_allclose(parts.total - noise / n_repeats, paper, rtol=1e-10)


def test_the_true_response_scores_one_and_the_model_what_was_planted(planted):
    truth, trials, model = planted
    assert compute_ccnorm(truth, trials).mean() == pytest.approx(1.0, abs=0.01)
    assert compute_feve(truth, trials).mean() == pytest.approx(1.0, abs=0.01)
    assert compute_r2_er(truth, trials).mean() == pytest.approx(1.0, abs=0.01)
    assert compute_ccnorm(model, trials).mean() == pytest.approx(np.sqrt(0.5), abs=0.01)
    assert compute_r2_er(model, trials).mean() == pytest.approx(0.5, abs=0.02)
    # The best scaled model explains half of the explainable variance.
    assert compute_feve(0.5 * model, trials).mean() == pytest.approx(0.5, abs=0.02)


def test_feve_counts_scale_and_offset_but_ccnorm_does_not(planted):
    truth, trials, _ = planted
    assert (compute_feve(2 * truth + 3, trials) < 0).all()
    np.testing.assert_allclose(compute_ccnorm(2 * truth + 3, trials), compute_ccnorm(truth, trials))


def test_pure_noise_has_no_normalised_score():
    noise = np.random.default_rng(0).normal(size=(200, 4, 20))
    parts = compute_variance_parts(noise)
    assert (parts.signal < 0).any()
    assert np.isnan(compute_ccnorm(noise[:, 0], noise)[parts.signal <= 0]).all()
    assert (compute_ncsnr(noise)[parts.signal <= 0] == 0).all()


def test_a_missing_prediction_is_refused(planted):
    truth, trials, _ = planted
    truth = truth.copy()
    truth[3, 1] = np.nan
    with pytest.raises(InvalidInputError, match="Predictions hold NaN"):
        compute_feve(truth, trials)
    with pytest.raises(InvalidInputError, match="shape"):
        compute_ccnorm(truth[:-1], trials)
