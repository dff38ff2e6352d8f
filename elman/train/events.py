"""What a training tells: one small frozen value for each thing that happens.

`fit` yields them; whoever listens (a progress view, a log, a test) is a callable on an event,
and `fit` knows none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Event", "Sampled", "Saved", "Started", "Stepped", "Stopped", "Validated"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened after ``step`` optimiser steps."""

    step: int
    """Optimiser steps since the very start, those before a resume included."""


@dataclass(frozen=True, slots=True)
class Started(Event):
    """The training begins, or goes on from a checkpoint; always the first event."""

    checkpoint: Path | None
    """What was resumed from; None at a fresh start."""
    parameters: int
    """Numbers that are learned."""


@dataclass(frozen=True, slots=True)
class Stepped(Event):
    """A report on the steps since the last one."""

    epoch: int
    """Completed passes over the data."""
    progress: float
    """Part of the training that is done, 0 to 1, by whichever limit is nearest."""
    nats: float
    """Mean loss per token over the applied steps, in nats; NaN if none was applied."""
    lr: float
    """Learning rate of the last step."""
    grad_norm: float
    """Norm of the last applied step's gradient before clipping; NaN if none was applied."""
    tokens: int
    """Tokens since the last report."""
    seconds: float
    """Seconds spent in those steps, without validation and checkpoints."""
    elapsed_s: float
    """Seconds since the very start, validation and runs before a resume included."""
    skipped: int
    """Steps since the last report that were not applied: loss or gradient was not finite."""


@dataclass(frozen=True, slots=True)
class Validated(Event):
    """The held-out part was scored; the model holds the weights that were, in eval mode."""

    nats: float
    """Mean loss, in nats; lower is better."""
    best: bool
    """Whether it is the best so far: now is the moment to keep the model."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    """What else was scored, by name."""


@dataclass(frozen=True, slots=True)
class Sampled(Event):
    """The model showed what it has learned."""

    text: str
    """What it made."""


@dataclass(frozen=True, slots=True)
class Saved(Event):
    """A checkpoint is on the disk, complete."""

    path: Path
    """The file."""


@dataclass(frozen=True, slots=True)
class Stopped(Event):
    """The training is over; always the last event. The model holds the weights to use."""

    reason: str
    """``steps``, ``epochs``, ``minutes``, ``patience`` or ``interrupted``."""
    epoch: int
    """Completed passes over the data."""
    elapsed_s: float
    """Seconds since the very start."""
    best: float | None
    """Best validation: what it was judged by, nats by default; None if there was none."""
    best_step: int | None
    """Step of the best validation."""
    skipped: int
    """Steps of the whole training that were not applied."""
