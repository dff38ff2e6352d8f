"""Standard input as lines: whether a person sits there, and one error where it is no text."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from elman._errors import DataError

__all__ = ["is_person", "stdin_lines"]


def is_person() -> bool:
    """Say whether standard input is a terminal."""
    return sys.stdin is not None and sys.stdin.isatty()


def stdin_lines() -> Iterator[str]:
    """Yield the lines of standard input as they come, without their ends.

    Raises:
        DataError: If it is closed, or not text.
    """
    if sys.stdin is None:
        raise DataError("standard input is closed: there is nothing to read")
    number = 0
    try:
        for number, line in enumerate(sys.stdin, 1):  # noqa: B007 (of the error)
            yield line.rstrip("\n")
    except UnicodeDecodeError as error:
        raise DataError(
            f"standard input is not {error.encoding} after line {number} or so. Convert it: "
            "iconv -f latin1 -t utf-8"
        ) from None
