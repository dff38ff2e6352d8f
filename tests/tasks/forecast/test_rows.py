"""Rows come one by one on standard input, and a forecast follows each."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from elman._errors import ConfigError, DataError
from elman.tasks.forecast.config import ForecastPredict
from elman.tasks.forecast.run import ForecastRun
from tests.tasks.forecast.trained import STREAM, table, trained


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> ForecastRun:
    return trained(tmp_path_factory.mktemp("stream"), model={**STREAM, "head": "point"})


def streamed(
    run: ForecastRun, monkeypatch: pytest.MonkeyPatch, given: str, *inputs: str, **options: Any
) -> list[str]:
    monkeypatch.setattr("sys.stdin", io.StringIO(given))
    pieces: list[str] = []
    how = ForecastPredict(stream=True, **options)
    run.predict(iter(inputs or ("-",)), how, pieces.append, False)
    return pieces


def test_a_forecast_after_each_row(run: ForecastRun, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = Path(run.task.data).read_text().splitlines(keepends=True)
    given = lines[0] + "".join(a + b for a, b in zip(lines[1:31], lines[121:151], strict=True))
    pieces = streamed(run, monkeypatch, given, format="csv")
    assert len(pieces) == 60
    rows = list(csv.DictReader(io.StringIO("".join(pieces))))
    assert len(rows) == 60 * 6
    assert [row["unique_id"] for row in rows[:12]] == ["a"] * 6 + ["b"] * 6
    series = run.read(run.task.data).series[1].until(30, 0)
    expected = run.forecast([series])[0].mean[:, 0]
    np.testing.assert_allclose([float(row["mean"]) for row in rows[-6:]], expected, rtol=1e-5)


def test_rows_go_on_after_a_table(
    run: ForecastRun, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lines = Path(run.task.data).read_text().splitlines(keepends=True)
    before = tmp_path / "before.csv"
    before.write_text("".join(lines[:101]))
    given = lines[0] + "".join(lines[101:121])
    pieces = streamed(run, monkeypatch, given, str(before), format="json")
    last = [json.loads(line)["mean"] for line in pieces[-1].splitlines()]
    whole = run.forecast([run.read(run.task.data).series[0]])[0].mean[:, 0]
    np.testing.assert_allclose(last, whole, rtol=1e-5)


def test_an_empty_cell_was_not_observed(run: ForecastRun, monkeypatch: pytest.MonkeyPatch) -> None:
    given = "ds,unique_id,y\n2024-01-01 00:00,a,10\n2024-01-01 01:00,a,\n"
    assert len(streamed(run, monkeypatch, given)) == 2


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("", "expected a first line"),
        ("unique_id,ds,z\n", "no column 'y' in the first line"),
        ("unique_id,y\n", "no column of times"),
        ("unique_id,ds,y\na,2024-01-01\n", "line 2: 2 columns, expected 3"),
        ("unique_id,ds,y\na,2024-01-01,x\n", "line 2: y is 'x', expected a number"),
        ("unique_id,ds,y\na,monday,1\n", "line 2: series 'a': 'monday' is no date"),
        ("unique_id,ds,y\nc,2024-01-01,1\n", "line 2: nothing says how large"),
        (
            "unique_id,ds,y\na,2024-01-01,1\na,2024-01-01,1\n",
            "line 3: series 'a': .* is not after",
        ),
    ],
)
def test_bad_rows_are_named_by_their_line(
    run: ForecastRun, monkeypatch: pytest.MonkeyPatch, given: str, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        streamed(run, monkeypatch, given)


def test_a_network_that_knows_the_future_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    data = table(tmp_path / "a.csv", columns=True)
    run = trained(tmp_path, data=data, series={"known": ["price"]}, model=STREAM)
    with pytest.raises(ConfigError, match="needs price of the steps to come"):
        streamed(run, monkeypatch, "unique_id,ds,y,price\n")


def test_a_time_far_away_is_refused(run: ForecastRun, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = Path(run.task.data).read_text().splitlines()
    name, time, *rest = lines[1].split(",")
    far = ",".join([name, "9" + time[1:], *rest])
    with pytest.raises(DataError, match="steps are missing between .* at most 10,000 are filled"):
        streamed(run, monkeypatch, "\n".join([lines[0], lines[1], far, ""]))


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ("%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M"),
        (None, "%Y/%m/%d %H:%M"),
        (None, "%Y-%m-%dT%H:%M:%SZ"),
    ],
)
def test_times_are_read_as_those_of_the_training(
    run: ForecastRun, monkeypatch: pytest.MonkeyPatch, form: str | None, written: str
) -> None:
    series = run.task.series.model_copy(update={"date_format": form})
    own = replace(run, task=run.task.model_copy(update={"series": series}))
    session = own.stream(unique_id="a")
    for hour in range(3):
        session.observe(datetime(2024, 1, 1, hour).strftime(written), [1.0])
    assert session.steps == 3
    with pytest.raises(DataError, match="is no date; expected one"):
        session.observe("tomorrow", [1.0])
