"""The frequency of times is found, whatever is missing between them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from elman._errors import DataError
from elman.data.series.detect import detect_frequency, with_day
from elman.data.series.frequency import Frequency, parse_frequency


@pytest.mark.parametrize(
    "name",
    [
        *("ms", "100ms", "s", "30s", "min", "5min", "15min", "h", "6h", "D", "2D", "B", "W"),
        *("2W", "M", "2M", "Q", "Y", "10Y", "30D", "365D"),
    ],
)
def test_regular_times_have_their_own_frequency(name: str) -> None:
    frequency = parse_frequency(name)
    start = np.datetime64("1987-04-01", "us")
    found = detect_frequency([frequency.at(start, np.arange(40))])
    assert found.name == name
    assert found.at(start, np.arange(40)).tolist() == frequency.at(start, np.arange(40)).tolist()


@given(
    name=st.sampled_from(["s", "15min", "h", "D", "W", "M", "Q"]),
    gone=st.sets(st.integers(1, 58), max_size=20),
)
def test_gaps_do_not_mislead(name: str, gone: set[int]) -> None:
    kept = np.array([k for k in range(60) if k not in gone])
    steps = np.diff(kept)
    assume((steps == 1).mean() > 0.6)
    frequency = parse_frequency(name)
    times = frequency.at(np.datetime64("2020-03-01", "us"), kept)
    assert detect_frequency([times]).name == name


def test_month_ends_of_all_lengths() -> None:
    ends = Frequency("M", day=31).at(np.datetime64("2023-01-31", "us"), np.arange(14))
    assert detect_frequency([ends]) == Frequency("M", day=31)
    quarters = Frequency("Q", day=31).at(np.datetime64("2023-02-28", "us"), np.arange(9))
    assert detect_frequency([quarters]) == Frequency("Q", day=31)
    starts = Frequency("M").at(np.datetime64("2023-01-01", "us"), np.arange(14))
    assert detect_frequency([starts]) == Frequency("M")
    assert detect_frequency([starts, ends]).day is None


def test_working_ends_of_months_are_months() -> None:
    months = np.arange("2020-01", "2022-01", dtype="datetime64[M]")
    last = np.busday_offset((months + 1).astype("datetime64[D]"), -1, roll="forward")
    found = detect_frequency([last.astype("datetime64[us]")])
    assert found.unit == "M"


def test_working_days_have_no_weekends() -> None:
    days = np.arange("2024-01-01", "2024-06-01", dtype="datetime64[D]")
    working = days[np.is_busday(days)].astype("datetime64[us]")
    assert detect_frequency([working]).name == "B"
    assert detect_frequency([days.astype("datetime64[us]")]).name == "D"
    few = np.arange("2024-01-01", "2024-01-04", dtype="datetime64[D]").astype("datetime64[us]")
    assert detect_frequency([few]).name == "D"  # three days are no proof


def test_numbers_of_steps() -> None:
    assert detect_frequency([np.array([0, 5, 10, 20]), np.array([3])]) == Frequency("step", 5)


def test_one_time_tells_nothing() -> None:
    with pytest.raises(DataError, match="series of one step. Give it: --series.frequency"):
        detect_frequency([np.array([1]), np.array([4])])


def test_steps_below_a_millisecond_are_refused() -> None:
    times = np.datetime64("2024-01-01", "us") + np.arange(5) * np.timedelta64(125, "us")
    with pytest.raises(DataError, match="125 microseconds apart"):
        detect_frequency([times])


def test_a_given_month_keeps_to_the_end_if_all_times_do() -> None:
    ends = [np.array(["2023-02-28", "2023-03-31"], "datetime64[us]")]
    assert with_day(Frequency("M"), ends).day == 31
    assert with_day(Frequency("D"), ends) == Frequency("D")
