"""Words back into text: where a space goes between two of them, once the spaces are lost."""

from __future__ import annotations

import re
from typing import Protocol

__all__ = ["CJK", "Joiner", "PlainJoiner", "SpaceJoiner"]

CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Kana and Han characters, for a regular expression: text in them has no spaces."""

SPACELESS = re.compile(rf"[{CJK}\u3000-\u303f\uff01-\uff60]")
CLOSING = frozenset(".,;:!?)]}%…»”’'。、，！？；：）」』")
OPENING = frozenset("([{«“‘¿¡$£€#@（「『")


class Joiner(Protocol):
    """Gives text for words as they come."""

    def push(self, word: str) -> str:
        """Return the word, with a space before it if one belongs there."""
        ...


class SpaceJoiner:
    r"""One space between words, none beside the end of a line.

    Example:
        >>> joiner = SpaceJoiner()
        >>> "".join(map(joiner.push, ["a", "b", "\n", "c"]))
        'a b\nc'
    """

    def __init__(self) -> None:
        self._before = "\n"

    def push(self, word: str) -> str:
        """Return the word, with a space if it follows another."""
        before, self._before = self._before, word
        return word if "\n" in (before, word) else f" {word}"


class PlainJoiner:
    """Spaces as people write them: none before a comma or inside brackets and quotes.

    What was lost stays lost: ``a / b`` and ``a/b`` come back alike.

    Example:
        >>> joiner = PlainJoiner()
        >>> words = ["He", "said", '"', "no", '"', "(", "twice", ")", "."]
        >>> "".join(map(joiner.push, words))
        'He said "no" (twice).'
    """

    def __init__(self) -> None:
        self._before = "\n"
        self._glued = True  # whether what came last takes no space after it
        self._quoted = False

    def push(self, word: str) -> str:
        """Return the word, with a space if one belongs before it."""
        closes = word in CLOSING or word == "\n" or (word == '"' and self._quoted)
        spaceless = bool(SPACELESS.match(word) and SPACELESS.match(self._before))
        space = "" if self._glued or closes or spaceless else " "
        if word in ('"', "\n"):
            self._quoted = word == '"' and not self._quoted
        self._glued = word in OPENING or word == "\n" or (word == '"' and self._quoted)
        self._before = word
        return space + word
