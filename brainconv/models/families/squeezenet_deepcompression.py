"""SqueezeNet 1.0 as Deep Compression publishes it: Caffe's layout and input, children named as in the paper."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn

from brainconv.models.weights.deep_compression import FIRES


class Fire(nn.Module):
    """Squeeze to few channels, then expand by 1 × 1 and 3 × 3 kernels side by side.

    Parameters
    ----------
    n_in, n_squeeze, n_expand : int
        Channels in, after squeezing, and of either expansion.
    """

    def __init__(self, n_in: int, n_squeeze: int, n_expand: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(n_in, n_squeeze, 1)
        self.squeeze_relu = nn.ReLU()
        self.expand1x1 = nn.Conv2d(n_squeeze, n_expand, 1)
        self.expand1x1_relu = nn.ReLU()
        self.expand3x3 = nn.Conv2d(n_squeeze, n_expand, 3, padding=1)
        self.expand3x3_relu = nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``"n c h w -> n (2 * n_expand) h w"``.

        Parameters
        ----------
        x : torch.Tensor, shape (n_images, n_in, height, width)
        """
        squeezed = self.squeeze_relu(self.squeeze(x))
        return torch.cat(
            [self.expand1x1_relu(self.expand1x1(squeezed)), self.expand3x3_relu(self.expand3x3(squeezed))], dim=1
        )


class SqueezeNetDeepCompression(nn.Module):
    """26 kernels in ten stages, 1,248,424 parameters, 227 × 227 input.

    It differs from torchvision's ``squeezenet1_0`` in the padding of 1 at ``conv_final`` and in its input: B, G, R,
    0..255, minus (104, 117, 123).  ``conv1`` and ``conv_final`` include their ReLU.

    References
    ----------
    Iandola et al. 2016, arXiv:1602.07360, table 1.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Sequential(OrderedDict(conv=nn.Conv2d(3, 96, 7, stride=2), relu=nn.ReLU()))
        self.pool1 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        for name, channels in FIRES.items():
            if name in ("fire5", "fire9"):
                pool = f"pool{int(name[-1]) - 1}"
                self.add_module(pool, nn.MaxPool2d(3, stride=2, ceil_mode=True))
            self.add_module(name, Fire(*channels))
        self.dropout = nn.Dropout(0.5)
        self.conv_final = nn.Sequential(OrderedDict(conv=nn.Conv2d(512, 1000, 1, padding=1), relu=nn.ReLU()))
        self.mean = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self._initialise()

    def _initialise(self) -> None:
        """Random weights as torchvision's SqueezeNet draws them, for the untrained twin."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                if module.out_channels == 1000:
                    nn.init.normal_(module.weight, std=0.01)
                else:
                    nn.init.kaiming_uniform_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Class scores, before the softmax.

        Parameters
        ----------
        images : torch.Tensor, shape (n_images, 3, height, width)
        """
        x = images
        for child in self.children():
            x = child(x)
        return x
