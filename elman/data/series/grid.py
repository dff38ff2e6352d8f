"""A series on a regular grid: gaps found and filled, times between steps moved, all of it told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from elman._errors import DataError
from elman.data.series.frequency import Frequency, Times, time_text
from elman.data.series.series import Floats, Series

__all__ = ["Mended", "Widths", "fill", "regular"]

SPARSEST = 100
"""Steps of the grid for each row; beyond it a date is wrong, or the frequency."""
SLACK = 10_000


@dataclass
class Mended:
    """What was found in all series and mended, for the notes."""

    gaps: int = 0
    gap_steps: int = 0
    gap_series: set[str] = field(default_factory=set)
    longest: tuple[int, str, str] = (0, "", "")
    values: int = 0
    moved: int = 0
    first_moved: str = ""
    ahead: int = 0
    trimmed: int = 0

    def notes(self, frequency: Frequency, method: str) -> list[str]:
        """Say all that was mended, a sentence each."""
        said = []
        if self.gaps:
            steps, name, time = self.longest
            said.append(
                f"{many(self.gaps, 'gap')} of {many(self.gap_steps, 'step')} filled ({method}) in "
                f"{len(self.gap_series):,} of the series; the longest: {many(steps, 'step')} from "
                f"{time} in '{name}'"
            )
        if self.values:
            said.append(f"{many(self.values, 'missing value')} filled ({method})")
        if self.moved:
            said.append(
                f"{many(self.moved, 'time')} moved to the nearest step of {frequency.name}, the "
                f"first: {self.first_moved}"
            )
        if self.trimmed:
            said.append(f"{many(self.trimmed, 'row')} left out before a series' first target")
        if self.ahead:
            said.append(f"{many(self.ahead, 'row')} after a series' last target: known in advance")
        return said


@dataclass(frozen=True)
class Widths:
    """How many of the numbers of a row are targets, known and past, in this order."""

    targets: int
    known: int
    past: int


def regular(
    name: str,
    times: Times,
    numbers: Floats,
    widths: Widths,
    frequency: Frequency,
    method: str,
    where: Callable[[int], str],
    mended: Mended,
) -> Series:
    """Put one series on its grid.

    Args:
        name: The series.
        times: ``(N,)``, rising, each different from the last.
        numbers: ``(N, F)``: targets, known, past; NaN where nothing stands.
        widths: How the columns are divided.
        frequency: The step.
        method: How gaps are filled.
        where: Says where a row stands in its file.
        mended: Is told what was mended.

    Raises:
        DataError: If there is no target at all, two rows fall on one step, the times do not fit
            the frequency, or there is a gap and ``method`` is ``none``.
    """
    targets = numbers[:, : widths.targets]
    observed = np.flatnonzero(~np.isnan(targets).all(1))
    if not len(observed):
        raise DataError(f"series '{name}' has no target in any of its rows ({where(0)})")
    first, last = int(observed[0]), int(observed[-1])
    mended.trimmed += first
    times, numbers = times[first:], numbers[first:]

    def row_where(k: int) -> str:
        return where(first + k)

    places = positions(name, times, frequency, row_where, mended)
    steps = int(places[last - first]) + 1
    if widths.known:
        mended.ahead += len(places) - (last - first) - 1
        total = int(places[-1]) + 1
    else:
        keep = places < steps
        places, numbers, total = places[keep], numbers[keep], steps
    grid = np.full((total, numbers.shape[1]), np.nan)
    grid[places] = numbers
    own = places[places < steps]
    note_gaps(name, times, own, frequency, method, mended)
    # Zero is an answer: what has no row was not sold. Other fillings are made up.
    mask = ~np.isnan(grid[:steps, : widths.targets]).any(1) | (method == "zero")
    inside = np.delete(grid, np.s_[widths.targets : widths.targets + widths.known], axis=1)[own]
    ahead = grid[places, widths.targets : widths.targets + widths.known]
    missing = int(np.isnan(inside).sum() + np.isnan(ahead).sum())
    if missing and method == "none":
        k = int(np.flatnonzero(np.isnan(numbers).any(1))[0])
        raise DataError(f"{row_where(k)}: a value is missing, and --series.fill is none")
    mended.values += missing
    y, known, past = np.split(grid, np.cumsum([widths.targets, widths.known]), axis=1)
    return Series(
        name,
        frequency.at(times[0], np.arange(steps)),
        fill(y[:steps], method),
        fill(known, method),
        fill(past[:steps], "last" if method == "linear" else method),  # a line would look ahead
        mask=mask,
    )


def positions(
    name: str, times: Times, frequency: Frequency, where: Callable[[int], str], mended: Mended
) -> NDArray[np.int64]:
    """Return the step of each row, from 0, and note those that were not quite on one."""
    places = frequency.positions(times[0], times)
    twice = np.flatnonzero(np.diff(places) == 0)
    if len(twice):
        k = int(twice[0])
        raise DataError(
            f"series '{name}' has two rows within one step of {frequency.name}: "
            f"{time_text(times[k])} ({where(k)}) and {time_text(times[k + 1])} ({where(k + 1)}). "
            "Sum or average them first, or give a shorter step: --series.frequency"
        )
    if places[-1] > SPARSEST * len(places) + SLACK:
        k = int(np.diff(places).argmax())
        raise DataError(
            f"series '{name}' has {len(places):,} rows, but {int(places[-1]) + 1:,} steps of "
            f"{frequency.name} from its first to its last; the widest gap is between "
            f"{time_text(times[k])} and {time_text(times[k + 1])} ({where(k + 1)}). Mend that "
            "date, or give a longer step: --series.frequency"
        )
    off = np.flatnonzero(frequency.at(times[0], places) != times)
    if len(off):
        k = int(off[0])
        mended.first_moved = mended.first_moved or f"{time_text(times[k])} in '{name}' ({where(k)})"
        mended.moved += len(off)
    return places


def note_gaps(
    name: str,
    times: Times,
    places: NDArray[np.int64],
    frequency: Frequency,
    method: str,
    mended: Mended,
) -> None:
    """Note the steps that have no row."""
    lengths = np.diff(places) - 1
    gaps = np.flatnonzero(lengths)
    if not len(gaps):
        return
    longest = int(lengths.argmax())
    begin = frequency.at(times[0], places[longest : longest + 1] + 1)[0]
    if method == "none":
        raise DataError(
            f"series '{name}' lacks {int(lengths.sum()):,} steps of {frequency.name} in "
            f"{many(len(gaps), 'gap')}, {int(lengths.max()):,} of them from {time_text(begin)}. "
            "Fill them in the table, or with --series.fill linear, last or zero"
        )
    mended.gaps += len(gaps)
    mended.gap_steps += int(lengths.sum())
    mended.gap_series.add(name)
    mended.longest = max(mended.longest, (int(lengths.max()), name, time_text(begin)))


def many(count: int, thing: str) -> str:
    """Return a number of things in words."""
    return f"{count:,} {thing}{'s' if count != 1 else ''}"


def fill(values: Floats, method: str) -> Floats:
    """Return columns without gaps; before the first value and after the last these are repeated.

    Args:
        values: ``(T, F)``, NaN where nothing is known.
        method: ``linear``, ``last`` or ``zero``. A column without any value becomes zero.

    Example:
        >>> fill(np.array([[np.nan], [1.0], [np.nan], [3.0]]), "linear").ravel().tolist()
        [1.0, 1.0, 2.0, 3.0]
    """
    if not np.isnan(values).any():
        return np.ascontiguousarray(values)
    filled = np.array(values)
    if method == "zero":
        return np.nan_to_num(filled, nan=0.0)
    steps = np.arange(len(values))
    for column in filled.T:
        known = np.flatnonzero(~np.isnan(column))
        if not len(known):
            column[:] = 0.0
        elif method == "linear":
            column[:] = np.interp(steps, known, column[known])
        else:
            before = np.searchsorted(known, steps, side="right") - 1
            column[:] = column[known[np.maximum(before, 0)]]
    return filled
