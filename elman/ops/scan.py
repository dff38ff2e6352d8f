r"""The linear recurrence :math:`h_t = a_t \odot h_{t-1} + b_t`, all steps in log-many passes.

Two neighbouring steps are again a step of the same form, so a sequence is combined by doubling
(Hillis & Steele 1986): pass k joins each step with the one :math:`2^k` before it. No division,
so it is stable for any :math:`|a| \le 1`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from elman._shapes import check_shape

__all__ = ["scan"]


def scan(a: Tensor, b: Tensor, initial: Tensor) -> Tensor:
    r"""Return every :math:`h_t` of :math:`h_t = a_t \odot h_{t-1} + b_t`.

    Args:
        a: How much of the previous value stays.
        b: What is added.
        initial: The value before the first step.

    Shape:
        - a, b: ``(T, B, H)``; initial: ``(B, H)``
        - returns: ``(T, B, H)``

    Raises:
        ShapeError: If the shapes differ.

    Cost:
        ``3·T·log2(T)·B·H`` FLOPs in ``log2(T)`` passes, none of which waits for a single step.

    Source:
        Hillis & Steele 1986, doi:10.1145/7902.7903.

    Example:
        >>> scan(torch.full((3, 1, 1), 0.5), torch.ones(3, 1, 1), torch.zeros(1, 1)).flatten()
        tensor([1.0000, 1.5000, 1.7500])
    """
    steps, batch, hidden = b.shape
    check_shape("a", a, T=steps, B=batch, H=hidden)
    check_shape("initial", initial, B=batch, H=hidden)
    if steps == 0:
        return b
    b = torch.cat([(a[0] * initial + b[0]).unsqueeze(0), b[1:]])
    width = 1
    while width < steps:
        joined = a[width:] * b[:-width] + b[width:]
        a = torch.cat([a[:width], a[width:] * a[:-width]])
        b = torch.cat([b[:width], joined])
        width *= 2
    return b
