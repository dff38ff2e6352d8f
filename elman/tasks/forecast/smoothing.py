r"""Exponential smoothing: level, damped trend and season, each moved by the last error.

.. math::
    \hat y_t &= \ell_{t-1} + \phi b_{t-1} + s_{t-m}, \qquad e_t = y_t - \hat y_t \\
    \ell_t &= \ell_{t-1} + \phi b_{t-1} + \alpha e_t \\
    b_t &= \phi b_{t-1} + \beta e_t \\
    s_t &= s_{t-m} + \gamma e_t

All series and all parameters that are tried run side by side, one step of time after the other.

Source:
    Hyndman, Koehler, Ord & Snyder 2008, Forecasting with Exponential Smoothing, chapters 2, 5, 6:
    ETS(A,N,N), ETS(A,Ad,N), ETS(A,N,A) and ETS(A,Ad,A). Initial states are heuristic, not fitted.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman.data.series.series import Floats

__all__ = ["Smoother", "State", "beginning", "fit", "forecast", "growth", "smooth"]

WIDEST_SEASON = 400
"""Longer seasons are not modelled: each lane would hold so many numbers."""
LEVELS = (0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.99)
TRENDS = ((0.02, 0.98), (0.1, 0.95), (0.3, 0.9))
"""Trend as a part of the level's rate, and damping."""
SEASONS = (0.02, 0.1, 0.3, 0.6)
"""Season as a part of what the level's rate leaves."""


class Smoother(NamedTuple):
    """The parameters of L lanes, each ``(L,)``; without trend or season their rates are 0."""

    level: Floats
    trend: Floats
    damping: Floats
    season: Floats

    def take(self, lanes: NDArray[np.int64]) -> Smoother:
        """Return some lanes."""
        return Smoother(*(one[lanes] for one in self))


@dataclass
class State:
    """Level ``(L,)``, trend ``(L,)``, and season ``(m, L)`` by the step's number modulo m."""

    level: Floats
    trend: Floats
    season: Floats


def grid(season: int) -> tuple[Smoother, NDArray[np.int64]]:
    """Return the parameters that are tried, and how many numbers each has to fit."""
    rows: list[tuple[float, float, float, float, int]] = []
    for level, trend in itertools.product(LEVELS, ((0.0, 1.0), *TRENDS)):
        states = 2 if trend[0] == 0 else 5
        rows.append((level, level * trend[0], trend[1], 0.0, states))
        if season > 1:
            for part in SEASONS:
                gamma = (1 - level) * part
                rows.append((level, level * trend[0], trend[1], gamma, states + season))
    table = np.array(rows)
    return Smoother(*table[:, :4].T), table[:, 4].astype(np.int64)


def beginning(values: Floats, active: NDArray[np.bool_], season: int) -> State:
    """Return states to begin with, from the first steps of each lane.

    Args:
        values: ``(T, L)``; lanes end together, so that short ones begin late.
        active: ``(T, L)``: where a lane has values.
        season: Steps of a season; 1: none.
    """
    lanes = values.shape[1]
    level, trend = np.zeros(lanes), np.zeros(lanes)
    states = np.zeros((season, lanes))
    for lane in range(lanes):
        first = int(active[:, lane].argmax())
        own = values[first:, lane]
        if season > 1:
            whole = own[: len(own) // season * season][: 5 * season].reshape(-1, season)
            states[(first + np.arange(season)) % season, lane] = (
                whole - whole.mean(1, keepdims=True)
            ).mean(0)
            level[lane] = whole[0].mean()
            trend[lane] = (whole[1].mean() - whole[0].mean()) / season
        else:
            some = own[:10]
            slope = np.polyfit(np.arange(len(some)), some, 1)[0] if len(some) > 2 else 0.0
            trend[lane] = slope
            level[lane] = some.mean() - slope * (len(some) + 1) / 2
    return State(level, trend, states)


def smooth(
    values: Floats, active: NDArray[np.bool_], state: State, by: Smoother
) -> tuple[State, Floats]:
    """Run the recursion over time.

    Args:
        values: ``(T, L)``.
        active: ``(T, L)``; where False nothing changes.
        state: What to begin with; left as it is.
        by: The parameters.

    Returns:
        The state after the last step, and the errors ``(T, L)``, 0 where a lane is not active.
    """
    level, season = state.level.copy(), state.season.copy()
    trend = np.where(by.trend > 0, state.trend, 0.0)
    season *= by.season > 0
    errors = np.zeros(values.shape)
    for t in range(len(values)):
        here, on = season[t % len(season)], active[t]
        damped = by.damping * trend
        told = level + damped
        error = np.where(on, values[t] - told - here, 0.0)
        errors[t] = error
        level = np.where(on, told + by.level * error, level)
        trend = np.where(on, damped + by.trend * error, trend)
        here += by.season * error
    return State(level, trend, season), errors


def forecast(state: State, by: Smoother, steps: int, horizon: int) -> Floats:
    """Return what follows a state that has seen ``steps`` steps, ``(H, L)``."""
    ahead = np.arange(1, horizon + 1)[:, None]
    trend = np.cumsum(by.damping**ahead, axis=0) * state.trend
    season = state.season[(steps + np.arange(horizon)) % len(state.season)]
    return np.asarray(state.level + trend + season)


def growth(by: Smoother, season: int, horizon: int) -> Floats:
    r"""Return how much wider than the first step's the error of each step is, ``(H, L)``.

    .. math::
        \sqrt{1 + \sum_{j=1}^{h-1} c_j^2}, \qquad
        c_j = \alpha + \beta \sum_{i=1}^{j} \phi^i + \gamma\,[m \mid j]
    """
    ahead = np.arange(1, horizon)[:, None]
    effect = by.level + by.trend * np.cumsum(by.damping**ahead, axis=0)
    if season > 1:
        effect = effect + by.season * (ahead % season == 0)
    first = np.ones((1, len(by.level)))
    return np.asarray(np.sqrt(np.concatenate([first, 1 + np.cumsum(effect**2, axis=0)])))


def fit(values: Floats, active: NDArray[np.bool_], season: int) -> Smoother:
    """Return the parameters that fit each lane best, by Akaike's criterion over a grid.

    Lanes with fewer than two seasons, and seasons that are too wide, get none.

    Shape:
        - values, active: ``(T, L)``
        - returns: L lanes
    """
    tried, numbers = grid(season)
    lanes, count = values.shape[1], len(numbers)
    counts = active.sum(0)
    best = np.empty(lanes, np.int64)
    width = max(1, 20_000 // count)  # lanes at once: some megabytes
    for begin in range(0, lanes, width):
        some = slice(begin, min(begin + width, lanes))
        own = values[:, some]
        state = beginning(own, active[:, some], season)
        repeated = State(*(np.repeat(one, count, -1) for one in vars(state).values()))
        many = Smoother(*(np.tile(one, own.shape[1]) for one in tried))
        on = np.repeat(active[:, some], count, 1)
        errors = sum_of_squares(np.repeat(own, count, 1), on, repeated, many)
        n = counts[some][:, None]
        mean = np.maximum(errors.reshape(-1, count) / n, 1e-300)
        penalty = 2 * numbers * n / np.maximum(n - numbers - 1, 1)
        best[some] = np.argmin(n * np.log(mean) + penalty, axis=1)
    return tried.take(best)


def sum_of_squares(values: Floats, active: NDArray[np.bool_], state: State, by: Smoother) -> Floats:
    """Return the sum of the squared errors of each lane, ``(L,)``."""
    _, errors = smooth(values, active, state, by)
    return np.asarray(np.einsum("tl,tl->l", errors, errors))
