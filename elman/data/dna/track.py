"""Tracks of a genome, written as they are found: bedGraph, and BED of labelled regions.

Neighbours of one value are one line, also across the pieces in which they come. A chromosome of a
hundred million bases needs no more memory than a short one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["BedGraphWriter", "BedWriter"]

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


class BedWriter:
    """Labelled regions as BED: sequence, start, end, label, and how sure it is from 0 to 1000.

    Args:
        write: Takes text.
        labels: The name of each tag.
        background: The tag that is no region.

    Example:
        >>> out = []
        >>> regions = BedWriter(out.append, ["none", "gene"])
        >>> regions.add("chr1", 0, np.array([0, 1, 1]), np.array([0.9, 0.8, 0.6]))
        >>> regions.end(); "".join(out)
        'chr1\\t1\\t3\\tgene\\t700\\n'
    """

    def __init__(self, write: Write, labels: Sequence[str], background: int = 0) -> None:
        self._write, self._labels, self._background = write, labels, background
        self._name, self._place = "", 0
        self._held: tuple[int, int, float] | None = None  # start, tag, sum of how sure it is

    def add(
        self,
        name: str,
        start: int,
        tags: NDArray[np.integer[Any]],
        confidence: NDArray[np.floating[Any]],
    ) -> None:
        """Write the tags of the next bases of a sequence, from ``start`` on."""
        if start == 0:
            self.end()
            self._name, self._place = name, 0
        if not len(tags):
            return
        starts = np.concatenate([[0], np.flatnonzero(np.diff(tags)) + 1])
        sums = np.add.reduceat(confidence.astype(np.float64), starts)
        for first, total in zip(starts.tolist(), sums.tolist(), strict=True):
            tag = int(tags[first])
            if self._held is not None and self._held[1] == tag:
                self._held = self._held[0], tag, self._held[2] + total
                continue
            self._flush(self._place + first)
            self._held = self._place + first, tag, total
        self._place += len(tags)

    def end(self) -> None:
        """Write what is still held back."""
        self._flush(self._place)
        self._held = None

    def _flush(self, end: int) -> None:
        if self._held is None or self._held[1] == self._background:
            return
        start, tag, total = self._held
        sure = round(1000 * total / (end - start))
        self._write(f"{self._name}\t{start}\t{end}\t{self._labels[tag]}\t{sure}\n")
