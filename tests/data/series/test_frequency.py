"""Times follow each other as a calendar has them, and every grid finds its own positions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman._errors import DataError
from elman.data.series.frequency import UNITS, Frequency, parse_frequency, time_text


def days(times: Any) -> list[str]:
    return times.astype("datetime64[D]").astype(str).tolist()


@pytest.mark.parametrize(
    ("name", "last", "expected"),
    [
        ("D", "2024-02-28", ["2024-02-29", "2024-03-01", "2024-03-02"]),
        ("W", "2023-12-25", ["2024-01-01", "2024-01-08", "2024-01-15"]),
        ("M", "2023-12-01", ["2024-01-01", "2024-02-01", "2024-03-01"]),
        ("M", "2023-12-31", ["2024-01-31", "2024-02-29", "2024-03-31"]),
        ("Q", "2023-12-31", ["2024-03-31", "2024-06-30", "2024-09-30"]),
        ("Q", "2023-11-15", ["2024-02-15", "2024-05-15", "2024-08-15"]),
        ("Y", "2024-02-29", ["2025-02-28", "2026-02-28", "2027-02-28"]),
        ("2M", "2024-01-01", ["2024-03-01", "2024-05-01", "2024-07-01"]),
        ("B", "2024-05-30", ["2024-05-31", "2024-06-03", "2024-06-04"]),
        ("10D", "2024-02-20", ["2024-03-01", "2024-03-11", "2024-03-21"]),
    ],
)
def test_next_days(name: str, last: str, expected: list[str]) -> None:
    assert days(parse_frequency(name).after(np.datetime64(last), 3)) == expected


def test_month_ends_stay_at_the_end_from_a_short_month() -> None:
    february = np.datetime64("2023-02-28")
    assert days(Frequency("M", day=31).after(february, 2)) == ["2023-03-31", "2023-04-30"]
    assert days(Frequency("M").after(february, 2)) == ["2023-03-28", "2023-04-28"]


def test_next_hours_keep_their_minutes() -> None:
    times = parse_frequency("15min").after(np.datetime64("2024-12-31T23:50"), 2)
    assert times.astype(str).tolist() == [
        "2025-01-01T00:05:00.000000",
        "2025-01-01T00:20:00.000000",
    ]
    daily = Frequency("B").after(np.datetime64("2024-05-31T16:30"), 1)
    assert daily.astype("datetime64[m]").astype(str).tolist() == ["2024-06-03T16:30"]
    assert Frequency("step", 5).after(100, 3).tolist() == [105, 110, 115]


@pytest.mark.parametrize(
    ("name", "season"),
    [
        *(("h", 24), ("2h", 12), ("5min", 288), ("30min", 48), ("7h", 1), ("D", 7), ("B", 5)),
        *(("W", 52), ("M", 12), ("Q", 4), ("Y", 1), ("ms", 1), ("3", 1), ("s", 3600)),
    ],
)
def test_seasons(name: str, season: int) -> None:
    assert parse_frequency(name).season == season
    assert Frequency("h", own_season=168).season == 168


@given(
    unit=st.sampled_from(sorted(UNITS)),
    multiple=st.integers(1, 40),
    start=st.integers(-(10**9), 10**9),
    positions=st.lists(st.integers(0, 300), min_size=1, max_size=20),
)
def test_positions_are_those_of_the_times(
    unit: str, multiple: int, start: int, positions: list[int]
) -> None:
    frequency = Frequency(unit, multiple)
    first = np.datetime64(start, "s").astype("datetime64[us]")
    if unit == "B":
        first = np.datetime64("2024-05-29T09:00", "us")
    places = np.array(positions)
    times = frequency.at(first, places)
    assert frequency.positions(first, times).tolist() == positions
    assert frequency.after(first, 3).tolist() == frequency.at(first, np.arange(1, 4)).tolist()


@given(st.integers(1, 50), st.integers(-1000, 1000), st.lists(st.integers(0, 99), min_size=1))
def test_steps_have_positions_too(multiple: int, start: int, positions: list[int]) -> None:
    frequency, places = Frequency("step", multiple), np.array(positions)
    times = frequency.at(start, places)
    assert frequency.positions(start, times).tolist() == positions


def test_the_nearest_position_is_taken() -> None:
    start = np.datetime64("2024-01-01T00:00", "us")
    times = start + np.array([0, 59, 61, 119, 200]) * np.timedelta64(1, "m")
    assert Frequency("h").positions(start, times).tolist() == [0, 1, 1, 2, 3]


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        *(("H", "h"), ("hourly", "h"), ("T", "min"), ("MS", "M"), ("ME", "M"), ("QE", "Q")),
        *(("A", "Y"), ("W-SUN", "W"), ("monthly", "M"), ("12h", "12h"), (" 5 min", "5min")),
        ("7", "7"),
    ],
)
def test_names_of_other_tools_are_understood(alias: str, name: str) -> None:
    assert parse_frequency(alias).name == name
    assert parse_frequency(parse_frequency(alias).name) == parse_frequency(alias)


@pytest.mark.parametrize("text", ["fortnight", "", "0", "0h", "h5", "-1h", "1.5h"])
def test_unknown_ones_are_refused_with_the_known(text: str) -> None:
    with pytest.raises(DataError, match="expected 1 or more|Known: auto, ms .milliseconds., s"):
        parse_frequency(text)


def test_the_nearest_name_is_told() -> None:
    with pytest.raises(DataError, match="no frequency 'montly'; did you mean 'monthly'"):
        parse_frequency("montly")


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("2024-05-31", "2024-05-31"),
        ("2024-05-31T00:30", "2024-05-31 00:30"),
        ("2024-05-31T10:00:05", "2024-05-31 10:00:05"),
        ("2024-05-31T10:00:00.5", "2024-05-31 10:00:00.500000"),
    ],
)
def test_times_as_people_write_them(time: str, expected: str) -> None:
    assert time_text(np.datetime64(time, "us")) == expected
    assert time_text(np.int64(100)) == "100"


def test_plain_steps_are_no_dates() -> None:
    assert not parse_frequency("1").dated and parse_frequency("h").dated
