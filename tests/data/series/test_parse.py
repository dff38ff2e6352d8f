"""Numbers and dates as people write them; what is none is told by its place."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.data.series.parse import (
    BadValue,
    are_steps,
    parse_dates,
    parse_numbers,
    parse_steps,
)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False)))
def test_numbers_come_back_as_they_were_written(values: list[float]) -> None:
    assert parse_numbers([repr(value) for value in values]).tolist() == values


def test_missing_numbers() -> None:
    words = ["", " ", "NA", "n/a", "NaN", "null", "None", "-", "?"]
    assert np.isnan(parse_numbers(words)).all()
    assert parse_numbers(["1", "", " 2.5 "]).tolist()[::2] == [1.0, 2.5]


def test_decimal_commas() -> None:
    assert parse_numbers(["1,5", "-2"], ",").tolist() == [1.5, -2.0]
    for text in ("1.234,5", "1,2,3"):
        with pytest.raises(BadValue):
            parse_numbers([text], ",")


@pytest.mark.parametrize("bad", ["x", "1,5", "inf", "-Infinity", "1e999", "1_000", "0x10", "true"])
def test_what_is_no_number_is_told_by_its_place(bad: str) -> None:
    with pytest.raises(BadValue) as error:
        parse_numbers(["1", "", bad, "y"])
    assert (error.value.at, error.value.value) == (2, bad)


def test_truths_are_numbers_where_asked() -> None:
    assert parse_numbers(["True", "no", "1"], truths=True).tolist() == [1.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-05-31", "2024-05-31"),
        ("2024/5/1", "2024-05-01"),
        ("2024.05.31", "2024-05-31"),
        ("20240531", "2024-05-31"),
        ("2024-05", "2024-05-01"),
        ("2024", "2024-01-01"),
        ("2024Q3", "2024-07-01"),
        ("2024-Q1", "2024-01-01"),
        ("2024-05-31 13:05", "2024-05-31T13:05"),
        ("2024-05-31T13", "2024-05-31T13"),
        ("2024/05/31 7:05:09", "2024-05-31T07:05:09"),
        ("2024-05-31T13:05:09.25", "2024-05-31T13:05:09.25"),
        ("2024-05-31T13:05:09.123456789", "2024-05-31T13:05:09.123456"),
        ("1066-10-14", "1066-10-14"),
    ],
)
def test_dates(text: str, expected: str) -> None:
    found = parse_dates([text, "2000-01-01"])
    assert found.times[0] == np.datetime64(expected, "us") and found.zones == {"": 0}


@given(st.datetimes(min_value=dt.datetime(1, 1, 1)))
def test_iso_dates_come_back(time: dt.datetime) -> None:
    for text in (time.isoformat(), time.isoformat(" ")):
        assert parse_dates([text]).times[0].item() == time


@pytest.mark.parametrize(
    "bad", ["31.05.2024", "2024-13-01", "2023-02-29", "May", "", "2024-05-31 25:00"]
)
def test_what_is_no_date_is_told_by_its_place(bad: str) -> None:
    for others in (["2024-01-01", "2024-01-02"], ["2024/1/1", "2024-01-02"]):
        with pytest.raises(BadValue) as error:
            parse_dates([*others, bad])
        assert error.value.at == 2


def test_zones_are_cut_off_and_told() -> None:
    found = parse_dates(["2024-05-31T13:00Z", "2024-05-31T13:00+02:00", "2024-05-31 13:00"])
    assert len(set(found.times.tolist())) == 1
    assert found.zones == {"Z": 0, "+02:00": 1, "": 2}


def test_own_formats() -> None:
    assert parse_dates(["31.05.2024"], "%d.%m.%Y").times[0] == np.datetime64("2024-05-31")
    assert parse_dates(["05/31/24 +0200"], "%m/%d/%y %z").zones == {"+0200": 0}
    assert parse_dates(["86400"], "unix").times[0] == np.datetime64("1970-01-02")
    assert parse_dates(["1500"], "unix_ms").times[0] == np.datetime64("1970-01-01T00:00:01.5")
    for text, form in (("2024-05-31", "%d.%m.%Y"), ("x", "unix"), ("9" * 40, "unix")):
        with pytest.raises(BadValue):
            parse_dates([text], form)


def test_steps_are_whole_numbers() -> None:
    assert parse_steps(["0", "-3", "+7"]).tolist() == [0, -3, 7]
    for bad in ("1.5", "", "9" * 30):
        with pytest.raises(BadValue):
            parse_steps(["1", bad])


def test_steps_and_dates_are_told_apart() -> None:
    assert are_steps(["1", "2"]) and are_steps(["2024", "2025"])
    assert not are_steps(["20240531", "20240601"]) and are_steps(["20240531", "20241301"])
    assert not are_steps(["2024-05-31"])


def test_nothing_has_no_values() -> None:
    assert len(parse_numbers([])) == len(parse_dates([]).times) == len(parse_steps([])) == 0
