"""Bounded least squares for many Gabor functions at once: a Levenberg-Marquardt method batched in torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from brainconv.physiology.gabor import compute_bounds, compute_pixel_grid

if TYPE_CHECKING:
    from torch import Tensor

Array = NDArray[np.float64]

_FINISHED_BELOW = 1e-9  # relative gain in error of one step
_COMPACT_EVERY = 5


def solve_gabors(
    profiles: Array, starts: Array, *, max_iterations: int = 200, batch_size: int = 4096
) -> tuple[Array, Array, Array, Array]:
    """Fit a Gabor function to every profile from every start, and keep the best.

    Minimises Σ (v - a C - b S)² with C, S the cosine and sine Gabor of one shape.  For a shape the best a and b are
    linear least squares, so that the search runs over the six shape parameters only (variable projection with
    Kaufman's Jacobian).  Steps are damped as Marquardt's, clipped to the bounds, and taken only if the error falls;
    a parameter that stands on a bound and pulls outwards is held during that step.

    Parameters
    ----------
    profiles : ndarray, shape (n_filters, k, k)
        None of them constant.
    starts : ndarray, shape (n_filters, n_starts, 6)
        From `compute_starts`.
    max_iterations : int
        Steps tried per start.
    batch_size : int
        Fits (filter × start) that are advanced together; bounds the memory.

    Returns
    -------
    shapes : ndarray, shape (n_filters, 6)
        In the order of `SHAPE_PARAMETERS`: px, px, px, px, rad, cycles/px.
    cosine, sine : ndarray, shape (n_filters,)
        Weights a and b.
    error : ndarray, shape (n_filters,)
        Sum of squared residuals as a share of Σ v².

    References
    ----------
    Marquardt DW (1963), doi:10.1137/0111030.  Kaufman L (1975), doi:10.1007/BF01932995.
    """
    import torch

    n_filters, n_starts, _ = starts.shape
    k = profiles.shape[1]
    flat = profiles.reshape(n_filters, -1)
    scale = np.linalg.norm(flat, axis=1, keepdims=True)
    targets = torch.from_numpy(np.repeat(flat / scale, n_starts, axis=0))
    points = torch.from_numpy(starts.reshape(-1, 6).copy())
    grid = torch.from_numpy(np.stack(compute_pixel_grid(k)))
    bounds = compute_bounds(k)
    limits = (torch.from_numpy(bounds.low), torch.from_numpy(bounds.high))
    # One thread: the arrays of a step are small, and threads that wait for each other cost more than they save.
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.no_grad():
            pieces = [
                _descend(targets[i : i + batch_size], points[i : i + batch_size], grid, limits, max_iterations)
                for i in range(0, len(points), batch_size)
            ]
    finally:
        torch.set_num_threads(n_threads)
    solution = torch.cat(pieces).numpy().reshape(n_filters, n_starts, 9)
    best = solution[np.arange(n_filters), solution[:, :, 8].argmin(axis=1)]
    return best[:, :6], best[:, 6] * scale[:, 0], best[:, 7] * scale[:, 0], best[:, 8]


def _descend(
    targets: Tensor, points: Tensor, grid: Tensor, bounds: tuple[Tensor, Tensor], max_iterations: int
) -> Tensor:
    """Advance one batch until no step gains anything; columns: six shape parameters, a, b, error."""
    import torch

    low, high = bounds
    result = torch.empty(len(points), 9, dtype=torch.float64)
    weights, error = _project(targets, *_compute_basis(points, grid)[:2])[:2]
    damping = torch.full((len(points),), 1e-1, dtype=torch.float64)
    alive = torch.arange(len(points))
    for iteration in range(max_iterations):
        normal, gradient = _compute_normal_equations(targets, points, grid)
        held = ((points <= low) & (gradient > 0)) | ((points >= high) & (gradient < 0))
        free = (~held).to(torch.float64)
        diagonal = normal.diagonal(dim1=1, dim2=2)
        normal = normal * free[:, :, None] * free[:, None, :]
        extra = damping[:, None] * (diagonal + 1e-12) + held.to(torch.float64) + 1e-14
        step = torch.linalg.solve(normal + torch.diag_embed(extra), -(gradient * free))
        trial = torch.clamp(points + step, low, high)
        trial_weights, trial_error = _project(targets, *_compute_basis(trial, grid)[:2])[:2]
        better = trial_error < error
        gain = (error - trial_error) / error.clamp_min(1e-300)
        points = torch.where(better[:, None], trial, points)
        weights = torch.where(better[:, None], trial_weights, weights)
        error = torch.where(better, trial_error, error)
        damping = torch.where(better, damping * 0.2, damping * 5.0).clamp(1e-9, 1e12)
        done = (better & (gain < _FINISHED_BELOW)) | (damping > 1e8) | (error < 1e-24)
        if iteration == max_iterations - 1:
            done = torch.ones_like(done)
        if done.any() and (iteration % _COMPACT_EVERY == 0 or bool(done.all())):
            result[alive[done]] = torch.cat([points, weights, error[:, None]], dim=1)[done]
            keep = ~done
            alive, points, weights = alive[keep], points[keep], weights[keep]
            error, damping, targets = error[keep], damping[keep], targets[keep]
            if not len(alive):
                break
    return result


def _compute_basis(points: Tensor, grid: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Cosine and sine Gabor of every shape (n_fits, n_pixels), and what their derivatives need."""
    import torch

    x0, y0, sigma_x, sigma_y, theta, frequency = (column[:, None] for column in points.unbind(1))
    cos_theta, sin_theta = torch.cos(theta), torch.sin(theta)
    along = (grid[0] - x0) * cos_theta + (grid[1] - y0) * sin_theta
    across = -(grid[0] - x0) * sin_theta + (grid[1] - y0) * cos_theta
    envelope = torch.exp(-0.5 * (along / sigma_x) ** 2 - 0.5 * (across / sigma_y) ** 2)
    angle = 2 * torch.pi * frequency * along
    return envelope * torch.cos(angle), envelope * torch.sin(angle), along, across


def _project(targets: Tensor, cosine: Tensor, sine: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Least-squares weights of the two basis pictures, the error left, the residual, and an orthonormal basis."""
    import torch

    # Gram-Schmidt, so that nearly parallel pictures (f at a bound) do no harm.
    tiny = 1e-150
    norm_c = torch.linalg.vector_norm(cosine, dim=1, keepdim=True).clamp_min(tiny)
    q1 = cosine / norm_c
    overlap = (q1 * sine).sum(1, keepdim=True)
    rest = sine - q1 * overlap
    norm_s = torch.linalg.vector_norm(rest, dim=1, keepdim=True)
    usable = norm_s > 1e-9 * torch.linalg.vector_norm(sine, dim=1, keepdim=True)
    norm_s = norm_s.clamp_min(tiny)
    q2 = torch.where(usable, rest / norm_s, torch.zeros_like(rest))
    along_1, along_2 = (q1 * targets).sum(1, keepdim=True), (q2 * targets).sum(1, keepdim=True)
    residual = targets - q1 * along_1 - q2 * along_2
    b = torch.where(usable, along_2 / norm_s, torch.zeros_like(along_2))
    a = (along_1 - overlap * b) / norm_c
    return torch.cat([a, b], dim=1), (residual**2).sum(1), residual, q1, q2


def _compute_normal_equations(targets: Tensor, points: Tensor, grid: Tensor) -> tuple[Tensor, Tensor]:
    """JᵀJ (n_fits, 6, 6) and the gradient Jᵀr (n_fits, 6) of half the error over the shape parameters."""
    import torch

    cosine, sine, along, across = _compute_basis(points, grid)
    weights, _, residual, q1, q2 = _project(targets, cosine, sine)
    a, b = weights[:, :1], weights[:, 1:]
    sigma_x, sigma_y, theta, frequency = (column[:, None] for column in points.unbind(1)[2:])
    cos_theta, sin_theta = torch.cos(theta), torch.sin(theta)
    model = a * cosine + b * sine
    quadrature = b * cosine - a * sine  # derivative of the model by the carrier's angle
    by_along = -model * along / sigma_x**2 + quadrature * 2 * torch.pi * frequency
    by_across = -model * across / sigma_y**2
    derivatives = torch.stack(
        [
            -by_along * cos_theta + by_across * sin_theta,
            -by_along * sin_theta - by_across * cos_theta,
            model * along**2 / sigma_x**3,
            model * across**2 / sigma_y**3,
            by_along * across - by_across * along,
            quadrature * 2 * torch.pi * along,
        ],
        dim=1,
    )
    for q in (q1, q2):
        derivatives = derivatives - (derivatives * q[:, None]).sum(2, keepdim=True) * q[:, None]
    gradient = -(derivatives * residual[:, None]).sum(2)
    return derivatives @ derivatives.transpose(1, 2), gradient
