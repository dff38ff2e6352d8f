"""Rolling backtests: forecast from many points in time, each time knowing only what came before.

The series are cut before the method sees them, so no method can read the future. What is known
in advance stays for as many steps as are forecast.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from elman.data.series.series import Floats, Series

__all__ = ["Forecast", "Forecaster"]


@dataclass(frozen=True)
class Forecast:
    """What comes next in one series.

    Args:
        mean: ``(H, C)``: the single best guess of each step and target.
        quantiles: ``(H, Q, C)``, of the probabilities that were asked for, rising.
        samples: ``(S, H, C)``: possible futures, if the method draws them.
    """

    mean: Floats
    quantiles: Floats
    samples: Floats | None = None


Forecaster = Callable[[Sequence[Series], int], Sequence[Forecast]]
"""Histories that end at their origins, and the horizon H: a forecast of each, in order."""
