"""What a calendar says of times: the hour of the day, the day of the week, the day of the year.

Each is a point on a circle, so that 23:00 is as near to 0:00 as to 22:00.
"""

from __future__ import annotations

import numpy as np

from elman.data.series.frequency import MICROSECONDS, Frequency, Times
from elman.data.series.series import Floats

__all__ = ["calendar_features"]

CIRCLES = {
    "ms": ("minute", "hour"),
    "s": ("minute", "hour", "day"),
    "min": ("hour", "day", "week"),
    "h": ("day", "week", "year"),
    "D": ("week", "month", "year"),
    "B": ("week", "month", "year"),
    "W": ("year",),
    "M": ("year",),
    "Q": ("year",),
    "Y": (),
    "step": (),
}
"""Which periods tell something at a frequency."""


def calendar_features(times: Times, frequency: Frequency) -> tuple[Floats, tuple[str, ...]]:
    r"""Return sine and cosine of the place in each period that the frequency can tell.

    .. math:: \sin 2\pi p, \quad \cos 2\pi p \qquad p \in [0, 1)

    Args:
        times: ``(T,)``; of plain numbers nothing is known.
        frequency: Which periods there are: of hours the day, the week and the year.

    Returns:
        Features ``(T, K)`` and their names.

    Example:
        >>> noon = np.array(["2024-01-01T12", "2024-01-01T13"], "datetime64[us]")
        >>> features, names = calendar_features(noon, Frequency("h"))
        >>> names[:2], features[0, :2].round(6).tolist()
        (('sin day', 'cos day'), [0.0, -1.0])
    """
    if not np.issubdtype(times.dtype, np.datetime64):
        return np.zeros((len(times), 0)), ()
    periods = CIRCLES[frequency.unit]
    columns = [
        wave(2 * np.pi * place(times, period)) for period in periods for wave in (np.sin, np.cos)
    ]
    names = tuple(f"{wave} {period}" for period in periods for wave in ("sin", "cos"))
    features = np.stack(columns, -1) if columns else np.zeros((len(times), 0))
    return np.asarray(features, np.float64), names


def place(times: Times, period: str) -> Floats:
    """Return how far along its minute, hour, day, week, month or year each time is, in [0, 1)."""
    times = times.astype("datetime64[us]")
    micros = times.astype(np.int64)
    fixed = {"minute": "min", "hour": "h", "day": "D"}
    if period in fixed:
        length = MICROSECONDS[fixed[period]]
        return np.asarray(micros % length / length)
    if period == "week":  # 1970-01-01 was a Thursday; weeks begin on Monday
        shifted = micros + 3 * MICROSECONDS["D"]
        return np.asarray(shifted % MICROSECONDS["W"] / MICROSECONDS["W"])
    unit = {"month": "datetime64[M]", "year": "datetime64[Y]"}[period]
    whole = times.astype(unit)
    first, last = whole.astype("datetime64[us]"), (whole + 1).astype("datetime64[us]")
    return np.asarray((times - first) / (last - first), np.float64)
