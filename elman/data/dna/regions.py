"""Labelled regions of sequences: BED, bedGraph, GFF and GTF, or FASTA headers.

All become half-open intervals that count from 0, as BED has them; GFF, GTF and headers count from 1
and include the last base.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from elman._errors import DataError
from elman.data.dna.fasta import ENDINGS, Record
from elman.data.lines import read_lines

__all__ = ["Region", "header_regions", "read_regions", "regions_beside"]

BED, GFF = (".bed", ".bedgraph", ".bg", ".narrowpeak", ".broadpeak"), (".gff", ".gff3", ".gtf")
SKIPPED = ("#", "track", "browser")
REGION = "region"
"""What a BED line without a name is called."""
HEADER = re.compile(r"(?:^|[\s;|])([^\s=;|]+)=(\d+)\.\.(\d+)(?=$|[\s;|])")


class Region(NamedTuple):
    """Some bases and what they are.

    Attributes:
        sequence: The name of the sequence they are in.
        start: The first of them, from 0.
        end: The one behind the last.
        label: What they are.
        where: Where that stands, for messages.
    """

    sequence: str
    start: int
    end: int
    label: str
    where: str


def read_regions(path: str) -> Iterator[Region]:
    """Yield the regions of a file, in its order.

    The label is the fourth column of BED and bedGraph, the third of GFF and GTF. A BED of three
    columns has regions that are called ``region``.

    Raises:
        DataError: If a line is not as its format has it, with file and line.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a.bed"
        >>> _ = path.write_text("chr1\\t100\\t200\\texon\\n")
        >>> next(read_regions(str(path)))[:4]
        ('chr1', 100, 200, 'exon')
    """
    kind = kind_of(path)
    for number, line in enumerate(read_lines(Path(path)), 1):
        if kind == "gff" and line.startswith("##FASTA"):
            return  # the rest are the sequences themselves
        if not line.strip() or line.startswith(SKIPPED):
            continue
        where = f"{path}, line {number}"
        yield of_gff(line, where) if kind == "gff" else of_bed(line, where)


def kind_of(path: str) -> str:
    """Return ``bed`` or ``gff``, by the file's name."""
    name = path.lower().removesuffix(".gz")
    if name.endswith(BED):
        return "bed"
    if name.endswith(GFF):
        return "gff"
    raise DataError(
        f"{path}: cannot tell its format by its name; expected one of {', '.join(BED + GFF)}, "
        "or these with .gz"
    )


def of_bed(line: str, where: str) -> Region:
    """Return the region of a line of BED or bedGraph."""
    cells = line.rstrip("\n").split("\t") if "\t" in line else line.split()
    if len(cells) < 3:
        raise DataError(
            f"{where}: expected a sequence, start and end, with tabs between, got {line[:40]!r}"
        )
    start, end = whole(cells[1], where), whole(cells[2], where)
    if end <= start:
        raise DataError(
            f"{where}: the end, {end:,}, is not behind the start, {start:,}; BED counts from 0 and "
            "leaves the end out"
        )
    label = cells[3].strip() if len(cells) > 3 else ""
    return Region(cells[0], start, end, label or REGION, where)


def of_gff(line: str, where: str) -> Region:
    """Return the region of a line of GFF or GTF."""
    cells = line.split("\t")
    if len(cells) < 8:
        raise DataError(f"{where}: expected nine columns with tabs between, got {len(cells)}")
    start, end = whole(cells[3], where), whole(cells[4], where)
    if start < 1 or end < start:
        raise DataError(
            f"{where}: expected 1 <= start <= end, got {start:,} and {end:,}; GFF counts from 1 "
            "and includes the end"
        )
    return Region(cells[0], start - 1, end, cells[2].strip() or REGION, where)


def whole(text: str, where: str) -> int:
    """Return a whole number of at least 0."""
    if not text.strip().isdecimal():
        raise DataError(f"{where}: expected a whole number, got {text!r}")
    return int(text)


def header_regions(record: Record, where: str) -> Iterator[Region]:
    """Yield the regions that a header names, as ``gene=101..200``."""
    for label, first, last in HEADER.findall(record.about):
        start, end = int(first) - 1, int(last)
        if not 0 <= start < end <= len(record.codes):
            raise DataError(
                f"{where}: {label}={first}..{last} of '{record.name}' is not within its "
                f"{len(record.codes):,} bases; the first is 1"
            )
        yield Region(record.name, start, end, label, where)


def regions_beside(path: str) -> str | None:
    """Return the file of regions that has a sequence file's name, None if there is none.

    Example:
        >>> regions_beside("there/is/none.fa") is None
        True
    """
    name = path.removesuffix(".gz")
    stem = next((name[: -len(end)] for end in ENDINGS if name.lower().endswith(end)), name)
    for ending in BED + GFF:
        for packed in ("", ".gz"):
            if Path(stem + ending + packed).exists():
                return stem + ending + packed
    return None
