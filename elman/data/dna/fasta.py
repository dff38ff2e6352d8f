"""FASTA and FASTQ, plain or gzipped, read piece by piece: a chromosome needs no more memory.

Letters become codes (see `alphabet.py`) a block at a time, in two passes of C over the bytes; case
is dropped. What is wrong is refused with its file and line.
"""

from __future__ import annotations

import codecs
import itertools
import sys
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from elman._errors import DataError
from elman.data.dna.alphabet import BY_BYTE, Codes
from elman.data.text import HEAD_BYTES, read_bytes, refuse_binary

__all__ = ["STDIN", "Piece", "Record", "is_sequences", "read_pieces", "read_records"]

STDIN = "-"
PIECE = 1 << 18
BLOCK_BYTES = 1 << 18
BLANKS = b" \t\r\n"
HEADER_BYTES = 1 << 16
ENDINGS = (".fa", ".fasta", ".fna", ".ffn", ".frn", ".fas", ".fq", ".fastq")


class Piece(NamedTuple):
    """Some letters of a record, in their order.

    Attributes:
        name: The record's name: the first word of its header.
        about: What stands behind the name.
        line: Where the header stands, from 1.
        start: Letters of the record before these.
        codes: At least one.
        last: Whether the record ends here.
    """

    name: str
    about: str
    line: int
    start: int
    codes: Codes
    last: bool


class Record(NamedTuple):
    """A whole sequence.

    Attributes:
        name: The first word of its header.
        about: What stands behind the name.
        line: Where the header stands, from 1.
        codes: The letters, at least one.
    """

    name: str
    about: str
    line: int
    codes: Codes


def is_sequences(path: str | Path) -> bool:
    """Say whether a file is called as files of sequences are, gzipped or not.

    Example:
        >>> is_sequences("chr1.fa.gz"), is_sequences("table.csv")
        (True, False)
    """
    return str(path).lower().removesuffix(".gz").endswith(ENDINGS)


def read_records(path: str) -> Iterator[Record]:
    """Yield the sequences of a file, each in one piece.

    Raises:
        DataError: As `read_pieces`.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a.fa"
        >>> _ = path.write_text(">one first of two\\nACG\\nT\\n>two\\nNN\\n")
        >>> [(record.name, record.codes.tolist()) for record in read_records(str(path))]
        [('one', [1, 2, 4, 8]), ('two', [15, 15])]
    """
    parts: list[Codes] = []
    for piece in read_pieces(path):
        parts.append(piece.codes)
        if piece.last:
            codes = parts[0] if len(parts) == 1 else np.concatenate(parts)
            yield Record(piece.name, piece.about, piece.line, codes)
            parts = []


def read_pieces(path: str, size: int = PIECE) -> Iterator[Piece]:
    """Yield the sequences of a file in pieces of at most ``size`` letters.

    Args:
        path: A FASTA or FASTQ file, also gzipped, or ``-``: standard input.
        size: At least 1.

    Raises:
        DataError: If it cannot be read or is something else; if a record is empty or has no name,
            a letter is no nucleotide, or a quality is not as long as its sequence. The line is
            named.
    """
    name = "standard input" if path == STDIN else path
    blocks = iter(opened(path))
    head = b""
    while len(head.lstrip()) < HEAD_BYTES and (block := next(blocks, b"")):
        head += block
    head = head.removeprefix(codecs.BOM_UTF8)
    if not head.strip():
        raise DataError(f"{name} is empty. Give sequences as FASTA or FASTQ")
    refuse_binary(head[:HEAD_BYTES].ljust(HEAD_BYTES), name, "utf-8")
    first = head.lstrip()[:1]
    if first not in (b">", b"@"):
        line = head[: len(head) - len(head.lstrip())].count(b"\n") + 1
        text = head.lstrip().split(b"\n", 1)[0][:30].decode("ascii", "replace")
        raise DataError(
            f"{name}, line {line}: expected '>' and a name (FASTA) or '@' and a name (FASTQ), got "
            f"{text!r}. A sequence alone needs a first line such as >one"
        )
    whole = itertools.chain([head], blocks)
    yield from (fasta if first == b">" else fastq)(whole, name, size)


def opened(path: str) -> Iterable[bytes]:
    """Return the blocks of a file, or of what comes in."""
    if path != STDIN:
        return read_bytes(Path(path), BLOCK_BYTES)
    stream: BinaryIO = sys.stdin.buffer
    blocks = iter(lambda: stream.read1(BLOCK_BYTES), b"")  # type: ignore[attr-defined]  # they do
    first = next(blocks, b"")
    whole = itertools.chain([first], blocks)
    return unpacked(whole) if first.startswith(b"\x1f\x8b") else whole


def unpacked(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Unpack gzip as it comes in, one member after the other, a block of letters at a time.

    Raises:
        DataError: If it is damaged or cut off.
    """
    member, begun = zlib.decompressobj(31), False
    try:
        for block in blocks:
            while block:
                begun = True
                if letters := member.decompress(block, BLOCK_BYTES):
                    yield letters
                block = member.unconsumed_tail
                if member.eof:
                    block, member, begun = member.unused_data, zlib.decompressobj(31), False
        while begun and (rest := member.decompress(b"", BLOCK_BYTES)):
            yield rest
    except zlib.error as error:
        raise DataError(f"standard input is damaged gzip: {error}") from None
    if begun and not member.eof:
        raise DataError("standard input is gzip that was cut off before its end")


class Growing:
    """The record that is being read: takes letters in, gives pieces out."""

    def __init__(self, header: bytes, line: int, source: str, size: int) -> None:
        name, _, about = header.decode("utf-8", "replace").strip().partition(" ")
        if "\t" in name:
            name, _, about = header.decode("utf-8", "replace").strip().partition("\t")
        if not name:
            raise DataError(
                f"{source}, line {line}: the record has no name. Write one behind the mark: >one"
            )
        self.name, self.about, self.line = name, about.strip(), line
        self._source, self._size = source, size
        self._start, self._rest = 0, bytearray()

    def take(self, raw: bytes, line: int) -> Iterator[Piece]:
        """Take in lines of letters, the first of which is ``line``; yield what is full."""
        codes = raw.translate(TABLE, BLANKS)
        if 0 in codes:
            raise illegal(raw, line, self._source, self.name)
        self._rest += codes
        if len(self._rest) <= self._size:
            return
        at, most = 0, len(self._rest) - 1  # one letter is kept, so that the last piece has some
        while most - at >= self._size:
            yield self._piece(self._rest[at : at + self._size], last=False)
            at += self._size
        del self._rest[:at]

    def end(self) -> Iterator[Piece]:
        """Yield the last piece.

        Raises:
            DataError: If there was no letter at all.
        """
        if not self._rest:
            raise DataError(
                f"{self._source}, line {self.line}: the record '{self.name}' is empty. Take its "
                "header out, or write its sequence below it"
            )
        yield self._piece(self._rest, last=True)
        self._rest = bytearray()

    def _piece(self, letters: bytearray, *, last: bool) -> Piece:
        codes = np.frombuffer(bytes(letters), np.uint8)
        piece = Piece(self.name, self.about, self.line, self._start, codes, last)
        self._start += len(codes)
        return piece


TABLE = BY_BYTE.tobytes()
HINTS = {
    "-": ". Gaps belong to alignments: take them out",
    ">": ". A header begins at the first sign of its line",
    **dict.fromkeys("*EFILPQ", ". Is it protein?"),
}
"""What a letter that does not belong may mean."""


def fasta(blocks: Iterable[bytes], source: str, size: int) -> Iterator[Piece]:
    """Yield the pieces of a FASTA file: a header, then letters on any number of lines."""
    record: Growing | None = None
    header: bytearray | None = None  # one that is being read
    line, fresh = 1, True  # `fresh`: at the first sign of a line
    for block in blocks:
        at = 0
        while at < len(block):
            if header is not None:
                end = block.find(b"\n", at)
                header += block[at : end if end >= 0 else len(block)]
                if len(header) > HEADER_BYTES:
                    raise DataError(
                        f"{source}, line {line}: the header is longer than {HEADER_BYTES:,} bytes. "
                        "Is the line's end missing?"
                    )
                if end < 0:
                    break
                record, header = Growing(bytes(header), line, source, size), None
                at, line, fresh = end + 1, line + 1, True
            elif fresh and block.startswith(b">", at):
                if record is not None:
                    yield from record.end()
                header, at = bytearray(), at + 1
            else:
                after = block.find(b"\n>", at)
                end = len(block) if after < 0 else after + 1
                part = block[at:end]
                if record is not None:
                    yield from record.take(part, line)
                elif part.strip():
                    raise illegal(part, line, source, "")
                at, line, fresh = end, line + part.count(b"\n"), part.endswith(b"\n")
    if header is not None:
        record = Growing(bytes(header), line, source, size)
    if record is not None:
        yield from record.end()


def fastq(blocks: Iterable[bytes], source: str, size: int) -> Iterator[Piece]:
    """Yield the pieces of a FASTQ file: four lines each, name, letters, plus, qualities."""
    numbered = enumerate(lines(blocks), 1)
    for line, header in numbered:
        if not header.strip():
            continue
        if not header.startswith(b"@"):
            raise DataError(
                f"{source}, line {line}: expected '@' and a name, got "
                f"{header[:30].decode('ascii', 'replace')!r}. A FASTQ record has four lines: "
                "@name, letters, +, qualities"
            )
        record = Growing(header[1:], line, source, size)
        three = [text for _, text in itertools.islice(numbered, 3)]
        if len(three) < 3:
            raise DataError(
                f"{source}, line {line}: the record '{record.name}' stops after "
                f"{1 + len(three)} of its four lines: the file was cut off. Get it again"
            )
        letters, plus, quality = three
        if not plus.startswith(b"+"):
            raise DataError(
                f"{source}, line {line + 2}: expected '+', got "
                f"{plus[:30].decode('ascii', 'replace')!r}. Letters and qualities must each stand "
                "on one line"
            )
        if len(quality) != len(letters):
            raise DataError(
                f"{source}, line {line + 3}: {len(quality):,} qualities for {len(letters):,} "
                f"letters of '{record.name}'; expected as many. Get the file again"
            )
        yield from record.take(letters, line + 1)
        yield from record.end()


def lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines of a file without their ends."""
    rest = b""
    for block in blocks:
        *whole, rest = (rest + block).split(b"\n")
        for line in whole:
            yield line.rstrip(b"\r")
    if rest:
        yield rest.rstrip(b"\r")


def illegal(raw: bytes, line: int, source: str, name: str) -> DataError:
    """Return the error of the first letter that is no nucleotide."""
    first = raw.translate(TABLE, BLANKS).index(0)
    letter = raw.translate(None, BLANKS)[first]
    number = line + raw[: raw.index(letter)].count(b"\n")
    shown = repr(chr(letter)) if 32 < letter < 127 else f"byte {letter:#04x}"
    hint = HINTS.get(chr(letter).upper(), "")
    where = f" of '{name}'" if name else ""
    return DataError(
        f"{source}, line {number}: {shown}{where} is no nucleotide; expected A, C, G, T, U and the "
        f"codes RYSWKMBDHVN{hint}"
    )
