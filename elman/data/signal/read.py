"""Any file, folder or built-in set of recordings, by its name."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from elman._errors import DataError
from elman.data.builtin import BUILTIN
from elman.data.catalog import CATALOG
from elman.data.corpus import Progress
from elman.data.find import find_data
from elman.data.signal.cells import numbers
from elman.data.signal.columns import (
    GROUP_NAMES,
    LABEL_NAMES,
    SEQUENCE_NAMES,
    TIME_NAMES,
    find_roles,
    usual,
)
from elman.data.signal.config import SignalLayout
from elman.data.signal.npz import read_npz
from elman.data.signal.recording import Recording, Recordings
from elman.data.signal.tables import group_by, open_rows, read_long, read_wide
from elman.data.signal.ts import read_ts
from elman.data.table import SAMPLE, Table, kind_of, seen

__all__ = ["is_signal", "read_recordings"]

ENDINGS = (".npz", ".ts")
"""Names of files that hold recordings and nothing else."""
SUFFIXES = (".signal.csv",)
PEEKED = 20
"""Rows that are looked at to tell a table of recordings from one of texts."""
TABLES = (".csv", ".tsv", ".tab", ".parquet", ".pq", ".jsonl", ".ndjson")


def read_recordings(
    data: str,
    config: SignalLayout,
    *,
    labelled: bool,
    steps: bool = False,
    learned: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Recordings:
    """Read recordings: CSV, TSV, Parquet, JSON lines, NPZ, .ts, a folder, or a set by its name.

    Args:
        data: The file or folder.
        config: Where in it things stand.
        labelled: Whether there must be labels.
        steps: Whether labels are those of steps, so that a table without names of recordings is
            one recording.
        learned: The channels of the training; None: this is the training.
        progress: Told how many rows are read.

    Raises:
        DataError: If it cannot be read; the message says where.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a.csv"
        >>> _ = path.write_text("id,x,label\\n1,0.5,up\\n1,0.7,up\\n2,0.1,down\\n")
        >>> found = read_recordings(str(path), SignalLayout(), labelled=True)
        >>> found.channels, [(len(item), item.labels[0]) for item in found]
        (('x',), [(2, 'up'), (1, 'down')])
    """
    path = Path(find_data(data))
    if path.is_dir():
        return read_folder(path, config, labelled=labelled, learned=learned, progress=progress)
    ending = kind_of(path)
    if ending == ".npz":
        return read_npz(path, config, labelled=labelled, learned=learned)
    if ending == ".ts":
        return known_width(read_ts(path, config, labelled=labelled), path, learned)
    table = open_rows(path, config)
    layout = config.layout or likely_layout(table, config, steps or config.window is not None)
    reader = read_wide if layout == "wide" else read_long
    return reader(table, config, labelled=labelled, learned=learned, progress=progress)


def likely_layout(table: Table, config: SignalLayout, steps: bool) -> str:
    """Say whether a row is a step or a whole recording."""
    if config.wide_channels > 1:
        return "wide"
    timed = usual(table, config.time, TIME_NAMES) is not None
    if steps or timed or config.channels:
        return "long"
    name = usual(table, config.sequence, SEQUENCE_NAMES)
    return "long" if name is not None and repeats(table, name) else "wide"


def repeats(table: Table, name: str) -> bool:
    """Say whether a name stands in more than one row, near the top."""
    before: set[str] = set()
    for row in itertools.islice(table.rows([name]), SAMPLE):
        if row.values[0] in before:
            return True
        before.add(row.values[0])
    return False


def read_folder(
    path: Path,
    config: SignalLayout,
    *,
    labelled: bool,
    learned: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Recordings:
    """Read a folder for each class with a table for each recording in it.

    Without labels, the tables may also stand in the folder itself.

    Raises:
        DataError: If there are no such folders, or the tables do not have the same columns.
    """
    classes = [folder for folder in seen(path) if folder.is_dir()]
    files = [(folder.name, file) for folder in classes for file in seen(folder)]
    if not labelled:
        files += [("", file) for file in seen(path) if file.is_file()]
    files = [(label, file) for label, file in files if kind_of(file) in TABLES]
    if not files:
        raise DataError(
            f"{path} holds no recordings. Expected a folder for each class with a table for each "
            f"recording in it: {path}/walk/1.csv, {path}/run/1.csv"
        )
    group = group_by(config)
    items: list[Recording] = []
    channels: tuple[str, ...] | None = None if learned is None else tuple(learned)
    for k, (label, file) in enumerate(files, 1):
        table = open_rows(file, config)
        roles = find_roles(table, config, labelled=False, learned=channels)
        if channels is None:
            channels = roles.channels
        found = read_long(
            table,
            config.model_copy(update={"group_pattern": None}),
            labelled=False,
            learned=channels,
        )
        for one in found:
            name = f"{label}/{file.stem}" if label else file.stem
            own = group(file.name) if group is not None else one.group
            labels = np.array([label] if label else [], object)
            name = name if len(found) == 1 else f"{name}/{one.name}"
            items.append(replace(one, name=name, labels=labels, group=own, place=str(file)))
        if progress is not None:
            progress(k, len(files), "files")
    return Recordings(channels or (), items, {"layout": "folder"})


def known_width(found: Recordings, path: Path, learned: Sequence[str] | None) -> Recordings:
    """Return recordings that have as many channels as were trained on."""
    if learned is None:
        return found
    if len(learned) != len(found.channels):
        raise DataError(
            f"{path}: {len(found.channels)} dimensions, and {len(learned)} were trained on"
        )
    return replace(found, channels=tuple(learned))


def is_signal(data: str) -> bool:
    """Say whether data holds recordings, by its name or by a look into its first rows.

    A table does if every column is one of numbers, but those of a usual name for label,
    recording, group and time.
    """
    if data in BUILTIN:
        return BUILTIN[data].suffix in SUFFIXES
    if data in CATALOG:
        return False
    path = Path(data)
    try:
        if path.is_dir():
            inside = [file for folder in seen(path) if folder.is_dir() for file in seen(folder)]
            return bool(inside) and all(kind_of(file) in TABLES for file in inside)
        if kind_of(path) in ENDINGS:
            return True
        return kind_of(path) in TABLES and holds_numbers(open_rows(path, SignalLayout()))
    except DataError:
        return False  # whoever reads it then says what is wrong


def holds_numbers(table: Table) -> bool:
    """Say whether the first rows are numbers, but for columns with usual names."""
    known = {*LABEL_NAMES, *SEQUENCE_NAMES, *GROUP_NAMES, *TIME_NAMES}
    names = [name for name in table.columns if name.strip().lower() not in known]
    rows = [row.values for row in itertools.islice(table.rows(names), PEEKED)]
    try:
        found = numbers(rows, [""] * len(rows), names)
    except DataError:
        return False
    return bool(names) and bool(rows) and not np.isnan(found).all()
