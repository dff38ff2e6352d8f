"""The chunked loss is torch's cross entropy on the full logits, and its gradient is exact."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from elman.models.cross_entropy import IGNORE, linear_cross_entropy

N, H, V = 23, 5, 17


def inputs(dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    h, weight, bias = (
        torch.randn(size, generator=generator, dtype=dtype).requires_grad_()
        for size in ((N, H), (V, H), (V,))
    )
    targets = torch.randint(V, (N,), generator=generator)
    targets[[2, 11, 22]] = IGNORE
    return h, weight, bias, targets


@pytest.mark.parametrize("chunk", [1, V, 4 * V + 3, N * V, 10**9])
@pytest.mark.parametrize("with_bias", [True, False])
def test_value_and_gradients_are_those_of_full_logits(chunk: int, with_bias: bool) -> None:
    h, weight, bias, targets = inputs()
    leaves = (h, weight, bias) if with_bias else (h, weight)
    full = F.cross_entropy(F.linear(h, weight, bias if with_bias else None), targets)
    expected = torch.autograd.grad(full * 3.7, leaves)
    loss = linear_cross_entropy(h, weight, bias if with_bias else None, targets, chunk=chunk)
    torch.testing.assert_close(loss, full, rtol=1e-12, atol=0)
    for mine, theirs in zip(torch.autograd.grad(loss * 3.7, leaves), expected, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-10, atol=1e-14)


def test_gradcheck() -> None:
    h, weight, bias, targets = inputs()
    assert torch.autograd.gradcheck(
        lambda *given: linear_cross_entropy(*given, targets, chunk=3 * V), (h, weight, bias)
    )


@pytest.mark.parametrize("frozen", [0, 1, 2])
def test_only_what_needs_a_gradient_gets_one(frozen: int) -> None:
    *leaves, targets = inputs()
    leaves[frozen] = leaves[frozen].detach()
    linear_cross_entropy(*leaves, targets, chunk=2 * V).backward()
    assert [leaf.grad is None for leaf in leaves] == [k == frozen for k in range(3)]


def test_without_gradient_no_gradient_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    h, weight, bias, targets = inputs()
    expected = linear_cross_entropy(h, weight, bias, targets)

    def never(*_: object) -> Tensor:
        raise AssertionError("a gradient was prepared")

    monkeypatch.setattr(torch, "zeros_like", never)
    monkeypatch.setattr(torch, "empty_like", never)
    with torch.no_grad():
        assert torch.equal(linear_cross_entropy(h, weight, bias, targets), expected.detach())


def test_full_logits_are_never_held(monkeypatch: pytest.MonkeyPatch) -> None:
    h, weight, bias, targets = inputs()
    linear, largest = F.linear, []

    def watched(*given: Tensor) -> Tensor:
        largest.append(linear(*given).numel())
        return linear(*given)

    monkeypatch.setattr(F, "linear", watched)
    linear_cross_entropy(h, weight, bias, targets, chunk=4 * V).backward()
    assert max(largest) == 4 * V and sum(largest) == N * V


def test_all_padding_is_zero_with_zero_gradient() -> None:
    h, weight, bias, _ = inputs()
    loss = linear_cross_entropy(h, weight, bias, torch.full((N,), IGNORE))
    loss.backward()
    assert loss == 0 and h.grad is not None and not h.grad.any()


def test_large_logits_stay_finite() -> None:
    h, weight, bias, targets = inputs(torch.float32)
    loss = linear_cross_entropy(h * 1e4, weight, bias, targets)
    loss.backward()
    assert loss.isfinite() and h.grad is not None and h.grad.isfinite().all()


def test_half_precision_sums_in_float32() -> None:
    h, weight, bias, targets = inputs(torch.float32)
    exact = linear_cross_entropy(h, weight, bias, targets)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = linear_cross_entropy(h, weight, bias, targets, chunk=5 * V)
        loss.backward()
    assert loss.dtype == torch.float32 and weight.grad is not None
    assert weight.grad.dtype == torch.float32
    torch.testing.assert_close(loss, exact, rtol=2e-2, atol=2e-2)
    (true,) = torch.autograd.grad(exact, weight)
    torch.testing.assert_close(weight.grad, true, rtol=5e-2, atol=1e-2)


def test_second_derivatives_are_refused_not_wrong() -> None:
    h, weight, bias, targets = inputs()
    (first,) = torch.autograd.grad(
        linear_cross_entropy(h, weight, bias, targets) ** 2, h, create_graph=True
    )
    with pytest.raises(RuntimeError, match="once_differentiable"):
        first.sum().backward()
