"""Heads over a vocabulary: from features to logits, and to the loss without all the logits.

A head takes the body's output, rows of any leading shape, and answers three questions: the
logits, the mean nats of given targets, and the log-probabilities.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from elman._errors import ConfigError
from elman.models.cross_entropy import CHUNK, linear_cross_entropy

__all__ = ["AdaptiveHead", "LinearHead", "TokenHead"]

DIVIDE = 4.0  # each rarer cluster has vectors this much narrower: Grave et al.'s choice


class TokenHead(Protocol):
    """What a language model asks of its head."""

    def __call__(self, h: Tensor) -> Tensor:
        """Return logits ``(..., V)`` of features ``(..., H)``."""

    def nats(self, h: Tensor, targets: Tensor) -> Tensor:
        """Return the mean nats of ``targets (N,)`` given ``h (N, H)``; padding is left out."""

    def log_probs(self, h: Tensor) -> Tensor:
        """Return log-probabilities ``(..., V)`` of features ``(..., H)``."""


class LinearHead(nn.Module):
    r"""The softmax over the vocabulary: :math:`\text{logits} = W h + b`.

    Args:
        input_size: Features, H.
        vocab_size: Tokens, V.
        weight: A ``(V, H)`` parameter to share, such as the embedding; ``None`` makes a new one.
        chunk: Logits to hold at a time while the loss is formed.

    Raises:
        ConfigError: If the shared weight has another shape.

    Source:
        Sharing: Press & Wolf 2017, arXiv:1608.05859; Inan et al. 2017, arXiv:1611.01462.

    Example:
        >>> head = LinearHead(4, 10)
        >>> head(torch.zeros(2, 3, 4)).shape, head.nats(torch.zeros(5, 4), torch.arange(5)).shape
        (torch.Size([2, 3, 10]), torch.Size([]))
    """

    def __init__(
        self,
        input_size: int,
        vocab_size: int,
        *,
        weight: nn.Parameter | None = None,
        chunk: int = CHUNK,
    ) -> None:
        super().__init__()
        if weight is not None and tuple(weight.shape) != (vocab_size, input_size):
            raise ConfigError(
                f"weight: expected (V={vocab_size}, H={input_size}) to share it with the head, "
                f"got {tuple(weight.shape)}"
            )
        self.chunk = chunk
        self.weight = (
            nn.Parameter(torch.empty(vocab_size, input_size)) if weight is None else weight
        )
        if weight is None:
            bound = input_size**-0.5
            nn.init.uniform_(self.weight, -bound, bound)
        self.bias = nn.Parameter(torch.zeros(vocab_size))

    def forward(self, h: Tensor) -> Tensor:
        """Return the logits."""
        return F.linear(h, self.weight, self.bias)

    def nats(self, h: Tensor, targets: Tensor) -> Tensor:
        """Return the mean nats, a chunk of logits at a time."""
        return linear_cross_entropy(h, self.weight, self.bias, targets, chunk=self.chunk)

    def log_probs(self, h: Tensor) -> Tensor:
        """Return log-probabilities."""
        return F.linear(h, self.weight, self.bias).log_softmax(dim=-1)


class AdaptiveHead(nn.Module):
    """The adaptive softmax: frequent tokens at once, rarer ones by cluster, with narrower vectors.

    Token ids must be sorted by frequency, 0 the most frequent, as word and subword vocabularies
    are. Its logits are log-probabilities already.

    Args:
        input_size: Features, H.
        vocab_size: Tokens, V.
        cutoffs: First id of each rarer cluster, increasing.

    Raises:
        ConfigError: If a cutoff is not below V - 1, or there are so many clusters that the
            last one's vectors have no features left.

    Source:
        Grave et al. 2017, arXiv:1609.04309; `torch.nn.AdaptiveLogSoftmaxWithLoss`.

    Example:
        >>> head = AdaptiveHead(16, 100, [10, 50])
        >>> head.log_probs(torch.randn(2, 16)).exp().sum(-1)
        tensor([1.0000, 1.0000], grad_fn=...)
    """

    def __init__(self, input_size: int, vocab_size: int, cutoffs: Sequence[int]) -> None:
        super().__init__()
        if not cutoffs or max(cutoffs) >= vocab_size:
            raise ConfigError(
                f"adaptive_cutoffs: expected numbers below the vocabulary's {vocab_size}, "
                f"got {list(cutoffs)}"
            )
        if input_size < DIVIDE ** len(cutoffs):
            raise ConfigError(
                f"adaptive_cutoffs: {len(cutoffs)} clusters of ever narrower vectors need at "
                f"least {int(DIVIDE ** len(cutoffs))} features, got {input_size}; use fewer cutoffs"
            )
        self.softmax = nn.AdaptiveLogSoftmaxWithLoss(
            input_size, vocab_size, list(cutoffs), div_value=DIVIDE
        )

    def forward(self, h: Tensor) -> Tensor:
        """Return log-probabilities, which are logits that sum to one."""
        return self.log_probs(h)

    def nats(self, h: Tensor, targets: Tensor) -> Tensor:
        """Return the mean nats; only the clusters of the targets are computed."""
        counted = targets >= 0
        if not bool(counted.any()):
            return h.sum() * 0.0
        output: Tensor = self.softmax(h[counted], targets[counted]).output
        return -output.mean()

    def log_probs(self, h: Tensor) -> Tensor:
        """Return log-probabilities."""
        rows = h.reshape(-1, h.shape[-1])
        return self.softmax.log_prob(rows).reshape(*h.shape[:-1], -1)
