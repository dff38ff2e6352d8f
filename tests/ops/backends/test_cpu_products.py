"""Packed weights are those of now; the products themselves are tested in tests/csrc."""

from __future__ import annotations

import pytest
import torch

from elman._native import KERNELS
from elman.ops import recurrence
from tests.ops.calls import random_call

pytestmark = pytest.mark.skipif(KERNELS is None, reason="the compiled kernels are not built")


def test_inference_tensors_are_served() -> None:
    with torch.inference_mode():
        call = random_call("lstm", dtype=torch.float32)
        first = recurrence(call, backend="cpu").output
        call.weights.weight_hh.mul_(2)
        assert not torch.equal(recurrence(call, backend="cpu").output, first)


def test_packed_weights_follow_the_weight() -> None:
    call = random_call("gru", dtype=torch.float32)
    with torch.no_grad():
        first = recurrence(call, backend="cpu").output
        assert torch.equal(recurrence(call, backend="cpu").output, first)
        call.weights.weight_hh.mul_(2)
        second = recurrence(call, backend="cpu").output
        torch.testing.assert_close(second, recurrence(call, backend="reference").output)
        assert not torch.allclose(first, second)


@pytest.mark.parametrize("cell", ["rnn_tanh", "lstm", "gru"])
def test_a_fused_optimisers_step_is_seen(cell: str) -> None:
    # it changes a tensor without raising its version
    call = random_call(cell, dtype=torch.float32)
    weights = [w for w in call.weights if w is not None]
    for weight in weights:
        weight.requires_grad_()
        weight.grad = torch.ones_like(weight)
    with torch.no_grad():
        recurrence(call, backend="cpu")
        torch.optim.AdamW(weights, lr=0.1, fused=True).step()
        after = recurrence(call, backend="cpu").output
        torch.testing.assert_close(after, recurrence(call, backend="reference").output)
