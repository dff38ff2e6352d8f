"""Long recordings cut into windows, or at the times where validation and test begin."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from elman._errors import DataError
from elman.data.signal.config import SignalLayout
from elman.data.signal.recording import Recording, Recordings

__all__ = ["cut_by_time", "windows"]


def windows(recordings: Recordings, size: int, stride: int, *, single: bool) -> Recordings:
    """Cut recordings into windows; a rest of less than half a window is dropped.

    Args:
        recordings: Of any length; one shorter than a window is a window.
        size: Rows of a window.
        stride: Rows from the beginning of one to that of the next.
        single: Whether a window has one label, that of most of its rows (of two as frequent,
            that which comes first); else each row keeps its own.

    Example:
        >>> some = Recordings(("x",), [Recording("a", np.zeros((10, 1)))])
        >>> [(w.name, len(w)) for w in windows(some, 4, 4, single=False)]
        [('a[0:4]', 4), ('a[4:8]', 4), ('a[8:10]', 2)]
    """
    cuts: list[Recording] = []
    for item in recordings:
        for start in range(0, len(item), stride):
            stop = min(start + size, len(item))
            if start and (stop - start < size / 2 or (stop < start + size and stride < size)):
                break
            piece = item.cut(start, stop, f"{item.name}[{start}:{stop}]")
            if single and len(piece.labels) > 1:
                piece = replace(piece, labels=commonest(piece.labels))
            cuts.append(piece)
    return replace(recordings, items=cuts)


def commonest(labels: np.ndarray) -> np.ndarray:
    """Return the most frequent label, ``(1,)``; of two as frequent the first."""
    names, first, counts = np.unique(labels.astype(str), return_index=True, return_counts=True)
    best = max(range(len(names)), key=lambda k: (counts[k], -first[k]))
    return np.array([str(names[best])], object)


def cut_by_time(
    recordings: Recordings, config: SignalLayout
) -> tuple[Recordings, Recordings, Recordings]:
    """Cut the end of each recording off for validation and test: train, valid, test.

    Raises:
        DataError: If a recording is too short to be cut.

    Example:
        >>> some = Recordings(("x",), [Recording("a", np.zeros((10, 1)))])
        >>> [len(part.items[0]) for part in cut_by_time(some, SignalLayout())]
        [8, 1, 1]
    """
    valid, test = config.held_out()
    parts: tuple[list[Recording], ...] = ([], [], [])
    for item in recordings:
        steps = len(item)
        second = steps - round(test * steps)
        first = second - round(valid * steps)
        borders = (0, first, second, steps)
        wanted = (True, bool(valid), bool(test))
        for k, part in enumerate(parts):
            start, stop = borders[k], borders[k + 1]
            if wanted[k] and start == stop:
                raise DataError(
                    f"{item.place or item.name}: {steps} steps are too few to hold some out. Set "
                    "--signal.valid-fraction and --signal.test-fraction, or give files"
                )
            if start < stop:
                part.append(item.cut(start, stop, f"{item.name}[{start}:{stop}]"))
    train, held, last = (replace(recordings, items=part) for part in parts)
    return train, held, last
