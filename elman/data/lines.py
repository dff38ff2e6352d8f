r"""The lines of a text, one at a time, whatever chunks the text comes in.

A line ends at ``\n`` or ``\r\n``. Other characters that Unicode calls ends (form feed, U+2028)
stay within their line: the numbers of lines are those that editors show.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from elman.data.text import read_text

__all__ = ["cut_lines", "read_lines"]


def read_lines(path: Path, encoding: str = "utf-8") -> Iterator[str]:
    r"""Yield the lines of a text file in constant memory; see `read_text` for what it refuses.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a.txt"
        >>> _ = path.write_text("one\n\ntwo")
        >>> list(read_lines(path))
        ['one', '', 'two']
    """
    return cut_lines(read_text(path, encoding))


def cut_lines(chunks: Iterable[str]) -> Iterator[str]:
    r"""Yield the lines of one text that comes in chunks, without their ends.

    Example:
        >>> list(cut_lines(["one\r", "\ntw", "o\n"]))
        ['one', 'two']
    """
    rest: list[str] = []  # of a line that goes on; joined once, so that a long line stays linear
    for chunk in chunks:
        first, *others = chunk.split("\n")
        rest.append(first)
        for line in others:
            yield "".join(rest).removesuffix("\r")
            rest = [line]
    if line := "".join(rest):
        yield line.removesuffix("\r")
