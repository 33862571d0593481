"""The module for the compressed file: its size, its children, and that it is torchvision's but for the last padding."""

from __future__ import annotations

import torch
from torchvision.models import squeezenet1_0

from brainconv.models.families.squeezenet_deepcompression import SqueezeNetDeepCompression


def test_parameters_and_children() -> None:
    net = SqueezeNetDeepCompression()
    assert sum(parameter.numel() for parameter in net.parameters()) == 1_248_424
    assert len([name for name in net.state_dict() if name.endswith("weight")]) == 26
    names = [name for name, _ in net.named_children()]
    assert names[:3] == ["conv1", "pool1", "fire2"]
    assert names.index("pool4") == names.index("fire5") - 1
    assert names.index("pool8") == names.index("fire9") - 1


def test_equals_torchvisions_network_with_the_same_weights() -> None:
    torch.manual_seed(0)
    ours, theirs = SqueezeNetDeepCompression().eval(), squeezenet1_0().eval()
    theirs.classifier[1].padding = (1, 1)
    theirs.load_state_dict(dict(zip(theirs.state_dict(), ours.state_dict().values(), strict=True)))
    image = torch.randn(2, 3, 99, 99)
    with torch.inference_mode():
        assert torch.allclose(ours(image), theirs(image), atol=1e-5)
        assert ours(image).abs().max() > 0
