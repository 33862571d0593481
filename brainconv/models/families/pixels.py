"""The baseline without a network: the pixels themselves."""

from __future__ import annotations

import torch
from torch import nn


class Pixels(nn.Module):
    """RGB pixels as one layer ``pixels``: ``"n 3 h w -> n (3 h w)"``."""

    def __init__(self) -> None:
        super().__init__()
        self.pixels = nn.Flatten()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Flatten.

        Parameters
        ----------
        images : torch.Tensor, shape (n_images, 3, height, width)
        """
        return self.pixels(images)  # type: ignore[no-any-return]
