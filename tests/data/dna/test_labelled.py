"""Labelled DNA: headers, tables and folders say the same; what repeats is read once."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from elman._errors import DataError
from elman.data.dna.alphabet import decoded
from elman.data.dna.config import DnaConfig
from elman.data.dna.labelled import (
    Sequences,
    read_dna,
    read_other_dna,
    sequences_of_table,
)

WHOLE = {"valid_fraction": 0.0, "test_fraction": 0.0}


def rows(count: int = 40, seed: int = 0) -> list[tuple[str, str]]:
    rng = np.random.default_rng(seed)
    return [
        ("".join(rng.choice(list("ACGT"), 8 + k % 5)), "exon" if k % 2 else "intron")
        for k in range(count)
    ]


def file(folder: Path, name: str, content: str) -> str:
    path = folder / name
    path.write_bytes(gzip.compress(content.encode()) if name.endswith(".gz") else content.encode())
    return str(path)


def content(part: Sequences) -> set[tuple[str, int]]:
    return {(decoded(part[k]), int(part.labels[k])) for k in range(len(part))}


def test_every_way_to_write_it_gives_the_same(tmp_path: Path) -> None:
    data = rows()
    folder = tmp_path / "classes"
    folder.mkdir()
    for label in ("exon", "intron"):
        own = [letters for letters, name in data if name == label]
        file(folder, f"{label}.fa.gz", "".join(f">s{k}\n{s}\n" for k, s in enumerate(own)))
    written = [
        file(tmp_path, "a.fa", "".join(f">s{k} {n}\n{s}\n" for k, (s, n) in enumerate(data))),
        file(
            tmp_path,
            "b.fa.gz",
            "".join(f'>s{k} len={len(s)} label="{n}" x\n{s}\n' for k, (s, n) in enumerate(data)),
        ),
        file(
            tmp_path,
            "c.fq",
            "".join(f"@s{k} label={n}\n{s}\n+\n{'I' * len(s)}\n" for k, (s, n) in enumerate(data)),
        ),
        file(tmp_path, "d.csv", "id,Sequence,class\n" + "".join(f"1,{s},{n}\n" for s, n in data)),
        file(tmp_path, "e.tsv", "label\tdna\n" + "".join(f"{n}\t{s.lower()}\n" for s, n in data)),
        str(folder),
    ]
    found = [read_dna(path, DnaConfig(**WHOLE)) for path in written]
    expected = {(s, int(n == "intron")) for s, n in data}
    for sets in found:
        assert sets.labels == ("exon", "intron")
        assert content(sets.train) == expected
        assert not len(sets.valid) and not len(sets.test)
    assert len({sets.fingerprint for sets in found[:-1]}) == 1  # a folder is in another order


def test_parts_share_classes_and_no_sequence(tmp_path: Path) -> None:
    data = rows(100)
    path = file(tmp_path, "a.csv", "sequence,label\n" + "".join(f"{s},{n}\n" for s, n in data))
    sets = read_dna(path, DnaConfig(valid_fraction=0.2, test_fraction=0.2))
    parts = [sets.train, sets.valid, sets.test]
    assert [len(part) for part in parts] == [60, 20, 20]
    assert all(part.labels.mean() == 0.5 for part in parts)
    assert not content(parts[0]) & content(parts[2])
    assert parts[0].lengths.tolist() == [len(parts[0][k]) for k in range(60)]
    assert (
        read_dna(path, DnaConfig(split_seed=1)).fingerprint
        != read_dna(path, DnaConfig()).fingerprint
    )


def test_what_repeats_is_read_once(tmp_path: Path) -> None:
    text = "sequence,label\nAACG,a\nAACG,a\naacg,b\nCGTT,b\nCCCC,b\nGGGG,b\n"
    path = file(tmp_path, "a.csv", text)
    one = read_dna(path, DnaConfig(**WHOLE))
    assert content(one.train) == {("AACG", 0), ("CGTT", 1), ("CCCC", 1), ("GGGG", 1)}
    assert one.notes == ("2 repeated sequences left out, 1 of them with another label",)
    both = read_dna(path, DnaConfig(**WHOLE, strands="average"))
    assert content(both.train) == {("AACG", 0), ("CCCC", 1)}
    assert both.notes == ("4 repeated sequences left out, 2 of them with another label",)
    every = read_dna(path, DnaConfig(**WHOLE, unique=False))
    assert len(every.train) == 6 and every.notes == ()


def test_files_of_their_own_for_the_parts(tmp_path: Path) -> None:
    train = file(tmp_path, "a.csv", "sequence,label\nAACG,a\nCCCC,b\nGGCA,b\nTTTT,a\n")
    other = file(tmp_path, "b.fa", ">x a\nAACG\n>y b\nACAC\n")
    sets = read_dna(train, DnaConfig(valid=other, test=other))
    assert (len(sets.train), len(sets.valid), len(sets.test)) == (4, 2, 2)
    assert sets.notes == tuple(
        f"1 of the {part} part are in the training part too" for part in ("validation", "test")
    )
    assert content(read_other_dna(other, DnaConfig(), sets.labels)) == {("AACG", 0), ("ACAC", 1)}


def test_tables_without_labels_can_be_told(tmp_path: Path) -> None:
    path = file(tmp_path, "a.csv", "name,seq\nx,AC GT\ny,NN\n")
    found = [(where, decoded(codes)) for where, codes in sequences_of_table(path, DnaConfig())]
    assert found == [(f"{path}, line 2", "ACGT"), (f"{path}, line 3", "NN")]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.fa", ">one\nACGT\n", r"line 1: no label of 'one' .* >one LABEL or >one label=LABEL"),
        ("a.fa", ">one two words\nAC\n", "no label of 'one'"),
        ("a.fa", ">one x=y\nAC\n", "no label of 'one'"),
        ("a.fa", ">one a\nAC\n>two a\nGG\n", "two labels or more: all 2 have 'a'"),
        ("a.csv", "seq,other\nAC,a\n", r"which column is the label\? Say --dna.label NAME"),
        ("a.csv", "letter,label\nAC,a\n", r"which column is the sequence\? Say --dna.sequence"),
        ("a.csv", "seq,label\nAXG,a\n", r"line 2: 'X' in column 'seq' is no nucleotide"),
        ("a.csv", "seq,label\n ,a\n", "line 2: the sequence is empty"),
        ("a.csv", "seq,label\nACG, \n", "line 2: the label is empty"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_dna(file(tmp_path, name, text), DnaConfig())


def test_a_key_and_columns_may_have_other_names(tmp_path: Path) -> None:
    path = file(tmp_path, "a.fa", ">x kind=a label=q\nAC\n>y kind=b label=q\nGG\n")
    options: dict[str, Any] = {**WHOLE, "label": "kind"}
    assert read_dna(path, DnaConfig(**options)).labels == ("a", "b")
    table = file(tmp_path, "a.csv", "x,kind\nAC,a\nGG,b\n")
    assert read_dna(table, DnaConfig(**options, sequence="x")).labels == ("a", "b")


def test_labels_that_were_not_learned_are_named(tmp_path: Path) -> None:
    path = file(tmp_path, "b.fa", ">x exom\nACGT\n")
    with pytest.raises(DataError, match=r"line 1: label 'exom' .* did you mean 'exon'"):
        read_other_dna(path, DnaConfig(), ("exon", "intron"))


def test_a_folder_without_sequences_is_refused(tmp_path: Path) -> None:
    file(tmp_path, "readme.txt", "x")
    with pytest.raises(DataError, match="has no files of sequences"):
        read_dna(str(tmp_path), DnaConfig())


def test_progress_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("elman.data.dna.labelled.TOLD_EVERY", 10)
    path = file(tmp_path, "a.csv", "sequence,label\n" + "".join(f"{s},{n}\n" for s, n in rows()))
    told: list[int] = []
    read_dna(path, DnaConfig(), lambda done, total, phase: told.append(done))
    assert told == [10, 20, 30, 40]
