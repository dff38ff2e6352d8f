"""A backtest reads no future, whatever is planted there, and scores what was observed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman._config import load_config
from elman._errors import DataError, ShapeError
from elman.data.series.series import Series
from elman.tasks.forecast.backtest import Forecast, Origin, origins_of, seasonal_changes
from elman.tasks.forecast.baselines import LastValue, baselines
from elman.tasks.forecast.config import ForecastEval, ForecastTask
from elman.tasks.forecast.run import ForecastRun
from elman.tasks.forecast.training import ForecastTraining
from elman.train.forecasting import seasonal_scale
from tests.tasks.forecast.made import PROBABILITIES, plan, series, series_set, waves


@given(
    first=st.integers(1, 50),
    length=st.integers(1, 100),
    horizon=st.integers(1, 20),
    stride=st.integers(1, 30),
    folds=st.none() | st.integers(1, 10),
)
def test_origins_are_in_the_part_and_the_last_ends_with_it(
    first: int, length: int, horizon: int, stride: int, folds: int | None
) -> None:
    end = first + length
    found = origins_of(first, end, horizon, stride, folds)
    assert all(first <= origin <= end - horizon for origin in found)
    assert set(np.diff(found)) <= {stride} and found == sorted(found)
    if length < horizon:
        assert not found
    else:
        assert found[-1] == end - horizon
        fitting = (length - horizon) // stride + 1
        assert len(found) == (fitting if folds is None else min(folds, fitting))


def test_every_window_of_a_benchmark_is_counted() -> None:
    assert len(origins_of(11520, 14400, 96, 1)) == 2785


def flat(value: float, horizon: int) -> Forecast:
    mean = np.full((horizon, 1), value)
    return Forecast(mean, np.repeat(mean[:, None], 3, 1))


class Spy:
    """Looks for the future wherever it may stand, and forecasts it if it is there."""

    def __init__(self) -> None:
        self.seen: list[Series] = []

    def __call__(self, histories: Sequence[Series], horizon: int) -> list[Forecast]:
        self.seen += histories
        return [self.steal(one, horizon) for one in histories]

    def steal(self, one: Series, horizon: int) -> Forecast:
        ahead = slice(len(one.ds), len(one.ds) + horizon)
        late = one.known[len(one.ds) + horizon :, :1]
        for hidden in (one.y[ahead], one.past[ahead, :1], late):
            if len(hidden):
                return flat(float(hidden[0, 0]), horizon)
        return flat(float(one.y[-1, 0]), horizon)


def canary(steps: int = 200, horizon: int = 4) -> Series:
    """White noise, with the target itself as a past column, and known late by one horizon.

    A backtest that hands over one step too much of either gives the future away.
    """
    y = np.random.default_rng(3).normal(size=(steps, 1))
    late = np.concatenate([np.zeros((horizon, 1)), y])
    return series(y, past=y.copy(), known=late)


def test_a_planted_future_does_not_help() -> None:
    found = plan(series_set(canary()), 4, 60, stride=1)
    spy = Spy()
    stolen, _ = found.run(spy)
    honest, _ = found.run(LastValue(1, PROBABILITIES))
    assert stolen.mae == honest.mae and stolen.mase == honest.mase
    for origin, one in zip(found.origins, spy.seen, strict=True):
        assert len(one.y) == len(one.past) == len(one.ds) == len(one.mask) == origin.step
        assert len(one.known) == origin.step + 4


def test_the_spy_would_have_found_it() -> None:
    whole = canary()
    leaking = replace(whole.until(100, 5), ds=whole.ds[:100])
    assert Spy().steal(leaking, 4).mean[0, 0] == whole.y[100, 0]
    assert Spy().steal(replace(whole, ds=whole.ds[:100]), 4).mean[0, 0] == whole.y[100, 0]


def trained(folder: Path, column: str, role: str) -> float:
    """Train a network on white noise with one more column; return its error on the test part.

    It is a part of the squared error of a forecast of zero. Less than 1 can only come from the
    column.
    """
    y = np.random.default_rng(0).normal(size=601).round(6)
    columns = {"copy": y[:-1], "ahead": y[1:]}
    rows = zip(range(600), y[:-1], columns[column], strict=True)
    folder.mkdir()
    text = "ds,y,x\n" + "".join(f"{t},{value},{x}\n" for t, value, x in rows)
    (folder / "a.csv").write_text(text)
    settings = {
        "data": str(folder / "a.csv"),
        "horizon": 1,
        "series": {role: ["x"], "test_size": 120},
        "window": {"lookback": 4},
        "model": {"hidden_size": 16, "segment": 4, "norm": "none", "head": "point"},
        "train": {"epochs": 15, "lr": 0.01, "windows": 640},
    }
    training = ForecastTraining.start(load_config(ForecastTask, None, settings), folder / "run")
    for _ in training.events():
        pass
    report = ForecastRun.open(folder / "run").evaluate(options=ForecastEval(stride=1))
    return float(report["RMSE"] or 0) ** 2 / float(np.mean(y[480:600] ** 2))


def test_a_network_cannot_profit_from_a_planted_future(tmp_path: Path) -> None:
    # What is measured at the same time as the target is not there yet when it is forecast.
    assert trained(tmp_path / "copy", "copy", "past") > 0.9
    # The same network profits at once where the future is given to it by right.
    assert trained(tmp_path / "known", "copy", "known") < 0.3
    assert trained(tmp_path / "ahead", "ahead", "past") < 0.3


@pytest.mark.parametrize("season", [1, 12])
def test_no_baseline_changes_when_the_future_does(season: int) -> None:
    many = [series(waves(120, 12, k), f"s{k}") for k in range(3)]
    before = plan(series_set(*many, season=season), 6, 24, folds=1, keep=3)
    origin = before.origins[0].step
    rng = np.random.default_rng(0)
    garbled = []
    for one in many:
        y = one.y.copy()
        y[origin:] = 1000 * rng.normal(size=y[origin:].shape)
        garbled.append(replace(one, y=y))
    after = plan(series_set(*garbled, season=season), 6, 24, folds=1, keep=3)
    for name in baselines(season, PROBABILITIES):
        told = [each.run(baselines(season, PROBABILITIES)[name])[1] for each in (before, after)]
        for one, other in zip(*told, strict=True):
            np.testing.assert_array_equal(one.forecast.mean, other.forecast.mean, name)
            np.testing.assert_array_equal(one.forecast.quantiles, other.forecast.quantiles, name)


@pytest.mark.parametrize("folds", [1, 3])
def test_figures_are_those_of_the_library_of_the_field(folds: int) -> None:
    losses = pytest.importorskip("utilsforecast.losses")
    pd = pytest.importorskip("pandas")
    many = [series(waves(96 + 5 * k, 12, k), f"s{k}") for k in range(4)]
    found = plan(series_set(*many, season=12), 6, 18, folds=folds)
    method = baselines(12, PROBABILITIES)["exponential smoothing"]
    scores, _ = found.run(method)
    frames = []
    for origin in found.origins:
        one = many[origin.series]
        (told,) = method([one.until(origin.step, 6)], 6)
        ahead = slice(origin.step, origin.step + 6)
        columns = {"ds": one.ds[ahead], "y": one.y[ahead, 0], "m": told.mean[:, 0]}
        columns |= {f"m-q{k}": told.quantiles[:, k, 0] for k in range(3)}
        frames.append(pd.DataFrame({"unique_id": one.unique_id, **columns, "cutoff": origin.step}))
    table = pd.concat(frames)
    levels = np.array(PROBABILITIES)
    names = {"m": [f"m-q{k}" for k in range(3)]}

    def of(loss: Any, *, models: Any = ("m",), **more: Any) -> Any:
        return loss(table, models=models if isinstance(models, dict) else list(models), **more)["m"]

    assert scores.smape == pytest.approx(2 * of(losses.smape).mean())
    assert scores.mae == pytest.approx(of(losses.mae).mean())
    assert scores.rmse**2 == pytest.approx(of(losses.mse).mean())
    whole = table.drop(columns="cutoff").assign(unique_id="all")
    crps = losses.scaled_crps(whole, models=names, quantiles=levels)["m"].iloc[0]
    assert scores.crps == pytest.approx(crps)
    bounds = table.rename(columns={"m-q0": "m-lo-80", "m-q2": "m-hi-80"})
    inside = losses.coverage(bounds, models=["m"], level=80)["m"].mean()
    assert scores.coverage[80] == pytest.approx(inside)
    if folds == 1:  # of several folds each has a scale of its own
        train = [
            pd.DataFrame({"unique_id": one.unique_id, "ds": one.ds[:end], "y": one.y[:end, 0]})
            for one, end in zip(many, (origin.step for origin in found.origins), strict=True)
        ]
        mase = of(losses.mase, seasonality=12, train_df=pd.concat(train))
        assert scores.mase_of_series().tolist() == pytest.approx(mase.tolist())


def test_steps_that_were_filled_in_are_not_scored() -> None:
    y = np.arange(20.0)
    mask = np.ones(20, bool)
    mask[[17, 18]] = False
    found = plan(series_set(series(y, mask=mask)), 4, 4)
    scores, _ = found.run(lambda histories, horizon: [flat(16.0, horizon) for _ in histories])
    assert scores.count.tolist() == [[1, 0, 0, 1]]
    assert scores.mae == (0 + 3) / 2


@given(
    season=st.sampled_from([1, 3, 50]),
    origin=st.integers(2, 40),
    gaps=st.sets(st.integers(0, 39), max_size=5),
)
def test_changes_over_a_season_for_all_origins_at_once(
    season: int, origin: int, gaps: set[int]
) -> None:
    y = np.random.default_rng(0).normal(size=(40, 2))
    mask = ~np.isin(np.arange(40), list(gaps))
    scale = seasonal_changes(series(y, mask=mask), season)(origin)
    if not gaps:
        np.testing.assert_allclose(scale, seasonal_scale(y[:origin], season))
        return
    lag = season if season < origin else 1
    pairs = [t for t in range(lag, origin) if mask[t] and mask[t - lag]]
    expected = np.mean([np.abs(y[t] - y[t - lag]) for t in pairs], axis=0) if pairs else np.nan
    np.testing.assert_allclose(scale, np.broadcast_to(expected, 2))


def test_the_last_forecasts_of_the_first_series_are_kept() -> None:
    many = [series(np.arange(30.0), f"s{k}") for k in range(4)]
    found = plan(series_set(*many), 3, 9, keep=2)
    scores, kept = found.run(LastValue(1, PROBABILITIES))
    assert [one.origin for one in kept] == [Origin(0, 27), Origin(1, 27)]
    assert scores.forecasts == 12 == len(found.origins)
    _, kept = plan(series_set(*many[:2]), 3, 9, keep=5).run(LastValue(1, PROBABILITIES))
    assert [one.origin for one in kept] == [Origin(k, step) for k in (0, 1) for step in (24, 27)]


def test_progress_reaches_its_end() -> None:
    told: list[tuple[int, int, str]] = []
    found = plan(series_set(series(waves(700))), 1, 600)
    found.run(LastValue(1, PROBABILITIES), "x", lambda *one: told.append(one))
    assert told[-1] == (600, 600, "x") and len(told) > 1


def test_a_part_that_is_too_short_is_refused() -> None:
    with pytest.raises(DataError, match="no part to score has the 5 steps of a forecast"):
        plan(series_set(series(np.arange(30.0))), 5, 4)


def test_forecasts_of_the_wrong_shape_are_refused() -> None:
    found = plan(series_set(series(np.arange(30.0))), 2, 4)
    with pytest.raises(ShapeError, match=r"\(\(3, 1\), \(3, 3, 1\)\), expected \(\(2, 1\)"):
        found.run(lambda histories, horizon: [flat(0, 3) for _ in histories])
    with pytest.raises(ShapeError, match="0 forecasts of 2 histories"):
        found.run(lambda histories, horizon: [])
    with pytest.raises(DataError, match="'a' after 25 is not finite"):
        found.run(lambda histories, horizon: [flat(np.nan, 2) for _ in histories])
