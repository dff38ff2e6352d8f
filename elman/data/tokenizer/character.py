"""Characters as tokens: one id for each code point seen in training."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from elman._errors import DataError
from elman.data.config import TokenizerConfig
from elman.data.tokenizer.base import Ids, PlainStream, StreamDecoder, check_ids, ids_dtype, lower

__all__ = ["CharTokenizer"]

CODE_POINTS = 0x110000
REPLACEMENT = 0xFFFD


class CharTokenizer:
    """One token for each character; id 0 is ``<unk>``, the rest go by code point.

    ``decode(encode(text)) == text`` when every character is known; an unknown one comes back as
    U+FFFD. Line ends are characters like any other.

    Args:
        characters: The known characters, each once.
        lowercase: Make text lower case first.

    Example:
        >>> tokenizer = CharTokenizer("abn")
        >>> tokenizer.encode("banana")
        array([2, 1, 3, 1, 3, 1], dtype=uint8)
        >>> tokenizer.decode(tokenizer.encode("band"))
        'ban�'
    """

    name = "char"
    unk_id: int | None = 0

    def __init__(self, characters: str, lowercase: bool = False) -> None:
        codes = np.unique(code_points(characters))
        if len(codes) != len(characters):
            raise DataError("the vocabulary of a char tokenizer names a character twice")
        self.lowercase = lowercase
        self.vocab_size = len(codes) + 1
        self._symbols = np.concatenate([[REPLACEMENT], codes]).astype("<u4")
        # One entry for each code point there is: encoding is a single lookup.
        self._table = np.zeros(CODE_POINTS, ids_dtype(self.vocab_size))
        self._table[codes] = np.arange(1, self.vocab_size)

    @classmethod
    def train(cls, texts: Iterable[str], config: TokenizerConfig) -> CharTokenizer:
        """Take the characters of a text that are frequent enough."""
        counts = np.zeros(CODE_POINTS, np.int64)
        for text in texts:
            seen = np.bincount(code_points(lower(text) if config.lowercase else text))
            counts[: len(seen)] += seen
        kept = np.flatnonzero(counts >= config.min_count)
        if config.vocab_size is not None:
            by_count = np.argsort(-counts[kept], kind="stable")
            kept = kept[by_count[: config.vocab_size - 1]]
        return cls(characters(kept.astype("<u4")), config.lowercase)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> CharTokenizer:
        """Build from what `to_json` wrote."""
        return cls(content["characters"], bool(content["lowercase"]))

    def to_json(self) -> str:
        """Return the tokenizer as JSON."""
        known = characters(self._symbols[1:])
        return json.dumps(
            {"format": 1, "name": self.name, "lowercase": self.lowercase, "characters": known}
        )

    def encode(self, text: str) -> Ids:
        """Return the ids ``(N,)`` of ``text``."""
        return self._table[code_points(lower(text) if self.lowercase else text)]

    def encode_chunks(self, texts: Iterable[str]) -> Iterator[Ids]:
        """Return the ids of each chunk."""
        return map(self.encode, texts)

    def decode(self, ids: ArrayLike) -> str:
        """Return the text of ``ids``."""
        return characters(self._symbols[check_ids(ids, self.vocab_size)])

    def stream(self) -> StreamDecoder:
        """Return a decoder that gives one character for each token."""
        return PlainStream(self)

    def token(self, token_id: int) -> str:
        """Return the character, or ``<unk>``."""
        return "<unk>" if token_id == self.unk_id else self.decode([token_id])


def code_points(text: str) -> NDArray[np.uint32]:
    """Return the code points of ``text``, lone surrogates as they are."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


def characters(codes: NDArray[np.uint32]) -> str:
    """Return the text of code points."""
    return codes.tobytes().decode("utf-32-le", "surrogatepass")
