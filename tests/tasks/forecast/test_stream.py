"""A stream has the numbers of reading everything again, in memory that does not grow."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from elman._errors import ConfigError, DataError
from elman.data.series.series import Series
from elman.tasks.forecast.run import ForecastRun
from elman.tasks.forecast.stream import ForecastSession
from tests.tasks.forecast.trained import STREAM, table, trained

LEVELS = (0.1, 0.9)
DIRECT = {"segment": 1, "horizon_segment": 3, "lags": [3]}
WITH = {"known": ["price"], "past": ["rain"], "static": ["shop"]}


@pytest.fixture(scope="module", params=["paths", "direct"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ForecastRun:
    model: dict[str, Any] = STREAM if request.param == "paths" else DIRECT
    return trained(tmp_path_factory.mktemp(request.param), model=model)


def observe_all(session: ForecastSession, series: Series, first: int = 0) -> None:
    for k in range(first, len(series)):
        y = series.y[k] if series.mask[k] else None
        session.observe(series.ds[k], y)


def same(session: ForecastSession, run: ForecastRun, series: Series) -> None:
    told = session.forecast(levels=LEVELS, samples=20, seed=5)
    again = run.forecast([series], LEVELS, samples=20, seed=5)[0]
    np.testing.assert_allclose(told.mean, again.mean, rtol=1e-5)
    np.testing.assert_allclose(told.quantiles, again.quantiles, rtol=1e-5)


@pytest.mark.parametrize("first", [0, 1, 50])
def test_a_stream_is_reading_again(run: ForecastRun, first: int) -> None:
    series = run.read(run.task.data).series[1]
    mask = series.mask.copy()
    mask[[60, 61, 90]] = False
    series = replace(series, mask=mask)
    session = run.stream(series.until(first, 0)) if first else run.stream(unique_id="b")
    observe_all(session, series, first)
    same(session, run, series)
    assert session.steps == 120
    assert list(session.times) == list(run.learned.frequency.after(series.ds[-1], 6))


def test_10_000_steps(run: ForecastRun) -> None:
    steps = 10_000
    rng = np.random.default_rng(1)
    t = np.arange(steps)
    y = 10 + 3 * np.sin(2 * np.pi * t / 24) + np.cumsum(rng.normal(0, 0.05, steps))
    ds = np.datetime64("2020-01-01", "us") + t * np.timedelta64(3600_000_000, "us")
    none = np.zeros((steps, 0))
    series = Series("a", ds, y[:, None], none, none)
    session = run.stream(series.until(20, 0))
    before = sum(part.numel() for part in (session.memory.recent, session.memory.norm))
    observe_all(session, series, 20)
    same(session, run, series)
    assert sum(p.numel() for p in (session.memory.recent, session.memory.norm)) == before


def test_steps_left_out_were_not_observed(run: ForecastRun) -> None:
    series = run.read(run.task.data).series[0]
    mask = series.mask.copy()
    mask[40:43] = False
    session = run.stream(series.until(40, 0))
    observe_all(session, series, 43)
    assert session.steps == 120
    same(session, run, replace(series, mask=mask))


def test_asking_changes_nothing(run: ForecastRun) -> None:
    series = run.read(run.task.data).series[0]
    session, quiet = run.stream(series.until(50, 0)), run.stream(series.until(50, 0))
    for k in range(50, 60):
        session.forecast(samples=3)
        for each in (session, quiet):
            each.observe(series.ds[k], float(series.y[k, 0]))
    assert np.array_equal(session.forecast(seed=1).mean, quiet.forecast(seed=1).mean)


def test_what_cannot_be_taken_in_is_refused_and_changes_nothing(run: ForecastRun) -> None:
    series = run.read(run.task.data).series[0].until(30, 0)
    session = run.stream(series)
    plain = session.forecast(seed=1).mean
    after = "2024-01-02T06:00"
    for ds, y, more, message in (
        ("2024-01-02T05:00", 1.0, None, "is not after"),
        ("2024-01-02T06:30", 1.0, None, "not on the grid of every h; expected 2024-01-02 06:00"),
        ("soon", 1.0, None, "'soon' is no date"),
        (after, [1.0, 2.0], None, "2 values .* expected 1: y"),
        (after, float("inf"), None, "not finite"),
        (after, 1.0, {"sun": 1.0}, "no column 'sun' was trained on; known: none"),
    ):
        with pytest.raises(DataError, match=message):
            session.observe(ds, y, more)
    assert np.array_equal(session.forecast(seed=1).mean, plain)
    session.observe(after, None)
    assert session.steps == 31


def test_a_stream_of_nothing(run: ForecastRun) -> None:
    with pytest.raises(DataError, match="how large the values of series 'new' are"):
        run.stream(unique_id="new")
    session = run.stream(unique_id="a")
    assert session.next_time is None
    with pytest.raises(DataError, match="nothing was observed yet"):
        session.forecast()


def test_a_network_that_cannot_stream_says_why(tmp_path: Path) -> None:
    run = trained(tmp_path, train={"epochs": 1})
    with pytest.raises(ConfigError, match="cannot stream: segment = 6"):
        run.stream(run.read(run.task.data).series[0])


def test_a_stream_with_columns(tmp_path: Path) -> None:
    data = table(tmp_path / "a.csv", columns=True)
    run = trained(tmp_path, data=data, series=WITH, model=DIRECT)
    series = run.read(data).series[0].until(110, 6)
    session = run.stream(series.until(50, 0))
    for k in range(50, 110):
        row = {"price": series.known[k, 0], "rain": series.past[k, 0]}
        if k == 70:
            with pytest.raises(DataError, match="'rain' is missing; give price, rain"):
                session.observe(series.ds[k], series.y[k], {"price": 1.0})
            with pytest.raises(DataError, match="1 steps between .* are not there"):
                session.observe(series.ds[k + 1], series.y[k], row)
        session.observe(series.ds[k], series.y[k], row)
    with pytest.raises(DataError, match="'price' is known in advance: expected its 6 values"):
        session.forecast()
    told = session.forecast({"price": series.known[110:116, 0]}, LEVELS)
    again = run.forecast([series], LEVELS)[0]
    np.testing.assert_allclose(told.quantiles, again.quantiles, rtol=1e-5)


def test_a_stream_of_numbered_steps_and_a_new_series(tmp_path: Path) -> None:
    rows = "".join(f"{name},{k},{k % 7}\n" for name in "ab" for k in range(150))
    (tmp_path / "steps.csv").write_text("unique_id,ds,y\n" + rows)
    run = trained(tmp_path, data=str(tmp_path / "steps.csv"), model=STREAM)
    none = np.zeros((40, 0))
    new = Series("new", np.arange(40), 100.0 * (np.arange(40) % 7)[:, None], none, none)
    session = run.stream(new)
    session.observe(40, 500.0)
    assert session.times.tolist() == list(range(41, 47))
    with pytest.raises(DataError, match="'x' is no number of a step"):
        session.observe("x", 1.0)
