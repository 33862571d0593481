import numpy as np

from brainconv.predictivity.power_iteration import iterate_direction


def problem(seed=0):
    rng = np.random.default_rng(seed)
    features, responses = rng.normal(size=(40, 15)), rng.normal(size=(40, 6))
    return responses.T @ features @ features.T @ responses, responses


def test_without_tolerance_it_ends_at_the_leading_eigenvector():
    small, responses = problem()
    strength, direction = iterate_direction(small, responses, tol=1e-28, max_iter=10_000)
    values, vectors = np.linalg.eigh(small)
    np.testing.assert_allclose(abs(direction @ vectors[:, -1]), 1.0)
    np.testing.assert_allclose(strength, values[-1])


def test_no_step_is_the_first_site_and_one_step_its_covariances():
    small, responses = problem()
    np.testing.assert_allclose(iterate_direction(small, responses, max_iter=1)[1], np.eye(6)[0])
    second = iterate_direction(small, responses, max_iter=2)[1]
    np.testing.assert_allclose(second, small[0] / np.linalg.norm(small[0]))


def test_it_starts_at_the_first_site_of_which_something_is_left():
    small, responses = problem()
    responses[:, :2] = 0.0
    small[:2] = small[:, :2] = 0.0
    np.testing.assert_allclose(iterate_direction(small, responses, max_iter=1)[1], np.eye(6)[2])


def test_nothing_left_has_no_direction():
    strength, direction = iterate_direction(np.zeros((3, 3)), np.zeros((10, 3)))
    assert strength == 0.0
    assert not direction.any()
