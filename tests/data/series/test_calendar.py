"""What a calendar says: circles, at the right place, and those only that the steps can tell."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.data.series.calendar import calendar_features, place
from elman.data.series.frequency import UNITS, Frequency


def test_numbers_of_steps_have_no_calendar() -> None:
    features, names = calendar_features(np.arange(5), Frequency("step"))
    assert features.shape == (5, 0) and names == ()


@pytest.mark.parametrize("unit", UNITS)
def test_names_and_columns_agree(unit: str) -> None:
    times = Frequency(unit).after(np.datetime64("2024-05-29T10:30", "us"), 5)
    features, names = calendar_features(times, Frequency(unit))
    assert features.shape == (5, len(names)) and features.dtype == np.float64
    sines, cosines = features[:, ::2], features[:, 1::2]
    np.testing.assert_allclose(sines**2 + cosines**2, 1)


@pytest.mark.parametrize(
    ("time", "period", "expected"),
    [
        ("2024-05-31T18:00", "day", 0.75),
        ("2024-05-31T18:00:30", "minute", 0.5),
        ("2024-05-31T18:15", "hour", 0.25),
        ("2024-05-27", "week", 0.0),  # a Monday
        ("2024-05-30T12:00", "week", 0.5),
        ("2023-02-15", "month", 0.5),
        ("2024-07-02", "year", 0.5),
        ("1969-12-31T12:00", "day", 0.5),
        ("2024-01-01", "year", 0.0),
    ],
)
def test_places(time: str, period: str, expected: float) -> None:
    assert place(np.array([time], "datetime64[us]"), period)[0] == pytest.approx(expected)


@given(st.integers(-(10**15), 4 * 10**15))
def test_every_place_is_on_the_circle(micros: int) -> None:
    time = np.array([micros], "datetime64[us]")
    for period in ("minute", "hour", "day", "week", "month", "year"):
        assert 0 <= place(time, period)[0] < 1


def test_hours_come_again_after_a_day() -> None:
    times = Frequency("h").at(np.datetime64("2024-05-27", "us"), np.arange(48))
    features, names = calendar_features(times, Frequency("h"))
    day = features[:, [names.index("sin day"), names.index("cos day")]]
    np.testing.assert_allclose(day[:24], day[24:], atol=1e-12)
    assert len(np.unique(day.round(9), axis=0)) == 24
