"""The batched solver: optimality, bounds, and independence of how fits are batched."""

import numpy as np
import pytest
import torch
from scipy.optimize import lsq_linear

from brainconv.physiology.gabor import compute_bounds, compute_gabors, compute_pixel_grid, compute_starts
from brainconv.physiology.gabor_solver import _compute_basis as compute_basis
from brainconv.physiology.gabor_solver import _compute_normal_equations, _project, solve_gabors

RNG = np.random.default_rng(0)
NOISE = RNG.normal(size=(12, 9, 9))


def test_the_gradient_is_that_of_half_the_error():
    points = torch.tensor([[0.3, -0.8, 1.7, 2.4, 0.6, 0.17], [-1.0, 0.4, 1.1, 3.0, 2.2, 0.3]], dtype=torch.float64)
    targets = torch.from_numpy(NOISE[:2].reshape(2, -1))
    grid = torch.from_numpy(np.stack(compute_pixel_grid(9)))
    gradient = _compute_normal_equations(targets, points, grid)[1]
    for i in range(6):
        step = torch.zeros(6, dtype=torch.float64)
        step[i] = 1e-6
        ends = [_project(targets, *compute_basis(points + s * step, grid)[:2])[1] for s in (1, -1)]
        slope = (ends[0] - ends[1]) / 2e-6 / 2
        torch.testing.assert_close(gradient[:, i], slope, rtol=1e-6, atol=1e-6)


def test_linear_weights_are_the_least_squares_ones():
    points = torch.tensor([[0.3, -0.8, 1.7, 2.4, 0.6, 0.17]], dtype=torch.float64)
    grid = torch.from_numpy(np.stack(compute_pixel_grid(9)))
    basis = compute_basis(points, grid)[:2]
    weights, error, *_ = _project(torch.from_numpy(NOISE[:1].reshape(1, -1)), *basis)
    design = np.stack([part[0].numpy() for part in basis], axis=1)
    oracle = lsq_linear(design, NOISE[0].ravel())
    np.testing.assert_allclose(weights[0].numpy(), oracle.x, rtol=1e-9)
    assert error.item() == pytest.approx(2 * oracle.cost, rel=1e-9)


def test_the_error_returned_is_that_of_the_parameters_returned():
    starts = compute_starts(NOISE, 6, 0)
    shapes, cosine, sine, error = solve_gabors(NOISE, starts)
    pictures = compute_gabors(shapes, np.hypot(cosine, sine), np.arctan2(-sine, cosine), 9)
    left = ((NOISE - pictures) ** 2).sum(axis=(1, 2)) / (NOISE**2).sum(axis=(1, 2))
    np.testing.assert_allclose(left, error, rtol=1e-9)


def test_a_fit_never_leaves_its_bounds_nor_ends_above_its_start():
    starts = compute_starts(NOISE, 6, 0)
    shapes, _, _, error = solve_gabors(NOISE, starts)
    bounds = compute_bounds(9)
    assert ((shapes >= bounds.low) & (shapes <= bounds.high)).all()
    _, _, _, start_error = solve_gabors(NOISE, starts, max_iterations=1)
    assert (error <= start_error + 1e-12).all()
    assert error.mean() < start_error.mean() - 0.02


def test_the_result_does_not_depend_on_the_batches_and_leaves_the_threads_alone():
    starts = compute_starts(NOISE, 6, 0)
    threads = torch.get_num_threads()
    whole = solve_gabors(NOISE, starts)
    pieces = solve_gabors(NOISE, starts, batch_size=40)
    alone = solve_gabors(NOISE[5:6], starts[5:6])
    np.testing.assert_allclose(whole[3], pieces[3], atol=1e-8)
    np.testing.assert_allclose(whole[3][5:6], alone[3], atol=1e-8)
    assert torch.get_num_threads() == threads
