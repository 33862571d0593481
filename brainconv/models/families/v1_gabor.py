"""A fixed model of V1: simple and complex cells as Gabor filters and their energy, on a grid."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
import torch
from torch import nn
from torch.nn import functional

from brainconv.errors import InvalidInputError
from brainconv.models.families.small import Luminance

FREQUENCIES = (1.0, 2.0, 4.0, 8.0)
N_ORIENTATIONS = 8
NX, NY = 0.365, 0.445
"""Medians of macaque V1 cells (Ringach 2002): envelope widths across and along the bars × preferred frequency."""
PHASES = (0.0, 90.0, 180.0, 270.0)


class V1Gabor(nn.Module):
    """Gabor energy units over the visual field; layers ``simple`` and ``complex``.

    Luminance is filtered by quadrature pairs of Gabors at every ``stride`` pixels.  A simple unit is the half-rectified
    response at one of four phases; a complex unit is the root of the summed squares of a quadrature pair.  Filters have
    no mean and unit norm.  Nothing is trained and nothing is random.

    Parameters
    ----------
    input_size : int, px
        Width of the input that covers the visual field.
    degrees : float, degrees of visual angle
        Width of the visual field.
    frequencies : sequence of float, cycles/deg
    n_orientations : int
        Equally spaced over 180 degrees; 0 is a vertical bar's preferred orientation (modulation along x).
    nx, ny : float
        Standard deviation of the envelope across and along the bars × frequency.
    stride : int, px
        Distance between units.

    Raises
    ------
    InvalidInputError
        If a frequency cannot be shown at this resolution.

    References
    ----------
    Adelson & Bergen 1985, doi:10.1364/JOSAA.2.000284 (energy); Ringach 2002, doi:10.1152/jn.2002.88.1.455
    (shape of the envelopes).  Differences: no normalisation, one aspect for all units, no eccentricity.
    """

    def __init__(
        self,
        *,
        input_size: int = 224,
        degrees: float = 8.0,
        frequencies: Sequence[float] = FREQUENCIES,
        n_orientations: int = N_ORIENTATIONS,
        nx: float = NX,
        ny: float = NY,
        stride: int = 4,
    ) -> None:
        super().__init__()
        self.px_per_degree = input_size / degrees
        if max(frequencies) >= self.px_per_degree / 2:
            msg = (
                f"A Gabor of {max(frequencies)} cycles/deg at {self.px_per_degree:g} px/deg; expected less than half a "
                f"cycle per pixel, {self.px_per_degree / 2:g} cycles/deg."
            )
            raise InvalidInputError(msg)
        self.frequencies = tuple(float(f) for f in frequencies)
        self.orientations = tuple(180.0 * k / n_orientations for k in range(n_orientations))
        self.nx, self.ny, self.stride = nx, ny, stride
        self.luminance = Luminance()
        for i, frequency in enumerate(self.frequencies):
            pairs = [
                make_gabor(frequency / self.px_per_degree, orientation, phase, nx=nx, ny=ny)
                for phase in (0.0, 90.0)
                for orientation in self.orientations
            ]
            self.register_buffer(f"filters{i}", torch.stack(pairs).unsqueeze(1))
        self.simple = _HalfRectified()
        self.complex = _Energy()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Complex responses; the simple ones are the layer ``simple``.

        Parameters
        ----------
        images : torch.Tensor, shape (n_images, 3, height, width)
            Pixels 0..1 minus 0.5, so that padding is mid-grey.

        Returns
        -------
        torch.Tensor, shape (n_images, n_frequencies * n_orientations, height / stride, width / stride)
        """
        luminance = self.luminance(images)
        even, odd = [], []
        for i in range(len(self.frequencies)):
            response = convolve_at_stride(luminance, self.get_buffer(f"filters{i}"), self.stride)
            even_part, odd_part = response.chunk(2, dim=1)
            even.append(even_part)
            odd.append(odd_part)
        pair = torch.cat([*even, *odd], dim=1)
        self.simple(pair)
        return self.complex(pair)  # type: ignore[no-any-return]

    def list_units(self) -> pd.DataFrame:
        """Parameters of each channel.

        Returns
        -------
        DataFrame
            Columns layer, channel, phase (deg; NaN for complex units), frequency (cycles/deg), orientation (deg),
            nx, ny, sigma_x, sigma_y (deg).
        """
        rows = []
        for layer, phases in (("simple", PHASES), ("complex", (math.nan,))):
            channel = 0
            for phase in phases:
                for frequency in self.frequencies:
                    for orientation in self.orientations:
                        sigma_x, sigma_y = self.nx / frequency, self.ny / frequency
                        rows.append((layer, channel, phase, frequency, orientation, self.nx, self.ny, sigma_x, sigma_y))
                        channel += 1
        names = ["layer", "channel", "phase", "frequency", "orientation", "nx", "ny", "sigma_x", "sigma_y"]
        return pd.DataFrame(rows, columns=names)


class _HalfRectified(nn.Module):
    """``"n (2 c) h w -> n (4 c) h w"``: even and odd responses, then their negatives, each cut off at 0."""

    def forward(self, pair: torch.Tensor) -> torch.Tensor:
        return torch.relu(torch.cat([pair, -pair], dim=1))


class _Energy(nn.Module):
    """``"n (2 c) h w -> n c h w"``: length of the vector (even, odd)."""

    def forward(self, pair: torch.Tensor) -> torch.Tensor:
        even, odd = pair.chunk(2, dim=1)
        energy: torch.Tensor = torch.hypot(even, odd)
        return energy


def convolve_at_stride(images: torch.Tensor, filters: torch.Tensor, stride: int) -> torch.Tensor:
    """Cross-correlation with large filters at every ``stride`` pixels, zero-padded to keep the field's size.

    The same as ``conv2d(images, filters, stride=stride, padding=size // 2)``, written as a dense convolution of the
    image's ``stride ** 2`` interleaved parts, which runs many times faster for one channel and wide kernels.

    Parameters
    ----------
    images : torch.Tensor, shape (n_images, 1, height, width)
    filters : torch.Tensor, shape (n_filters, 1, size, size)
        Odd size.
    stride : int, px

    Returns
    -------
    torch.Tensor, shape (n_images, n_filters, ceil(height / stride), ceil(width / stride))
    """
    size = filters.shape[-1]
    half, extra = size // 2, -size % stride
    height, width = (-(-n // stride) for n in images.shape[-2:])
    reach = size + extra - half - 1
    below, right = (reach + (-n % stride) for n in images.shape[-2:])
    fill = [-(n + half + pad) % stride for n, pad in zip(images.shape[-2:], (below, right), strict=True)]
    padded = functional.pad(images, (half, right + fill[1], half, below + fill[0]))
    parts = functional.pixel_unshuffle(padded, stride)
    kernels = functional.pixel_unshuffle(functional.pad(filters, (0, extra, 0, extra)), stride)
    return functional.conv2d(parts, kernels)[..., :height, :width]


def make_gabor(frequency: float, orientation: float, phase: float, *, nx: float = NX, ny: float = NY) -> torch.Tensor:
    """One Gabor filter without mean and of unit norm.

    Parameters
    ----------
    frequency : float, cycles/px
    orientation : float, deg
        Direction of modulation, counter-clockwise from the x axis with y upwards.
    phase : float, deg
        0: a bright bar at the centre; 90: an edge.
    nx, ny : float
        Standard deviation of the envelope across and along the bars × frequency.

    Returns
    -------
    torch.Tensor, float32, shape (size, size)
        Odd size, three standard deviations to either side.

    References
    ----------
    Ringach 2002, doi:10.1152/jn.2002.88.1.455, equation 1; the mean is taken off here in proportion to the envelope.
    """
    sigma_x, sigma_y = nx / frequency, ny / frequency
    half = math.ceil(3 * max(sigma_x, sigma_y))
    steps = torch.arange(-half, half + 1, dtype=torch.float64)
    y, x = torch.meshgrid(-steps, steps, indexing="ij")
    angle = math.radians(orientation)
    across = x * math.cos(angle) + y * math.sin(angle)
    along = -x * math.sin(angle) + y * math.cos(angle)
    envelope = torch.exp(-(across**2) / (2 * sigma_x**2) - along**2 / (2 * sigma_y**2))
    gabor = envelope * torch.cos(2 * math.pi * frequency * across - math.radians(phase))
    gabor = gabor - envelope * (gabor.sum() / envelope.sum())
    filtered: torch.Tensor = gabor / gabor.norm()
    return filtered.to(torch.float32)
