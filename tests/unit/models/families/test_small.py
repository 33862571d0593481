"""The two teaching networks."""

from __future__ import annotations

import torch
from torch import nn

from brainconv.models.families.small import LectureConvNet, LeNet5, Luminance


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_lenet5() -> None:
    net = LeNet5()
    assert count(net) == 61706
    assert net(torch.zeros(2, 3, 32, 32)).shape == (2, 10)


def test_lenet5_sees_luminance_only() -> None:
    net = LeNet5().eval()
    red, green = torch.zeros(2, 1, 3, 32, 32).unbind(0)
    red[:, 0], green[:, 1] = 0.587, 0.299
    assert torch.allclose(net(red), net(green), atol=1e-6)
    assert not torch.allclose(net(red), net(2 * red), atol=1e-4)


def test_luminance_by_hand() -> None:
    image = torch.tensor([1.0, 2.0, 3.0]).view(1, 3, 1, 1)
    assert float(Luminance()(image)) == torch.tensor(0.299 + 2 * 0.587 + 3 * 0.114).item()
    assert not Luminance().state_dict()


def test_lecture_network_has_four_convolutions_and_two_linear_layers() -> None:
    net = LectureConvNet()
    kernels = [module for module in net.modules() if isinstance(module, nn.Conv2d)]
    assert [kernel.out_channels for kernel in kernels] == [5, 5, 8, 8]
    assert {kernel.kernel_size for kernel in kernels} == {(3, 3)}
    assert sum(isinstance(module, nn.Linear) for module in net.modules()) == 2
    shapes = {}
    for name, module in net.named_children():
        module.register_forward_hook(lambda _m, _i, out, name=name: shapes.update({name: tuple(out.shape[1:])}))
    assert net(torch.zeros(1, 3, 32, 32)).shape == (1, 10)
    assert shapes["conv2"] == (5, 32, 32)
    assert shapes["conv3"] == (8, 16, 16), "pooling stands after the second convolution"
