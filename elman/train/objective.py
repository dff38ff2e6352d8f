"""The seam of the loop: what it asks of data (`BatchSource`) and of a model (`Objective`).

State is any nested tuple or list of tensors and ``None``, as in `elman.nn.state`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from torch import Tensor

__all__ = ["Batch", "BatchLike", "BatchSource", "Objective", "Outcome", "Scores"]


@dataclass(frozen=True, slots=True)
class Batch:
    """One window of every sequence in the batch, on the training's device.

    Shape:
        - inputs: ``(B, T, ...)``, or a nest of such
        - targets: ``(B, T, ...)``, or a nest of such
    """

    inputs: Any
    targets: Any
    fresh: bool
    """Start from the zero state; otherwise the window goes on where the last one ended."""


class BatchLike(Protocol):
    """What a source returns: anything with these three."""

    @property
    def inputs(self) -> Any:
        """What the model sees."""
        ...

    @property
    def targets(self) -> Any:
        """What it should say."""
        ...

    @property
    def fresh(self) -> bool:
        """Start from the zero state."""
        ...


class BatchSource(Protocol):
    """Batches by number, the same for the same number: this is what makes a resume exact."""

    def __len__(self) -> int:
        """Batches of an epoch."""
        ...

    def batch(self, epoch: int, index: int) -> BatchLike:
        """Return batch ``index`` of ``epoch``, both from 0."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an objective found out about a batch."""

    loss: Tensor
    """What is differentiated: a mean over ``count`` tokens, regularisation included."""
    nats: Tensor | float
    """What is reported: the plain mean loss, in nats."""
    count: int
    """Tokens in the means."""
    state: Any
    """The state after the window, to carry into the next."""


@dataclass(frozen=True, slots=True)
class Scores:
    """How a model does on the held-out part."""

    nats: float
    """Mean loss, in nats."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    """What else is told, by name: ``{"accuracy": 0.93}``."""
    criterion: float | None = None
    """What the best model has least of, such as the error rate; None: the nats."""

    @property
    def judged(self) -> float:
        """What is compared with the best so far, lower is better."""
        return self.nats if self.criterion is None else self.criterion


class Objective(Protocol):
    """The model's loss on a batch, from a state; ``None`` is the zero state."""

    def __call__(self, batch: Batch, state: Any, /) -> Outcome:
        """Run the model over one window."""
        ...
