"""Two small networks for teaching: LeNet-5, and a six-layer network for 32 × 32 images."""

from __future__ import annotations

import torch
from torch import nn

from brainconv.models.preprocessing import LUMINANCE


class Luminance(nn.Module):
    """RGB to one channel: ``"n 3 h w -> n 1 h w"``, 0.299 R + 0.587 G + 0.114 B."""

    weights: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("weights", torch.tensor(LUMINANCE), persistent=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Weighted sum over channels.

        Parameters
        ----------
        images : torch.Tensor, shape (n_images, 3, height, width)
        """
        return torch.einsum("nchw,c->nhw", images, self.weights.to(images.dtype)).unsqueeze(1)


class LeNet5(nn.Module):
    """LeNet-5 for 32 × 32 images and ten classes: 61,706 parameters.

    RGB is mapped to luminance before the first layer.  Differences from the paper: every map of the third layer sees
    all six below (the paper leaves some connections out), subsampling is plain averaging without trained gain and
    bias, tanh is unscaled and the output layer is linear instead of radial basis functions.

    References
    ----------
    LeCun, Bottou, Bengio & Haffner 1998, doi:10.1109/5.726791, figure 2.
    """

    def __init__(self) -> None:
        super().__init__()
        self.luminance = Luminance()
        self.conv1, self.tanh1, self.pool1 = nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2)
        self.conv2, self.tanh2, self.pool2 = nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2)
        self.conv3, self.tanh3 = nn.Conv2d(16, 120, 5), nn.Tanh()
        self.flatten = nn.Flatten()
        self.linear1, self.tanh4 = nn.Linear(120, 84), nn.Tanh()
        self.linear2 = nn.Linear(84, 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Class scores.

        Parameters
        ----------
        images : torch.Tensor, shape (n_images, 3, 32, 32)
        """
        x = self.pool1(self.tanh1(self.conv1(self.luminance(images))))
        x = self.pool2(self.tanh2(self.conv2(x)))
        x = self.flatten(self.tanh3(self.conv3(x)))
        return self.linear2(self.tanh4(self.linear1(x)))  # type: ignore[no-any-return]


class LectureConvNet(nn.Module):
    """The six-layer network of an introductory lecture: four 3 × 3 convolutions, two linear layers, 32 × 32 RGB input.

    5, 5, 8 and 8 channels, padded by 1, each with a ReLU; 2 × 2 max pooling after the second; 32 hidden units
    and ten classes.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.relu1 = nn.Conv2d(3, 5, 3, padding=1), nn.ReLU()
        self.conv2, self.relu2 = nn.Conv2d(5, 5, 3, padding=1), nn.ReLU()
        self.pool = nn.MaxPool2d(2)
        self.conv3, self.relu3 = nn.Conv2d(5, 8, 3, padding=1), nn.ReLU()
        self.conv4, self.relu4 = nn.Conv2d(8, 8, 3, padding=1), nn.ReLU()
        self.flatten = nn.Flatten()
        self.linear1, self.relu5 = nn.Linear(8 * 16 * 16, 32), nn.ReLU()
        self.linear2 = nn.Linear(32, 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Class scores.

        Parameters
        ----------
        images : torch.Tensor, shape (n_images, 3, 32, 32)
        """
        x = self.pool(self.relu2(self.conv2(self.relu1(self.conv1(images)))))
        x = self.relu4(self.conv4(self.relu3(self.conv3(x))))
        return self.linear2(self.relu5(self.linear1(self.flatten(x))))  # type: ignore[no-any-return]
