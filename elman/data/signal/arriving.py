"""Rows of one recording as they arrive: CSV, a line at a time, nothing read ahead."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman._errors import DataError
from elman.data.signal.cells import numbers, seconds
from elman.data.signal.columns import TIME_NAMES, has_header
from elman.data.table import likely_delimiter, listed

__all__ = ["Arrived", "arriving_rows"]


class Arrived(NamedTuple):
    """One row.

    Attributes:
        stamp: Its time as it stands there, or its number from 1.
        values: ``(1, C)``.
        times: ``(1,)``, or None.
    """

    stamp: str
    values: NDArray[np.float64]
    times: NDArray[np.float64] | None


def arriving_rows(
    lines: Iterable[str],
    channels: Sequence[str],
    time: str | None,
    *,
    name: str = "standard input",
    delimiter: str | None = None,
) -> Iterator[Arrived]:
    """Yield rows as their lines come.

    A first line without numbers names the columns: others than the channels are left aside.
    Without it the columns are the time, if the network knows it, and the channels in their order.

    Args:
        lines: With or without their ends.
        channels: Those of the training.
        time: The column of times, if the network was trained with one.
        name: Where they come from, for messages.
        delimiter: Between columns; None: whichever of , ; | and tab fits the first line.

    Raises:
        DataError: If a row has too few or too many columns, a cell is no number, or time runs
            backwards; the line is named.

    Example:
        >>> rows = arriving_rows(["x,y", "1,2", "3,"], ["y"], None)
        >>> [(row.stamp, row.values.tolist()) for row in rows]
        [('1', [[2.0]]), ('2', [[nan]])]
    """
    columns: list[str] = []
    places: list[int] = []
    clock: int | None = None
    before = -np.inf
    number = 0
    for line, text in enumerate(lines, 1):
        if not text.strip():
            continue
        place = f"{name}, line {line}"
        if not columns:
            delimiter = delimiter or likely_delimiter(text)
        cells = [cell.strip() for cell in next(csv.reader([text], delimiter=delimiter or ","))]
        if not columns:
            named = has_header(cells)
            columns = cells if named else [*([time] if time is not None else []), *channels]
            places, clock = find(columns, channels, time, place)
            if named:
                continue
        if len(cells) != len(columns):
            raise DataError(
                f"{place}: expected {len(columns)} columns, found {len(cells)}: {listed(columns)}"
            )
        number += 1
        values = numbers([[cells[k] for k in places]], [place], channels)
        if clock is None:
            yield Arrived(str(number), values, None)
            continue
        moment = seconds(cells[clock], place, columns[clock])
        if moment < before:
            raise DataError(f"{place}: time runs backwards: {moment:g} after {before:g}")
        before = moment
        yield Arrived(cells[clock], values, np.array([moment]))


def find(
    columns: Sequence[str], channels: Sequence[str], time: str | None, place: str
) -> tuple[list[int], int | None]:
    """Return at which places the channels stand, and the time."""
    for name in [*channels, *([time] if time is not None else [])]:
        if name not in columns:
            raise DataError(
                f"{place}: no column '{name}', which the network was trained with. Columns: "
                f"{listed(columns)}"
            )
    stamp = time
    if stamp is None:
        stamp = next((name for name in columns if name.lower() in TIME_NAMES), None)
        stamp = stamp if stamp not in channels else None
    return [columns.index(name) for name in channels], None if stamp is None else columns.index(
        stamp
    )
