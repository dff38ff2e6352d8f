"""Forecasts as tables: every kind of file holds the same, and elman reads what it wrote."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from elman._errors import ConfigError
from elman.data.series.config import SeriesConfig
from elman.data.series.frequency import Frequency
from elman.data.series.read import read_series
from elman.tasks.forecast.backtest import Forecast
from elman.tasks.forecast.output import (
    Told,
    columns_of,
    fan_of,
    page_of,
    rows_of,
    save_table,
    stamps,
    written,
)
from tests.tasks.forecast.made import PROBABILITIES, series


def told(name: str = "a", horizon: int = 3, targets: int = 1, *, dates: bool = True) -> Told:
    steps = 10
    times: Any = np.arange(steps)
    frequency = Frequency("D") if dates else Frequency("step")
    if dates:
        times = frequency.at(np.datetime64("2024-02-20"), times)
    one = series(np.ones((steps, targets)), name)
    object.__setattr__(one, "ds", times)
    mean = np.arange(horizon * targets, dtype=float).reshape(horizon, targets) + 1 / 3
    quantiles = mean[:, None, :] + np.array([-1.0, 0.0, 1.0])[:, None]
    return Told(one, frequency.after(times[-1], horizon), Forecast(mean, quantiles))


def text(form: Any, *many: Told, targets: tuple[str, ...] = ("y",)) -> str:
    return "".join(written(many, targets, PROBABILITIES, form))


def test_names_of_columns() -> None:
    assert columns_of([0.025, 0.1, 0.5, 0.9, 0.975], ["y"])[2:] == (
        "mean",
        "lo-95",
        "lo-80",
        "median",
        "hi-80",
        "hi-95",
    )
    assert columns_of([0.2, 0.9], ["y"])[3:] == ("q-0.2", "q-0.9")
    assert columns_of([], ["y"]) == ("unique_id", "ds", "mean")


def test_csv_holds_every_digit() -> None:
    rows = list(csv.DictReader(io.StringIO(text("csv", told(), told("b, c")))))
    assert len(rows) == 6 and rows[3]["unique_id"] == "b, c"
    assert [row["ds"] for row in rows[:3]] == ["2024-03-01", "2024-03-02", "2024-03-03"]
    assert float(rows[1]["mean"]) == 1 + 1 / 3 and float(rows[1]["hi-80"]) == 1 + 1 / 3 + 1


def test_json_is_an_object_a_line() -> None:
    lines = [json.loads(line) for line in text("json", told(dates=False)).splitlines()]
    assert lines[0]["ds"] == 10 and lines[2]["mean"] == 2 + 1 / 3
    assert set(lines[0]) == {"unique_id", "ds", "mean", "lo-80", "median", "hi-80"}


def test_text_to_read() -> None:
    shown = text("text", told())
    assert shown.splitlines()[0].split() == list(columns_of(PROBABILITIES, ["y"]))
    assert shown.splitlines()[2].split()[:3] == ["a", "2024-03-02", "1.33333"]


def test_several_targets_are_rows() -> None:
    rows = list(rows_of([told(targets=2)], ("u", "v")))
    assert [row[2] for row in rows] == ["u"] * 3 + ["v"] * 3
    assert [row[3] for row in rows[3:]] == [1 + 1 / 3, 3 + 1 / 3, 5 + 1 / 3]


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (["2024-05-31", "2024-06-01"], ["2024-05-31", "2024-06-01"]),
        (["2024-05-31T23", "2024-06-01"], ["2024-05-31 23:00", "2024-06-01 00:00"]),
        (["2024-05-31T23:00:30"], ["2024-05-31 23:00:30"]),
        (["2024-05-31T23:00:30.25"], ["2024-05-31 23:00:30.250"]),
        (["2024-05-31T23:00:30.000001"], ["2024-05-31 23:00:30.000001"]),
    ],
)
def test_times_are_as_short_as_they_can_be(times: list[str], expected: list[str]) -> None:
    assert stamps(np.array(times, "datetime64[us]")) == expected


def test_numbers_of_steps_stay_numbers() -> None:
    assert stamps(np.array([7, 8])) == [7, 8]


@pytest.mark.parametrize("name", ["f.csv", "f.json", "f.jsonl", "f.parquet"])
def test_files_are_read_again(tmp_path: Path, name: str) -> None:
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    many = [told(), told("b")]
    save_table(tmp_path / name, many, ("y",), PROBABILITIES)
    path = tmp_path / name
    if name == "f.json":  # one list, which other programs read; elman reads it line by line
        rows = json.loads(path.read_text())
        path = tmp_path / "g.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    config = SeriesConfig(targets=("mean", "lo-80"))
    found = read_series(str(path), config)
    assert [one.unique_id for one in found.series] == ["a", "b"]
    for one, expected in zip(found.series, many, strict=True):
        assert one.ds.tolist() == expected.times.tolist()
        np.testing.assert_array_equal(one.y[:, 0], expected.forecast.mean[:, 0])
        np.testing.assert_array_equal(one.y[:, 1], expected.forecast.quantiles[:, 0, 0])


def test_parquet_has_times_for_all_targets(tmp_path: Path) -> None:
    store = pytest.importorskip("pyarrow.parquet")
    save_table(tmp_path / "a.parquet", [told(targets=2)], ("u", "v"), PROBABILITIES)
    table = store.read_table(tmp_path / "a.parquet").to_pydict()
    assert table["ds"][:3] == table["ds"][3:] and table["target"] == ["u"] * 3 + ["v"] * 3


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected a name that ends in .csv"):
        save_table(tmp_path / "a.xlsx", [told()], ("y",), PROBABILITIES)


def test_a_page_has_picture_and_table() -> None:
    pytest.importorskip("matplotlib")
    page = page_of("a <b>", [told(f"s{k}", 100) for k in range(8)], ("y",), PROBABILITIES)
    assert "a &lt;b&gt;" in page and "data:image/png;base64," in page and "<script" not in page
    assert "The first 500 of 800 rows" in page and "The first 6 of 8 series" in page
    assert page.count("<tr>") == 501
    assert fan_of([told(targets=2)], ("u", "v"), PROBABILITIES).image.startswith(b"\x89PNG")
