"""Which column of a table is what: names the series, tells the time, is forecast, is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from elman._errors import DataError
from elman.data.series.config import SeriesConfig
from elman.data.series.parse import BadValue, are_steps, parse_dates, parse_numbers
from elman.data.table import Row, Table, listed

__all__ = ["GROUPS", "IDS", "TIMES", "Roles", "find_roles"]

IDS = ("unique_id", "series_id", "series", "item_id", "symbol", "ticker")
GROUPS = ("item", "store_id", "store", "id", "name", "group", "key")
TIMES = (
    *("ds", "date", "datetime", "timestamp", "time", "day", "week", "month", "quarter", "year"),
    *("period", "step", "t"),
)
TARGETS = (
    *("y", "value", "target", "sales", "demand", "price", "close", "count", "quantity", "load"),
    *("temperature", "temp"),
)
"""Usual names, the likeliest first; compared without regard to case. Groups name series only
where they come again."""
Fits = Callable[[Sequence[str]], bool]


class Roles(NamedTuple):
    """The columns of a table by what they are for."""

    ids: tuple[str, ...]
    time: str | None
    targets: tuple[str, ...]
    known: tuple[str, ...]
    past: tuple[str, ...]
    static: tuple[str, ...]
    unused: tuple[str, ...]

    @property
    def numbers(self) -> tuple[str, ...]:
        """Columns of numbers that change with time."""
        return self.targets + self.known + self.past


def find_roles(table: Table, sample: Sequence[Row], config: SeriesConfig) -> Roles:
    """Return what each column is for: as the configuration says, else by usual names.

    Args:
        table: The table.
        sample: Its first rows, with all columns.
        config: The names that were given.

    Raises:
        DataError: If a named column is not there, one is used twice, or none is left to forecast.
    """
    columns = {name: [row.values[k] for row in sample] for k, name in enumerate(table.columns)}
    given = {
        role: tuple(named(table, getattr(config, role)))
        for role in ("id_column", "targets", "known", "past", "static")
    }
    time = table.find(config.time_column) if config.time_column else None
    taken = [name for names in given.values() for name in names] + ([time] if time else [])
    for name in taken:
        if taken.count(name) > 1:
            raise DataError(f"{table.name}: column '{name}' is asked for twice, for two uses")
    free = {name: values for name, values in columns.items() if name not in taken}

    def dated(values: Sequence[str]) -> bool:
        return are_dates(values, config.date_format)

    if time is None:
        time = usual(TIMES, free, is_filled) or first(free, dated)
        free.pop(time or "", None)
    ids = given["id_column"]
    if not ids:
        found = usual(IDS, free, is_filled) or usual(GROUPS, free, repeats)
        ids = (found,) if found else ()
        free = {name: values for name, values in free.items() if name not in ids}
    targets = given["targets"] or (find_target(table, free, config.decimal),)
    unused = tuple(name for name in free if name not in targets)
    return Roles(ids, time, targets, given["known"], given["past"], given["static"], unused)


def named(table: Table, names: Iterable[str]) -> Iterable[str]:
    """Yield columns as the table has them; several may be joined by commas."""
    for name in names:
        for part in [name] if name in table.columns else name.split(","):
            yield table.find(part.strip())


def find_target(table: Table, free: dict[str, list[str]], decimal: str) -> str:
    """Return the column to forecast."""
    numeric = [name for name, values in free.items() if are_numbers(values, decimal)]
    lower = {name.lower(): name for name in free}
    if found := next((lower[name] for name in TARGETS if name in lower), None):
        return found
    if len(numeric) == 1:
        return numeric[0]
    if not numeric:
        raise DataError(
            f"{table.name} has no column of numbers to forecast. Columns: {listed(table.columns)}"
            f"{table.remark}. Give the one with --series.targets"
        )
    raise DataError(
        f"{table.name}: which column is to be forecast? Columns of numbers: {listed(numeric)}. "
        f"Give one or more: --series.targets {numeric[0]}"
    )


def usual(names: Sequence[str], free: dict[str, list[str]], fits: Fits) -> str | None:
    """Return the column with the likeliest usual name whose values fit."""
    lower = {name.lower(): name for name in free}
    for name in names:
        if name in lower and fits(free[lower[name]]):
            return lower[name]
    return None


def first(free: dict[str, list[str]], fits: Fits) -> str | None:
    """Return the first column whose values fit."""
    return next((name for name, values in free.items() if fits(values)), None)


def repeats(values: Sequence[str]) -> bool:
    """Whether values come again, as the names of series do and the numbers of rows do not."""
    return len(set(values)) < len(values)


def are_numbers(values: Sequence[str], decimal: str = ".") -> bool:
    """Whether a column holds numbers, and not only gaps."""
    try:
        numbers = parse_numbers(values, decimal)
    except BadValue:
        return False
    return bool((numbers == numbers).any())


def are_dates(values: Sequence[str], form: str | None = None) -> bool:
    """Whether a column holds dates, with more than the year."""
    try:
        parse_dates(values, form)
    except BadValue:
        return False
    return form is not None or not are_steps(values)


def is_filled(values: Sequence[str]) -> bool:
    """Whether anything stands in a column."""
    return any(map(str.strip, values))
