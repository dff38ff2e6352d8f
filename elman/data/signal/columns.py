"""Which column of a table is what: the recording, the time, the label, the group, the channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from elman._errors import DataError, did_you_mean
from elman.data.signal.config import SignalLayout
from elman.data.table import Table, listed

__all__ = ["LABEL_NAMES", "Roles", "find_roles", "has_header", "usual"]

SEQUENCE_NAMES = (
    *("sequence", "sequence_id", "seq", "seq_id", "series", "series_id", "unique_id", "recording"),
    *("recording_id", "clip", "clip_id", "case", "case_id", "sample_id", "trial_id", "episode"),
    *("window_id", "segment", "segment_id", "id"),
)
TIME_NAMES = ("time", "timestamp", "timestamps", "t", "ts", "seconds", "datetime", "date", "ds")
LABEL_NAMES = (
    *("label", "labels", "class", "activity", "action", "gesture", "state", "target", "targets"),
    *("category", "y", "tag"),
)
GROUP_NAMES = (
    *("subject", "subject_id", "subjects", "group", "group_id", "groups", "participant"),
    *("participant_id", "person", "person_id", "patient", "patient_id", "user", "user_id"),
    *("session", "session_id", "machine", "machine_id", "device_id", "speaker"),
)


@dataclass(frozen=True)
class Roles:
    """Columns by what they are for; None where there is no such column.

    Args:
        channels: The values.
        sequence: Which recording a row belongs to.
        time: When it was.
        label: What it is.
        group: Whom it is from.
    """

    channels: tuple[str, ...]
    sequence: str | None = None
    time: str | None = None
    label: str | None = None
    group: str | None = None

    def named(self) -> dict[str, str]:
        """Return the columns that are there, but for the channels."""
        found = {key: getattr(self, key) for key in ("sequence", "time", "label", "group")}
        return {key: name for key, name in found.items() if name is not None}


def find_roles(
    table: Table, config: SignalLayout, *, labelled: bool, learned: Sequence[str] | None = None
) -> Roles:
    """Say what the columns of a table with a row for each step are for.

    Args:
        table: The table.
        config: What the person said.
        labelled: Whether there must be a label.
        learned: The channels of the training; then others are left aside.

    Raises:
        DataError: If a column that is needed is not there.
    """

    def there(name: str | None) -> bool:
        return learned is None or name is None or name in table.columns

    sequence = None
    if there(config.sequence):  # to predict, one recording needs no name
        sequence = usual(table, config.sequence, SEQUENCE_NAMES)
    time = usual(table, config.time, TIME_NAMES)
    group = None
    if config.group_pattern is None and there(config.group):
        group = usual(table, config.group, GROUP_NAMES)
    if sequence is None:
        sequence = group  # all rows of a person are one recording
    asked = learned if learned is not None else config.channels
    channels = tuple(table.find(name) for name in asked)
    label = find_label(table, config) if labelled or there(config.label) else None
    if not labelled and config.label is None:
        label = None  # nobody asked, and y may be a channel
    if labelled and label is None:
        raise DataError(
            f"{table.name}: which column is the label? None has a usual name such as label, "
            f"class or activity. Columns: {listed(table.columns)}. Say it: --signal.label NAME"
        )
    taken = {sequence, time, label, group}
    if double := [name for name in channels if name in taken]:
        raise DataError(f"{table.name}: column '{double[0]}' is named for two things")
    if not asked:
        channels = tuple(name for name in table.columns if name not in taken)
    if not channels:
        raise DataError(
            f"{table.name}: no column is left for the values. Columns: {listed(table.columns)}"
        )
    return Roles(channels, sequence, time, label, group)


def find_label(table: Table, config: SignalLayout) -> str | None:
    """Return the column of the label; y is none beside z, which makes it a channel."""
    spatial = "z" in {column.strip().lower() for column in table.columns}
    names = [name for name in LABEL_NAMES if not (spatial and name == "y")]
    return usual(table, config.label, names)


def usual(table: Table, given: str | None, names: Sequence[str]) -> str | None:
    """Return a column as the person named it, else the first of some usual names."""
    if given is not None:
        return table.find(given)
    by_name = {column.strip().lower(): column for column in reversed(table.columns)}
    return next((by_name[name] for name in names if name in by_name), None)


def has_header(first: Sequence[str]) -> bool:
    """Say whether a line names columns: it has no numbers, or only such as count columns.

    Example:
        >>> has_header(["x", "y"]), has_header(["1.5", "2"]), has_header(["label", "1", "2", "3"])
        (True, False, True)
    """
    found = [cell.strip() for cell in first if is_number(cell)]
    if not found:
        return True
    counted = [str(k) for k in range(len(found))], [str(k) for k in range(1, len(found) + 1)]
    return len(found) > 1 and found in counted and len(found) < len(first)


def is_number(cell: str) -> bool:
    """Say whether a cell is a number."""
    try:
        float(cell)
    except ValueError:
        return False
    return True


def unknown_group(name: str, known: Sequence[str], option: str) -> DataError:
    """Return the error of a group that is not there."""
    hint = did_you_mean(name, known) or "."
    return DataError(f"--signal.{option}: no group '{name}'{hint} Groups: {listed(known)}")
