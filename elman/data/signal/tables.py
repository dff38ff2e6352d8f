"""Recordings in tables: a row for each step (long), or a row for each recording (wide)."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from elman._errors import DataError
from elman.data.corpus import Progress
from elman.data.parquet import ParquetFile, is_parquet
from elman.data.signal.cells import numbers, plain, seconds
from elman.data.signal.columns import (
    GROUP_NAMES,
    SEQUENCE_NAMES,
    Roles,
    find_label,
    find_roles,
    has_header,
    usual,
)
from elman.data.signal.config import SignalLayout
from elman.data.signal.recording import Recording, Recordings
from elman.data.table import JsonTable, Row, Table, as_text, kind_of, open_table
from elman.data.table_config import ColumnsConfig
from elman.data.text import reasons

__all__ = ["group_by", "open_rows", "read_long", "read_wide"]

CHUNK_ROWS = 4096
"""Rows whose cells are made numbers at once."""


class ParquetRows(Table):
    """A Parquet file whose dates are text that `seconds` reads."""

    unit = "row"

    def __init__(self, path: Path) -> None:
        self._file = ParquetFile(path)
        super().__init__(str(path), self._file.columns)

    def rows(self, columns: Sequence[str]) -> Iterator[Row]:
        """Yield the values of columns."""
        names = [self.find(name) for name in columns]
        for k, values in enumerate(self._file.rows(names), 1):
            try:
                yield Row(k, tuple([plain(value) or as_text(value) for value in values]))
            except TypeError as error:
                raise DataError(f"{self.where(k)}: a value {error}") from None


def open_rows(path: Path, config: SignalLayout) -> Table:
    """Open a table of numbers; its first line is taken for names unless it holds numbers.

    Raises:
        DataError: If it cannot be read.
    """
    with reasons(path):
        if is_parquet(path):
            return ParquetRows(path)
    header = config.header
    options = ColumnsConfig(header=header, delimiter=config.delimiter)
    if kind_of(path) not in (".jsonl", ".ndjson") and header is None:
        table = open_table(str(path), options.model_copy(update={"header": False}), config.encoding)
        first = next(iter(table.rows(table.columns)))
        header = has_header(first.values)
        options = options.model_copy(update={"header": header})
    return open_table(str(path), options, config.encoding)


def read_long(
    table: Table,
    config: SignalLayout,
    *,
    labelled: bool,
    learned: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Recordings:
    """Read a table with a row for each step; rows of one recording need not stand together.

    Args:
        table: The table.
        config: What its columns are.
        labelled: Whether there must be a label.
        learned: The channels of the training; None: this is the training.
        progress: Told how many rows are read.

    Raises:
        DataError: If a cell is no number, a label is missing, time runs backwards, or a recording
            is from two groups.
    """
    roles = find_roles(table, config, labelled=labelled, learned=learned)
    builders: dict[str, Builder] = {}
    extra = [roles.sequence, roles.time, roles.label, roles.group]
    asked = [*roles.channels, *(name for name in extra if name is not None)]
    rows = table.rows(asked)
    read = 0
    while some := list(itertools.islice(rows, CHUNK_ROWS)):
        places = [table.where(row.place) for row in some]
        width = len(roles.channels)
        values = numbers([row.values[:width] for row in some], places, roles.channels)
        rest = iter(zip(*(row.values[width:] for row in some), strict=True))
        ids, times, labels, groups = (None if name is None else next(rest) for name in extra)
        moments = None
        if times is not None:
            told = zip(times, places, strict=True)
            moments = [seconds(cell, place, str(roles.time)) for cell, place in told]
        for key, own in runs(ids, len(some)):
            if key not in builders:
                builders[key] = Builder(key, places[own.start], roles)
            builders[key].add(
                values[own],
                None if moments is None else moments[own],
                None if labels is None else labels[own],
                None if groups is None else groups[own],
                places[own],
                labelled,
            )
        read += len(some)
        if progress is not None:
            progress(read, read, "rows")
    if not builders:
        raise DataError(f"{table.name}: no rows below the names of the columns")
    group = group_by(config)
    items = [builder.recording(group) for builder in builders.values()]
    return Recordings(roles.channels, items, {"layout": "long", **roles.named()})


class Builder:
    """The rows of one recording as they come."""

    def __init__(self, name: str, place: str, roles: Roles) -> None:
        self.name, self.place, self.roles = name, place, roles
        self.values: list[NDArray[np.float64]] = []
        self.times: list[float] = []
        self.labels: list[str] = []
        self.group: str | None = None

    def add(
        self,
        values: NDArray[np.float64],
        times: Sequence[float] | None,
        labels: Sequence[str] | None,
        groups: Sequence[str] | None,
        places: Sequence[str],
        labelled: bool,
    ) -> None:
        """Add rows that stand together in the file."""
        self.values.append(values)
        for k, time in enumerate(times or ()):
            if self.times and time < self.times[-1]:
                raise DataError(
                    f"{places[k]}: time runs backwards in recording '{self.name}': {time:g} after "
                    f"{self.times[-1]:g}. Sort the rows, or name the column that tells recordings "
                    "apart: --signal.sequence"
                )
            self.times.append(time)
        for k, label in enumerate(labels or ()):
            if labelled and not label.strip():
                raise DataError(f"{places[k]}, column '{self.roles.label}': the label is missing")
            self.labels.append(label.strip())
        for k, group in enumerate(groups or ()):
            if self.group is not None and group != self.group:
                raise DataError(
                    f"{places[k]}: recording '{self.name}' is from '{group}' here, and from "
                    f"'{self.group}' above (column '{self.roles.group}'). A recording has one group"
                )
            self.group = group

    def recording(self, group: Callable[[str], str] | None) -> Recording:
        """Return all rows together."""
        return Recording(
            self.name,
            np.concatenate(self.values),
            np.array(self.times) if self.roles.time is not None else None,
            folded(np.array(self.labels, object)),
            self.group if group is None else group(self.name),
            self.place,
        )


def folded(labels: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return labels that are all the same as one."""
    return labels[:1] if len(labels) and (labels == labels[0]).all() else labels


def runs(ids: Sequence[str] | None, count: int) -> Iterator[tuple[str, slice]]:
    """Yield stretches of rows with the same id; without ids all are one recording."""
    if ids is None:
        yield "1", slice(0, count)
        return
    start = 0
    for key, group in itertools.groupby(ids):
        stop = start + sum(1 for _ in group)
        yield key.strip(), slice(start, stop)
        start = stop


def read_wide(
    table: Table,
    config: SignalLayout,
    *,
    labelled: bool,
    learned: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Recordings:
    """Read a table with a row for each recording: label, perhaps name and group, then all steps.

    Empty cells at the end of a row are where it ends, others are missing values.

    Raises:
        DataError: If a cell is no number, a label is missing, or a row has no values.
    """

    def there(name: str | None) -> bool:
        return learned is None or name is None or name in table.columns

    sequence = group = label = None
    if there(config.sequence):
        sequence = usual(table, config.sequence, SEQUENCE_NAMES)
    if config.group_pattern is None and there(config.group):
        group = usual(table, config.group, GROUP_NAMES)
    if labelled or (config.label is not None and there(config.label)):
        label = find_label(table, config)
    if labelled and label is None:
        label = table.columns[0] if not isinstance(table, JsonTable | ParquetRows) else None
        if label is None or getattr(table, "header", False):
            raise DataError(
                f"{table.name}: which column is the label? Say it: --signal.label NAME (or number)"
            )
    steps = [name for name in table.columns if name not in {sequence, group, label}]
    width = config.wide_channels
    if len(steps) % width:
        raise DataError(
            f"{table.name}: {len(steps)} columns of values are no whole number of steps of "
            f"{width} channels (--signal.wide-channels)"
        )
    names = [name for name in (sequence, group, label) if name is not None]
    by_name = group_by(config)
    items = []
    for row in table.rows([*names, *steps]):
        place = table.where(row.place)
        told = dict(zip(names, row.values, strict=False))
        cells = list(row.values[len(names) :])
        values = numbers([cells], [place], steps).reshape(-1, width)
        filled = np.flatnonzero(~np.isnan(values).all(1))
        if not len(filled):
            raise DataError(f"{place}: this recording is empty: no value is there")
        if labelled and not told[str(label)].strip():
            raise DataError(f"{place}, column '{label}': the label is missing")
        name = told[sequence] if sequence is not None else str(row.place)
        own = told[group] if group is not None else by_name(name) if by_name else None
        labels = [told[label].strip()] if label is not None else []
        items.append(
            Recording(name, values[: filled[-1] + 1], None, np.array(labels, object), own, place)
        )
        if progress is not None and len(items) % 1000 == 0:
            progress(len(items), len(items), "rows")
    channels = tuple(f"{k}" for k in range(1, width + 1)) if width > 1 else ("value",)
    if learned is not None and len(learned) != width:
        raise DataError(f"{table.name}: {width} channels, and {len(learned)} were trained on")
    columns = {"layout": "wide"}
    told_by = {"sequence": sequence, "group": group, "label": label}
    columns |= {key: column for key, column in told_by.items() if column is not None}
    return Recordings(channels if learned is None else tuple(learned), items, columns)


def group_by(config: SignalLayout) -> Callable[[str], str] | None:
    """Return what finds the group in a recording's name, if the person said how."""
    if config.group_pattern is None:
        return None
    pattern = re.compile(config.group_pattern)

    def group(name: str) -> str:
        found = pattern.search(name)
        if found is None or found[1] is None:
            raise DataError(
                f"--signal.group-pattern: {config.group_pattern!r} finds nothing in the name "
                f"'{name}'"
            )
        return found[1]

    return group
