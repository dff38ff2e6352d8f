"""Which frequency times have: the step that is between most of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman._errors import DataError
from elman.data.series.frequency import MICROSECONDS, MONTHS, Frequency, Times, parted

__all__ = ["detect_frequency", "with_day"]

REGULAR = 0.9
"""Part of the steps that must agree for months to be seen in days of different numbers."""
LATE, EARLY = 26, 4
"""Days of the month at its end and its beginning, weekends and holidays aside."""


def detect_frequency(times: Sequence[Times]) -> Frequency:
    """Return the frequency of some series.

    Args:
        times: The times of each series, rising.

    Raises:
        DataError: If no series has two times, or steps are below a millisecond.

    Example:
        >>> detect_frequency([np.array(["2024-01-31", "2024-02-29", "2024-03-31"], "M8[us]")])
        Frequency(unit='M', multiple=1, day=31, own_season=None)
        >>> detect_frequency([np.array([2, 4, 6, 10])]).name
        '2'
    """
    several = [one for one in times if len(one) > 1]
    if not several:
        raise DataError(
            "cannot tell the frequency from series of one step. Give it: --series.frequency"
        )
    steps = np.concatenate([np.diff(one) for one in several])
    if steps.dtype.kind == "i":  # of dates it is "m"
        return Frequency("step", commonest(steps))
    if months := month_step(several):
        unit = next(name for name in ("Y", "Q", "M") if months % MONTHS[name] == 0)
        return with_day(Frequency(unit, months // MONTHS[unit]), several)
    step = commonest(steps.astype(np.int64))
    for unit in ("W", "D", "h", "min", "s", "ms"):
        if step % MICROSECONDS[unit] == 0:
            found = Frequency(unit, step // MICROSECONDS[unit])
            return Frequency("B") if found == Frequency("D") and rests(several) else found
    raise DataError(
        f"most times are {step} microseconds apart; the shortest step is a millisecond. Count "
        "the steps instead, in a column of whole numbers"
    )


def with_day(frequency: Frequency, times: Sequence[Times]) -> Frequency:
    """Return a frequency of months that keeps to the month's end where all times do."""
    if not frequency.months or not all(is_month_end(one).all() for one in times):
        return frequency
    return Frequency(frequency.unit, frequency.multiple, 31, frequency.own_season)


def commonest(steps: NDArray[Any]) -> int:
    """Return the step that occurs most, of equals the shortest."""
    values, counts = np.unique(steps, return_counts=True)
    return int(values[counts.argmax()])


def month_step(times: Sequence[Times]) -> int:
    """Return how many months a step has, 0 if steps are not made of months."""
    if min(np.diff(one).min() for one in times) < np.timedelta64(LATE, "D"):
        return 0
    parts = [parted(one) for one in times]
    steps = np.concatenate([np.diff(month) for month, _, _ in parts])
    months = commonest(steps)
    days = np.concatenate([day for _, day, _ in parts])
    _, counts = np.unique(days, return_counts=True)
    same_day = counts.max() >= REGULAR * len(days)
    regular = (steps % months == 0).mean() >= REGULAR if months else False
    return months if regular and (same_day or days.min() >= LATE or days.max() <= EARLY) else 0


def rests(times: Sequence[Times]) -> bool:
    """Whether daily times never fall on a weekend, and are more than a week."""
    dates = np.concatenate([one.astype("datetime64[D]") for one in times])
    return len(dates) > 5 and bool(np.is_busday(dates).all())


def is_month_end(times: Times) -> NDArray[np.bool_]:
    """Whether each time is on the last day of its month."""
    dates = times.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    return np.asarray((dates + 1).astype("datetime64[M]") > months)
