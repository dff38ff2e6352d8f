"""The built-in series are read without a word about their columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from elman._errors import DataError
from elman.data.builtin import BUILTIN
from elman.data.package import Package
from elman.data.series.config import SeriesConfig
from elman.data.series.read import read_series
from elman.data.series.series import SeriesSet


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELMAN_CACHE", str(tmp_path))


def read(name: str) -> SeriesSet:
    if not BUILTIN[name].here:
        pytest.skip("vega_datasets is not installed")
    return read_series(name, SeriesConfig())


def test_weather_is_daily_with_what_else_was_measured() -> None:
    found = read("weather")
    assert (len(found), found.steps, found.frequency.name) == (1, 1461, "D")
    assert found.series[0].y[0].tolist() == [12.8]
    assert "temp_min, precipitation, wind" in found.notes[0]
    more = read_series("weather", SeriesConfig(past=("temp_min", "wind")))
    assert more.series[0].past[0].tolist() == [5.0, 4.7]


def test_stocks_are_monthly_and_one_is_younger() -> None:
    found = read("stocks")
    assert found.frequency.name == "M" and not found.notes
    assert sorted(map(len, found.series)) == [68, 123, 123, 123, 123]
    assert found.series[0].unique_id == "MSFT" and found.series[0].y[0, 0] == 39.81
    assert found.series[0].ds[-1] == np.datetime64("2010-03-01")


def test_temperatures_lack_the_hour_when_clocks_change() -> None:
    found = read("temperatures")
    assert [one.unique_id for one in found.series] == ["Seattle", "San Francisco"]
    assert found.frequency.season == 24 and found.steps == 2 * 365 * 24
    for series in found.series:
        (missing,) = np.flatnonzero(~series.mask)
        assert series.ds[missing] == np.datetime64("2010-03-14T03:00")
        assert series.y[missing] == (series.y[missing - 1] + series.y[missing + 1]) / 2


def test_a_missing_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Package, "folder", lambda self: None)
    with pytest.raises(DataError, match=r"'vega_datasets': pip install 'elman\[demo\]'"):
        read_series("stocks", SeriesConfig())
