"""Cells of a table as numbers, times and labels; what is no number is named with its place."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime

import numpy as np
from numpy.typing import NDArray

from elman._errors import DataError

__all__ = ["MISSING", "number", "numbers", "seconds"]

MISSING = frozenset({"", "?", "nan", "na", "n/a", "null", "none", "-"})
"""How files write that there is no value, in lower case."""


def number(cell: str) -> float:
    """Return a cell as a number, NaN where the value is missing.

    Raises:
        ValueError: If it is neither, or infinite.

    Example:
        >>> number(" 2.5 "), number("?")
        (2.5, nan)
    """
    try:
        value = float(cell)
    except ValueError:
        if cell.strip().lower() in MISSING:
            return math.nan
        raise
    if math.isinf(value):
        raise ValueError(f"{cell} is not finite")
    return value


def numbers(
    rows: Sequence[Sequence[str]], places: Sequence[str], columns: Sequence[str]
) -> NDArray[np.float64]:
    """Return cells as numbers, ``(rows, columns)``, NaN where a value is missing.

    Args:
        rows: The cells.
        places: Where each row stands.
        columns: What each column is called.

    Raises:
        DataError: If a cell is no number: file, line, column and cell are named.

    Example:
        >>> numbers([["1", "?"]], ["a.csv, line 2"], ["x", "y"])
        array([[ 1., nan]])
    """
    try:
        found = np.array(rows, np.float64)
        if np.isfinite(found).all():
            return found.reshape(len(rows), len(columns))
    except ValueError:
        pass
    found = np.empty((len(rows), len(columns)))
    for k, row in enumerate(rows):
        for c, cell in enumerate(row):
            try:
                found[k, c] = number(cell)
            except ValueError:
                raise DataError(
                    f"{places[k]}, column '{columns[c]}': expected a number, or nothing where the "
                    f"value is missing, got {cell[:40]!r}. If this column is no channel, name "
                    "those that are: --signal.channels"
                ) from None
    return found


def seconds(cell: str, place: str, column: str) -> float:
    """Return a cell of times: a number as it is, a date as seconds since 1970.

    Raises:
        DataError: If it is neither.

    Example:
        >>> seconds("1970-01-02 00:00:01", "a.csv, line 2", "time")
        86401.0
    """
    try:
        value = float(cell)
    except ValueError:
        try:
            moment = datetime.fromisoformat(cell.strip())
        except ValueError:
            raise DataError(
                f"{place}, column '{column}': expected a number, or a date such as "
                f"2024-05-01 13:45:10, got {cell[:40]!r}"
            ) from None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return moment.timestamp()
    if not math.isfinite(value):
        raise DataError(f"{place}, column '{column}': a time must be a finite number, got {cell}")
    return value


def plain(value: object) -> str | None:
    """Return a date as text that `seconds` reads; None of anything else."""
    return value.isoformat() if isinstance(value, date) else None
