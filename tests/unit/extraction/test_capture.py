"""Running a batch: modes that are put back, and errors that are told apart."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import nn

from brainconv.extraction.capture import prepare_network, probe_layers, run_batch, to_input
from brainconv.extraction.plan import Piece
from brainconv.models.tracing import TracedLayer


def set_older(matmul: str, tf32: bool) -> None:
    torch.set_float32_matmul_precision(matmul)
    torch.backends.cudnn.allow_tf32 = tf32


def read_switches() -> dict[str, object]:
    backends = torch.backends
    switches: dict[str, object] = {
        f"{name}.{op}": getattr(getattr(backends, name), op).fp32_precision
        for name, op in [
            ("cuda", "matmul"),
            ("cudnn", "conv"),
            ("cudnn", "rnn"),
            ("mkldnn", "matmul"),
            ("mkldnn", "conv"),
        ]
    }
    for name, read in [("matmul", torch.get_float32_matmul_precision), ("tf32", lambda: backends.cudnn.allow_tf32)]:
        try:
            switches[name] = read()
        except RuntimeError:
            switches[name] = "mixed"
    return switches


@pytest.fixture
def _switches_put_back() -> Iterator[None]:
    yield
    set_older("highest", True)
    for place in (torch.backends.mkldnn.matmul, torch.backends.mkldnn.conv):
        place.fp32_precision = "none"


@pytest.mark.usefixtures("_switches_put_back")
@pytest.mark.parametrize("setting", ["as it is", "older", "older, all off", "newer"])
def test_reduced_precision_is_off_inside_and_back_outside(setting: str) -> None:
    if setting == "older":
        set_older("medium", True)
    elif setting == "older, all off":
        set_older("highest", False)
    elif setting == "newer":
        torch.backends.cuda.matmul.fp32_precision = "tf32"
        torch.backends.cudnn.conv.fp32_precision = "ieee"
        torch.backends.mkldnn.matmul.fp32_precision = "bf16"
    before = read_switches()
    x = torch.rand(64, 64) + 1
    with torch.autocast("cpu"), prepare_network(nn.Linear(1, 1), "cpu"):
        assert torch.is_inference_mode_enabled()
        assert (x @ x).dtype == torch.float32
        assert torch.allclose(x @ x, (x.double() @ x.double()).float(), rtol=1e-6)
        assert torch.get_float32_matmul_precision() == "highest"
        assert not torch.backends.cuda.matmul.allow_tf32
        assert not torch.backends.cudnn.allow_tf32
        inside = read_switches()
        assert not {"tf32", "bf16"} & {inside[key] for key in inside if "." in key}
    after = read_switches()
    assert {key: value for key, value in after.items() if before[key] != "mixed"} == {
        key: value for key, value in before.items() if value != "mixed"
    }
    assert not torch.is_inference_mode_enabled()


def test_a_network_that_catches_every_exception_still_stops() -> None:
    class Careful(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 2, 1)
            self.later = nn.Conv2d(2, 2, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            try:
                y = self.conv(x)
            except Exception:
                y = x[:, :2]
            return self.later(y)

    net, ran = Careful(), []
    net.later.register_forward_hook(lambda *_: ran.append(1))
    images = to_input(torch.rand(2, 3, 5, 5), net, "cpu")
    specs, n_bytes, _ = probe_layers(net, images, [TracedLayer("conv", 0, (2, 5, 5))], units="raw", channels_last=True)
    got: list[torch.Size] = []
    run_batch(net, images, [Piece(specs[0], 1, 2)], lambda _piece, values: got.append(values.shape), "raw")
    assert got == [(2, 25)]
    assert ran == []
    assert n_bytes == 3 * 25 * 4  # the input is the largest thing on the way


def test_values_are_the_same_whatever_the_layout() -> None:
    net = nn.Sequential(nn.Conv2d(3, 4, 3))
    images = to_input(torch.rand(2, 3, 6, 6), net, "cpu")
    with prepare_network(net, "cpu"):
        output = net(images)
        rows: dict[bool, torch.Tensor] = {}
        for channels_last in (True, False):
            specs, _, _ = probe_layers(
                net, images, [TracedLayer("0", 0, (4, 4, 4))], units="raw", channels_last=channels_last
            )
            assert specs[0].channels_last is channels_last
            run_batch(
                net,
                images,
                [Piece(specs[0], 1, 3)],
                lambda _piece, values, key=channels_last: rows.update({key: values.clone()}),
                "raw",
            )
    assert torch.equal(rows[False], output[:, 1:3].flatten(1))
    assert torch.equal(rows[True], output[:, 1:3].permute(0, 2, 3, 1).flatten(1))
