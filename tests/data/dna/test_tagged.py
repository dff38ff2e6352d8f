"""Tagged DNA: every base has its tag, windows overlap in their context alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from elman._errors import DataError
from elman.data.dna.config import RegionsConfig
from elman.data.dna.tagged import TaggedDna, read_other_tagged_dna, read_tagged_dna

WHOLE = {"valid_fraction": 0.0, "test_fraction": 0.0}


def files(folder: Path, bed: str | None, *sequences: str) -> str:
    path = folder / "a.fa"
    path.write_text("".join(f">s{k}\n{letters}\n" for k, letters in enumerate(sequences)))
    if bed is not None:
        (folder / "a.bed").write_text(bed)
    return str(path)


def tags(data: TaggedDna, k: int = 0) -> str:
    return "".join("?" if tag < 0 else str(tag) for tag in data.tags(k))


def test_regions_become_tags(tmp_path: Path) -> None:
    bed = "s0\t2\t5\tgene\ns1\t0\t1\texon\ns0\t4\t6\texon\ns1\t1\t2\tgene\n"
    sets = read_tagged_dna(files(tmp_path, bed, "ACGTACGT", "AC"), RegionsConfig(**WHOLE))
    assert sets.labels == ("none", "exon", "gene")
    assert (tags(sets.train), tags(sets.train, 1)) == ("00221100", "12")
    assert sets.notes[0] == "1 bases lie in regions of two kinds; the later line counts"


def test_headers_may_name_them(tmp_path: Path) -> None:
    path = tmp_path / "a.fa"
    path.write_text(">s0 gene=2..3\nACGT\n>s1\nAAAA\n")
    sets = read_tagged_dna(str(path), RegionsConfig(**WHOLE, background="outside"))
    assert sets.labels == ("outside", "gene")
    assert (tags(sets.train), tags(sets.train, 1)) == ("0110", "0000")


def test_some_kinds_may_be_chosen(tmp_path: Path) -> None:
    path = files(tmp_path, "s0\t0\t2\tgene\ns0\t2\t3\texon\n", "ACGT")
    sets = read_tagged_dna(path, RegionsConfig(**WHOLE, kinds=("exon",)))
    assert tags(sets.train) == "0010"
    assert sets.notes[0] == "1 regions of other kinds left out"
    with pytest.raises(DataError, match=r"no region is a 'exom'; did you mean 'exon'"):
        read_tagged_dna(path, RegionsConfig(**WHOLE, kinds=("exom",)))


def test_long_sequences_become_windows_with_context(tmp_path: Path) -> None:
    letters = "".join(np.random.default_rng(0).choice(list("ACGT"), 50))
    bed = "s0\t10\t30\tgene\n"
    config = RegionsConfig(**WHOLE, window=16, context=4)
    sets = read_tagged_dna(files(tmp_path, bed, letters), config)
    assert len(sets.train) == 4 and "their windows" in sets.notes[-1]
    assert [tags(sets.train, k) for k in range(4)] == [
        "0000000000111111????",
        "????1111111111111100????",
        "????0000000000000000??",
        "????00",
    ]
    assert sets.train.lengths.tolist() == [20, 24, 22, 6]
    assert len(sets.train[1]) == 24
    assert sets.train.said(1) == "s0, bases 17 to 32"


def test_many_sequences_are_dealt_whole(tmp_path: Path) -> None:
    letters = ["ACGT" * 10] * 20
    bed = "".join(f"s{k}\t{k}\t{k + 9}\tgene\n" for k in range(20))
    config = RegionsConfig(window=16, context=2, valid_fraction=0.2, test_fraction=0.2)
    sets = read_tagged_dna(files(tmp_path, bed, *letters), config)
    records = [{w.record for w in part.windows} for part in (sets.train, sets.valid, sets.test)]
    assert [len(part) for part in records] == [12, 4, 4]
    assert not records[0] & records[1] | records[0] & records[2] | records[1] & records[2]
    assert sets.notes == ()
    again = read_tagged_dna(str(tmp_path / "a.fa"), config)
    assert again.fingerprint == sets.fingerprint
    (tmp_path / "a.bed").write_text(bed.replace("s3\t3\t12", "s3\t3\t13"))
    assert read_tagged_dna(str(tmp_path / "a.fa"), config).fingerprint != sets.fingerprint


@pytest.mark.parametrize(
    ("bed", "sequences", "message"),
    [
        ("s0\t0\t9\tgene\n", ["ACGT"], r"line 1: the region ends at 9, but 's0' has 4 bases"),
        ("s9\t0\t1\tgene\n", ["ACGT"], r"line 1: .*a\.fa has no sequence 's9'"),
        (None, ["ACGT"], r"no region was found so every base is 'none'. Give --dna.regions"),
        ("", ["ACGT"], "holds no|is empty"),
    ],
)
def test_what_is_wrong_is_named(
    tmp_path: Path, bed: str | None, sequences: list[str], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        read_tagged_dna(files(tmp_path, bed, *sequences), RegionsConfig(**WHOLE))


def test_names_must_be_different(tmp_path: Path) -> None:
    path = tmp_path / "a.fa"
    path.write_text(">s gene=1..2\nACGT\n>s\nACGT\n")
    with pytest.raises(DataError, match=r"line 3: a second sequence is called 's'"):
        read_tagged_dna(str(path), RegionsConfig(**WHOLE))


def test_names_of_genes_are_no_kinds(tmp_path: Path) -> None:
    bed = "".join(f"s0\t{k}\t{k + 1}\tgene{k}\n" for k in range(250))
    with pytest.raises(DataError, match="250 different labels: these are names, not kinds"):
        read_tagged_dna(files(tmp_path, bed, "A" * 300), RegionsConfig(**WHOLE))


def test_another_file_has_the_same_tags(tmp_path: Path) -> None:
    path = files(tmp_path, "s0\t0\t2\tgene\n", "ACGT")
    config: Any = RegionsConfig(**WHOLE)
    assert tags(read_other_tagged_dna(path, config, ("none", "gene"))) == "1100"
    with pytest.raises(DataError, match=r"line 1: label 'gene' does not occur"):
        read_other_tagged_dna(path, config, ("none", "exon"))
