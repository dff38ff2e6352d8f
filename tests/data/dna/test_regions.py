"""Regions of all formats are the same intervals; wrong lines are named."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from elman._errors import DataError
from elman.data.dna.fasta import Record
from elman.data.dna.regions import header_regions, read_regions, regions_beside


def file(folder: Path, name: str, content: str) -> str:
    path = folder / name
    path.write_bytes(gzip.compress(content.encode()) if name.endswith(".gz") else content.encode())
    return str(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.bed", "track name=x\nchr1\t9\t20\texon\t0\t+\n\nchr2\t0\t1\tintron\n"),
        ("a.bed.gz", "#x\nchr1 9 20 exon\nchr2 0 1 intron\n"),
        ("a.bedGraph", "chr1\t9\t20\texon\nchr2\t0\t1\tintron\n"),
        (
            "a.gff3",
            "##gff-version 3\nchr1\t.\texon\t10\t20\t.\t+\t.\tID=1\n"
            "chr2\t.\tintron\t1\t1\t.\t+\t.\t\n##FASTA\n>chr1\nACGT\n",
        ),
        ("a.gtf", 'chr1\tx\texon\t10\t20\t.\t+\t.\tg "1";\nchr2\tx\tintron\t1\t1\t.\t-\t0\tx\n'),
    ],
)
def test_formats_say_the_same(tmp_path: Path, name: str, content: str) -> None:
    found = [region[:4] for region in read_regions(file(tmp_path, name, content))]
    assert found == [("chr1", 9, 20, "exon"), ("chr2", 0, 1, "intron")]


def test_a_region_without_a_name_is_a_region(tmp_path: Path) -> None:
    (region,) = read_regions(file(tmp_path, "a.bed", "chr1\t3\t5\n"))
    assert region == ("chr1", 3, 5, "region", f"{tmp_path / 'a.bed'}, line 1")


def test_headers_name_regions() -> None:
    record = Record("s", "long exon=3..5 x=1 intron=6..9;exon=10..10", 1, np.zeros(10, np.uint8))
    found = [region[1:4] for region in header_regions(record, "here")]
    assert found == [(2, 5, "exon"), (5, 9, "intron"), (9, 10, "exon")]
    for wrong in ("exon=0..4", "exon=5..11", "exon=5..4"):
        with pytest.raises(DataError, match=r"here: exon=.* is not within its 10 bases"):
            list(header_regions(record._replace(about=wrong), "here"))


def test_a_file_beside_is_found_by_its_name(tmp_path: Path) -> None:
    sequences = file(tmp_path, "genome.fa.gz", "")
    assert regions_beside(sequences) is None
    expected = file(tmp_path, "genome.gff3.gz", "")
    assert regions_beside(sequences) == expected


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.bed", "chr1\t5\n", r"a\.bed, line 1: expected a sequence, start and end"),
        ("a.bed", "\nchr1\tx\t5\n", r"line 2: expected a whole number, got 'x'"),
        ("a.bed", "chr1\t-1\t5\n", r"line 1: expected a whole number, got '-1'"),
        ("a.bed", "chr1\t5\t5\n", r"line 1: the end, 5, is not behind the start, 5"),
        ("a.gff", "chr1\t.\texon\t10\n", r"line 1: expected nine columns .* got 4"),
        ("a.gff", "chr1\t.\texon\t0\t5\t.\t+\t.\tx\n", "expected 1 <= start <= end, got 0 and 5"),
        ("a.txt", "chr1\t5\t9\n", r"cannot tell its format .* \.bed"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, name: str, content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        list(read_regions(file(tmp_path, name, content)))
