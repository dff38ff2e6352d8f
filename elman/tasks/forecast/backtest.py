"""Rolling backtests: forecast from many points in time, each time knowing only what came before.

The series are cut before the method sees them, so no method can read the future. What is known
in advance stays for as many steps as are forecast.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman._errors import DataError, ShapeError
from elman.data.series.frequency import time_text
from elman.data.series.series import Floats, Series, SeriesSet
from elman.tasks.forecast.scores import Scores
from elman.tasks.training import Progress

__all__ = ["Backtest", "Forecast", "Forecaster", "Kept", "Origin", "origins_of"]


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

BATCH = 256
"""Histories that are forecast at once."""


class Origin(NamedTuple):
    """A point in time from which a series is forecast: its first ``step`` steps are known."""

    series: int
    step: int


class Kept(NamedTuple):
    """A forecast kept to be drawn."""

    origin: Origin
    forecast: Forecast


@dataclass(frozen=True)
class Backtest:
    """Which forecasts are made and scored.

    Args:
        series_set: The series, whole.
        spans: First and last step (exclusive) of what is forecast in each series.
        units: The standard deviation of each series' training part, ``(C,)``: what errors are
            measured in beside their own unit.
        horizon: Steps of each forecast, H.
        probabilities: Of the quantiles, rising.
        stride: Steps from one origin to the next; None: the horizon, so that nothing is forecast
            twice.
        folds: Most forecasts of a series, the last ones; None: all that fit.
        keep: How many forecasts are kept, to be drawn.
    """

    series_set: SeriesSet
    spans: Sequence[tuple[int, int]]
    units: Sequence[Floats]
    horizon: int
    probabilities: Sequence[float]
    stride: int | None = None
    folds: int | None = None
    keep: int = 0
    origins: list[Origin] = field(init=False)

    def __post_init__(self) -> None:
        found = [
            Origin(k, step)
            for k, span in enumerate(self.spans)
            for step in origins_of(*span, self.horizon, self.stride or self.horizon, self.folds)
        ]
        if not found:
            raise DataError(
                f"no part to score has the {self.horizon} steps of a forecast. Hold out more: "
                "--series.test-size (or --series.valid-size), or forecast fewer steps"
            )
        object.__setattr__(self, "origins", found)

    def run(
        self, forecaster: Forecaster, name: str = "", progress: Progress | None = None
    ) -> tuple[Scores, list[Kept]]:
        """Forecast from every origin and score.

        Args:
            forecaster: The method.
            name: What the progress is called.
            progress: Told how far the work is.

        Raises:
            ShapeError: If a forecast has not the shape that was asked for.
            DataError: If one is not finite.
        """
        targets = len(self.series_set.target_names)
        scores = Scores(len(self.series_set), self.horizon, self.probabilities, targets)
        drawn = drawn_origins(self)
        season = self.series_set.frequency.season
        changes = [seasonal_changes(series, season) for series in self.series_set.series]
        kept: list[Kept] = []
        for begin in range(0, len(self.origins), BATCH):
            some = self.origins[begin : begin + BATCH]
            for origin, told in forecasts(self, forecaster, some):
                series = self.series_set.series[origin.series]
                ahead = slice(origin.step, origin.step + self.horizon)
                y = np.where(series.mask[ahead, None], series.y[ahead], np.nan)
                scale = changes[origin.series](origin.step)
                unit = self.units[origin.series]
                scores.add(origin.series, y, told.mean, told.quantiles, scale, unit)
                if origin in drawn:
                    kept.append(Kept(origin, told))
            if progress is not None:
                progress(min(begin + BATCH, len(self.origins)), len(self.origins), name)
        return scores, kept


def origins_of(
    first: int, end: int, horizon: int, stride: int, folds: int | None = None
) -> list[int]:
    """Return the steps from which a part ``[first, end)`` is forecast, the last one at its end.

    Example:
        >>> origins_of(100, 148, 12, 12)
        [100, 112, 124, 136]
        >>> origins_of(100, 148, 12, 12, folds=1)
        [136]
    """
    steps = range(end - horizon, first - 1, -stride)
    return list(reversed(steps[:folds]))


def forecasts(
    plan: Backtest, forecaster: Forecaster, origins: Sequence[Origin]
) -> Iterator[tuple[Origin, Forecast]]:
    """Yield the forecast from each origin, made of nothing but what was known there."""
    series, horizon = plan.series_set.series, plan.horizon
    histories = [series[origin.series].until(origin.step, horizon) for origin in origins]
    found = forecaster(histories, horizon)
    if len(found) != len(histories):
        raise ShapeError(f"{len(found)} forecasts of {len(histories)} histories")
    targets, asked = len(plan.series_set.target_names), len(plan.probabilities)
    for origin, told in zip(origins, found, strict=True):
        shapes = (told.mean.shape, told.quantiles.shape)
        expected = ((horizon, targets), (horizon, asked, targets))
        if shapes != expected:
            raise ShapeError(f"mean and quantiles of a forecast are {shapes}, expected {expected}")
        if not (np.isfinite(told.mean).all() and np.isfinite(told.quantiles).all()):
            one = series[origin.series]
            raise DataError(
                f"the forecast of series '{one.unique_id}' after "
                f"{time_text(one.ds[origin.step - 1])} is not finite: its values are too large, or "
                "the network has diverged"
            )
        yield origin, told


def drawn_origins(plan: Backtest) -> set[Origin]:
    """Return the last origin of each of the first series; of few series, several each."""
    by_series: dict[int, list[Origin]] = {}
    for origin in plan.origins:
        by_series.setdefault(origin.series, []).append(origin)
    each = max(1, plan.keep // (len(by_series) * len(plan.series_set.target_names)))
    found = [origin for origins in by_series.values() for origin in origins[-each:]]
    return set(found[: plan.keep])


def seasonal_changes(series: Series, season: int) -> Callable[[int], Floats]:
    """Return a function of the origin: the mean change over a season in all that is before it.

    As `seasonal_scale`, with one pass for all origins; steps that were filled in count nowhere.
    """
    sums = {lag: changes(series, lag) for lag in {season, 1}}

    def scale(origin: int) -> NDArray[np.float64]:
        lag = season if season < origin else 1
        if origin <= lag:
            return np.full(series.y.shape[1], np.nan)
        total, count = sums[lag]
        at = origin - lag - 1
        return np.asarray(total[at] / count[at]) if count[at] else np.full_like(total[at], np.nan)

    return scale


def changes(series: Series, lag: int) -> tuple[Floats, NDArray[np.int64]]:
    """Return running sums of the changes over a lag, and how many are in each."""
    seen = series.mask[lag:] & series.mask[:-lag]
    change = np.abs(series.y[lag:] - series.y[:-lag]) * seen[:, None]
    return np.cumsum(change, axis=0), np.cumsum(seen)
