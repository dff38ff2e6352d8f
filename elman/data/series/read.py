"""From a table in the long format to series: a row for each step of each series.

Which column is what says `columns.py`; text becomes numbers and times in `collect.py`; the grid
of each series is made in `grid.py`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from elman._errors import DataError
from elman.data.find import find_data
from elman.data.series.collect import Collected, Progress, collect
from elman.data.series.columns import Roles, find_roles
from elman.data.series.config import SeriesConfig
from elman.data.series.detect import detect_frequency, with_day
from elman.data.series.frequency import Frequency, Times, parse_frequency, time_text
from elman.data.series.grid import Mended, Widths, regular
from elman.data.series.series import Series, SeriesSet
from elman.data.series.source import open_source
from elman.data.table import SAMPLE, Table, listed

__all__ = ["read_series"]

Rows = NDArray[np.int64]


def read_series(data: str, config: SeriesConfig, progress: Progress | None = None) -> SeriesSet:
    """Read all series of a table and put each on a regular grid.

    Args:
        data: A CSV, TSV, JSON lines or Parquet file, or the name of a set.
        config: Which column is what, and how gaps are filled.
        progress: Told how far the work is.

    Raises:
        DataError: If the table cannot be understood; with the line, or the series and the time.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> path = Path(tempfile.mkdtemp()) / "a.csv"
        >>> rows = "unique_id,ds,y\\na,2024-01-01,1\\na,2024-01-02,2\\na,2024-01-04,4\\n"
        >>> _ = path.write_text(rows)
        >>> found = read_series(str(path), SeriesConfig())
        >>> found.series[0].y[:, 0].tolist(), found.frequency.name
        ([1.0, 2.0, 3.0, 4.0], 'D')
        >>> print(found.notes[0])
        1 gap of 1 step filled (linear) in 1 of the series; the longest: 1 step from 2024-01-03 ...
    """
    table = open_source(find_data(data), config)
    sample = list(itertools.islice(table.rows(table.columns), SAMPLE))
    if not sample:
        raise DataError(f"{table.name} has columns ({listed(table.columns)}) but no rows")
    roles = find_roles(table, sample, config)
    found = collect(table, roles, sample, config, progress)
    order = np.lexsort((found.times, found.codes))
    bounds = np.searchsorted(found.codes[order], np.arange(len(found.names) + 1))
    groups = [order[a:b] for a, b in itertools.pairwise(bounds.tolist())]
    refuse_duplicates(table, roles, found, order)
    frequency = frequency_of(config, [found.times[rows] for rows in groups])
    mended = Mended()
    series = list(series_of(table, roles, found, groups, frequency, config, mended))
    remarks = notes(roles, found, order, config)
    return SeriesSet(
        series,
        frequency,
        roles.targets,
        roles.known,
        roles.past,
        roles.static,
        (*remarks, *mended.notes(frequency, config.fill)),
    )


def refuse_duplicates(table: Table, roles: Roles, found: Collected, order: Rows) -> None:
    """Refuse a table that says twice what a series was at a time."""
    codes, times = found.codes[order], found.times[order]
    twice = np.flatnonzero((np.diff(codes) == 0) & (times[1:] == times[:-1]))
    if not len(twice):
        return
    k = int(twice[np.argmin(order[twice + 1])])  # the first in the file
    lines = [int(found.places[order[row]]) for row in (k, k + 1)]
    count = f" ({len(twice):,} such rows in all)" if len(twice) > 1 else ""
    advice = "Sum or average them first"
    if not roles.ids and roles.unused:
        advice += (
            ", or say which column names the series, if there are several: --series.id-column "
            f"{roles.unused[0]}"
        )
    raise DataError(
        f"{table.name}: series '{found.names[codes[k]]}' has the time {time_text(times[k])} twice, "
        f"in {table.unit}s {lines[0]} and {lines[1]}{count}. {advice}"
    )


def frequency_of(config: SeriesConfig, times: list[Times]) -> Frequency:
    """Return the frequency that is asked for, or the one that the times have."""
    dates = np.issubdtype(times[0].dtype, np.datetime64)
    if config.frequency == "auto":
        frequency = detect_frequency(times)
    else:
        frequency = parse_frequency(config.frequency)
        if dates and not frequency.dated:
            raise DataError(
                f"a frequency of {frequency.name} counts steps, but the times are dates such as "
                f"{time_text(times[0][0])}. Give a frequency with a unit, such as h or D, or auto"
            )
        if not dates and frequency.dated:  # numbered hours: the season is known, the date is not
            frequency = Frequency("step", 1, own_season=frequency.season)
        elif dates:
            frequency = with_day(frequency, times)
    return replace(frequency, own_season=config.season) if config.season else frequency


def series_of(
    table: Table,
    roles: Roles,
    found: Collected,
    groups: list[Rows],
    frequency: Frequency,
    config: SeriesConfig,
    mended: Mended,
) -> Iterator[Series]:
    """Yield each series on its grid."""
    widths = Widths(len(roles.targets), len(roles.known), len(roles.past))
    for code, rows in enumerate(groups):
        one = regular(
            found.names[code],
            found.times[rows],
            found.numbers[rows],
            widths,
            frequency,
            config.fill,
            place_of(table, found, rows),
            mended,
        )
        static = {name: values[code] for name, values in found.static.items()}
        if config.steps is not None:
            one = one.until(config.steps, 0)
        yield replace(one, static=static)


def place_of(table: Table, found: Collected, rows: Rows) -> Callable[[int], str]:
    """Return what says where the k-th row of a series stands."""
    return lambda k: table.where(int(found.places[rows[k]]))


def notes(roles: Roles, found: Collected, order: Rows, config: SeriesConfig) -> list[str]:
    """Say what a person may not expect of how the table was read."""
    said = []
    if roles.unused:
        said.append(
            f"columns left out: {listed(roles.unused)} (--series.known, --series.past and "
            "--series.static use them)"
        )
    if found.zone:
        said.append(f"all times are in the zone {found.zone}, which is left out")
    if looks_like_unix(found.times):
        said.append(
            "times look like seconds since 1970: --series.date-format unix (of milliseconds "
            "unix_ms) makes dates of them"
        )
    if roles.time is None:
        said.append("there is no column of times: rows are counted")
    if (found.times[order][1:] != found.times[np.argsort(found.codes, kind="stable")][1:]).any():
        said.append("rows were sorted by time")
    return said


def looks_like_unix(times: Times) -> bool:
    """Whether numbers of steps are such as clocks count seconds or milliseconds since 1970."""
    return times.dtype.kind == "i" and bool(times.min() > 10**8)
