"""Names of a state dict are fitted to the network's, and hashes are of contents."""

from __future__ import annotations

import torch
from torch import nn

from brainconv.models.weights.checkpoints import fit_names, hash_weights


def test_prefixes_go_only_where_that_makes_names_fit() -> None:
    assert fit_names({"module.a": 1, "module.b": 2}, {"a", "b"}) == {"a": 1, "b": 2}
    assert fit_names({"model.a": 1, "b": 2}, {"model.a", "b"}) == {"model.a": 1, "b": 2}
    assert fit_names({"module._orig_mod.model.a": 1}, {"a"}) == {"a": 1}
    assert fit_names({"x": 1}, {"a"}) == {"x": 1}
    assert fit_names({}, {"a"}) == {}


def test_hash_is_of_values_and_names() -> None:
    torch.manual_seed(0)
    one = nn.Linear(2, 3)
    before = hash_weights(one)
    assert before == hash_weights(one)
    with torch.no_grad():
        one.bias[0] += 1e-6
    assert hash_weights(one) != before
    assert hash_weights(nn.Flatten()) is None
    assert hash_weights(nn.Linear(2, 2).to(torch.bfloat16)) is not None
