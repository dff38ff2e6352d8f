"""A recording: numbers over time in named channels, and what is known of it.

What is missing is NaN. Which files there are is not known here: see `read.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman._errors import DataError
from elman.data.table import listed

__all__ = ["Recording", "Recordings", "Values", "as_one", "gaps_of"]

Values = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Recording:
    """Values over time.

    Args:
        name: What it is called in its file.
        values: ``(T, C)``, NaN where a value is missing; T is at least 1.
        times: ``(T,)``, never falling; None: steps are evenly spaced.
        labels: One for all steps or one for each, ``(1,)`` or ``(T,)`` of text; empty where
            there are none.
        group: Whom or what it is from.
        place: Where it begins, for messages: ``"a.csv, line 7"``.

    Example:
        >>> Recording("walk 1", np.zeros((5, 3)), labels=np.array(["walk"])).values.shape
        (5, 3)
    """

    name: str
    values: Values
    times: NDArray[np.float64] | None = None
    labels: NDArray[np.object_] = field(default_factory=lambda: np.empty(0, object))
    group: str | None = None
    place: str = ""

    def __len__(self) -> int:
        return len(self.values)

    def cut(self, start: int, stop: int, name: str | None = None) -> Recording:
        """Return some of its steps."""
        return replace(
            self,
            name=name or self.name,
            values=self.values[start:stop],
            times=None if self.times is None else self.times[start:stop],
            labels=self.labels[start:stop] if len(self.labels) > 1 else self.labels,
        )


@dataclass(frozen=True)
class Recordings:
    """Some recordings of the same channels.

    Args:
        channels: Their names, C.
        items: The recordings, in the order of the file.
        columns: Which column was taken for what: ``{"label": "activity"}``.

    Example:
        >>> some = Recordings(("x", "y"), [Recording("a", np.zeros((5, 2)))])
        >>> len(some), [item.name for item in some]
        (1, ['a'])
    """

    channels: tuple[str, ...]
    items: Sequence[Recording]
    columns: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Recording]:
        return iter(self.items)

    def take(self, rows: Sequence[int] | NDArray[np.int64]) -> Recordings:
        """Return those of some numbers."""
        return replace(self, items=[self.items[int(k)] for k in rows])

    def fingerprint(self) -> str:
        """Return what differs when any value, time, label or group does."""
        digest = hashlib.sha256(repr(self.channels).encode())
        for item in self.items:
            digest.update(repr((item.name, item.group, item.values.shape)).encode())
            digest.update(np.ascontiguousarray(item.values, np.float64).data)
            if item.times is not None:
                digest.update(np.ascontiguousarray(item.times).data)
            digest.update("\0".join(map(str, item.labels)).encode())
        return digest.hexdigest()


def as_one(recording: Recording) -> str:
    """Return the one label of a recording.

    Raises:
        DataError: If it has none, or several.
    """
    if not len(recording.labels):
        raise DataError(f"{where(recording)}: recording '{recording.name}' has no label")
    first = str(recording.labels[0])
    others = np.flatnonzero(recording.labels != first)
    if len(others):
        both = listed(dict.fromkeys(map(str, recording.labels)))
        raise DataError(
            f"{where(recording)}: recording '{recording.name}' has several labels: {both}; step "
            f"{others[0] + 1} is the first that differs. To label each step: elman train tag; "
            "to cut recordings into pieces with a label each: --signal.window ROWS"
        )
    return first


def where(recording: Recording) -> str:
    """Return where a recording stands, or what it is called."""
    return recording.place or recording.name


def gaps_of(times: NDArray[np.float64] | None, steps: int) -> NDArray[np.float32]:
    """Return the time since the step before, ``(T,)``; 0 for the first, 1 for even steps.

    Example:
        >>> gaps_of(np.array([3.0, 3.5, 5.5]), 3)
        array([0. , 0.5, 2. ], dtype=float32)
    """
    if times is None:
        gaps = np.ones(steps, np.float32)
        gaps[:1] = 0
        return gaps
    return np.diff(times, prepend=times[:1]).astype(np.float32)
