r"""Softmax and cross entropy without the logits of all rows at once.

With V = 100,000 the logits of one batch outweigh everything else in memory. Here rows are taken
a chunk at a time; each chunk's gradient is formed while its logits are at hand, because the
gradient of the mean needs nothing that comes later:

.. math::
    \ell = -\tfrac1n \sum_i \log \text{softmax}(W h_i + b)_{y_i} \qquad
    \frac{\partial \ell}{\partial \text{logits}_i} = \tfrac1n (p_i - e_{y_i})
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

__all__ = ["CHUNK", "IGNORE", "linear_cross_entropy"]

CHUNK = 1 << 22
"""Logits formed at a time; in float32 they take 16 MB."""

IGNORE = -100
"""A target that is not counted: padding. Torch's number; any other below zero does the same."""


def linear_cross_entropy(
    h: Tensor, weight: Tensor, bias: Tensor | None, targets: Tensor, *, chunk: int = CHUNK
) -> Tensor:
    """Return the mean nats of ``targets`` under ``softmax(h @ weight.T + bias)``.

    Equal to `torch.nn.functional.cross_entropy` on the full logits, in value and in first
    derivatives; there are no second ones.

    Args:
        h: Features of each row.
        weight: One vector for each token.
        bias: Or ``None``.
        targets: Token ids; rows below zero are padding, left out of the mean. The mean of no
            rows is 0.
        chunk: Logits to hold at a time.

    Shape:
        - h: ``(N, H)``; weight: ``(V, H)``; bias: ``(V,)``; targets: ``(N,)`` int64
        - returns: ``()``

    Cost:
        ``6·N·V·H`` FLOPs with gradient, all of them in the forward pass, ``2·N·V·H`` without.

    Example:
        >>> h, weight = torch.zeros(2, 3), torch.randn(65, 3)
        >>> linear_cross_entropy(h, weight, None, torch.tensor([1, 64]))
        tensor(4.1744)
    """
    learning = torch.is_grad_enabled()
    loss: Tensor = _LinearCrossEntropy.apply(  # type: ignore[no-untyped-call]
        h, weight, bias, targets, chunk, learning
    )
    return loss


class _LinearCrossEntropy(torch.autograd.Function):
    """The mean, with gradients made on the way forward."""

    @staticmethod
    def forward(
        ctx: Any,
        h: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        targets: Tensor,
        chunk: int,
        learning: bool,
    ) -> Tensor:
        counted = targets >= 0
        n = counted.sum().clamp(min=1)
        index = targets.masked_fill(~counted, 0).unsqueeze(1)  # (N, 1)
        need_h, need_weight, need_bias = (learning and n for n in ctx.needs_input_grad[:3])
        # Sums over rows run in the weights' own precision, also under autocast.
        grad_h = torch.empty_like(h) if need_h else None
        grad_weight = torch.zeros_like(weight) if need_weight else None
        grad_bias = torch.zeros_like(bias) if need_bias and bias is not None else None
        total = torch.zeros((), dtype=torch.promote_types(h.dtype, torch.float32), device=h.device)
        rows = max(1, chunk // weight.shape[0])
        for start in range(0, h.shape[0], rows):
            part = slice(start, start + rows)
            logits = torch.nn.functional.linear(h[part], weight, bias).to(total.dtype)
            norm = logits.logsumexp(dim=1, keepdim=True)  # (n, 1)
            nats = (norm - logits.gather(1, index[part])).squeeze(1)
            total += torch.where(counted[part], nats, 0.0).sum()
            if not (need_h or need_weight or need_bias):
                continue
            grad = logits.sub_(norm).exp_()  # (n, V), the probabilities
            grad.scatter_add_(1, index[part], grad.new_full((1, 1), -1.0).expand_as(index[part]))
            grad *= counted[part].unsqueeze(1).to(grad.dtype) / n
            if grad_h is not None:
                grad_h[part] = grad.to(weight.dtype) @ weight
            if grad_weight is not None:
                grad_weight += grad.to(weight.dtype).T @ h[part].to(weight.dtype)
            if grad_bias is not None:
                grad_bias += grad.sum(0)
        ctx.save_for_backward(grad_h, grad_weight, grad_bias)
        return total / n

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        grads = (None if g is None else g * upstream.to(g.dtype) for g in ctx.saved_tensors)
        return (*grads, None, None, None)
