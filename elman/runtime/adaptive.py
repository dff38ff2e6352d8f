"""The adaptive softmax in NumPy: log-probabilities of all tokens from one row of features each."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.runtime.network import AdaptiveHead

__all__ = ["adaptive_log_probs"]

Array = NDArray[Any]


def log_softmax(a: Array) -> Array:
    """Logarithm of the softmax of each row."""
    below = a - a.max(-1, keepdims=True)
    result: Array = below - np.log(np.exp(below).sum(-1, keepdims=True))
    return result


def adaptive_log_probs(head: AdaptiveHead, h: Array) -> Array:
    """Return log-probabilities ``(B, V)`` of features ``(B, R)``.

    Source:
        Grave et al. 2017, arXiv:1609.04309.

    Example:
        >>> head = AdaptiveHead(np.ones((3, 2)), ((np.ones((1, 2)), np.ones((4, 1))),))
        >>> float(np.exp(adaptive_log_probs(head, np.zeros((1, 2)))).sum())
        1.0
    """
    first = len(head.weight) - len(head.tails)
    frequent = log_softmax(h @ head.weight.T)  # (B, first + clusters)
    clusters = [
        log_softmax(h @ narrow.T @ wide.T) + frequent[:, first + k, None]
        for k, (narrow, wide) in enumerate(head.tails)
    ]
    return np.concatenate([frequent[:, :first], *clusters], -1)
