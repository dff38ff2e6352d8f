"""Text files, read in chunks and constant memory, refused with the byte where they are wrong.

Line ends stay as they are, so that every character of the file counts. Knows bytes and
encodings; what is a corpus or a split is in `corpus.py`.
"""

from __future__ import annotations

import bisect
import codecs
import contextlib
import gzip
import itertools
import stat
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from elman._errors import DataError, did_you_mean
from elman.data.builtin import BUILTIN

__all__ = ["Piece", "decode_chunks", "is_gzip", "read_bytes", "read_text"]

KEY = "give --text.encoding (of pairs --pairs.encoding)"
"""How a person says what a file is encoded in."""

CHUNK_BYTES = 1 << 20
HEAD_BYTES = 16  # enough to know what a file is
GZIP_RATIO = 100
GZIP_SLACK = 1 << 20  # a small file of one repeated letter is no attack

UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

# First bytes that say what a file is, where it is not text.
MAGIC = [
    (b"PK\x03\x04", "a zip archive (a .pt, .docx or .npz file is one too)"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x28\xb5\x2f\xfd", "a zstandard archive: unpack it first"),
    (b"BZh", "a bzip2 archive: unpack it first"),
    (b"\xfd7zXZ\x00", "an xz archive: unpack it first"),
    (b"%PDF-", "a PDF: save its text first"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"\x7fELF", "a program"),
    (b"PAR1", "a Parquet table"),
    (b"SQLite format 3\x00", "an SQLite database"),
]


class Piece(NamedTuple):
    """Some characters of a text.

    ``part`` counts the boundaries that lie before them; ``size`` is how many bytes were read to
    get them.
    """

    text: str
    part: int
    size: int


def read_text(path: Path, encoding: str = "utf-8", chunk_bytes: int = CHUNK_BYTES) -> Iterator[str]:
    r"""Return the text of a file in chunks; ``.gz`` files are unpacked on the way.

    Args:
        path: A text file.
        encoding: Its encoding. A byte-order mark is dropped.
        chunk_bytes: Bytes read at once; a long line is no exception.

    Raises:
        DataError: If there is no such file, it cannot be read, is empty or white space, is not
            text, or not in that encoding; with the byte where it goes wrong.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a.txt"
        >>> path.write_bytes(b"one\r\ntwo\n")
        9
        >>> list(read_text(path))
        ['one\r\ntwo\n']
    """
    for piece in decode_chunks(read_bytes(path, chunk_bytes), encoding, str(path)):
        yield piece.text


def read_bytes(path: Path, chunk_bytes: int = CHUNK_BYTES) -> Iterator[bytes]:
    """Return the content of a file in chunks, unpacked if it is gzip."""
    with reasons(path):
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise DataError(
                f"{path} is a directory. Give one text file; to join many: "
                f"cat {path}/*.txt > all.txt"
            )
        if not stat.S_ISREG(mode):
            raise DataError(f"{path} is not a regular file. Save the text to a file first")
        if is_gzip(path):
            yield from unpack(path, chunk_bytes)
            return
        with path.open("rb") as file:
            while chunk := file.read(chunk_bytes):
                yield chunk


def is_gzip(path: Path) -> bool:
    """Return whether a file begins as gzip files do."""
    with reasons(path), path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def unpack(path: Path, chunk_bytes: int) -> Iterator[bytes]:
    """Return the content of a gzip file; refuse one that grows more than 100 times."""
    limit = GZIP_RATIO * path.stat().st_size + GZIP_SLACK
    total = 0
    try:
        with gzip.open(path) as file:
            while chunk := file.read(chunk_bytes):
                total += len(chunk)
                if total > limit:
                    raise DataError(
                        f"{path} unpacks to more than {GZIP_RATIO} times its size: refused, in "
                        "case it was made to fill the disk. If you trust it, gunzip it first"
                    )
                yield chunk
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(
            f"{path} is a damaged gzip file after {total} unpacked bytes: {error}. "
            "Get it again, or test it with gzip -t"
        ) from None


@contextlib.contextmanager
def reasons(path: Path) -> Iterator[None]:
    """Turn the system's refusal to read a file into one clear error."""
    try:
        yield
    except FileNotFoundError:
        raise DataError(
            f"{path} is not there{did_you_mean(path.name, BUILTIN) or '.'} "
            "Give a text file, or a built-in text: `elman data list`"
        ) from None
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from None
    except ValueError as error:  # a NUL in the path
        if isinstance(error, DataError):
            raise
        raise DataError(f"cannot read {str(path)!r}: {error}") from None


def decode_chunks(
    chunks: Iterable[bytes], encoding: str, name: str, boundaries: Sequence[int] = ()
) -> Iterator[Piece]:
    """Decode the bytes of one text, cut at byte boundaries.

    A character across a boundary belongs to the part after it.

    Args:
        chunks: The bytes.
        encoding: Their encoding.
        name: The file, for messages.
        boundaries: Ascending positions in bytes, counted after the byte-order mark.

    Raises:
        DataError: If the bytes are not text in that encoding, or there is no text in them.
    """
    raw = iter(chunks)
    head = b""
    while len(head) < HEAD_BYTES and (chunk := next(raw, b"")):
        head += chunk
    if not head:
        raise DataError(f"{name} is empty. Give a file with some text in it")
    refuse_binary(head, name, encoding)
    codec = codecs.lookup(encoding)
    skip = len(codecs.BOM_UTF8) if marked(head, codec.name) else 0
    decoder = codecs.getincrementaldecoder(encoding)()
    position, lines, blank = 0, 1, True
    is_wide = codec.name.startswith(("utf-16", "utf-32"))
    for chunk in itertools.chain([head[skip:]], raw, [b""]):
        if not is_wide and (at := chunk.find(b"\0")) >= 0:
            raise DataError(
                f"{name} has a NUL byte at byte {skip + position + at}: it looks binary, not "
                f"text. If it is UTF-16, {KEY} utf-16"
            )
        start = 0
        while True:
            part = bisect.bisect_right(boundaries, position)
            end = len(chunk) - start
            if part < len(boundaries):
                end = min(end, boundaries[part] - position)
            raw_part = chunk[start : start + end]
            waiting = len(decoder.getstate()[0])
            try:
                # An empty chunk is the end: what is unfinished now stays so.
                text = decoder.decode(raw_part, final=not chunk)
            except UnicodeError as error:
                at = position - waiting + (getattr(error, "start", 0) or 0)
                line = lines + raw_part[: max(0, at - position)].count(b"\n")
                raise DataError(not_encoded(name, encoding, skip + at, line, error)) from None
            position += len(raw_part)
            lines += raw_part.count(b"\n")
            start += len(raw_part)
            if is_wide and "\0" in text:
                raise DataError(
                    f"{name} has a NUL character before byte {position}: it looks binary, not text"
                )
            if blank and text and not text.isspace():
                blank = False
            if text or raw_part:
                # A character held back over a boundary comes out in the part after it.
                yield Piece(text, part, len(raw_part))
            if start >= len(chunk):
                break
    if blank:
        raise DataError(f"{name} holds only white space. Give a file with some text in it")


def marked(head: bytes, codec: str) -> bool:
    """Return whether a UTF-8 text begins with a byte-order mark."""
    return codec == "utf-8" and head.startswith(codecs.BOM_UTF8)


def refuse_binary(head: bytes, name: str, encoding: str) -> None:
    """Refuse a file whose first bytes say that it is something else than text."""
    for magic, what in MAGIC:
        if head.startswith(magic):
            raise DataError(f"{name} is {what}, not text. Give a plain text file")
    if len(head) > 1 and head[0] == 0x80 and head[1] in range(2, 6):
        raise DataError(f"{name} is a pickle, not text; it was not opened. Give a plain text file")
    if head[8:10] == b'{"' and int.from_bytes(head[:8], "little") < 1 << 32:
        raise DataError(f"{name} is a safetensors file, not text. Give a plain text file")
    wide = codecs.lookup(encoding).name.startswith(("utf-16", "utf-32"))
    if head.startswith(UTF16_MARKS) and not wide:
        raise DataError(
            f"{name} begins with the mark of UTF-16 but is read as {encoding}. "
            f"If that is right, {KEY} utf-16"
        )


def not_encoded(name: str, encoding: str, at: int, line: int, error: UnicodeError) -> str:
    """Say where a text leaves its encoding and what may help."""
    reason = getattr(error, "reason", str(error))
    other = "latin-1" if codecs.lookup(encoding).name == "utf-8" else "utf-8"
    return (
        f"{name} is not {encoding} at byte {at} (line {line}): {reason}. "
        f"If it is in another encoding, name it: {KEY} {other}"
    )
