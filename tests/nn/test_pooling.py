"""Poolings look at valid steps alone and equal a plain loop over the rows."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from elman._errors import ConfigError, ShapeError, UnknownName
from elman.nn import GRU
from elman.nn.pooling import POOLINGS, AttentionPooling, make_pooling

T, B, R = 7, 5, 6
LENGTHS = torch.tensor([7, 1, 3, 0, 5])


def output() -> Tensor:
    return torch.randn(T, B, R, dtype=torch.float64, generator=torch.Generator().manual_seed(4))


def made(name: str, bidirectional: bool = False):  # type: ignore[no-untyped-def]
    torch.manual_seed(2)
    pooling = make_pooling(name, R, bidirectional=bidirectional).double()
    if isinstance(pooling, AttentionPooling):
        torch.nn.init.normal_(pooling.score.weight)
    return pooling


def by_hand(name: str, pooling: torch.nn.Module, row: Tensor) -> Tensor:
    """Pool one row ``(t, R)`` without any padding."""
    if name == "last":
        return row[-1]
    if name == "mean":
        return row.mean(0)
    if name == "centre":
        return row[len(row) // 2]
    if name == "max":
        return row.max(0).values
    scores = torch.tanh(row @ pooling.hidden.weight.T + pooling.hidden.bias)  # type: ignore[union-attr]
    weights = torch.softmax(scores @ pooling.score.weight[0], 0)  # type: ignore[index, union-attr]
    return weights @ row


@pytest.mark.parametrize("name", list(POOLINGS))
def test_equals_a_loop_over_rows(name: str) -> None:
    pooling, x = made(name), output()
    y = pooling(x, LENGTHS)
    for b, length in enumerate(LENGTHS.tolist()):
        expected = by_hand(name, pooling, x[:length, b]) if length else torch.zeros(R).double()
        torch.testing.assert_close(y[b], expected)
    torch.testing.assert_close(pooling(x), pooling(x, torch.full((B,), T)))


@pytest.mark.parametrize("garbage", [torch.nan, torch.inf, 1e9])
@pytest.mark.parametrize("name", list(POOLINGS))
def test_padding_never_leaks_not_even_into_gradients(name: str, garbage: float) -> None:
    pooling, x = made(name), output()
    beyond = torch.arange(T).unsqueeze(1) >= LENGTHS
    clean = x.masked_fill(beyond.unsqueeze(-1), 0.0).requires_grad_()
    dirty = x.masked_fill(beyond.unsqueeze(-1), garbage).requires_grad_()
    weight = torch.randn(B, R, dtype=torch.float64)
    results = []
    for values in (clean, dirty):
        pooling.zero_grad()
        y = pooling(values, LENGTHS)
        (y * weight).sum().backward()
        gradients = [p.grad.clone() for p in pooling.parameters()]
        results.append([y.detach(), values.grad, *gradients])
    for a, b in zip(*results, strict=True):
        assert torch.isfinite(a).all()
        torch.testing.assert_close(a, b, rtol=0, atol=0)
    assert not dirty.grad[beyond].any()


@pytest.mark.parametrize("name", list(POOLINGS))
def test_gradients_are_those_of_finite_differences(name: str) -> None:
    pooling = made(name)
    assert torch.autograd.gradcheck(
        lambda x: pooling(x, LENGTHS), (output().requires_grad_(),), fast_mode=True
    )


def test_last_of_two_directions_is_what_each_ends_with() -> None:
    torch.manual_seed(0)
    layer = GRU(3, R // 2, bidirectional=True)
    x = torch.randn(T, B, 3)
    lengths = LENGTHS.clamp(min=1)
    y, h_n = layer(x, lengths=lengths)
    pooled = make_pooling("last", R, bidirectional=True)(y, lengths)
    torch.testing.assert_close(pooled, torch.cat(list(h_n), -1))


def test_attention_starts_as_the_mean() -> None:
    x = output()
    attention, mean = make_pooling("attention", R).double(), make_pooling("mean", R)
    torch.testing.assert_close(attention(x, LENGTHS), mean(x, LENGTHS))


def test_attention_weights_sum_to_one_over_valid_steps() -> None:
    mask = torch.arange(T).unsqueeze(1) < torch.tensor([7, 1, 3, 2, 5])
    weights = made("attention").weights(output(), mask)
    torch.testing.assert_close(weights.sum(0), torch.ones(B).double())
    assert not weights[~mask].any()


def test_wrong_shapes_and_names_are_refused() -> None:
    pooling = make_pooling("mean", R)
    with pytest.raises(ShapeError, match="output"):
        pooling(torch.zeros(T, B, R + 1))
    with pytest.raises(ShapeError, match="lengths"):
        pooling(torch.zeros(T, B, R), torch.ones(B + 1))
    with pytest.raises(UnknownName, match="did you mean 'mean'"):
        make_pooling("meen", R)


def test_centre_is_what_both_directions_know_when_they_meet() -> None:
    torch.manual_seed(0)
    layer, half = GRU(3, R // 2, bidirectional=True), R // 2
    x, lengths = torch.randn(T, B, 3), LENGTHS.clamp(min=1)
    pooled = make_pooling("centre", R, bidirectional=True)(layer(x, lengths=lengths)[0], lengths)
    for b, size in enumerate(lengths.tolist()):
        upto, from_there = x[: size // 2 + 1, b : b + 1], x[(size - 1) // 2 : size, b : b + 1]
        torch.testing.assert_close(pooled[b, :half], layer(upto)[0][-1, 0, :half])
        torch.testing.assert_close(pooled[b, half:], layer(from_there)[0][0, 0, half:])
    with pytest.raises(ConfigError, match="before the end is there"):
        make_pooling("centre", R).start(1, x)


@pytest.mark.parametrize("cut", [1, 2, 5, 7])
@pytest.mark.parametrize("name", [name for name in POOLINGS if name != "centre"])
def test_what_arrives_piece_by_piece_is_pooled_as_the_whole_up_to_there(
    name: str, cut: int
) -> None:
    torch.manual_seed(1)
    pooling, x = made(name), 50 * torch.randn(11, 3, R, dtype=torch.float64)
    state, pieces = pooling.start(3, x), []
    for piece in x.split(cut):
        pooled, state = pooling.step(piece, state)
        pieces.append(pooled)
    expected = torch.stack([pooling(x[: t + 1]) for t in range(len(x))])
    torch.testing.assert_close(torch.cat(pieces), expected, rtol=1e-12, atol=1e-12)
