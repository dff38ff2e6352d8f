"""A running average of the weights: exponential (EMA), or plain (the A of averaged SGD)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["WeightAverage", "ema_weight"]


class WeightAverage:
    r"""Weights beside the weights: a smoother model than any single step's.

    .. math::
        \bar\theta \leftarrow \bar\theta + w \, (\theta - \bar\theta)

    ``w = 1 / n`` gives the mean of the ``n`` weights seen, a constant ``w`` an exponential one.

    Args:
        parameters: What is averaged. Every update touches all of each, the rows of a sparse
            embedding that did not change included.

    Source:
        Polyak & Juditsky 1992, doi:10.1137/0330046.

    Example:
        >>> from elman.train.average import WeightAverage
        >>> weight = torch.nn.Parameter(torch.zeros(2))
        >>> average = WeightAverage([weight])
        >>> with torch.no_grad():
        ...     _ = weight.fill_(4.0)
        >>> average.update(0.25)
        >>> with average.in_use():
        ...     weight.tolist()
        [1.0, 1.0]
        >>> weight.tolist()
        [4.0, 4.0]
    """

    def __init__(self, parameters: list[nn.Parameter]) -> None:
        self.parameters = parameters
        self.mean = [p.detach().clone() for p in parameters]
        self.updates = 0

    @torch.no_grad()
    def update(self, weight: float) -> None:
        """Move the average towards the weights by the part ``weight``, 0 to 1."""
        self.updates += 1
        torch._foreach_lerp_(self.mean, list(self.parameters), weight)

    @torch.no_grad()
    def apply(self) -> None:
        """Put the average in the weights' place, for good."""
        copy(self.mean, self.parameters)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Put the average in the weights' place for a while."""
        own = [p.detach().clone() for p in self.parameters]
        self.apply()
        try:
            yield
        finally:
            with torch.no_grad():
                copy(own, self.parameters)

    def state_dict(self) -> dict[str, Any]:
        """Return all that changes, for a checkpoint."""
        return {"mean": self.mean, "updates": self.updates}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up a checkpoint's values."""
        copy(state["mean"], self.mean)
        self.updates = state["updates"]


def copy(sources: list[Tensor], targets: list[Any]) -> None:
    """Copy tensor by tensor; the same number of each."""
    for source, target in zip(sources, targets, strict=True):
        target.copy_(source)


def ema_weight(decay: float, updates: int) -> float:
    """Return the weight of the newest in an EMA; early on larger, so that the start is forgotten.

    Example:
        >>> ema_weight(0.999, 0), round(ema_weight(0.999, 100_000), 6)
        (0.9, 0.001)
    """
    return 1.0 - min(decay, (1.0 + updates) / (10.0 + updates))
