"""The heads against scipy and torch.distributions, their gradients, and what they promise."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, distributions

from elman._errors import ConfigError
from elman.models.distribution import (
    SMALLEST,
    Head,
    NegativeBinomialHead,
    NormalHead,
    PointHead,
    QuantileHead,
    StudentTHead,
    pinball,
)

stats = pytest.importorskip("scipy.stats")
LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)
HEADS: list[Head] = [
    PointHead(),
    PointHead(squared=True),
    QuantileHead((0.1, 0.25, 0.5, 0.9)),
    NormalHead(),
    StudentTHead(),
    NegativeBinomialHead(),
]


def problem(head: Head, seed: int = 0, count: int = 7) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    g = torch.Generator().manual_seed(seed)
    raw = torch.randn(count, head.size, generator=g, dtype=torch.float64)
    centre = torch.randn(count, generator=g, dtype=torch.float64)
    scale = torch.rand(count, generator=g, dtype=torch.float64) + 0.5
    y = 3 * torch.randn(count, generator=g, dtype=torch.float64)
    if head.needs_zero_centre:
        centre, y, scale = torch.zeros_like(centre), y.abs().round(), 10 * scale
    return raw, y, centre, scale


def test_normal_is_torchs() -> None:
    raw, y, c, s = problem(NormalHead())
    theirs = distributions.Normal(raw[:, 0], F.softplus(raw[:, 1]) + SMALLEST)
    torch.testing.assert_close(NormalHead().loss(raw, y, c, s), -theirs.log_prob((y - c) / s))
    levels = torch.tensor(LEVELS, dtype=torch.float64)
    expected = theirs.icdf(levels[:, None]).T * s[:, None] + c[:, None]
    torch.testing.assert_close(
        NormalHead().quantiles(raw, LEVELS, c, s), expected, rtol=1e-7, atol=1e-7
    )


def test_student_t_is_torchs_and_scipys() -> None:
    raw, y, c, s = problem(StudentTHead())
    loc, sigma, nu = StudentTHead().parameters(raw)
    theirs = distributions.StudentT(nu, loc, sigma)
    torch.testing.assert_close(StudentTHead().loss(raw, y, c, s), -theirs.log_prob((y - c) / s))
    found = StudentTHead().quantiles(raw, LEVELS, c, s)
    for k, level in enumerate(LEVELS):
        expected = stats.t.ppf(level, nu.numpy(), loc.numpy(), sigma.numpy()) * s.numpy()
        np.testing.assert_allclose(found[:, k].numpy(), expected + c.numpy(), rtol=1e-8, atol=1e-8)


def test_negative_binomial_is_scipys() -> None:
    head = NegativeBinomialHead()
    raw, y, c, s = problem(head, count=40)
    mu, r = (p.numpy() for p in head.parameters(raw, s))
    theirs = stats.nbinom(r, r / (r + mu))
    np.testing.assert_allclose(head.loss(raw, y, c, s).numpy(), -theirs.logpmf(y.numpy()))
    found = head.quantiles(raw, LEVELS, c, s).numpy()
    for k, level in enumerate(LEVELS):
        np.testing.assert_array_equal(found[:, k], theirs.ppf(level))


def test_negative_binomial_of_large_counts() -> None:
    head, one = NegativeBinomialHead(), torch.tensor(1e6).double()
    found = head.quantiles(torch.tensor([1.0, -5.0]).double(), (0.5, 0.999999), one * 0, one)
    mu, r = head.parameters(torch.tensor([1.0, -5.0]).double(), one)
    assert found.tolist() == stats.nbinom(r, r / (r + mu)).ppf([0.5, 0.999999]).tolist()


@pytest.mark.parametrize("head", HEADS, ids=lambda h: f"{type(h).__name__}{h.size}")
def test_gradients(head: Head) -> None:
    raw, y, c, s = problem(head)
    raw.requires_grad_()
    assert torch.autograd.gradcheck(lambda r: head.loss(r, y, c, s), raw)


@pytest.mark.parametrize("head", HEADS[2:], ids=lambda h: f"{type(h).__name__}{h.size}")
def test_samples_have_the_quantiles(head: Head) -> None:
    raw, _, c, s = (t[:3] for t in problem(head, seed=1))
    count = 60_000
    many = head.sample(
        raw.expand(count, *raw.shape), c, s, torch.Generator().manual_seed(0)
    )  # (N, 3)
    asked = (0.15, 0.5, 0.8)
    found = head.quantiles(raw, asked, c, s)
    for k, level in enumerate(asked):
        below = (many <= found[:, k]).double().mean(0)
        if not isinstance(head, NegativeBinomialHead):
            torch.testing.assert_close(below, torch.full_like(below, level), rtol=0, atol=8e-3)
        else:  # of a count at most its own probability is too much
            assert (below > level - 8e-3).all()
            assert ((many < found[:, k]).double().mean(0) < level + 8e-3).all()


@pytest.mark.parametrize("head", [NormalHead(), StudentTHead(), NegativeBinomialHead()])
def test_samples_have_the_mean(head: Head) -> None:
    raw, _, c, s = problem(head, seed=2)
    if isinstance(head, StudentTHead):
        raw[:, 2] = 5.0  # so that the variance is small
    many = head.sample(raw.expand(80_000, *raw.shape), c, s, torch.Generator().manual_seed(0))
    error = many.mean(0) - head.mean(raw, c, s)
    assert (error.abs() < 5 * many.std(0) / 80_000**0.5).all()


def test_the_same_generator_draws_the_same() -> None:
    for head in HEADS:
        raw, _, c, s = problem(head)
        draws = [head.sample(raw, c, s, torch.Generator().manual_seed(7)) for _ in range(2)]
        assert torch.equal(*draws)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.floats(-50, 50), min_size=5, max_size=5),
    st.lists(st.floats(0.001, 0.999), min_size=2, max_size=6, unique=True),
)
def test_quantiles_never_cross(numbers: list[float], levels: list[float]) -> None:
    head = QuantileHead((0.05, 0.25, 0.5, 0.75, 0.95))
    raw = torch.tensor([numbers], dtype=torch.float64)
    found = head.quantiles(raw, sorted(levels), torch.zeros(1), torch.ones(1))
    assert (found.diff(dim=-1) >= 0).all()


def test_trained_levels_come_back_as_they_are() -> None:
    head = QuantileHead((0.1, 0.4, 0.9))
    raw, _, c, s = problem(head)
    found = head.quantiles(raw, head.levels, c, s)
    torch.testing.assert_close(found, head.ladder(raw) * s[:, None] + c[:, None])
    torch.testing.assert_close(head.mean(raw, c, s), found[:, 1])


def test_pinball_by_hand_and_its_minimum() -> None:
    loss = pinball(torch.tensor([[1.0, 1.0]]), torch.tensor([[3.0]]), (0.1, 0.9))
    torch.testing.assert_close(loss, torch.tensor([[0.2, 1.8]]))
    torch.testing.assert_close(
        pinball(torch.tensor([[5.0]]), torch.tensor([[3.0]]), (0.1,)), torch.tensor([[1.8]])
    )
    y = torch.randn(2_001, 1, generator=torch.Generator().manual_seed(0))
    grid = torch.linspace(-3, 3, 601)
    mean = torch.stack([pinball(q.expand(2_001, 1), y, (0.8,)).mean() for q in grid])
    assert abs(float(grid[mean.argmin()]) - float(y.quantile(0.8))) < 0.02


def test_one_quantile_is_the_absolute_error() -> None:
    raw, y, c, s = problem(PointHead())
    torch.testing.assert_close(
        QuantileHead((0.5,)).loss(raw, y, c, s), PointHead().loss(raw, y, c, s)
    )


def test_a_point_makes_up_no_intervals() -> None:
    raw, _, c, s = problem(PointHead())
    assert PointHead().quantiles(raw, (), c, s).shape == (7, 0)
    with pytest.raises(ConfigError, match="no intervals"):
        PointHead().quantiles(raw, (0.5,), c, s)
