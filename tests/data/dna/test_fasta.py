"""The reader of FASTA and FASTQ: what dnaio reads it reads, and what is wrong has a line."""

from __future__ import annotations

import gzip
import io
import tracemalloc
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman._errors import DataError
from elman.data.dna import fasta
from elman.data.dna.alphabet import decoded
from elman.data.dna.fasta import is_sequences, read_pieces, read_records

SEQUENCES = st.lists(st.text("ACGTNacgtry", min_size=1, max_size=40), min_size=1, max_size=6)


def file(tmp_path: Path, content: str | bytes, name: str = "a.fa") -> str:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def read(path: str) -> list[tuple[str, str]]:
    return [(record.name, decoded(record.codes)) for record in read_records(path)]


def test_a_record_is_its_name_what_is_about_it_and_its_letters(tmp_path: Path) -> None:
    path = file(tmp_path, "\n>one\tthe first  one\r\nacg\r\n\r\nTRU\r\n>two label=x\nN\n\n")
    one, two = read_records(path)
    assert (one.name, one.about, one.line) == ("one", "the first  one", 2)
    assert (two.name, two.about, two.line) == ("two", "label=x", 6)
    assert (decoded(one.codes), decoded(two.codes)) == ("ACGTRT", "N")


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("block", [1, 2, 3, 7, 1 << 18])
@given(sequences=SEQUENCES, width=st.integers(1, 50))
def test_it_reads_what_dnaio_reads(
    block: int,
    packed: bool,
    sequences: list[str],
    width: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    dnaio = pytest.importorskip("dnaio")
    folder = tmp_path_factory.mktemp("fasta")
    text = "".join(
        f">s{k} some words\n"
        + "".join(f"{letters[i : i + width]}\n" for i in range(0, len(letters), width))
        for k, letters in enumerate(sequences)
    )
    path = file(folder, gzip.compress(text.encode()) if packed else text, "a.fa.gz")
    old, fasta.BLOCK_BYTES = fasta.BLOCK_BYTES, block
    try:
        ours = read(path)
    finally:
        fasta.BLOCK_BYTES = old
    with dnaio.open(io.BytesIO(text.encode()), fileformat="fasta") as theirs:
        expected = [(r.name.split()[0], r.sequence.upper()) for r in theirs]
    assert ours == expected


@given(SEQUENCES)
def test_it_reads_the_fastq_that_dnaio_reads(
    tmp_path_factory: pytest.TempPathFactory, sequences: list[str]
) -> None:
    dnaio = pytest.importorskip("dnaio")
    # Qualities may begin as headers do.
    text = "".join(f"@r{k} x\n{s}\n+\n{('@>+I' * 10)[: len(s)]}\n" for k, s in enumerate(sequences))
    path = file(tmp_path_factory.mktemp("fastq"), text, "a.fq")
    with dnaio.open(io.BytesIO(text.encode()), fileformat="fastq") as theirs:
        assert read(path) == [(r.name.split()[0], r.sequence.upper()) for r in theirs]


@given(st.integers(1, 20), SEQUENCES)
def test_pieces_are_the_records_in_parts(
    tmp_path_factory: pytest.TempPathFactory, size: int, sequences: list[str]
) -> None:
    text = "".join(f">s{k}\n{letters}\n" for k, letters in enumerate(sequences))
    path = file(tmp_path_factory.mktemp("pieces"), text)
    found: dict[str, str] = {}
    ends: list[str] = []
    for piece in read_pieces(path, size):
        assert piece.start == len(found.get(piece.name, ""))
        assert 1 <= len(piece.codes) <= size
        assert piece.name not in ends
        found[piece.name] = found.get(piece.name, "") + decoded(piece.codes)
        ends += [piece.name] * piece.last
    assert list(found.values()) == [letters.upper() for letters in sequences]
    assert ends == list(found)


@pytest.mark.parametrize("lines", [True, False])
def test_a_long_record_needs_no_more_memory(tmp_path: Path, lines: bool) -> None:
    line = b"ACGTTGCANN" * 6 + (b"\n" if lines else b"")
    path = file(tmp_path, b">chr\n" + line * 60_000)
    tracemalloc.start()
    total = sum(len(piece.codes) for piece in read_pieces(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total == 3_600_000
    assert peak < 3_000_000


def test_standard_input_is_read_as_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = SimpleNamespace(buffer=io.BytesIO(b">a\nAC\nGT\n>b\nT"))
    monkeypatch.setattr("sys.stdin", stdin)
    assert read("-") == [("a", "ACGT"), ("b", "T")]


@pytest.mark.parametrize("block", [3, 1 << 18])
def test_standard_input_may_be_packed(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(fasta, "BLOCK_BYTES", block)
    letters = "ACGTTGCA" * 50

    def stdin(raw: bytes) -> None:
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(raw)))

    members = [gzip.compress(f">{name}\n{letters}\n".encode()) for name in "ab"]
    stdin(b"".join(members))
    assert read("-") == [("a", letters), ("b", letters)]
    stdin(members[0] + members[1][:-12])
    with pytest.raises(DataError, match="cut off before its end"):
        read("-")
    stdin(members[0][:20] + b"xxxx" + members[0][24:])
    with pytest.raises(DataError, match="damaged gzip"):
        read("-")


def test_a_byte_order_mark_is_dropped(tmp_path: Path) -> None:
    assert read(file(tmp_path, b"\xef\xbb\xbf>a\nAC\n")) == [("a", "AC")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (">a\nACGT\nACXT\n", r"a\.fa, line 3: 'X' of 'a' is no nucleotide; expected A, C, G, T"),
        (">a\nAC\n>b\nMKLV\n", r"line 4: 'L' of 'b' .* Is it protein\?"),
        (">a\nAC-GT\n", r"line 2: '-' of 'a' .*[Gg]aps belong to alignments"),
        (">a\nACG >b\n", r"line 2: '>' of 'a' .* header begins at the first sign"),
        (">a\nAC\x80GT\n", r"line 2: byte 0xc2 of 'a' is no nucleotide"),
        (">a\n\n\n>b\nACGT\n", r"line 1: the record 'a' is empty"),
        (">a\nAC\n>b\n", r"line 3: the record 'b' is empty"),
        (">a\nAC\n>b", r"line 3: the record 'b' is empty"),
        (">a\nAC\n> \nAC\n", r"line 3: the record has no name"),
        ("\nACGT\nACGT\n", r"line 2: expected '>' and a name .* got 'ACGT'"),
        (" >a\nACGT\n", r"line 1: '>' is no nucleotide"),
        ("", "is empty"),
        ("\n \n", "is empty"),
        (">" + "x" * 70_000, "line 1: the header is longer than 65,536 bytes"),
        ("@a\nACGT\n+\nIII\n", r"line 4: 3 qualities for 4 letters of 'a'"),
        ("@a\nACGT\n+\n", r"line 1: the record 'a' stops after 3 of its four lines"),
        ("@a\nAC\nGT\n+\nIIII\n", r"line 3: expected '\+', got 'GT'"),
        ("@a\nAC\n+\nII\nACGT\n", r"line 5: expected '@' and a name, got 'ACGT'"),
        ("@a\nAZ\n+\nII\n", r"line 2: 'Z' of 'a' is no nucleotide"),
        ("@a\n\n+\n\n", r"line 1: the record 'a' is empty"),
        ("PK\x03\x04 and so on", "is a zip archive"),
    ],
)
@pytest.mark.parametrize("block", [3, 1 << 18])
def test_what_is_wrong_is_named_with_its_line(
    tmp_path: Path, content: str, message: str, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fasta, "BLOCK_BYTES", block)
    with pytest.raises(DataError, match=message):
        read(file(tmp_path, content))


def test_a_packed_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    letters = np.random.default_rng(0).choice(np.frombuffer(b"ACGT", np.uint8), 9000).tobytes()
    whole = gzip.compress(b">a\n" + letters)
    with pytest.raises(DataError, match="damaged gzip file"):
        read(file(tmp_path, whole[:-200], "a.fa.gz"))


def test_files_are_known_by_their_names() -> None:
    assert all(map(is_sequences, ("a.fa", "b.FASTA.gz", "x/c.fq", "d.fna")))
    assert not any(map(is_sequences, ("a.csv", "b.txt.gz", "fasta")))
