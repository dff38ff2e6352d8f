r"""Pretrained word vectors in files: GloVe and word2vec, as text or binary, also gzipped.

=================  ================================================================
GloVe              a line for each word: the word and its numbers, between spaces
word2vec, text     the same after a first line with the number of words and of values
word2vec, binary   that first line, then for each word: it, a space, float32 values
=================  ================================================================

Which of them a file is, is found out from its beginning. Words are read one after the other;
only those that are wanted are kept, so a file larger than memory can be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman._errors import DataError
from elman.data.text import read_bytes

__all__ = ["MOST_VALUES", "Vectors", "read_vectors"]

LONGEST = 4096  # bytes of a word in a binary file: more is not a word, so not such a file
MOST_VALUES = 10_000
"""Values of a vector, at most."""


class Vectors(NamedTuple):
    """Words and their vectors.

    Attributes:
        words: The words, in the order of the file.
        matrix: Their vectors, ``(N, E)`` float32.
    """

    words: list[str]
    matrix: NDArray[np.float32]


def read_vectors(path: Path, wanted: Callable[[int, str], bool] | None = None) -> Vectors:
    """Read the vectors of some words.

    Args:
        path: The file.
        wanted: Says of a word's place in the file and of the word whether it is kept;
            ``None`` keeps all.

    Raises:
        DataError: If it is no such file, or a line has another number of values; with the line.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "glove.txt"
        >>> _ = path.write_text("the 0.5 -1\\ncat 2 3\\n")
        >>> read_vectors(path, lambda place, word: word == "cat")
        Vectors(words=['cat'], matrix=array([[2., 3.]], dtype=float32))
    """
    words: list[str] = []
    rows: list[NDArray[np.float32]] = []
    size: int | None = None
    reader = Bytes(path)
    first = reader.until(b"\n")
    header = sizes(first)
    if header and is_binary(reader, header[1]):
        found = binary_words(reader, *header)
    else:
        found = text_words(reader, None if header else first, header[1] if header else None)
    for place, (word, values) in enumerate(found):
        if wanted is not None and not wanted(place, word):
            continue
        vector = values()
        size = len(vector) if size is None else size
        words.append(word)
        rows.append(vector)
    if size is None:
        if reader.position == 0:
            raise DataError(f"{path} is empty. Give a file of word vectors")
        return Vectors([], np.empty((0, 0), np.float32))
    return Vectors(words, np.stack(rows))


class Bytes:
    """A file's bytes, taken piece by piece."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.position = 0
        self._chunks = read_bytes(path)
        self._held = bytearray()
        self._from = 0

    def _more(self) -> bool:
        chunk = next(self._chunks, b"")
        self._held = self._held[self._from :] + chunk
        self._from = 0
        return bool(chunk)

    def peek(self, size: int) -> bytes:
        """Return the next bytes and leave them there; fewer at the end of the file."""
        while len(self._held) - self._from < size and self._more():
            pass
        return bytes(self._held[self._from : self._from + size])

    def take(self, size: int) -> bytes:
        """Return the next bytes; fewer at the end of the file."""
        taken = self.peek(size)
        self._from += len(taken)
        self.position += len(taken)
        return taken

    def until(self, end: bytes, most: int | None = None) -> bytes:
        """Return the bytes up to a mark, which is passed over; all that is left without one."""
        searched = self._from
        while (at := self._held.find(end, searched)) < 0:
            have = len(self._held) - self._from
            if (most is not None and have > most) or not self._more():
                return self.take(have if most is None else min(have, most))
            searched = max(0, have - len(end))
        taken = bytes(self._held[self._from : at])
        self._from = at + len(end)
        self.position += len(taken) + len(end)
        return taken


def sizes(line: bytes) -> tuple[int, int] | None:
    """Return the number of words and values if a line says them alone."""
    fields = line.split()
    if len(fields) != 2 or not all(field.isdigit() and len(field) < 12 for field in fields):
        return None
    words, values = map(int, fields)
    return (words, values) if 0 < values <= MOST_VALUES else None


def is_binary(reader: Bytes, values: int) -> bool:
    """Return whether what follows the first line is binary: its first line is not numbers."""
    line = reader.peek(LONGEST + 32 * values).split(b"\n")[0]
    try:
        numbers = line.decode().split()[-values:]
        return len([float(number) for number in numbers]) != values
    except ValueError:  # also what is not UTF-8
        return True


Found = Iterator[tuple[str, Callable[[], NDArray[np.float32]]]]


def binary_words(reader: Bytes, words: int, values: int) -> Found:
    """Yield the words of a binary file, each with what reads its vector."""
    for place in range(words):
        start = reader.position
        word = reader.until(b" ", LONGEST).lstrip(b"\n")
        if len(word) >= LONGEST:
            raise DataError(f"{reader.path}, byte {start}: expected word {place + 1}, got no word")
        raw = reader.take(4 * values)
        if len(raw) < 4 * values:
            raise DataError(
                f"{reader.path} ends at byte {reader.position}, in word {place + 1} of {words}: "
                "it is cut off. Get it again"
            )
        yield word.decode(errors="replace"), partial(floats, raw)


def text_words(reader: Bytes, first: bytes | None, values: int | None) -> Found:
    """Yield the words of a text file, each with what reads its vector."""
    number = 0 if first is not None else 1
    line = first if first is not None else reader.until(b"\n")
    while line or reader.peek(1):
        number += 1
        if line.strip():
            where = f"{reader.path}, line {number}"
            line = line.rstrip()
            if values is None:
                values = line.count(b" ")
                if values == 0:
                    raise DataError(
                        f"{where}: expected a word and its numbers between spaces, got "
                        f"{line[:60]!r}. Is it a file of word vectors?"
                    )
            spaces = line.count(b" ")
            if spaces < values:
                raise DataError(
                    f"{where}: {spaces} values, the lines before have {values}. "
                    "Is the file cut off?"
                )
            if spaces == values:
                name, numbers = line.split(b" ", 1)
            else:  # a word may hold spaces: ". . ."
                name = line.rsplit(b" ", values)[0]
                numbers = line[len(name) + 1 :]
            word = name.decode(errors="replace")
            yield word, partial(parsed, numbers, values, where)
        line = reader.until(b"\n")


def floats(raw: bytes) -> NDArray[np.float32]:
    """Return numbers from their bytes."""
    return np.frombuffer(raw, "<f4").astype(np.float32)


def parsed(numbers: bytes, values: int, where: str) -> NDArray[np.float32]:
    """Return numbers from their texts."""
    try:
        vector = np.array([float(number) for number in numbers.split()], np.float32)
    except ValueError:
        vector = np.empty(0, np.float32)
    if len(vector) != values:
        raise DataError(f"{where}: expected {values} numbers after the word")
    return vector
