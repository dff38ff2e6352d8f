from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from elman._errors import ConfigError
from elman.models.regressor import Numbers, SequenceRegressor, regression_loss
from elman.models.regressor_config import RegressorConfig
from elman.models.signal_frontend import SignalFrontend


def model(**keys: Any) -> SequenceRegressor:
    torch.manual_seed(0)
    config = RegressorConfig.model_validate({"hidden_size": 5, **keys})
    return SequenceRegressor(SignalFrontend(3, 3), 2, config).eval()


def test_at_first_it_says_about_the_mean() -> None:
    said = model(output="normal")(torch.randn(50, 7, 3))
    assert said.mean.abs().max() < 0.3
    assert said.log_variance is not None and said.log_variance.abs().max() < 0.3


@pytest.mark.parametrize("pooling", ["last", "mean", "max", "attention"])
def test_padding_never_leaks(pooling: str) -> None:
    net = model(pooling=pooling, num_layers=2)
    steps, lengths = torch.randn(2, 6, 3), torch.tensor([6, 4])
    wanted = net(steps, lengths).mean
    steps[1, 4:] = torch.nan
    torch.testing.assert_close(net(steps, lengths).mean, wanted)
    torch.testing.assert_close(net(steps[1:, :4]).mean, wanted[1:])


@settings(max_examples=30)
@given(
    st.sampled_from(["last", "mean", "max", "attention"]),
    st.lists(st.integers(1, 5), min_size=1, max_size=5),
)
def test_a_stream_says_what_is_said_of_the_steps_so_far(pooling: str, pieces: list[int]) -> None:
    net = model(pooling=pooling, bidirectional=False, output="normal")
    steps = torch.randn(2, sum(pieces), 3)
    state, said, start = net.stream(2), [], 0
    for size in pieces:
        numbers, state = net.step(steps[:, start : start + size], state)
        said.append(numbers.mean)
        start += size
    running = torch.cat(said)
    for k in range(sum(pieces)):
        torch.testing.assert_close(running[k], net(steps[:, : k + 1]).mean, atol=1e-5, rtol=0)


def test_both_directions_cannot_be_streamed() -> None:
    with pytest.raises(ConfigError, match="cannot answer before it is there"):
        model().stream(1)


def test_losses_against_their_definitions() -> None:
    mean, targets = torch.tensor([[0.0, 3.0]]), torch.tensor([[0.5, 0.0]])
    variance = torch.tensor([[4.0, 0.25]])
    said = Numbers(mean, variance.log())
    assert regression_loss(said, targets, "mse").item() == pytest.approx((0.25 + 9) / 2)
    wanted = (0.5 * 0.25 + 1.0 * (3 - 0.5)) / 2
    assert regression_loss(said, targets, "huber").item() == pytest.approx(wanted)
    wide = regression_loss(said, targets, "huber", delta=10.0).item()
    assert wide == pytest.approx((0.25 + 9) / 4)
    normal = torch.distributions.Normal(mean, variance.sqrt()).log_prob(targets)
    assert regression_loss(said, targets, "normal").item() == pytest.approx(-normal.mean().item())
    with pytest.raises(ConfigError, match="output = 'normal'"):
        regression_loss(Numbers(mean, None), targets, "normal")


def test_the_variance_that_is_learned_is_that_of_the_noise() -> None:
    torch.manual_seed(0)
    said = Numbers(torch.zeros(5000, 1), torch.zeros(5000, 1, requires_grad=True))
    targets = 0.5 * torch.randn(5000, 1)
    best = min(
        (regression_loss(Numbers(said.mean, torch.full((5000, 1), v)), targets, "normal").item(), v)
        for v in torch.linspace(-3, 1, 81).tolist()
    )[1]
    assert best == pytest.approx(2 * math.log(0.5), abs=0.1)


def test_a_closed_form_case_is_found() -> None:
    """The sum of steps through the mean pooling of a network: learned to a small error."""
    torch.manual_seed(0)
    net = model(pooling="mean", bidirectional=False, dropout=0.0, hidden_size=16).train()
    optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
    for _ in range(300):
        steps = torch.randn(32, 5, 3)
        targets = torch.stack([steps.mean((1, 2)), steps[..., 0].mean(1)], 1)
        loss = regression_loss(net(steps), targets, "mse")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.01
