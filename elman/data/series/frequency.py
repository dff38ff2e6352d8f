"""The regular step of a time series: which time comes next, and how long a season is.

A grid is a first time and a `Frequency`; every time on it has a position, 0, 1, 2, ... Months,
quarters and years keep their day, the last of the month where it has no such day. Finding out
which frequency a series has is in `detect.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman._errors import DataError, did_you_mean

__all__ = ["UNITS", "Frequency", "Times", "parse_frequency", "time_text"]

Times = NDArray[Any]
"""Points in time, ``datetime64[us]``, or numbers of steps."""

UNITS = {
    "ms": "milliseconds",
    "s": "seconds",
    "min": "minutes",
    "h": "hours",
    "D": "days",
    "B": "working days",
    "W": "weeks",
    "M": "months",
    "Q": "quarters",
    "Y": "years",
}
"""Units by name; ``step`` is one more, for times that are plain numbers."""
ALIASES = {
    **{"H": "h", "hour": "h", "hourly": "h", "T": "min", "minute": "min", "S": "s", "sec": "s"},
    **{"second": "s", "L": "ms", "d": "D", "day": "D", "daily": "D", "b": "B", "w": "W"},
    **{"week": "W", "weekly": "W", "MS": "M", "ME": "M", "month": "M", "monthly": "M"},
    **{"QS": "Q", "QE": "Q", "quarter": "Q", "quarterly": "Q", "YS": "Y", "YE": "Y"},
    **{"A": "Y", "AS": "Y", "y": "Y", "year": "Y", "yearly": "Y"},
}
MICROSECONDS = {
    "ms": 1_000,
    "s": 1_000_000,
    "min": 60_000_000,
    "h": 3_600_000_000,
    "D": 86_400_000_000,
    "W": 7 * 86_400_000_000,
}
MONTHS = {"M": 1, "Q": 3, "Y": 12}
SEASONS = {"s": 3600, "min": 1440, "h": 24, "D": 7, "B": 5, "W": 52, "M": 12, "Q": 4}
"""Steps until the same comes again: a day of hours, a week of days, a year of months."""
DAY = np.timedelta64(MICROSECONDS["D"], "us")


@dataclass(frozen=True)
class Frequency:
    """A regular step of time.

    Args:
        unit: A name in `UNITS`, or ``step``.
        multiple: Units in a step.
        day: Of months, quarters and years: the day of the month, 1 to 31; None: that of the
            grid's first time.
        own_season: Steps in a season, where it is not the unit's usual one.

    Example:
        >>> monthly = Frequency("M")
        >>> monthly.season, monthly.name
        (12, 'M')
        >>> monthly.after(np.datetime64("2023-12-31"), 3).astype("datetime64[D]").tolist()[1:]
        [datetime.date(2024, 2, 29), datetime.date(2024, 3, 31)]
    """

    unit: str
    multiple: int = 1
    day: int | None = None
    own_season: int | None = None

    @property
    def name(self) -> str:
        """How it is written in a configuration: ``h``, ``15min``, ``1``."""
        if self.unit == "step":
            return str(self.multiple)
        return f"{self.multiple if self.multiple > 1 else ''}{self.unit}"

    @property
    def dated(self) -> bool:
        """Whether its times are dates, so that they have hours, weekdays and months."""
        return self.unit != "step"

    @property
    def season(self) -> int:
        """Steps in a season; 1 if there is none."""
        if self.own_season is not None:
            return self.own_season
        usual = SEASONS.get(self.unit, 1)
        return usual // self.multiple if usual % self.multiple == 0 else 1

    @property
    def months(self) -> int:
        """Months in a step; 0 if steps are not made of months."""
        return MONTHS.get(self.unit, 0) * self.multiple

    @property
    def step(self) -> Any:
        """The length of a step where it is always the same: a number, or a ``timedelta64``."""
        if self.unit == "step":
            return self.multiple
        return np.timedelta64(MICROSECONDS[self.unit] * self.multiple, "us")

    def after(self, last: Any, count: int) -> Times:
        """Return the ``count`` times that follow a time."""
        return self.at(last, np.arange(1, count + 1))

    def at(self, start: Any, positions: NDArray[np.int64]) -> Times:
        """Return the times at positions of the grid that begins at ``start``."""
        if self.unit == "step":
            return np.asarray(int(start) + self.multiple * positions, np.int64)
        start = np.datetime64(start, "us")
        if self.months:
            first, day, clock = parted(start)
            month = first + self.months * positions
            return np.asarray(dated(month, self._day(day)) + clock)
        if self.unit == "B":
            date = start.astype("datetime64[D]")
            days = np.busday_offset(date, self.multiple * positions, roll="forward")
            return np.asarray(days.astype("datetime64[us]") + (start - date))
        return np.asarray(start + positions * self.step)

    def positions(self, start: Any, times: Times) -> NDArray[np.int64]:
        """Return the position of the grid's time that is nearest to each time."""
        if self.unit == "step":
            return np.asarray(np.rint((times - int(start)) / self.multiple), np.int64)
        start = np.datetime64(start, "us")
        if self.months:
            month = times.astype("datetime64[M]").astype(np.int64)
            return np.asarray((month - int(parted(start)[0])) // self.months)
        if self.unit == "B":
            dates = times.astype("datetime64[D]")
            first = np.busday_offset(start.astype("datetime64[D]"), 0, roll="forward")
            return np.asarray(np.busday_count(first, dates), np.int64) // self.multiple
        return np.asarray(np.rint((times - start) / self.step), np.int64)

    def _day(self, own: Any) -> Any:
        return own if self.day is None else self.day


def parted(times: Any) -> tuple[Any, Any, Any]:
    """Return the month of times (from 1970-01), the day in it (from 1), and the time of the day."""
    month = times.astype("datetime64[M]")
    date = times.astype("datetime64[D]")
    day = (date - month.astype("datetime64[D]")).astype(np.int64) + 1
    return month.astype(np.int64), day, times - date


def dated(months: NDArray[np.int64], day: Any) -> Times:
    """Return a day in each of some months, the last one where a month is too short."""
    first = months.astype("datetime64[M]").astype("datetime64[D]")
    length = ((months + 1).astype("datetime64[M]").astype("datetime64[D]") - first).astype(int)
    return np.asarray((first + np.minimum(day, length) - 1).astype("datetime64[us]"))


def parse_frequency(text: str) -> Frequency:
    """Return the frequency that is written so: ``h``, ``15min``, ``MS``, ``2``.

    Raises:
        DataError: If there is none, naming those there are.

    Example:
        >>> parse_frequency("15min").season
        96
        >>> parse_frequency("hourly").name
        'h'
    """
    found = re.fullmatch(r"(\d*)\s*([A-Za-z]*)(-[A-Za-z]{3})?", text.strip())
    count, unit = (found[1], found[2]) if found else ("", text)
    multiple = int(count or 1)
    if multiple < 1:
        raise DataError(f"a frequency of {multiple} steps: expected 1 or more")
    if found and count and not unit:
        return Frequency("step", multiple)
    unit = ALIASES.get(unit, unit)
    if unit not in UNITS:
        known = ", ".join(f"{name} ({words})" for name, words in UNITS.items())
        hint = did_you_mean(unit, [*UNITS, *ALIASES])
        raise DataError(
            f"no frequency '{text}'{hint or '.'} Known: auto, {known}, each also with a number "
            "before it such as 15min; a bare number for steps that are no dates"
        )
    return Frequency(unit, multiple)


def time_text(time: Any) -> str:
    """Return a time as people write it, without zeros at its end that say nothing.

    Example:
        >>> time_text(np.datetime64("2024-05-31T13:00", "us"))
        '2024-05-31 13:00'
    """
    text = str(time).replace("T", " ").removesuffix(".000000").removesuffix(":00")
    return text.removesuffix(" 00:00")
