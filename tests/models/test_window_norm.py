"""Normalisation of windows: by hand, running as in one piece, and blind for what is missing."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from elman.models.window_norm import RunningNorm, WindowNorm, window_norm

KINDS = ["last", "standard", "mean", "none"]


def values(steps: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    g = torch.Generator().manual_seed(seed)
    y = 3 + torch.randn(2, steps, generator=g, dtype=torch.float64)
    return y, torch.rand(2, steps, generator=g) > 0.3


def test_kinds_by_hand() -> None:
    y = torch.tensor([[2.0, -4.0, 100.0, 6.0, 7.0]]).double()
    seen = torch.tensor([[True, True, False, True, False]])
    own = np.array([2.0, -4.0, 6.0])
    expected = {
        "last": (6.0, 1.0),
        "standard": (own.mean(), math.hypot(own.std(), 0.01 * np.abs(own).mean() + 1e-6)),
        "mean": (0.0, (1 + 12) / 4),
        "none": (0.0, 1.0),
    }
    for kind, numbers in expected.items():
        found = [float(part) for part in window_norm(kind, y, seen)]
        assert found == pytest.approx(numbers, abs=1e-12), kind


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_observed_changes_nothing(kind: str) -> None:
    y, seen = torch.full((1, 3), 7.0), torch.zeros(1, 3, dtype=torch.bool)
    assert [float(part) for part in window_norm(kind, y, seen)] == [0.0, 1.0]


def test_a_flat_window_can_be_divided_by() -> None:
    centre, scale = window_norm("standard", torch.full((1, 5), 3.0), torch.ones(1, 5).bool())
    assert float(centre) == 3.0
    assert float(scale) > 0.02


@pytest.mark.parametrize("kind", ["standard", "mean", "none"])
def test_running_is_the_sum_written_out(kind: str) -> None:
    norm, (y, seen) = RunningNorm(kind, memory=20), values(50)
    centre, scale = norm.statistics(norm.over(y, seen))
    for t in (0, 7, 49):
        weight = np.exp(-(t - np.arange(t + 1)) / 20) * seen[:, : t + 1].numpy()
        own, n = y[:, : t + 1].numpy(), weight.sum(1)
        c = (weight * own).sum(1) / (1 + n)
        if kind == "standard":
            s = np.sqrt((1 + (weight * own**2).sum(1)) / (1 + n) - c**2)
        else:
            c, s = 0 * c, (1 + (weight * np.abs(own)).sum(1)) / (1 + n)
        if kind == "none":
            s = np.ones_like(s)
        np.testing.assert_allclose(centre[:, t], c, atol=1e-12)
        np.testing.assert_allclose(scale[:, t], s, atol=1e-12)


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 700), st.integers(0, 99), st.sampled_from(["standard", "mean"]))
def test_running_in_one_piece_is_step_by_step(steps: int, seed: int, kind: str) -> None:
    norm, (y, seen) = RunningNorm(kind, memory=30), values(steps, seed)
    state = norm.start(2, y.device)
    for t in range(steps):
        state = norm.update(state, y[:, t], seen[:, t])
    torch.testing.assert_close(norm.over(y, seen)[..., -1], state, rtol=1e-12, atol=1e-12)


def test_running_never_looks_ahead_nor_at_what_is_missing() -> None:
    norm, (y, seen) = RunningNorm("standard", memory=9), values(600)
    other = y.clone()
    other[:, 300:] = 1e6
    assert torch.equal(norm.over(y, seen)[..., :300], norm.over(other, seen)[..., :300])
    other = torch.where(seen, y, torch.full_like(y, 1e6))
    assert torch.equal(norm.over(y, seen), norm.over(other, seen))


def test_a_window_does_not_move() -> None:
    norm, (y, seen) = WindowNorm("standard"), values(10)
    states = norm.over(y, seen, 6)
    assert torch.equal(states[..., 0], states[..., -1])
    torch.testing.assert_close(
        states[..., 0], torch.cat(window_norm("standard", y[:, :6], seen[:, :6]), 1).T
    )
    assert norm.update(states[..., 0], y[:, 0], seen[:, 0]) is not None
    centre, scale = norm.statistics(norm.start(2, y.device))
    assert (centre == 0).all() and (scale == 1).all()
