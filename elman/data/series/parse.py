"""Numbers and dates as people write them, a column at a time.

What cannot be understood is told by its place in the column; which line that is, `read.py` knows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman.data.series.frequency import Times
from elman.data.series.series import Floats

__all__ = ["BadValue", "Dates", "are_steps", "parse_dates", "parse_numbers", "parse_steps"]

MISSING = {"", "nan", "na", "n/a", "null", "none", "-", "?", "nat"}
TRUTHS = {"true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0}
PLAIN = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d(?::\d\d(?::\d\d(?:\.\d{1,6})?)?)?)?")
DATE = re.compile(
    r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?|-?[Qq]([1-4])|(\d\d)(\d\d))?"
    r"(?:[T ]+(\d{1,2})(?::(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?)?"
    r"\s*(Z|UTC|[+-]\d\d(?::?\d\d)?)?"
)
STEP = re.compile(r"[+-]?\d{1,18}")
COMPACT = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
UNIX = {"unix": 1_000_000, "unix_ms": 1_000}
"""Dates as a count since 1970, by the name of their format: microseconds of one."""


class BadValue(Exception):
    """A value of a column that cannot be understood."""

    def __init__(self, at: int, value: str) -> None:
        super().__init__(at, value)
        self.at, self.value = at, value


class Dates(NamedTuple):
    """Parsed dates: times without a zone, and each zone that was written with its first place."""

    times: Times
    zones: dict[str, int]


def parse_numbers(values: Sequence[str], decimal: str = ".", truths: bool = False) -> Floats:
    """Return a column of numbers; what is missing is NaN.

    Args:
        values: The column as text.
        decimal: The decimal sign.
        truths: Whether true, false, yes and no are numbers too.

    Raises:
        BadValue: At the first value that is no finite number.

    Example:
        >>> parse_numbers(["1.5", "", "NA", "2e3"]).tolist()
        [1.5, nan, nan, 2000.0]
    """
    try:
        if decimal == ".":
            numbers = np.fromiter(map(float, values), np.float64, len(values))
            if np.isfinite(numbers).all() and "_" not in "".join(values):
                return numbers
    except ValueError:
        pass
    numbers = np.empty(len(values))
    for k, value in enumerate(values):
        numbers[k] = number(k, value.strip(), decimal, truths)
    return numbers


def number(at: int, text: str, decimal: str, truths: bool) -> float:
    """Return one value of a column."""
    low = text.lower()
    if low in MISSING:
        return np.nan
    if truths and low in TRUTHS:
        return TRUTHS[low]
    plain = text.replace(decimal, ".") if decimal != "." else text
    try:
        value = float(plain)
    except ValueError:
        raise BadValue(at, text) from None
    if not np.isfinite(value) or "_" in text or (decimal != "." and "." in text):
        raise BadValue(at, text)
    return value


def are_steps(values: Sequence[str]) -> bool:
    """Whether half of a column of times counts steps: whole numbers, no dates as 20240531."""
    texts = [value.strip() for value in values]
    steps = sum(STEP.fullmatch(text) is not None for text in texts)
    dates = sum(COMPACT.fullmatch(text) is not None for text in texts)
    return steps > 0 and 2 * steps >= len(texts) >= 2 * dates


def parse_steps(values: Sequence[str]) -> NDArray[np.int64]:
    """Return a column of whole numbers.

    Raises:
        BadValue: At the first that is none.
    """
    for k, value in enumerate(values):
        if not STEP.fullmatch(value.strip()):
            raise BadValue(k, value)
    return np.fromiter(map(int, values), np.int64, len(values))


def parse_dates(values: Sequence[str], form: str | None = None) -> Dates:
    """Return a column of dates; a time zone is cut off, and told.

    Args:
        values: The column as text: year first, then month, day, clock and zone, as far as there
            are; 2024Q1 is a quarter.
        form: How they are written otherwise, as `datetime.strptime` has it; or ``unix`` or
            ``unix_ms``.

    Raises:
        BadValue: At the first that is no date.

    Example:
        >>> dates = parse_dates(["2024/1/31 7:05", "2024-02-01T00:00:30.5Z"])
        >>> dates.times.astype(str).tolist()
        ['2024-01-31T07:05:00.000000', '2024-02-01T00:00:30.500000']
        >>> dates.zones
        {'': 0, 'Z': 1}
    """
    if form is None and all(map(PLAIN.fullmatch, values)):
        try:
            return Dates(np.array(values, "datetime64[us]"), {"": 0} if values else {})
        except ValueError:  # a 13th month, a 30th of February: found one by one
            pass
    known: dict[str, tuple[np.datetime64, str]] = {}
    times = np.empty(len(values), "datetime64[us]")
    zones: dict[str, int] = {}
    for k, value in enumerate(values):
        if value not in known:
            try:
                known[value] = one_date(value.strip(), form)
            except (ValueError, OverflowError):
                raise BadValue(k, value) from None
        times[k], zone = known[value]
        zones.setdefault(zone, k)
    return Dates(times, zones)


def one_date(text: str, form: str | None) -> tuple[np.datetime64, str]:
    """Return one date and its zone; ValueError if it is none."""
    if form in UNIX:
        return np.datetime64(int(text) * UNIX[form], "us"), ""
    if form is not None:
        parsed = datetime.strptime(text, form)
        zone = parsed.strftime("%z")
        return np.datetime64(parsed.replace(tzinfo=None), "us"), zone
    found = DATE.fullmatch(text)
    if found is None:
        raise ValueError(text)
    year, month, day, quarter, compact_month, compact_day = found.groups()[:6]
    hour, minute, second, fraction, zone = found.groups()[6:]
    if quarter:
        month = str(3 * int(quarter) - 2)
    parsed = datetime(
        int(year),
        int(month or compact_month or 1),
        int(day or compact_day or 1),
        int(hour or 0),
        int(minute or 0),
        int(second or 0),
        int((fraction or "").ljust(6, "0")[:6]),
    )
    return np.datetime64(parsed, "us"), zone or ""
