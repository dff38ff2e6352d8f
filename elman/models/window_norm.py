r"""Normalisation of windows, undone on the forecast: :math:`z = (y - c) / s`.

Over a window: its last value, its mean and standard deviation, or its mean size. Running: the same
of all values so far, older ones counting less; it never looks ahead, and advances in O(1).
Missing values count nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

__all__ = ["Norm", "RunningNorm", "WindowNorm", "window_norm"]

FLAT = 0.01
"""Least standard deviation of a window, as a part of its mean size: a flat window divides by it."""
CHUNK = 256
"""Steps of a running sum that are computed at once."""


class Norm(Protocol):
    """What forecasters ask of a normalisation; its state is a tensor ``(S, R)``."""

    def over(self, y: Tensor, observed: Tensor, window: int) -> Tensor:
        """Return the states ``(S, R, T)`` after each step of ``(R, T)``."""

    def update(self, state: Tensor, y: Tensor, observed: Tensor) -> Tensor:
        """Take in one value of each row."""

    def statistics(self, state: Tensor) -> tuple[Tensor, Tensor]:
        """Return centre and scale of states ``(S, ...)``."""

    def start(self, rows: int, device: torch.device) -> Tensor:
        """Return the state before the first value, ``(S, R)``."""


@dataclass(frozen=True)
class WindowNorm:
    """Centre and scale of the window, the same at all of its steps and after it.

    Args:
        kind: As in `window_norm`.
    """

    kind: str

    def over(self, y: Tensor, observed: Tensor, window: int) -> Tensor:
        """Return centre and scale of the first ``window`` steps, for all of them."""
        found = window_norm(self.kind, y[:, :window].double(), observed[:, :window])
        return torch.stack(found).expand(-1, -1, y.shape[1])

    def update(self, state: Tensor, y: Tensor, observed: Tensor) -> Tensor:
        """Return the state as it is: what comes after the window changes nothing."""
        return state

    def statistics(self, state: Tensor) -> tuple[Tensor, Tensor]:
        """Return centre and scale."""
        centre, scale = state.unbind(0)
        return centre, scale

    def start(self, rows: int, device: torch.device) -> Tensor:
        """Return centre 0 and scale 1."""
        state = torch.zeros(2, rows, dtype=torch.float64, device=device)
        state[1] = 1
        return state


def window_norm(kind: str, y: Tensor, observed: Tensor) -> tuple[Tensor, Tensor]:
    r"""Return centre and scale of whole windows.

    ==========  ==========================  ======================================
    kind        centre                      scale
    ==========  ==========================  ======================================
    last        the last observed value     1
    standard    mean                        standard deviation
    mean        0                           :math:`(1 + \sum |y|) / (1 + n)`
    none        0                           1
    ==========  ==========================  ======================================

    Args:
        kind: One of these.
        y: Values, finite everywhere.
        observed: Which of them count.

    Shape:
        - y, observed: ``(R, L)``
        - returns: two of ``(R, 1)``

    Source:
        Mean and deviation, undone on the forecast: Kim et al. 2022 (RevIN). The last value: Zeng
        et al. 2023, arXiv:2205.13504.

    Example:
        >>> y, seen = torch.tensor([[1.0, 3.0, 9.0]]), torch.tensor([[True, True, False]])
        >>> window_norm("standard", y, seen)
        (tensor([[2.]]), tensor([[1.0002]]))
    """
    weight = observed.to(y.dtype)
    count = weight.sum(1, keepdim=True)
    zero, one = torch.zeros_like(count), torch.ones_like(count)
    size = (y.abs() * weight).sum(1, keepdim=True)
    if kind == "none":
        return zero, one
    if kind == "mean":
        return zero, (1 + size) / (1 + count)
    if kind == "last":
        steps = torch.arange(1, y.shape[1] + 1, device=y.device)
        last = (steps * observed).argmax(1, keepdim=True)
        return torch.where(count > 0, y.gather(1, last), zero), one
    least = FLAT * size / count.clamp(min=1) + 1e-6
    centre = (y * weight).sum(1, keepdim=True) / count.clamp(min=1)
    variance = ((y - centre).square() * weight).sum(1, keepdim=True) / count.clamp(min=1)
    return centre, torch.where(count > 0, (variance + least.square()).sqrt(), one)


@dataclass(frozen=True)
class RunningNorm:
    r"""Centre and scale of all values so far, each counting :math:`e^{-1/\tau}` of its successor.

    .. math::
        n_t = \beta n_{t-1} + o_t \qquad a_t = \beta a_{t-1} + o_t f(y_t) \qquad
        \beta = e^{-1 / \tau}

    ``mean``: :math:`s = (1 + \sum |y|) / (1 + n)` and no centre. ``standard``: mean and standard
    deviation, as if one value more had been seen, drawn from N(0, 1): so the first ones, too, have
    a scale. ``none``: 0 and 1.

    The sums are float64, ``(3, R)``; that is all there is to remember.

    Args:
        kind: One of these.
        memory: :math:`\tau` in steps.

    Example:
        >>> norm = RunningNorm("mean", memory=10)
        >>> state = norm.start(1, torch.device("cpu"))
        >>> norm.statistics(norm.update(state, torch.tensor([5.0]), torch.tensor([True])))[1]
        tensor([3.], dtype=torch.float64)
    """

    kind: str
    memory: int

    @property
    def decay(self) -> float:
        r"""What is left of a value's weight after a step."""
        return math.exp(-1 / self.memory)

    def start(self, rows: int, device: torch.device) -> Tensor:
        """Return the sums before the first value, ``(3, R)``."""
        return torch.zeros(3, rows, dtype=torch.float64, device=device)

    def terms(self, y: Tensor, observed: Tensor) -> Tensor:
        """Return what values add to the sums: ``(3, ...)``."""
        y, one = y.double(), observed.double()
        return torch.stack([one, one * (y.abs() if self.kind == "mean" else y), one * y * y])

    def update(self, state: Tensor, y: Tensor, observed: Tensor) -> Tensor:
        """Take in one value of each row, ``(R,)``."""
        return self.decay * state + self.terms(y, observed)

    def over(self, y: Tensor, observed: Tensor, window: int = 0) -> Tensor:
        """Return the sums after each step, ``(3, R, T)``, a chunk at a time.

        Args:
            y: ``(R, T)``.
            observed: ``(R, T)``.
            window: Not read: every step knows those before it alone.
        """
        steps = torch.arange(CHUNK, dtype=torch.float64, device=y.device)
        gap = steps[:, None] - steps  # (to, from)
        weights = torch.where(gap >= 0, self.decay ** gap.clamp(min=0), torch.zeros_like(gap))
        carried = self.decay ** (steps + 1)
        state, parts = self.start(len(y), y.device), []
        for terms in torch.split(self.terms(y, observed), CHUNK, -1):
            t = terms.shape[-1]
            parts.append(terms @ weights[:t, :t].T + state.unsqueeze(-1) * carried[:t])
            state = parts[-1][..., -1:].squeeze(-1) if t else state
        return torch.cat(parts, -1)

    def statistics(self, state: Tensor) -> tuple[Tensor, Tensor]:
        """Return centre and scale of sums ``(3, ...)``, float64."""
        count, first, second = state.unbind(0)
        if self.kind == "none":
            return torch.zeros_like(count), torch.ones_like(count)
        if self.kind == "mean":
            return torch.zeros_like(count), (1 + first) / (1 + count)
        centre = first / (1 + count)
        variance = (1 + second) / (1 + count) - centre.square()
        least = FLAT * centre.abs() + 1e-6
        return centre, torch.maximum(variance.clamp(min=0).sqrt(), least)
