"""From rows of text to columns of numbers, times and names; in the order of the table."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman._errors import DataError
from elman.data.series.columns import Roles
from elman.data.series.config import SeriesConfig
from elman.data.series.frequency import Times
from elman.data.series.parse import (
    BadValue,
    are_steps,
    parse_dates,
    parse_numbers,
    parse_steps,
)
from elman.data.series.series import Floats
from elman.data.table import Row, Table

__all__ = ["Collected", "Progress", "collect"]

Progress = Callable[[int, int, str], None]
CHUNK = 1 << 12
"""Rows that are held as text at once."""


@dataclass(frozen=True)
class Collected:
    """All rows of a table, N of them.

    Args:
        names: The series, in the order in which they begin.
        codes: Which series each row belongs to, ``(N,)``.
        times: ``(N,)``; if the table has no times, the rows of each series are counted.
        numbers: Targets, known and past columns, ``(N, F)``; NaN where nothing stands.
        places: The line or row of each row, ``(N,)``.
        static: What is true of each series, by column.
        zone: The time zone that all times have; empty if none is written.
    """

    names: list[str]
    codes: NDArray[np.int64]
    times: Times
    numbers: Floats
    places: NDArray[np.int64]
    static: dict[str, list[str | float]]
    zone: str


def collect(
    table: Table,
    roles: Roles,
    sample: Sequence[Row],
    config: SeriesConfig,
    progress: Progress | None = None,
) -> Collected:
    """Read a table.

    Args:
        table: The table.
        roles: What its columns are for.
        sample: Its first rows, with all columns: whether times are dates is told from them.
        config: How dates and numbers are written.
        progress: Told how far the work is.

    Raises:
        DataError: At the first value that cannot be understood, with its line and column.
    """
    reader = Reader(table, roles, config, steps=counts_steps(table, roles, sample, config))
    rows, done = table.rows(reader.columns), 0
    estimate = estimated_rows(table.name, sample)
    while chunk := list(itertools.islice(rows, CHUNK)):
        reader.take(chunk)
        done += len(chunk)
        if progress is not None:
            progress(done, max(done, estimate), "reading")
    return reader.collected()


def counts_steps(table: Table, roles: Roles, sample: Sequence[Row], config: SeriesConfig) -> bool:
    """Whether the column of times holds whole numbers that are no dates."""
    if roles.time is None or config.date_format is not None:
        return False
    k = table.columns.index(roles.time)
    values = [row.values[k] for row in sample]
    years = roles.time.lower() == "year" and all(len(value.strip()) == 4 for value in values)
    return are_steps(values) and not years


def estimated_rows(name: str, sample: Sequence[Row]) -> int:
    """Guess how many rows a file has from the size of the first ones."""
    size = sum(sum(map(len, row.values)) + len(row.values) for row in sample)
    return round(Path(name).stat().st_size * len(sample) / max(1, size))


class Reader:
    """Takes rows chunk by chunk."""

    def __init__(self, table: Table, roles: Roles, config: SeriesConfig, *, steps: bool) -> None:
        self._table, self._roles, self._config, self._steps = table, roles, config, steps
        times = (roles.time,) if roles.time is not None else ()
        self.columns = (*roles.ids, *times, *roles.numbers, *roles.static)
        self._codes: dict[str, int] = {}
        self._static: dict[tuple[str, int], str] = {}
        self._zone: tuple[str, int] | None = None
        self._parts: list[tuple[NDArray[Any], ...]] = []

    def take(self, rows: Sequence[Row]) -> None:
        """Understand some rows."""
        places = np.array([row.place for row in rows], np.int64)
        values = dict(
            zip(self.columns, zip(*(row.values for row in rows), strict=True), strict=True)
        )
        codes = self._series(values, places)
        times = self._times(values, places)
        numbers = np.empty((len(rows), len(self._roles.numbers)))
        for k, name in enumerate(self._roles.numbers):
            numbers[:, k] = self._numbers(name, values[name], places)
        for name in self._roles.static:
            self._once(name, codes, values[name], places)
        self._parts.append((codes, times, numbers, places))

    def collected(self) -> Collected:
        """Return all that was taken."""
        codes, times, numbers, places = map(np.concatenate, zip(*self._parts, strict=True))
        names = list(self._codes)
        if self._roles.time is None:
            times = counted(codes)
        static = {name: self._column(name, len(names)) for name in self._roles.static}
        zone = self._zone[0] if self._zone else ""
        return Collected(names, codes, times, numbers, places, static, zone)

    def _series(self, values: dict[str, Any], places: NDArray[np.int64]) -> NDArray[np.int64]:
        if not self._roles.ids:
            targets = self._roles.targets
            self._codes.setdefault(targets[0] if len(targets) == 1 else "series", 0)
            return np.zeros(len(places), np.int64)
        columns = [values[name] for name in self._roles.ids]
        names = columns[0] if len(columns) == 1 else map("/".join, zip(*columns, strict=True))
        known = self._codes
        codes = [known.setdefault(name, len(known)) for name in names]
        if "" in known:
            line = places[codes.index(known[""])]
            raise DataError(
                f"{self._table.where(int(line))}: no name of a series in column "
                f"'{self._roles.ids[0]}'"
            )
        return np.array(codes, np.int64)

    def _times(self, values: dict[str, Any], places: NDArray[np.int64]) -> Times:
        name = self._roles.time
        if name is None:
            return np.zeros(len(places), np.int64)
        column = values[name]
        try:
            if self._steps:
                return parse_steps(column)
            dates = parse_dates(column, self._config.date_format)
        except BadValue as error:
            raise self._bad(name, error, places, self._wanted_time()) from None
        for zone, at in dates.zones.items():
            line = int(places[at])
            self._zone = self._zone or (zone, line)
            if zone != self._zone[0]:
                raise DataError(
                    f"{self._table.where(line)}: column '{name}' mixes time zones: "
                    f"{zone or 'none'} here, {self._zone[0] or 'none'} in line {self._zone[1]}. "
                    "Write all times in one zone, such as UTC"
                )
        return dates.times

    def _wanted_time(self) -> str:
        if self._steps:
            return "a whole number, as in the rows before it"
        if self._config.date_format is not None:
            return f"a date written as {self._config.date_format} (--series.date-format)"
        return (
            "a date as 2024-05-31 or 2024-05-31 13:00, or a whole number. If dates are written "
            'otherwise, say how: --series.date-format "%d.%m.%Y"'
        )

    def _numbers(self, name: str, column: Any, places: NDArray[np.int64]) -> Floats:
        truths = name not in self._roles.targets
        try:
            return parse_numbers(column, self._config.decimal, truths)
        except BadValue as error:
            advice = "a finite number, or nothing where none was observed"
            if "," in error.value and self._config.decimal == ".":
                advice += '. If the decimal sign is a comma: --series.decimal ","'
            elif truths:
                advice += (
                    ". Words that never change within a series: --series.static; others have to "
                    "be numbers"
                )
            raise self._bad(name, error, places, advice) from None

    def _bad(self, name: str, error: BadValue, places: NDArray[np.int64], wanted: str) -> DataError:
        where = self._table.where(int(places[error.at]))
        return DataError(f"{where}: column '{name}' has '{error.value}'; expected {wanted}")

    def _once(
        self, name: str, codes: NDArray[np.int64], column: Any, places: NDArray[np.int64]
    ) -> None:
        """Keep what is true of each series, and refuse what changes within one."""
        for k, pair in first_of(zip(codes.tolist(), column, strict=True)):
            code, value = pair
            if self._static.setdefault((name, code), value) != value:
                raise DataError(
                    f"{self._table.where(int(places[k]))}: column '{name}' is to be the same in "
                    f"all rows of a series, but series '{list(self._codes)[code]}' has "
                    f"'{self._static[name, code]}' before and '{value}' here. Give what changes "
                    "with --series.known or --series.past"
                )

    def _column(self, name: str, count: int) -> list[str | float]:
        """Return a static column: numbers if all are, else words."""
        words = [self._static[name, code] for code in range(count)]
        try:
            numbers = parse_numbers(words, self._config.decimal)
        except BadValue:
            return list(words)
        return list(words) if np.isnan(numbers).any() else numbers.tolist()


def first_of(pairs: Iterator[tuple[int, str]]) -> Iterator[tuple[int, tuple[int, str]]]:
    """Yield each different pair with the number of its first occurrence."""
    seen = set()
    for k, pair in enumerate(pairs):
        if pair not in seen:
            seen.add(pair)
            yield k, pair


def counted(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the number of each row within its series, from 0.

    Example:
        >>> counted(np.array([0, 1, 0, 0, 1])).tolist()
        [0, 0, 1, 2, 1]
    """
    order = np.argsort(codes, kind="stable")
    ordered = codes[order]
    starts = np.searchsorted(ordered, ordered)
    numbers = np.empty(len(codes), np.int64)
    numbers[order] = np.arange(len(codes)) - starts
    return numbers
