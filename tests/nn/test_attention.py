"""Attention is its equation: each query by itself, in NumPy, without padding."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from elman._errors import ConfigError, ShapeError, UnknownName
from elman.nn.attention import ATTENTIONS, Attention, make_attention

T, S, B, Q, A = 4, 6, 3, 5, 7
LENGTHS = [6, 1, 3]


def build(kind: str) -> Attention:
    torch.manual_seed(3)
    attention = make_attention(kind, Q, Q if kind == "dot" else 8, A).double()
    for parameter in attention.parameters():
        torch.nn.init.normal_(parameter)
    return attention


def inputs(attention: Attention) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    query = torch.randn(T, B, Q, generator=generator, dtype=torch.float64)
    memory = torch.randn(S, B, attention.memory_size, generator=generator, dtype=torch.float64)
    return query, memory


def oracle(
    kind: str, attention: Attention, q: np.ndarray, memory: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """One query over one memory, as the papers write it."""
    w = {name: p.detach().numpy() for name, p in attention.named_parameters()}
    scores = []
    for m in memory:
        if kind == "dot":
            scores.append(q @ m)
        elif kind == "multiplicative":
            scores.append(q @ w["memory.weight"] @ m)
        else:
            inner = w["query.weight"] @ q + w["memory.weight"] @ m + w["memory.bias"]
            scores.append(w["score.weight"][0] @ np.tanh(inner))
    p = np.exp(np.array(scores) - max(scores))
    p /= p.sum()
    return p @ memory, p


@pytest.mark.parametrize("kind", list(ATTENTIONS))
def test_each_query_of_each_row_is_the_equation(kind: str) -> None:
    attention = build(kind)
    query, memory = inputs(attention)
    context, weights = attention(query, memory, LENGTHS)
    for b, length in enumerate(LENGTHS):
        for t in range(T):
            wanted = oracle(kind, attention, query[t, b].numpy(), memory[:length, b].numpy())
            np.testing.assert_allclose(context[t, b].detach(), wanted[0], rtol=1e-12)
            np.testing.assert_allclose(weights[t, b, :length].detach(), wanted[1], rtol=1e-12)


@pytest.mark.parametrize("kind", list(ATTENTIONS))
def test_padding_is_exactly_zero_and_never_leaks(kind: str) -> None:
    attention = build(kind)
    query, memory = inputs(attention)
    garbage = memory.clone()
    for b, length in enumerate(LENGTHS):
        garbage[length:, b] = 1e30
    memory.requires_grad_()
    context, weights = attention(query, memory, torch.tensor(LENGTHS))
    for b, length in enumerate(LENGTHS):
        assert (weights[:, b, length:] == 0).all()
    torch.testing.assert_close(attention(query, garbage, LENGTHS).context, context)
    (grad,) = torch.autograd.grad(context.square().sum(), memory)
    for b, length in enumerate(LENGTHS):
        assert (grad[length:, b] == 0).all()


@pytest.mark.parametrize("kind", list(ATTENTIONS))
def test_a_row_of_padding_alone_is_zero_with_finite_gradients(kind: str) -> None:
    attention = build(kind)
    query, memory = inputs(attention)
    memory.requires_grad_()
    context, weights = attention(query, memory, [2, 0, 6])
    assert (context[:, 1] == 0).all() and (weights[:, 1] == 0).all()
    grads = torch.autograd.grad(context.sum(), [memory, *attention.parameters()])
    assert all(bool(grad.isfinite().all()) for grad in grads)


@pytest.mark.parametrize("kind", list(ATTENTIONS))
def test_all_queries_at_once_are_the_queries_one_by_one(kind: str) -> None:
    attention = build(kind)
    query, memory = inputs(attention)
    keys = attention.keys(memory)
    together = attention(query, memory, LENGTHS)
    single = [attention(query[t : t + 1], memory, LENGTHS, keys=keys) for t in range(T)]
    for name in ("context", "weights"):
        whole = getattr(together, name)
        torch.testing.assert_close(torch.cat([getattr(s, name) for s in single]), whole)


@pytest.mark.parametrize("kind", list(ATTENTIONS))
def test_gradcheck(kind: str) -> None:
    attention = build(kind)
    query, memory = inputs(attention)
    leaves = [query.requires_grad_(), memory.requires_grad_(), *attention.parameters()]

    def run(query: Tensor, memory: Tensor, *_: Tensor) -> tuple[Tensor, Tensor]:
        return attention(query, memory, LENGTHS)

    assert torch.autograd.gradcheck(run, leaves)


def test_without_lengths_all_steps_are_real() -> None:
    attention = build("multiplicative")
    query, memory = inputs(attention)
    torch.testing.assert_close(attention(query, memory), attention(query, memory, [S] * B))


def test_refusals() -> None:
    with pytest.raises(UnknownName, match="unknown attention 'aditive'; did you mean 'additive'"):
        make_attention("aditive", 3, 3, 3)
    with pytest.raises(ShapeError, match="query has 3, the memory 4.*multiplicative"):
        make_attention("dot", 3, 4, 3)
    with pytest.raises(ConfigError, match="size: expected at least 1, got 0"):
        make_attention("additive", 3, 4, 0)
    attention = build("additive")
    query, memory = inputs(attention)
    with pytest.raises(ShapeError, match=r"memory: expected \(S, B=3, M=8\), got \(6, 2, 8\)"):
        attention(query, memory[:, :2])
    with pytest.raises(ShapeError, match="query: expected"):
        attention(memory, memory)
