"""Methods that need no network, on the same folds: the last value, the last season, and so on.

Each is a `Forecaster`: it gets histories and knows nothing else. Its quantiles are those of its
own errors one step ahead within the history, widened with the distance as the method's model says.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman.data.series.series import Floats, Series
from elman.tasks.forecast import smoothing
from elman.tasks.forecast.backtest import Forecast, Forecaster
from elman.tasks.forecast.smoothing import Smoother

__all__ = [
    "Baseline",
    "Drift",
    "ExponentialSmoothing",
    "LastValue",
    "Naive2",
    "SeasonalNaive",
    "baselines",
    "is_seasonal",
    "seasonal_indices",
]

MEMORY = 2000
"""Steps at the end of a history that are looked at, if three seasons are not longer."""
TREND_90 = 1.645
"""Of the test for a season, as in the M4 competition: 90 % of both sides."""


def baselines(season: int, probabilities: Sequence[float]) -> dict[str, Forecaster]:
    """Return all baselines by name.

    Args:
        season: Steps of a season; 1: none, and then no seasonal method.
        probabilities: Of the quantiles that each forecast has.

    Example:
        >>> list(baselines(12, [0.1, 0.5, 0.9]))
        ['exponential smoothing', 'seasonal naive', 'Naive2', 'drift', 'last value']
    """
    found: dict[str, Forecaster] = {
        "exponential smoothing": ExponentialSmoothing(season, probabilities)
    }
    if season > 1:
        found["seasonal naive"] = SeasonalNaive(season, probabilities)
    found["Naive2"] = Naive2(season, probabilities)
    found["drift"] = Drift(season, probabilities)
    found["last value"] = LastValue(season, probabilities)
    return found


class Told(NamedTuple):
    """Forecasts of L lanes: ``(H, L)``, errors in the past ``(R, L)``, how they grow ``(H, L)``."""

    mean: Floats
    errors: Floats
    growth: Floats


class Baseline(ABC):
    """A method that forecasts each target of each series by itself.

    Args:
        season: Steps of a season; 1: none.
        probabilities: Of the quantiles.
    """

    def __init__(self, season: int, probabilities: Sequence[float]) -> None:
        self.season, self.probabilities = season, list(probabilities)
        self.memory = max(MEMORY, 3 * season)

    def __call__(self, histories: Sequence[Series], horizon: int) -> list[Forecast]:
        """Forecast each history."""
        return [self.spread(self.tell(one.y[-self.memory :], horizon)) for one in histories]

    @abstractmethod
    def tell(self, y: Floats, horizon: int) -> Told:
        """Forecast one history ``(T, C)``."""

    def spread(self, told: Told) -> Forecast:
        """Return a forecast with the quantiles of its errors."""
        errors = told.errors if len(told.errors) else np.zeros((1, told.mean.shape[1]))
        quantiles = np.quantile(errors, self.probabilities, axis=0)  # (Q, C)
        spread = told.growth[:, None, :] * quantiles
        return Forecast(told.mean, told.mean[:, None, :] + spread)


class LastValue(Baseline):
    """What was last, again and again: a random walk."""

    def tell(self, y: Floats, horizon: int) -> Told:
        """Forecast one history."""
        ahead = np.arange(1, horizon + 1)[:, None]
        return Told(np.repeat(y[-1:], horizon, 0), np.diff(y, axis=0), widened(np.sqrt(ahead), y))


class SeasonalNaive(Baseline):
    """What was a season ago; before there is a whole season, the last value."""

    def tell(self, y: Floats, horizon: int) -> Told:
        """Forecast one history."""
        lag = self.season if self.season <= len(y) else 1
        ahead = np.arange(horizon)
        mean = y[len(y) - lag + ahead % lag]
        return Told(mean, y[lag:] - y[:-lag], widened(np.sqrt(ahead[:, None] // lag + 1), y))


class Drift(Baseline):
    """The line through the first and the last value."""

    def tell(self, y: Floats, horizon: int) -> Told:
        """Forecast one history."""
        ahead, count = np.arange(1, horizon + 1)[:, None], max(1, len(y) - 1)
        slope = (y[-1] - y[0]) / count
        growth = np.sqrt(ahead * (1 + ahead / count))
        return Told(y[-1] + ahead * slope, np.diff(y, axis=0) - slope, widened(growth, y))


class Naive2(Baseline):
    """The last value of the series without its season, with the season put back.

    The M4 competition's reference. A series without a season that can be seen is not changed;
    one that reaches zero has its season added instead of multiplied.
    """

    def tell(self, y: Floats, horizon: int) -> Told:
        """Forecast one history."""
        columns = [self._one(column, horizon) for column in y.T]
        return Told(*(np.stack(part, -1) for part in zip(*columns, strict=True)))

    def _one(self, y: Floats, horizon: int) -> tuple[Floats, Floats, Floats]:
        ahead = np.arange(1, horizon + 1)
        if not is_seasonal(y, self.season):
            return np.repeat(y[-1], horizon), np.diff(y), np.sqrt(ahead)
        multiply = bool((y > 0).all())
        index = seasonal_indices(y, self.season, multiply)
        own, coming = (
            index[np.arange(len(y)) % self.season],
            index[(len(y) - 1 + ahead) % self.season],
        )
        if multiply:
            plain = y / own
            return plain[-1] * coming, np.diff(plain) * own[1:], np.sqrt(ahead)
        plain = y - own
        return plain[-1] + coming, np.diff(plain), np.sqrt(ahead)


class ExponentialSmoothing(Baseline):
    """Level, with a damped trend or a season where that fits better; see `smoothing`.

    A series' parameters are fitted at the first origin it is forecast from, and then kept; its
    states follow all that is known at each origin.
    """

    def __init__(self, season: int, probabilities: Sequence[float]) -> None:
        super().__init__(season, probabilities)
        self._fitted: dict[str, tuple[int, Smoother]] = {}

    def __call__(self, histories: Sequence[Series], horizon: int) -> list[Forecast]:
        """Forecast all histories side by side."""
        self._fit(histories)
        found: list[Forecast | None] = [None] * len(histories)
        for season, group in self._groups(histories).items():
            values, active = side_by_side([histories[k] for k in group])
            width = histories[0].y.shape[1]
            by = Smoother(
                *map(
                    np.concatenate,
                    zip(*(self._fitted[histories[k].unique_id][1] for k in group), strict=True),
                )
            )
            state = smoothing.beginning(values, active, season)
            last, errors = smoothing.smooth(values, active, state, by)
            mean = smoothing.forecast(last, by, len(values), horizon)
            grown = smoothing.growth(by, season, horizon)
            for place, k in enumerate(group):
                lanes = slice(place * width, (place + 1) * width)
                steps = min(len(histories[k]), MEMORY)
                own = errors[len(values) - steps :, lanes]
                found[k] = self.spread(Told(mean[:, lanes], own, grown[:, lanes]))
        return [one for one in found if one is not None]

    def tell(self, y: Floats, horizon: int) -> Told:
        """Forecast one history."""
        raise NotImplementedError("all histories are told side by side")

    def _fit(self, histories: Sequence[Series]) -> None:
        """Fit each series at its shortest history, unless a shorter one was fitted before."""
        shortest: dict[str, Series] = {}
        for one in histories:
            known = self._fitted.get(one.unique_id)
            if known is not None and known[0] <= len(one):
                continue
            other = shortest.get(one.unique_id)
            if other is None or len(one) < len(other):
                shortest[one.unique_id] = one
        new = list(shortest.values())
        for season, group in self._groups(new).items():
            values, active = side_by_side([new[k] for k in group])
            found = smoothing.fit(values, active, season)
            width = new[0].y.shape[1]
            for place, k in enumerate(group):
                lanes = np.arange(place * width, (place + 1) * width)
                self._fitted[new[k].unique_id] = (len(new[k]), found.take(lanes))

    def _groups(self, histories: Sequence[Series]) -> dict[int, list[int]]:
        """Return the histories by the season that they are long enough for."""
        groups: dict[int, list[int]] = {}
        for k, one in enumerate(histories):
            fits = 1 < self.season <= smoothing.WIDEST_SEASON and len(one) >= 2 * self.season
            groups.setdefault(self.season if fits else 1, []).append(k)
        return groups


def side_by_side(histories: Sequence[Series]) -> tuple[Floats, NDArray[np.bool_]]:
    """Return histories as lanes ``(T, L)`` that end together, and where each has values."""
    ends = [one.y[-MEMORY:] for one in histories]
    steps, width = max(map(len, ends)), ends[0].shape[1]
    values = np.zeros((steps, len(ends) * width))
    active = np.zeros(values.shape, bool)
    for k, y in enumerate(ends):
        lanes = slice(k * width, (k + 1) * width)
        values[steps - len(y) :, lanes] = y
        active[steps - len(y) :, lanes] = True
    return values, active


def widened(growth: Floats, y: Floats) -> Floats:
    """Return a growth ``(H, 1)`` for each target, ``(H, C)``."""
    return np.repeat(growth, y.shape[1], 1)


def is_seasonal(y: Floats, season: int) -> bool:
    r"""Test for a season, as the M4 competition does: at 90 %, with three seasons at least.

    .. math:: |r_m| > 1.645 \sqrt{\tfrac{1}{T} \Big(1 + 2 \sum_{k=1}^{m-1} r_k^2\Big)}
    """
    if season < 2 or len(y) < 3 * season:
        return False
    centred = y - y.mean()
    power = float(centred @ centred)
    if power == 0:
        return False
    correlation = np.array([centred[k:] @ centred[:-k] for k in range(1, season + 1)]) / power
    bound = TREND_90 * np.sqrt((1 + 2 * (correlation[:-1] ** 2).sum()) / len(y))
    return bool(abs(correlation[-1]) > bound)


def seasonal_indices(y: Floats, season: int, multiply: bool) -> Floats:
    """Return how each step of the season differs from the mean around it: classical decomposition.

    Shape:
        - y: ``(T,)``, T >= 2 seasons
        - returns: ``(m,)``, of steps 0, 1, ... of ``y``; mean 1 if they multiply, else 0
    """
    weights = np.full(season + 1 - season % 2, 1 / season)
    if season % 2 == 0:
        weights[[0, -1]] /= 2
    around = np.convolve(y, weights, mode="valid")
    half = len(weights) // 2
    inner = y[half : half + len(around)]
    detrended = inner / around if multiply else inner - around
    steps = (half + np.arange(len(around))) % season
    index = np.bincount(steps, detrended, season) / np.bincount(steps, minlength=season)
    return np.asarray(index / index.mean() if multiply else index - index.mean())
