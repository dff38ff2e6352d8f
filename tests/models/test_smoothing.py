"""Plain nats plus the penalty are torch's smoothed cross entropy, in value and gradient."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from elman.models.cross_entropy import linear_cross_entropy
from elman.models.smoothing import smoothing_penalty

N, H, V = 11, 4, 9


@pytest.mark.parametrize("epsilon", [0.1, 0.6])
def test_the_sum_is_torchs_label_smoothing(epsilon: float) -> None:
    torch.manual_seed(0)
    leaves = [
        torch.randn(s, dtype=torch.float64, requires_grad=True) for s in ((N, H), (V, H), (V,))
    ]
    h, weight, bias = leaves
    targets = torch.randint(V, (N,))
    targets[[0, 5]] = -1
    full = F.linear(h, weight, bias)
    wanted = F.cross_entropy(full, targets, ignore_index=-1, label_smoothing=epsilon)
    found = linear_cross_entropy(h, weight, bias, targets)
    found = found + epsilon * smoothing_penalty(h, weight, bias, targets)
    torch.testing.assert_close(found, wanted, rtol=1e-12, atol=0)
    for mine, theirs in zip(
        torch.autograd.grad(found, leaves), torch.autograd.grad(wanted, leaves), strict=True
    ):
        torch.testing.assert_close(mine, theirs, rtol=1e-10, atol=1e-14)


def test_padding_alone_costs_nothing() -> None:
    h, weight, bias = torch.randn(2, H), torch.randn(V, H), torch.randn(V)
    assert smoothing_penalty(h, weight, bias, torch.tensor([-1, -1])) == 0
