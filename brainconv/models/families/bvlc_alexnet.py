"""First layer of BVLC AlexNet, for comparing its filters with V1 receptive fields."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn


def build_bvlc_alexnet_conv1() -> nn.Module:
    """One stage ``conv1``: 96 kernels of 11 × 11 at stride 4, and its ReLU; 227 × 227 input in B, G, R.

    Returns
    -------
    torch.nn.Module
        Children ``conv1.conv`` and ``conv1.relu``.

    References
    ----------
    Krizhevsky, Sutskever & Hinton 2012, doi:10.1145/3065386.
    """
    stage = nn.Sequential(OrderedDict(conv=nn.Conv2d(3, 96, 11, stride=4), relu=nn.ReLU()))
    return nn.Sequential(OrderedDict(conv1=stage))
