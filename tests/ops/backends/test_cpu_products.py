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
