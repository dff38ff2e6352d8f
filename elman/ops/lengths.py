"""Ragged batches: lengths to mask, and time reversal that keeps the padding at the end."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["lengths_to_mask", "reverse_reset", "reverse_time"]


def lengths_to_mask(lengths: Tensor, steps: int) -> Tensor:
    """Return ``mask (T, B)``, True where a step is inside its row's length.

    Example:
        >>> lengths_to_mask(torch.tensor([2, 0]), 3).T
        tensor([[ True,  True, False],
                [False, False, False]])
    """
    return torch.arange(steps, device=lengths.device).unsqueeze(1) < lengths


def reverse_time(x: Tensor, lengths: Tensor | None = None) -> Tensor:
    """Reverse ``x (T, B, ...)`` in time, each row within its own length.

    Example:
        >>> reverse_time(torch.tensor([[1], [2], [0]]), torch.tensor([2])).T
        tensor([[2, 1, 0]])
    """
    if lengths is None:
        return x.flip(0)
    t = torch.arange(x.shape[0], device=x.device).unsqueeze(1)  # (T, 1)
    index = torch.where(t < lengths, lengths - 1 - t, t)  # (T, B)
    index = index.reshape(index.shape + (1,) * (x.dim() - 2)).expand_as(x)
    return x.gather(0, index)


def reverse_reset(reset: Tensor, lengths: Tensor | None = None) -> Tensor:
    """Return the resets that the reverse direction must obey.

    A reset before step t cuts the sequence between t-1 and t, so the reverse direction, coming
    from the right, starts afresh at t-1. A reset that stands in the padding cuts nothing.

    Example:
        >>> reset = torch.tensor([[False], [True], [False], [True]])
        >>> reverse_reset(reset, torch.tensor([3])).int().T
        tensor([[0, 0, 1, 0]], dtype=torch.int32)
    """
    shifted = torch.zeros_like(reset)
    shifted[:-1] = reset[1:]
    if lengths is not None:
        # the first padded step's reset would else stand at the last valid step
        shifted &= lengths_to_mask(lengths - 1, reset.shape[0])
    return reverse_time(shifted, lengths)
