"""Series that are made up, for the tests of forecasts."""

from __future__ import annotations

import numpy as np

from elman.data.series.frequency import Frequency
from elman.data.series.series import Floats, Series, SeriesSet
from elman.tasks.forecast.backtest import Backtest

PROBABILITIES = (0.1, 0.5, 0.9)


def series(y: Floats, name: str = "a", **more: object) -> Series:
    """A series of some values ``(T,)`` or ``(T, C)``."""
    columns = np.asarray(y, float)
    columns = columns[:, None] if columns.ndim == 1 else columns
    none = np.zeros((len(columns), 0))
    given = {"known": none, "past": none, **more}
    return Series(name, np.arange(len(columns)), columns, **given)  # type: ignore[arg-type]


def series_set(*many: Series, season: int = 1, targets: tuple[str, ...] = ("y",)) -> SeriesSet:
    """Series of numbered steps."""
    return SeriesSet(list(many), Frequency("step", own_season=season), targets)


def plan(found: SeriesSet, horizon: int, held_out: int, **more: object) -> Backtest:
    """A backtest over the last steps of each series."""
    spans = [(len(one) - held_out, len(one)) for one in found.series]
    units = [one.y[: len(one) - held_out].std(0) for one in found.series]
    return Backtest(found, spans, units, horizon, PROBABILITIES, **more)  # type: ignore[arg-type]


def waves(steps: int = 120, season: int = 12, seed: int = 0, noise: float = 0.1) -> Floats:
    """A season with a little noise."""
    rng = np.random.default_rng(seed)
    return 5 + np.sin(2 * np.pi * np.arange(steps) / season) + noise * rng.normal(size=steps)
