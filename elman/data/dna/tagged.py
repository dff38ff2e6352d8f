"""Sequences of DNA with a label for each base, whole or in windows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman._errors import DataError, did_you_mean
from elman.data.dna.alphabet import Codes
from elman.data.dna.config import RegionsConfig
from elman.data.dna.fasta import Record, read_records
from elman.data.dna.regions import Region, header_regions, read_regions, regions_beside
from elman.data.find import find_data
from elman.data.split import split_rows

__all__ = ["TaggedDna", "TaggedDnaSets", "Window", "read_other_tagged_dna", "read_tagged_dna"]

Progress = Callable[[int, int, str], None]
UNKNOWN = -100
"""The tag of a base that is read, but whose tag does not count: the context of a window."""
FEW = 10
"""Sequences below which windows, not whole sequences, are dealt to the parts."""


class Window(NamedTuple):
    """A piece of a sequence.

    Attributes:
        record: Which sequence.
        start: The first base that is tagged.
        end: The one behind the last.
        first: The first base that is read.
        last: The one behind the last that is read.
    """

    record: int
    start: int
    end: int
    first: int
    last: int


@dataclass(frozen=True)
class TaggedDna:
    """Windows of tagged sequences; the sequences are shared by all parts.

    Args:
        names: What each sequence is called.
        sequences: The codes of each.
        tags_of: The number of each base's tag.
        windows: What an example is.
    """

    names: tuple[str, ...]
    sequences: tuple[Codes, ...]
    tags_of: tuple[NDArray[np.uint8], ...]
    windows: tuple[Window, ...]

    def __len__(self) -> int:
        return len(self.windows)

    def __getitem__(self, key: int, /) -> Codes:
        window = self.windows[key]
        return self.sequences[window.record][window.first : window.last]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Bases that are read of each, ``(E,)``."""
        return np.array([w.last - w.first for w in self.windows], np.int64)

    def said(self, key: int) -> str:
        """Return what people call an example: ``chr1, bases 1,001 to 2,000``."""
        window = self.windows[key]
        return f"{self.names[window.record]}, bases {window.start + 1:,} to {window.end:,}"

    def tags(self, key: int, /) -> NDArray[np.int64]:
        """Return the tags of one, ``(T,)``; those of its context are -100."""
        window = self.windows[key]
        found = np.full(window.last - window.first, UNKNOWN, np.int64)
        own = slice(window.start - window.first, window.end - window.first)
        found[own] = self.tags_of[window.record][window.start : window.end]
        return found


@dataclass(frozen=True)
class TaggedDnaSets:
    """Tagged sequences, read and split.

    Args:
        labels: Names of the tags, the background first.
        train: To learn from.
        valid: To choose by.
        test: For the last test.
        fingerprint: Differs when any base or tag does.
        notes: What there is to know, in a few words each.
    """

    labels: tuple[str, ...]
    train: TaggedDna
    valid: TaggedDna
    test: TaggedDna
    fingerprint: str
    notes: tuple[str, ...]


class Read(NamedTuple):
    """The sequences of a file and their regions."""

    records: list[Record]
    regions: list[list[Region]]
    skipped: int


def read_tagged_dna(
    data: str, config: RegionsConfig, progress: Progress | None = None
) -> TaggedDnaSets:
    """Read sequences and their regions, cut them into windows, and divide these.

    Whole sequences are dealt to the parts; if there are fewer than ten, their windows are.

    Raises:
        DataError: If something cannot be read, a region lies outside its sequence, or there is
            nothing but one tag.
    """
    own = read(data, config.regions, config)
    labels = names_of(own, config)
    if len(labels) < 2:
        raise DataError(
            f"{data}: no region was found{', of these kinds,' if config.kinds else ''} so every "
            f"base is '{config.background}'. Give --dna.regions FILE, or write regions into the "
            "headers: >chr1 gene=101..200"
        )
    sequences, tags, overlaps = laid(own, labels)
    names = tuple(record.name for record in own.records)
    by_record = len(sequences) >= FEW
    windows = [cut(k, len(codes), config) for k, codes in enumerate(sequences)]
    units = windows if by_record else [[window] for row in windows for window in row]
    parts = split_rows(len(units), config)
    train, *drawn = (
        TaggedDna(names, sequences, tags, tuple(w for k in part for w in units[k]))
        for part in parts
    )
    held: list[TaggedDna] = []
    for file, part in zip((config.valid, config.test), drawn, strict=True):
        held.append(part if file is None else read_other_tagged_dna(file, config, labels))
    notes = []
    if overlaps:
        notes.append(f"{overlaps:,} bases lie in regions of two kinds; the later line counts")
    if own.skipped:
        notes.append(f"{own.skipped:,} regions of other kinds left out")
    if not by_record:
        notes.append("few sequences: their windows, not they themselves, are dealt to the parts")
    valid, test = held
    found = fingerprint(labels, (train, valid, test))
    return TaggedDnaSets(labels, train, valid, test, found, tuple(notes))


def read_other_tagged_dna(
    data: str, config: RegionsConfig, labels: Sequence[str], progress: Progress | None = None
) -> TaggedDna:
    """Read all of another file, whose labels are known already; its regions stand beside it.

    Raises:
        DataError: If a label is not one of them.
    """
    found = read(data, None, config)
    for regions in found.regions:
        for region in regions:
            if region.label not in labels:
                raise DataError(
                    f"{region.where}: label '{region.label}' does not occur in the training part"
                    f"{did_you_mean(region.label, labels) or '.'} Its labels: {', '.join(labels)}"
                )
    sequences, tags, _ = laid(found, labels)
    windows = [w for k, codes in enumerate(sequences) for w in cut(k, len(codes), config)]
    names = tuple(record.name for record in found.records)
    return TaggedDna(names, sequences, tags, tuple(windows))


def read(data: str, regions: str | None, config: RegionsConfig) -> Read:
    """Read the sequences of a file and the regions that belong to them."""
    path = find_data(data)
    records = list(read_records(path))
    place: dict[str, int] = {}
    for k, record in enumerate(records):
        if record.name in place:
            raise DataError(
                f"{path}, line {record.line}: a second sequence is called '{record.name}'; regions "
                "are found by name. Rename one of them"
            )
        place[record.name] = k
    found: list[list[Region]] = [[] for _ in records]
    skipped = 0
    source = regions or regions_beside(path)
    if source is None:
        for k, record in enumerate(records):
            found[k] = list(header_regions(record, f"{path}, line {record.line}"))
    else:
        for region in read_regions(source):
            k = located(region, place, path)
            if region.end > len(records[k].codes):
                raise DataError(
                    f"{region.where}: the region ends at {region.end:,}, but '{region.sequence}' "
                    f"has {len(records[k].codes):,} bases"
                )
            found[k].append(region)
    if config.kinds:
        every = {region.label for row in found for region in row}
        for kind in config.kinds:
            if kind not in every:
                raise DataError(
                    f"dna.kinds: no region is a '{kind}'{did_you_mean(kind, every) or '.'} "
                    f"There are: {', '.join(sorted(every)) or 'none'}"
                )
        count = sum(map(len, found))
        found = [[region for region in row if region.label in config.kinds] for row in found]
        skipped = count - sum(map(len, found))
    return Read(records, found, skipped)


def located(region: Region, place: Mapping[str, int], path: str) -> int:
    """Return the number of the sequence that a region is in."""
    if region.sequence not in place:
        raise DataError(
            f"{region.where}: {path} has no sequence '{region.sequence}'"
            f"{did_you_mean(region.sequence, place) or '.'} The names are the first words behind >"
        )
    return place[region.sequence]


def names_of(own: Read, config: RegionsConfig) -> tuple[str, ...]:
    """Return the names of all tags, the background first."""
    named = {region.label for row in own.regions for region in row}
    if len(named) > 200:
        raise DataError(
            f"the regions have {len(named):,} different labels: these are names, not kinds. Choose "
            "some with --dna.kinds, or give a file whose fourth column is the kind"
        )
    return (config.background, *sorted(named - {config.background}))


def laid(
    own: Read, labels: Sequence[str]
) -> tuple[tuple[Codes, ...], tuple[NDArray[np.uint8], ...], int]:
    """Return the sequences, the tags of their bases, and how many bases two kinds claim."""
    number = {label: k for k, label in enumerate(labels)}
    every, overlaps = [], 0
    for record, regions in zip(own.records, own.regions, strict=True):
        tags = np.zeros(len(record.codes), np.uint8)
        for region in regions:
            part = tags[region.start : region.end]
            tag = number[region.label]
            overlaps += int(((part != 0) & (part != tag)).sum())
            part[:] = tag
        every.append(tags)
    return tuple(record.codes for record in own.records), tuple(every), overlaps


def cut(record: int, length: int, config: RegionsConfig) -> list[Window]:
    """Cut a sequence into windows, each with its context; a short one is a window of its own."""
    if length <= config.window:
        return [Window(record, 0, length, 0, length)]
    windows = []
    for start in range(0, length, config.window):
        end = min(length, start + config.window)
        first, last = max(0, start - config.context), min(length, end + config.context)
        windows.append(Window(record, start, end, first, last))
    return windows


def fingerprint(labels: Sequence[str], parts: Sequence[TaggedDna]) -> str:
    """Return what differs when any base, tag or window does."""
    digest = hashlib.sha256("\0".join(labels).encode())
    for part in parts:
        digest.update(np.array(part.windows, np.int64).tobytes())
        digest.update(
            b"".join(part[k].tobytes() + part.tags(k).tobytes() for k in range(len(part)))
        )
    return digest.hexdigest()
