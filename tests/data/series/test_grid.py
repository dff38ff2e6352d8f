"""Series become regular: nothing observed is changed, and all that is made up is told."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman._errors import DataError
from elman.data.series.frequency import Frequency, Times
from elman.data.series.grid import Mended, Widths, fill, regular
from elman.data.series.series import Floats, Series

DAY = np.datetime64("2024-01-01", "us")


def put(
    times: Times,
    numbers: Floats | list[float],
    widths: Widths | None = None,
    frequency: Frequency | None = None,
    method: str = "linear",
    mended: Mended | None = None,
) -> Series:
    columns = np.asarray(numbers, float).reshape(len(times), -1)
    return regular(
        "a",
        times,
        columns,
        widths or Widths(1, 0, 0),
        frequency or Frequency("step"),
        method,
        lambda k: f"line {k + 2}",
        mended or Mended(),
    )


@given(st.sets(st.integers(0, 60), min_size=1), st.sampled_from(["linear", "last", "zero"]))
def test_what_was_observed_stays(places: set[int], method: str) -> None:
    times = np.array(sorted(places))
    values = np.random.default_rng(len(times)).normal(size=len(times))
    mended = Mended()
    one = put(times, list(values), method=method, mended=mended)
    assert len(one) == times[-1] - times[0] + 1 == len(one.ds)
    assert one.ds.tolist() == list(range(times[0], times[-1] + 1))
    there = np.isin(one.ds, times)
    np.testing.assert_array_equal(one.y[there, 0], values)
    assert np.isfinite(one.y).all()
    assert mended.gap_steps == (~there).sum()
    # What is made up is known to be so; zero is an answer.
    assert one.mask.tolist() == ([True] * len(one) if method == "zero" else there.tolist())


@given(
    places=st.sets(st.integers(1, 40)),
    holes=st.sets(st.integers(1, 40)),
    origin=st.integers(1, 41),
    method=st.sampled_from(["linear", "last", "zero"]),
)
def test_filling_leaves_no_trace_of_what_came_later(
    places: set[int], holes: set[int], origin: int, method: str
) -> None:
    times = np.array([0, *sorted(places)])
    numbers = np.random.default_rng(0).normal(size=(41, 2))[times]
    numbers[1:, 1][np.isin(times[1:], list(holes))] = np.nan
    whole = put(times, numbers, Widths(1, 0, 1), method=method).until(origin, 0)
    before = times < origin
    alone = put(times[before], numbers[before], Widths(1, 0, 1), method=method)
    steps = len(alone)
    np.testing.assert_array_equal(whole.y[:steps], alone.y)
    np.testing.assert_array_equal(whole.past[:steps], alone.past)
    if method != "zero":
        assert (whole.y[steps:] == alone.y[-1]).all() and (
            whole.past[steps:] == alone.past[-1]
        ).all()


@pytest.mark.parametrize(
    ("method", "expected"),
    [("linear", [1, 2, 3, 4, 8, 8]), ("last", [1, 1, 1, 4, 8, 8]), ("zero", [1, 0, 0, 4, 8, 0])],
)
def test_ways_to_fill(method: str, expected: list[float]) -> None:
    values = np.array([[1, np.nan, np.nan, 4, 8, np.nan]]).T
    assert fill(values, method)[:, 0].tolist() == expected
    assert fill(np.array([[np.nan], [3.0]]), method)[:, 0].tolist() == [
        0.0 if method == "zero" else 3.0,
        3.0,
    ]
    assert fill(np.full((2, 1), np.nan), method).tolist() == [[0.0], [0.0]]


def test_gaps_are_told() -> None:
    mended = Mended()
    times = DAY + np.array([0, 1, 4, 5, 7]) * np.timedelta64(1, "D")
    put(times, [1.0, 2.0, 3.0, np.nan, 5.0], frequency=Frequency("D"), mended=mended)
    assert mended.notes(Frequency("D"), "linear") == [
        "2 gaps of 3 steps filled (linear) in 1 of the series; the longest: 2 steps from "
        "2024-01-03 in 'a'",
        "1 missing value filled (linear)",
    ]


def test_gaps_can_be_refused() -> None:
    times = DAY + np.array([0, 1, 4]) * np.timedelta64(1, "D")
    message = "series 'a' lacks 2 steps of D in 1 gap, 2 of them from 2024-01-03"
    with pytest.raises(DataError, match=re.escape(message)):
        put(times, [1.0, 2.0, 3.0], frequency=Frequency("D"), method="none")
    with pytest.raises(DataError, match="line 3: a value is missing, and --series.fill is none"):
        put(np.arange(3), [1.0, np.nan, 3.0], method="none")


def test_times_between_steps_are_moved_and_told() -> None:
    mended = Mended()
    minutes = np.array([0, 61, 119, 180]) * np.timedelta64(1, "m")
    one = put(DAY + minutes, [1.0, 2.0, 3.0, 4.0], frequency=Frequency("h"), mended=mended)
    assert one.y[:, 0].tolist() == [1, 2, 3, 4] and one.mask.all()
    assert one.ds.astype("datetime64[h]").astype(int).tolist() == list(
        range(
            int(DAY.astype("datetime64[h]").astype(int)),
            int(DAY.astype("datetime64[h]").astype(int)) + 4,
        )
    )
    assert mended.notes(Frequency("h"), "linear") == [
        "2 times moved to the nearest step of h, the first: 2024-01-01 01:01 in 'a' (line 3)"
    ]


def test_two_rows_in_one_step_are_refused() -> None:
    times = DAY + np.array([0, 60, 80]) * np.timedelta64(1, "m")
    with pytest.raises(DataError, match=re.escape("two rows within one step of h")) as error:
        put(times, [1.0, 2.0, 3.0], frequency=Frequency("h"))
    assert "(line 3)" in str(error.value) and "(line 4)" in str(error.value)


def test_a_date_far_away_does_not_fill_the_memory() -> None:
    times = np.array(["2024-01-01", "2024-01-02", "9024-01-03"], "datetime64[us]")
    with pytest.raises(DataError, match=r"3 rows, but 2,556,\d+ steps of D .*line 4"):
        put(times, [1.0, 2.0, 3.0], frequency=Frequency("D"))


def test_what_is_known_in_advance_may_go_on() -> None:
    mended = Mended()
    numbers = np.array([[1.0, 5, 7], [2, 6, 8], [np.nan, 9, np.nan], [np.nan, np.nan, 3]])
    one = put(np.array([0, 1, 2, 4]), numbers, Widths(1, 1, 1), mended=mended)
    assert len(one) == 2 and one.y[:, 0].tolist() == [1, 2] and one.mask.all()
    assert one.known[:, 0].tolist() == [5, 6, 9, 9, 9]
    assert one.past[:, 0].tolist() == [7, 8]
    assert mended.ahead == 2 and mended.values == 1


def test_rows_around_the_targets_are_cut_without_known_columns() -> None:
    mended = Mended()
    one = put(np.arange(5), [np.nan, 1.0, np.nan, 3.0, np.nan], mended=mended)
    assert one.ds.tolist() == [1, 2, 3] and one.y[:, 0].tolist() == [1, 2, 3]
    assert one.mask.tolist() == [True, False, True]
    assert (mended.trimmed, mended.ahead, mended.values) == (1, 0, 1)


def test_one_target_that_is_missing_is_filled_and_the_step_not_scored() -> None:
    numbers = np.array([[1.0, 10], [np.nan, 20], [3, 30]])
    one = put(np.arange(3), numbers, Widths(2, 0, 0))
    assert one.y.tolist() == [[1, 10], [2, 20], [3, 30]]
    assert one.mask.tolist() == [True, False, True]


def test_a_series_without_any_target_is_refused() -> None:
    with pytest.raises(DataError, match=r"series 'a' has no target in any of its rows \(line 2\)"):
        put(np.arange(2), [np.nan, np.nan])


def test_one_step_is_a_series() -> None:
    one = put(np.array([7]), [1.0])
    assert one.ds.tolist() == [7] and len(one) == 1
