"""Smoothing follows its equations, lane by lane, and recovers what it is made for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.tasks.forecast.smoothing import (
    Smoother,
    State,
    beginning,
    fit,
    forecast,
    grid,
    growth,
    smooth,
)
from tests.tasks.forecast.made import waves


def by(level: float, trend: float = 0.0, damping: float = 1.0, season: float = 0.0) -> Smoother:
    return Smoother(*(np.array([one]) for one in (level, trend, damping, season)))


def one_by_one(
    y: list[float], level: float, trend: float, season: list[float], rates: tuple[float, ...]
) -> tuple[float, float, list[float], list[float]]:
    """The equations of the book, written step by step for one series."""
    alpha, beta, phi, gamma = rates
    season, errors = list(season), []
    for t, value in enumerate(y):
        k = t % len(season)
        error = value - (level + phi * trend + season[k])
        level, trend = level + phi * trend + alpha * error, phi * trend + beta * error
        season[k] += gamma * error
        errors.append(error)
    return level, trend, season, errors


@given(
    st.lists(st.floats(-100, 100), min_size=4, max_size=30),
    st.tuples(*[st.floats(0.01, 0.99)] * 4),
    st.integers(2, 4),
)
def test_the_recursion_is_that_of_the_book(
    y: list[float], rates: tuple[float, ...], season: int
) -> None:
    begin = [0.5 * k for k in range(season)]
    level, trend, states, errors = one_by_one(y, 1.0, 0.2, begin, rates)
    start = State(np.array([1.0]), np.array([0.2]), np.array(begin)[:, None])
    last, found = smooth(np.array(y)[:, None], np.ones((len(y), 1), bool), start, by(*rates))
    np.testing.assert_allclose(found[:, 0], errors, atol=1e-9)
    np.testing.assert_allclose([last.level[0], last.trend[0]], [level, trend], atol=1e-9)
    np.testing.assert_allclose(last.season[:, 0], states, atol=1e-9)
    assert start.season[:, 0].tolist() == begin  # what it began with is left as it was


def test_simple_smoothing_is_a_weighted_mean() -> None:
    y, alpha = np.array([3.0, 5.0, 4.0, 8.0]), 0.3
    start = State(np.array([2.0]), np.zeros(1), np.zeros((1, 1)))
    last, _ = smooth(y[:, None], np.ones((4, 1), bool), start, by(alpha))
    weights = alpha * (1 - alpha) ** np.arange(4)[::-1]
    assert last.level[0] == pytest.approx(weights @ y + (1 - alpha) ** 4 * 2.0)
    assert forecast(last, by(alpha), 4, 3)[:, 0].tolist() == [last.level[0]] * 3


def test_forecasts_go_on_with_trend_and_season() -> None:
    state = State(np.array([10.0]), np.array([2.0]), np.array([[1.0], [-1.0]]))
    told = forecast(state, by(0.5, 0.1, 0.5, 0.1), 3, 3)[:, 0]  # the next step is number 3
    assert told.tolist() == [10 + 1 - 1, 10 + 1.5 + 1, 10 + 1.75 - 1]


def test_growth_is_that_of_simulated_errors() -> None:
    rates, season, horizon = by(0.4, 0.1, 0.9, 0.3), 3, 8
    rng = np.random.default_rng(0)
    lanes = 20_000
    many = Smoother(*(np.repeat(one, lanes) for one in rates))
    state = State(np.zeros(lanes), np.zeros(lanes), np.zeros((season, lanes)))
    paths = np.zeros((horizon, lanes))
    for step in range(horizon):
        told = forecast(state, many, step, 1)
        paths[step] = told[0] + rng.normal(size=lanes)
        # The recursion counts steps from 0: turn the season so that its first row is the next.
        turned = State(state.level, state.trend, np.roll(state.season, -step, axis=0))
        turned, _ = smooth(paths[step][None], np.ones((1, lanes), bool), turned, many)
        state = State(turned.level, turned.trend, np.roll(turned.season, step, axis=0))
    np.testing.assert_allclose(paths.std(1), growth(rates, season, horizon)[:, 0], rtol=0.03)


def test_short_lanes_begin_late_and_are_as_alone() -> None:
    long, short = waves(60, 12, 1), waves(40, 12, 2)
    values = np.zeros((60, 2))
    values[:, 0], values[20:, 1] = long, short
    active = np.ones((60, 2), bool)
    active[:20, 1] = False
    two = Smoother(*(np.repeat(one, 2) for one in by(0.3, 0.05, 0.9, 0.2)))
    last, errors = smooth(values, active, beginning(values, active, 12), two)
    alone_values, alone_active = short[:, None], np.ones((40, 1), bool)
    start = beginning(alone_values, alone_active, 12)
    alone, own = smooth(alone_values, alone_active, start, by(0.3, 0.05, 0.9, 0.2))
    np.testing.assert_allclose(errors[20:, 1], own[:, 0])
    np.testing.assert_allclose(
        forecast(last, two, 60, 12)[:, 1], forecast(alone, by(0.3, 0.05, 0.9, 0.2), 40, 12)[:, 0]
    )
    np.testing.assert_allclose(
        fit(values, active, 12).level[1], fit(alone_values, alone_active, 12).level[0]
    )


def test_the_model_that_made_a_series_is_found() -> None:
    rng = np.random.default_rng(0)
    walk = np.cumsum(rng.normal(size=400))
    noise = rng.normal(size=400)
    season = waves(400, 12, noise=0.3)
    line = 0.5 * np.arange(400) + rng.normal(size=400)
    values = np.stack([walk, noise, season, line], 1)
    found = fit(values, np.ones(values.shape, bool), 12)
    assert found.level[0] >= 0.8 and found.level[1] <= 0.1
    assert found.season[2] > 0 and found.season[0] == 0
    start = beginning(values, np.ones(values.shape, bool), 12)
    last, _ = smooth(values, np.ones(values.shape, bool), start, found)
    told = forecast(last, found, 400, 12)
    np.testing.assert_allclose(told[:, 2], waves(412, 12, noise=0.0)[400:], atol=0.4)
    assert abs(told[-1, 3] - 206) < 10


def test_the_grid_holds_only_what_can_be() -> None:
    tried, numbers = grid(12)
    assert ((tried.level > 0) & (tried.level < 1)).all()
    assert (tried.trend <= tried.level).all() and (tried.season <= 1 - tried.level).all()
    assert numbers.min() == 2 and len(grid(1)[1]) < len(numbers)
    assert (grid(1)[0].season == 0).all()
