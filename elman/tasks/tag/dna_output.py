"""What was found in DNA as text: regions as BED or JSON lines, a probability as bedGraph."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence

from elman._errors import ConfigError, did_you_mean
from elman.data.dna.track import BedGraphWriter, Run, Runs
from elman.tasks.tag.config import TagPredict
from elman.tasks.tag.dna_stream import Found

__all__ = ["Writer", "check", "writer_of"]

BUFFER = 1 << 16
"""Characters that are handed over together: a chromosome has millions of lines."""
BACKGROUND = 0


class Writer(ABC):
    """Writes what is found, base after base, many lines at once.

    Args:
        write: Takes text.
    """

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._lines: list[str] = []
        self._size = 0

    @abstractmethod
    def take(self, found: Found) -> None:
        """Take in what is found next."""

    @abstractmethod
    def end(self) -> None:
        """Write what is still held back."""

    def put(self, text: str) -> None:
        """Keep some text, and hand over what there is if it is much."""
        self._lines.append(text)
        self._size += len(text)
        if self._size > BUFFER:
            self.flush()

    def flush(self) -> None:
        """Hand over all there is."""
        if self._lines:
            self._write("".join(self._lines))
        self._lines, self._size = [], 0


class RegionWriter(Writer):
    """Regions: runs of any tag but the background.

    Args:
        write: Takes text.
        line: Makes a line of a region and its label.
        labels: The names of the tags.
    """

    def __init__(
        self, write: Callable[[str], None], line: Callable[[Run, str], str], labels: Sequence[str]
    ) -> None:
        super().__init__(write)
        self._line, self._labels, self._runs = line, labels, Runs()

    def take(self, found: Found) -> None:
        """Write the regions that have ended."""
        self._put(self._runs.add(found.name, found.start, found.tags, found.confidence))

    def end(self) -> None:
        """Write the last region."""
        self._put(self._runs.end())
        self.flush()

    def _put(self, runs: Iterable[Run]) -> None:
        for run in runs:
            if run.tag != BACKGROUND:
                self.put(self._line(run, self._labels[run.tag]))


class TrackWriter(Writer):
    """The probability of one tag along each sequence.

    Args:
        write: Takes text.
        tag: Which.
    """

    def __init__(self, write: Callable[[str], None], tag: int) -> None:
        super().__init__(write)
        self._tag, self._track = tag, BedGraphWriter(self.put)

    def take(self, found: Found) -> None:
        """Write the values that differ from those before."""
        self._track.add(found.name, found.start, found.chances[:, self._tag])

    def end(self) -> None:
        """Write the last value."""
        self._track.end()
        self.flush()


def writer_of(options: TagPredict, labels: Sequence[str], write: Callable[[str], None]) -> Writer:
    """Return what writes in the format that is asked for."""
    if options.format == "bedgraph":
        return TrackWriter(write, labels.index(options.track or labels[1]))
    return RegionWriter(write, json_line if options.format == "json" else bed_line, labels)


def bed_line(run: Run, label: str) -> str:
    """Return a region as BED has it; the score says how sure it is, from 0 to 1000."""
    return f"{run.name}\t{run.start}\t{run.end}\t{label}\t{round(1000 * run.confidence)}\n"


def json_line(run: Run, label: str) -> str:
    """Return a region as a line of JSON; it counts as BED does."""
    entry = {"sequence": run.name, "start": run.start, "end": run.end, "label": label}
    return json.dumps({**entry, "confidence": round(run.confidence, 4)}, ensure_ascii=False) + "\n"


def check(options: TagPredict, labels: Sequence[str]) -> None:
    """Refuse options that have no effect on DNA.

    Raises:
        ConfigError: If there is one, or no such tag.
    """
    usual = TagPredict()
    if options.format in ("conll", "csv"):
        raise ConfigError("format: DNA is written as bed (the default), bedgraph or json")
    for name in ("input", "chunk", "stream"):
        if getattr(options, name) != getattr(usual, name):
            raise ConfigError(f"{name}: has no effect on DNA. Leave it out")
    if options.track is not None and options.track not in labels:
        raise ConfigError(
            f"track: no tag '{options.track}'{did_you_mean(options.track, labels) or '.'} "
            f"Known: {', '.join(labels)}"
        )
    if options.format == "bedgraph" and options.track is None and len(labels) > 2:
        raise ConfigError(f"track: of which tag? Say --track, one of {', '.join(labels)}")
