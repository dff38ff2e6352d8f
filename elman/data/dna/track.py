"""Tracks of a genome, made as they are found: bedGraph of values, and runs of one tag.

Neighbours of one value are one line, also across the pieces in which they come. A chromosome of a
hundred million bases needs no more memory than a short one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["BedGraphWriter", "Run", "Runs"]

Write = Callable[[str], None]


class BedGraphWriter:
    """Values of bases as bedGraph: sequence, start, end, value.

    Args:
        write: Takes text.
        digits: Digits behind the point; values that look alike are one line.

    Example:
        >>> out = []
        >>> track = BedGraphWriter(out.append, digits=1)
        >>> track.add("chr1", 0, np.array([0.11, 0.12, 0.9]))
        >>> track.add("chr1", 3, np.array([0.9]))
        >>> track.end(); "".join(out)
        'chr1\\t0\\t2\\t0.1\\nchr1\\t2\\t4\\t0.9\\n'
    """

    def __init__(self, write: Write, digits: int = 2) -> None:
        self._write = write
        self._scale = 10**digits
        self._text = [f"{k / self._scale:.{digits}f}" for k in range(self._scale + 1)]
        self._name, self._place = "", 0
        self._held: tuple[int, int] | None = None  # start and value of the run that goes on

    def add(self, name: str, start: int, values: NDArray[np.floating[Any]]) -> None:
        """Write the values, 0 to 1, of the next bases of a sequence, from ``start`` on."""
        if start == 0:
            self.end()
            self._name, self._place = name, 0
        if not len(values):
            return
        levels = np.rint(values * self._scale).astype(np.int64)
        starts = np.flatnonzero(np.diff(levels)) + 1
        starts = np.concatenate([[0], starts])
        runs = levels[starts].tolist()
        places = (starts + self._place).tolist()
        if self._held is not None and self._held[1] == runs[0]:
            places[0] = self._held[0]
        elif self._held is not None:
            places.insert(0, self._held[0])
            runs.insert(0, self._held[1])
        self._held = places[-1], runs[-1]
        self._place += len(values)
        text = self._text
        self._write(
            "".join(
                [
                    f"{name}\t{start}\t{end}\t{text[run]}\n"
                    for start, end, run in zip(places[:-1], places[1:], runs[:-1], strict=True)
                ]
            )
        )

    def end(self) -> None:
        """Write what is still held back."""
        if self._held is not None:
            start, run = self._held
            self._write(f"{self._name}\t{start}\t{self._place}\t{self._text[run]}\n")
            self._held = None


class Run(NamedTuple):
    """Neighbouring bases of one tag.

    Attributes:
        name: The sequence that they are in.
        start: The first of them, from 0.
        end: The one behind the last.
        tag: What they are.
        confidence: The mean of how sure that is, 0 to 1.
    """

    name: str
    start: int
    end: int
    tag: int
    confidence: float


class Runs:
    """Tags of bases, one after the other, as runs of one tag, across the pieces they come in.

    Example:
        >>> runs = Runs()
        >>> runs.add("chr1", 0, np.array([0, 1, 1]), np.array([1.0, 0.8, 0.6]))
        [Run(name='chr1', start=0, end=1, tag=0, confidence=1.0)]
        >>> runs.end()
        [Run(name='chr1', start=1, end=3, tag=1, confidence=0.7)]
    """

    def __init__(self) -> None:
        self._name, self._place = "", 0
        self._held: tuple[int, int, float] | None = None  # start, tag, sum of how sure it is

    def add(
        self,
        name: str,
        start: int,
        tags: NDArray[np.integer[Any]],
        confidence: NDArray[np.floating[Any]],
    ) -> list[Run]:
        """Take in the tags of the next bases of a sequence, from ``start`` on.

        Returns:
            The runs that have ended.
        """
        ended = []
        if start == 0:
            ended = self.end()
            self._name, self._place = name, 0
        if not len(tags):
            return ended
        starts = np.concatenate([[0], np.flatnonzero(np.diff(tags)) + 1])
        sums = np.add.reduceat(confidence.astype(np.float64), starts)
        for first, total in zip(starts.tolist(), sums.tolist(), strict=True):
            tag = int(tags[first])
            if self._held is not None and self._held[1] == tag:
                self._held = self._held[0], tag, self._held[2] + total
                continue
            ended += self._ended(self._place + first)
            self._held = self._place + first, tag, total
        self._place += len(tags)
        return ended

    def end(self) -> list[Run]:
        """Return what is still held back."""
        ended, self._held = self._ended(self._place), None
        return ended

    def _ended(self, end: int) -> list[Run]:
        if self._held is None:
            return []
        start, tag, total = self._held
        return [Run(self._name, start, end, tag, total / (end - start))]
