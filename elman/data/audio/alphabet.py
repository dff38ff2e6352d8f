"""The letters that a transcriber writes, and their numbers. 0 is the blank of CTC, no letter."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from elman._errors import DataError, RunError

__all__ = ["Alphabet", "normal_text", "strangers"]


class Alphabet:
    """Letters by number, from 1.

    Args:
        letters: Single characters, each once.

    Raises:
        DataError: If there is none, or one stands there twice.

    Example:
        >>> alphabet = Alphabet(" abc")
        >>> alphabet.encode("cab"), alphabet.decode([4, 2, 3])
        ([4, 2, 3], 'cab')
    """

    def __init__(self, letters: Iterable[str]) -> None:
        self.letters = tuple(letters)
        self._numbers = {letter: k for k, letter in enumerate(self.letters, 1)}
        if not self.letters or any(len(letter) != 1 for letter in self.letters):
            raise DataError("an alphabet needs at least one letter, each a single character")
        if len(self._numbers) < len(self.letters):
            raise DataError("an alphabet has a letter twice")

    @classmethod
    def learn(cls, texts: Iterable[str]) -> Alphabet:
        """Return the letters of some texts, sorted."""
        return cls(sorted({letter for text in texts for letter in text}))

    def __len__(self) -> int:
        return len(self.letters)

    def encode(self, text: str) -> list[int]:
        """Return the numbers of a text's letters.

        Raises:
            DataError: Naming the letters that are not there.
        """
        try:
            return [self._numbers[letter] for letter in text]
        except KeyError:
            found = named(sorted(set(text) - set(self.letters)))
            raise DataError(
                f"{text!r} has {found}, which is not in the alphabet: {''.join(self.letters)!r}"
            ) from None

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of some numbers."""
        return "".join(self.letters[k - 1] for k in ids)

    def number(self, letter: str) -> int | None:
        """Return the number of a letter, or None."""
        return self._numbers.get(letter)

    def to_json(self) -> str:
        """Return the letters as JSON."""
        return json.dumps({"letters": list(self.letters)}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Alphabet:
        """Return what `to_json` wrote; the content is not trusted.

        Raises:
            RunError: If it is something else.
        """
        try:
            content: Any = json.loads(text)
            letters = content["letters"]
            if not isinstance(letters, list) or not all(isinstance(one, str) for one in letters):
                raise TypeError("'letters' must be a list of single characters")
            return cls(letters)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise RunError(f"the alphabet is damaged: {error}. Restore it from a copy") from None


def normal_text(text: str, *, lowercase: bool) -> str:
    r"""Return a transcript as it is learned: composed characters, single spaces.

    Example:
        >>> normal_text("  Two\twords ", lowercase=True)
        'two words'
    """
    text = unicodedata.normalize("NFC", text)
    return " ".join((text.lower() if lowercase else text).split())


def strangers(texts: Iterable[tuple[str, str]], alphabet: Alphabet, advice: str) -> None:
    """Refuse texts with letters that the alphabet does not have.

    Args:
        texts: Where each stands, and the text.
        alphabet: What is known.
        advice: What to do about it.

    Raises:
        DataError: Naming the letters, the first places, and how many there are.
    """
    known, found, places = set(alphabet.letters), set[str](), list[str]()
    for place, text in texts:
        if new := set(text) - known:
            found |= new
            places.append(f"{place}: {text if len(text) <= 60 else text[:57] + '...'}")
    if not found:
        return
    more = [f"... and {len(places) - 5} more"] if len(places) > 5 else []
    raise DataError(
        "\n  ".join(
            [
                f"{len(places):,} transcripts have letters outside the alphabet "
                f"{''.join(alphabet.letters)!r}: {named(sorted(found))}. {advice}",
                *places[:5],
                *more,
            ]
        )
    )


def named(letters: Sequence[str], most: int = 20) -> str:
    """Return letters for a message; what cannot be seen by its code.

    Example:
        >>> named(["é", chr(7)])
        "'é', U+0007"
    """
    shown = [repr(c) if c.isprintable() else f"U+{ord(c):04X}" for c in letters[:most]]
    return ", ".join([*shown, *(["..."] if len(letters) > most else [])])
