"""Time series as values: what was measured, when, and what else is known of it.

Everything is on a regular grid by now; how it came there is in `read.py`. NumPy alone.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.data.series.frequency import Frequency, Times

__all__ = ["Floats", "Series", "SeriesSet"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Series:
    """One series of T steps with C targets.

    Args:
        unique_id: Its name.
        ds: Times, ``(T,)``: ``datetime64[us]``, or numbers of steps.
        y: Targets, ``(T, C)``; finite everywhere, also where nothing was observed.
        known: What is known in advance, ``(T', K)`` with T' >= T: from the first step on, and as
            far beyond the last one as the table goes.
        past: What is known up to now only, ``(T, U)``.
        static: What is true of the whole series, by column.
        mask: ``(T,)``: True where every target was observed, False where one was made up.
    """

    unique_id: str
    ds: Times
    y: Floats
    known: Floats
    past: Floats
    static: dict[str, str | float] = field(default_factory=dict)
    mask: NDArray[np.bool_] = field(default_factory=lambda: np.ones(0, bool))

    def __post_init__(self) -> None:
        if len(self.mask) != len(self.y):
            object.__setattr__(self, "mask", np.ones(len(self.y), bool))

    def __len__(self) -> int:
        return len(self.y)

    def until(self, origin: int, horizon: int) -> Series:
        """Return what is known at a point in time: the first ``origin`` steps.

        Of what is known in advance, ``horizon`` steps more are kept. Steps at the end that were
        filled in may hold a trace of what came later: they become the last value that was seen.

        Example:
            >>> y = np.arange(5.0)[:, None]
            >>> series = Series("a", np.arange(5), y, known=y, past=y)
            >>> cut = series.until(2, horizon=1)
            >>> len(cut), len(cut.known), len(cut.past)
            (2, 3, 2)
        """
        y, mask = self.y[:origin], self.mask[:origin]
        if origin and not mask[-1]:
            y = y.copy()
            last = int(np.flatnonzero(mask)[-1]) if mask.any() else 0
            y[last + 1 :] = y[last]
        return replace(
            self,
            ds=self.ds[:origin],
            y=y,
            known=self.known[: origin + horizon],
            past=self.past[:origin],
            mask=mask,
        )


@dataclass(frozen=True)
class SeriesSet:
    """Series of the same kind.

    Args:
        series: The series, in the order of the table.
        frequency: The step that they all have.
        target_names: Names of the C targets.
        known_names: Names of the K columns known in advance.
        past_names: Names of the U columns known up to now.
        static_names: Names of what is true of whole series.
        notes: What was found and mended on the way, each a sentence.
    """

    series: list[Series]
    frequency: Frequency
    target_names: tuple[str, ...] = ("y",)
    known_names: tuple[str, ...] = ()
    past_names: tuple[str, ...] = ()
    static_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.series)

    @property
    def steps(self) -> int:
        """Steps of all series together."""
        return sum(map(len, self.series))

    @property
    def fingerprint(self) -> str:
        """A hash of all that is in the series, to tell whether data has changed."""
        digest = hashlib.sha256()
        names = (self.target_names, self.known_names, self.past_names, self.static_names)
        digest.update(repr((self.frequency, names)).encode())
        for series in self.series:
            digest.update(repr((series.unique_id, sorted(series.static.items()))).encode())
            for array in (series.ds, series.y, series.known, series.past, series.mask):
                digest.update(repr((array.shape, array.dtype.str)).encode())
                digest.update(raw(array))
        return digest.hexdigest()


def raw(array: NDArray[Any]) -> bytes:
    """Return the content of an array, the same on every machine."""
    if array.dtype.kind == "M":
        array = array.astype(np.int64)
    return np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes()
