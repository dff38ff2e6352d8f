"""The learning rate over a training: a rise, and a fall. Plain numbers, no torch."""

from __future__ import annotations

import math
from typing import Any

from elman.train.config import TrainConfig

__all__ = ["Schedule"]


class Schedule:
    r"""The factor on the peak learning rate.

    .. math::
        \text{warm-up} \times \begin{cases}
            m + (1 - m) (1 + \cos \pi p) / 2 & \text{cosine} \\
            1                               & \text{constant} \\
            \max(m, s)                      & \text{plateau}
        \end{cases}

    with the warm-up :math:`\min(1, (k + 1) / K)` at step ``k`` of ``K = warmup_steps``, progress
    ``p`` from 0 to 1, ``m = min_lr_ratio``, and a scale ``s`` that is multiplied by
    ``plateau_factor`` after more than ``plateau_patience`` validations without a new best.

    Example:
        >>> from elman.train import TrainConfig
        >>> from elman.train.schedule import Schedule
        >>> schedule = Schedule(TrainConfig(steps=100, warmup_steps=4, min_lr_ratio=0.0))
        >>> [round(schedule.factor(step, step / 100), 2) for step in (0, 3, 50, 100)]
        [0.25, 1.0, 0.5, 0.0]
    """

    def __init__(self, config: TrainConfig) -> None:
        self.config = config
        self.scale = 1.0
        self.best = math.inf
        self.waited = 0

    def factor(self, step: int, progress: float) -> float:
        """Return the factor for the step number ``step``, from 0."""
        floor = self.config.min_lr_ratio
        rise = min(1.0, (step + 1) / self.config.warmup_steps) if self.config.warmup_steps else 1.0
        if self.config.schedule == "cosine":
            return rise * (floor + (1 - floor) * (1 + math.cos(math.pi * progress)) / 2)
        if self.config.schedule == "plateau":
            return rise * max(floor, self.scale)
        return rise

    def validated(self, nats: float) -> None:
        """Hear of a validation; only `plateau` minds."""
        if nats < self.best:
            self.best, self.waited = nats, 0
            return
        self.waited += 1
        if self.waited > self.config.plateau_patience:
            self.scale *= self.config.plateau_factor
            self.waited = 0

    def state_dict(self) -> dict[str, Any]:
        """Return all that changes, for a checkpoint."""
        return {"scale": self.scale, "best": self.best, "waited": self.waited}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up a checkpoint's values."""
        self.scale, self.best, self.waited = state["scale"], state["best"], state["waited"]
