"""Trained runs: forecasts in the data's units, backtests without leaks, and the command."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from elman._errors import ConfigError, DataError
from elman.data.series.series import Series
from elman.tasks.forecast.backtest import Forecast
from elman.tasks.forecast.config import ForecastEval, ForecastPredict
from elman.tasks.forecast.run import ForecastRun
from tests.tasks.forecast.trained import table, trained

COLUMNS = {"known": ["price"], "past": ["rain"], "static": ["shop"]}
LEVELS = (0.1, 0.5, 0.9)


def predicted(run: ForecastRun, *inputs: str, **options: Any) -> str:
    text: list[str] = []
    run.predict(iter(inputs), ForecastPredict(**options), text.append, False)
    return "".join(text)


@pytest.mark.parametrize("kind", ["run", "paths"])
def test_a_backtest_of_its_own_parts(kind: str, request: pytest.FixtureRequest) -> None:
    own: ForecastRun = request.getfixturevalue(kind)
    report = own.evaluate(baselines=True, options=ForecastEval(samples=50))
    assert report.title == f"test part of {own.task.data}"
    assert {"MASE", "OWA", "CRPS"} <= {figure.name for figure in report.figures}
    assert "seasonal naive" in report.baselines
    assert report["MASE"] < report.baselines["last value"]["MASE"]  # type: ignore[operator]
    counted = [own.evaluate(split=s).notes[0].partition(" ")[0] for s in ("train", "valid")]
    assert counted == ["24", "4"]
    every = own.evaluate(options=ForecastEval(stride=1)).notes[0].partition(" ")[0]
    assert every == str(2 * (12 - 6 + 1))


def test_a_backtest_does_not_profit_from_a_planted_future(tmp_path: Path) -> None:
    """The canary: noise, and a column that has the target itself, known up to now only.

    Whoever sees that column one step beyond the origin knows the answer.
    """
    noise = np.random.default_rng(0).normal(size=600)
    rows = "".join(f"a,{t},{y:.5f},{y:.5f}\n" for t, y in enumerate(noise))
    path = tmp_path / "noise.csv"
    path.write_text("unique_id,ds,y,canary\n" + rows)
    run = trained(tmp_path, data=str(path), series={"past": ["canary"]}, train={"epochs": 6})
    plan = run.plan(None, "test", ForecastEval(stride=1))
    spied: list[int] = []

    def spy(histories: Sequence[Series], horizon: int) -> list[Forecast]:
        for history in histories:
            assert len(history.y) == len(history.past) == len(history.known) - horizon
            spied.append(len(history))
        return run.forecast(histories, run.levels)

    scores, _ = plan.run(spy)
    assert spied == [origin.step for origin in plan.origins]
    nothing = float(np.mean((noise[540:] / noise[:480].std()) ** 2))
    assert scores.z_mse > 0.95 * nothing


def test_other_data_is_scored_whole(run: ForecastRun, tmp_path: Path) -> None:
    other = table(tmp_path / "b.csv", 60)
    report = run.evaluate(other)
    assert report.title == other
    assert report.notes[0].startswith("12 forecasts of 6 steps")


def test_pictures_are_drawn_when_asked_for(run: ForecastRun) -> None:
    pytest.importorskip("matplotlib")
    assert run.evaluate().pictures == ()
    assert len(run.evaluate(pictures=True).pictures) == 2


def test_covariates_reach_into_the_forecast(tmp_path: Path) -> None:
    run = trained(tmp_path, data=table(tmp_path / "a.csv", columns=True), series=COLUMNS)
    series = run.read(run.task.data).series[0]
    with pytest.raises(DataError, match="price is known for 0 steps after it; 6 are"):
        run.forecast([series])
    cut = series.until(114, 6)
    plain = run.forecast([cut])[0].mean
    known = cut.known.copy()
    known[115:] += 3
    assert not np.array_equal(plain, run.forecast([replace(cut, known=known)])[0].mean)
    text = Path(run.task.data).read_text()
    after = [f"2024-01-06 {hour:02d}:00:00" for hour in range(6)]
    more = "".join(f"{name},{time},,3,,shop {name}\n" for name in "ab" for time in after)
    path = tmp_path / "more.csv"
    path.write_text(text + more)
    rows = list(csv.DictReader(io.StringIO(predicted(run, str(path), format="csv"))))
    assert len(rows) == 12 and rows[0]["ds"].startswith("2024-01-06 00:00")


def test_predictions_as_tables(run: ForecastRun) -> None:
    rows = list(csv.DictReader(io.StringIO(predicted(run, run.task.data, format="csv"))))
    assert [row["unique_id"] for row in rows] == ["a"] * 6 + ["b"] * 6
    assert list(rows[0])[2:] == ["mean", "lo-95", "lo-80", "hi-80", "hi-95"]
    found = run.forecast(run.read(run.task.data).series)[0].mean[:, 0]
    np.testing.assert_allclose([float(row["mean"]) for row in rows[:6]], found)
    first = json.loads(predicted(run, run.task.data, format="json", levels="50").splitlines()[0])
    assert list(first)[2:] == ["mean", "lo-50", "hi-50"]


def test_predictions_in_a_file(run: ForecastRun, tmp_path: Path) -> None:
    shown = predicted(run, run.task.data, format="csv")
    assert predicted(run, run.task.data, out=str(tmp_path / "a.csv")) == ""
    assert (tmp_path / "a.csv").read_text() == shown
    with pytest.raises(ConfigError, match="expected a name that ends in .csv"):
        predicted(run, run.task.data, out=str(tmp_path / "a.xlsx"))


def test_pages_and_pictures_of_predictions(run: ForecastRun, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    html, png = tmp_path / "a.html", tmp_path / "a.png"
    predicted(run, run.task.data, html=str(html), png=str(png))
    assert html.read_text().startswith("<!doctype html>")
    assert png.read_bytes().startswith(b"\x89PNG")


def test_a_point_forecast_has_no_intervals(tmp_path: Path) -> None:
    run = trained(tmp_path, model={"head": "point"})
    assert run.evaluate().text().count("interval") == 0
    assert "lo-80" not in predicted(run, run.task.data, format="csv")
    with pytest.raises(ConfigError, match="single numbers"):
        predicted(run, run.task.data, levels="80")


def test_several_targets(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    y = rng.normal(size=(200, 2)).cumsum(0) * [1, 100]
    rows = "\n".join(f"{t},{a:.4f},{b:.4f}" for t, (a, b) in enumerate(y))
    (tmp_path / "two.csv").write_text(f"ds,left,right\n{rows}\n")
    series = {"targets": ["left", "right"]}
    run = trained(tmp_path, data=str(tmp_path / "two.csv"), series=series)
    assert run.forecast(run.read(run.task.data).series, LEVELS)[0].quantiles.shape == (6, 3, 2)
    rows = list(csv.DictReader(io.StringIO(predicted(run, run.task.data, format="csv"))))
    assert [row["target"] for row in rows] == ["left"] * 6 + ["right"] * 6


def test_the_command_from_end_to_end(tmp_path: Path) -> None:
    data = table(tmp_path / "a.csv")

    def elman(*words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "elman", *words],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            input=given,
        )

    small = ("--model.hidden-size", "8", "--train.epochs", "1", "--train.windows", "64")
    done = elman("train", "forecast", data, "--horizon", "6", "--out", "run", *small)
    assert done.returncode == 0, done.stderr
    scored = elman("eval", "run", "--json")
    assert json.loads(scored.stdout)["figures"]["MASE"] > 0
    told = elman("predict", "run", "-", "--format", "csv", given=Path(data).read_text())
    assert told.stdout.startswith("unique_id,ds,mean,lo-95")
    refused = elman("predict", "run", "--stream", given="unique_id,ds,y\n")
    assert refused.returncode == 2
    assert "cannot stream: segment = 24" in refused.stderr
    zero = elman("train", "forecast", data, "--horizon", "0")
    assert (zero.returncode, "horizon" in zero.stderr) == (2, True)


@pytest.mark.parametrize("mode", ["direct", "autoregressive"])
@pytest.mark.parametrize("head", ["quantiles", "normal", "student_t", "negative_binomial"])
def test_every_head_from_table_to_forecast(tmp_path: Path, head: str, mode: str) -> None:
    counts = np.random.default_rng(0).poisson(4, size=150)
    rows = "".join(f"a,{t},{count}\n" for t, count in enumerate(counts))
    (tmp_path / "counts.csv").write_text("unique_id,ds,y\n" + rows)
    model = {"head": head, "mode": mode, "dropout": 0.0}
    run = trained(tmp_path, data=str(tmp_path / "counts.csv"), model=model, train={"epochs": 8})
    found = run.forecast(run.read(run.task.data).series, (0.1, 0.5, 0.9))[0]
    assert (np.diff(found.quantiles, axis=1) >= 0).all()
    assert 2 < found.mean.mean() < 6
    if head == "negative_binomial":
        assert np.array_equal(found.quantiles, np.round(found.quantiles))
        assert (found.quantiles >= 0).all()


def test_logarithms_from_table_to_forecast(tmp_path: Path) -> None:
    grown = np.exp(0.02 * np.arange(200) + np.random.default_rng(0).normal(0, 0.02, 200))
    rows = "".join(f"a,{t},{y:.6f}\n" for t, y in enumerate(grown))
    (tmp_path / "grown.csv").write_text("unique_id,ds,y\n" + rows)
    tables: dict[str, Any] = {"window": {"log": True}, "model": {"norm": "last"}}
    run = trained(tmp_path, data=str(tmp_path / "grown.csv"), **tables, train={"epochs": 8})
    found = run.forecast(run.read(run.task.data).series)[0].mean[:, 0]
    np.testing.assert_allclose(found, np.exp(0.02 * np.arange(200, 206)), rtol=0.1)
