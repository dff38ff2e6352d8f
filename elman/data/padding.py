"""Examples of unequal lengths as one tensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["pad"]


def pad(rows: Sequence[NDArray[np.integer[Any]]], value: int = 0) -> tuple[Tensor, Tensor]:
    """Lay rows of ids into one tensor, filled up to the longest.

    Args:
        rows: Ids of each example, each ``(T_b,)``.
        value: What stands beyond a row's end; the lengths say where that is.

    Shape:
        - returns: ``(B, T)`` int64 and the lengths ``(B,)`` int64

    Example:
        >>> pad([np.array([5, 6, 7]), np.array([8])])
        (tensor([[5, 6, 7],
                [8, 0, 0]]), tensor([3, 1]))
    """
    lengths = np.array([len(row) for row in rows], np.int64)
    padded = np.full((len(rows), int(lengths.max(initial=0))), value, np.int64)
    for row, target in zip(rows, padded, strict=True):
        target[: len(row)] = row
    return torch.from_numpy(padded), torch.from_numpy(lengths)
