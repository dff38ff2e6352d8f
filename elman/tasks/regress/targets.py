"""Numbers to learn: scaled by the training part, and measured when they have been told."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman._errors import DataError

__all__ = ["Floats", "TargetScale", "is_target_scale", "scores_of"]

Floats = NDArray[np.floating[Any]]
Z90 = 1.6448536269514722
"""A normal number is within so many deviations of its mean nine times in ten."""


@dataclass(frozen=True)
class TargetScale:
    """Mean and deviation of the numbers in the training part.

    Example:
        >>> scale = TargetScale.learn(np.array([1.0, 3.0]), "a.csv")
        >>> scale.apply(np.array([5.0])), scale.undo(np.array([3.0]))
        (array([3.]), array([5.]))
    """

    mean: float
    deviation: float

    @classmethod
    def learn(cls, numbers: Floats, data: str) -> TargetScale:
        """Learn from the numbers of the training part, ``(N,)``.

        Raises:
            DataError: If all are the same.
        """
        mean, deviation = float(np.mean(numbers)), float(np.std(numbers))
        if not deviation > 1e-12 * max(abs(mean), 1e-30):
            raise DataError(
                f"{data}: every recording has the number {mean:g}; there is nothing to learn. If "
                "the numbers are in another column: --signal.label NAME"
            )
        return cls(mean, deviation)

    def apply(self, numbers: Floats) -> Floats:
        """Return numbers in deviations from the mean."""
        return np.asarray((numbers - self.mean) / self.deviation)

    def undo(self, scaled: Floats) -> Floats:
        """Return numbers as they were."""
        return np.asarray(scaled * self.deviation + self.mean)


def is_target_scale(content: Any) -> bool:
    """Say whether the content of a file, which is not trusted, is a scale of targets."""
    values = [content["mean"], content["deviation"]]
    sound = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
    return sound and all(map(math.isfinite, values)) and values[1] > 0


def scores_of(true: Floats, told: Floats, deviation: Floats | None = None) -> dict[str, float]:
    r"""Return how near told numbers are to the true ones.

    .. math::
        R^2 = 1 - \frac{\sum (y - \hat{y})^2}{\sum (y - \bar{y})^2}

    Args:
        true: ``(N,)``.
        told: ``(N,)``.
        deviation: ``(N,)`` of a normal distribution around each; None: there is none.

    Example:
        >>> scores_of(np.array([1.0, 3.0]), np.array([1.0, 2.0]))["MAE"]
        0.5
    """
    error = np.asarray(told, np.float64) - true
    spread = float(((true - true.mean()) ** 2).sum())
    found = {
        "MAE": float(np.abs(error).mean()),
        "RMSE": float(np.sqrt((error**2).mean())),
        "R2": 1 - float((error**2).sum()) / spread if spread > 0 else math.nan,
    }
    if deviation is not None:
        z = error / deviation
        found["nats"] = float((np.log(deviation * math.sqrt(2 * math.pi)) + z**2 / 2).mean())
        found["inside 90 % interval"] = float((np.abs(z) <= Z90).mean())
    return found
