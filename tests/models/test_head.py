"""Heads agree with themselves: logits, log-probabilities and loss tell one story."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from elman._errors import ConfigError
from elman.models.cross_entropy import IGNORE
from elman.models.head import AdaptiveHead, LinearHead

H, V = 17, 40


def heads() -> list[LinearHead | AdaptiveHead]:
    torch.manual_seed(3)
    made = [LinearHead(H, V, chunk=3 * V), AdaptiveHead(H, V, [5, 20])]
    for head in made:
        for parameter in head.parameters():
            nn.init.normal_(parameter)
    return [head.double() for head in made]


@pytest.mark.parametrize("which", [0, 1])
def test_loss_is_the_mean_of_log_probs_and_so_are_its_gradients(which: int) -> None:
    head = heads()[which]
    h = torch.randn(2, 9, H, dtype=torch.float64)
    targets = torch.randint(V, (18,))
    targets[[0, 7]] = IGNORE
    full = F.nll_loss(head.log_probs(h).flatten(0, 1), targets)
    expected = torch.autograd.grad(full, list(head.parameters()), allow_unused=True)
    loss = head.nats(h.flatten(0, 1), targets)
    torch.testing.assert_close(loss, full, rtol=1e-12, atol=0)
    got = torch.autograd.grad(loss, list(head.parameters()), allow_unused=True)
    for mine, theirs in zip(got, expected, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("which", [0, 1])
def test_log_probs_sum_to_one_in_any_shape(which: int) -> None:
    head = heads()[which]
    h = torch.randn(2, 3, H, dtype=torch.float64)
    probs = head.log_probs(h).exp()
    assert probs.shape == (2, 3, V)
    torch.testing.assert_close(probs.sum(-1), torch.ones(2, 3, dtype=torch.float64))
    torch.testing.assert_close(head(h).softmax(-1), probs)
    torch.testing.assert_close(head.log_probs(h[0, 1]).exp(), probs[0, 1])


@pytest.mark.parametrize("which", [0, 1])
def test_padding_alone_gives_zero(which: int) -> None:
    head = heads()[which]
    h = torch.randn(4, H, dtype=torch.float64, requires_grad=True)
    loss = head.nats(h, torch.full((4,), IGNORE))
    loss.backward()
    assert loss == 0 and not h.grad.any()


def test_a_single_row_works_in_every_cluster() -> None:
    head = heads()[1]
    h = torch.randn(1, H, dtype=torch.float64)
    for token in (0, 5, 39):
        torch.testing.assert_close(head.nats(h, torch.tensor([token])), -head(h)[0, token])


def test_shared_weight_must_fit() -> None:
    shared = nn.Parameter(torch.randn(V, H))
    assert LinearHead(H, V, weight=shared).weight is shared
    with pytest.raises(ConfigError, match=r"expected \(V=40, H=9\) to share it"):
        LinearHead(9, V, weight=shared)


def test_cutoffs_must_fit() -> None:
    with pytest.raises(ConfigError, match="below the vocabulary's 40, got \\[5, 40\\]"):
        AdaptiveHead(H, V, [5, 40])
    with pytest.raises(ConfigError, match="need at least 64 features, got 17"):
        AdaptiveHead(H, V, [5, 10, 20])
