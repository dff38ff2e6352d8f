"""Bytes as tokens: the 256 bytes of UTF-8, nothing to learn and nothing unknown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from elman.data.config import TokenizerConfig
from elman.data.tokenizer.base import Ids, StreamDecoder, Utf8Stream, check_ids, lower, utf8

__all__ = ["ByteTokenizer"]


class ByteTokenizer:
    """One token for each byte of the text in UTF-8, whatever encoding its file had.

    ``decode(encode(text)) == text`` for every text without lone surrogates. Ids that are not
    valid UTF-8 decode to U+FFFD, as Python's ``errors="replace"``.

    Example:
        >>> ByteTokenizer().encode("né")
        array([110, 195, 169], dtype=uint8)
    """

    name = "byte"
    vocab_size = 256
    unk_id: int | None = None

    def __init__(self, lowercase: bool = False) -> None:
        self.lowercase = lowercase

    @classmethod
    def train(cls, texts: Iterable[str], config: TokenizerConfig) -> ByteTokenizer:
        """Return the tokenizer; ``texts`` are not read, as there is nothing to learn."""
        return cls(config.lowercase)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> ByteTokenizer:
        """Build from what `to_json` wrote."""
        return cls(bool(content["lowercase"]))

    def to_json(self) -> str:
        """Return the tokenizer as JSON."""
        return json.dumps({"format": 1, "name": self.name, "lowercase": self.lowercase})

    def encode(self, text: str) -> Ids:
        """Return the bytes ``(N,)`` of ``text``."""
        return np.frombuffer(utf8(lower(text) if self.lowercase else text), np.uint8)

    def encode_chunks(self, texts: Iterable[str]) -> Iterator[Ids]:
        """Return the bytes of each chunk."""
        return map(self.encode, texts)

    def decode(self, ids: ArrayLike) -> str:
        """Return the text of ``ids``."""
        return check_ids(ids, 256).astype(np.uint8).tobytes().decode("utf-8", "replace")

    def stream(self) -> StreamDecoder:
        """Return a decoder that waits for whole characters."""
        return Utf8Stream([bytes([value]) for value in range(256)])

    def token(self, token_id: int) -> str:
        r"""Return the ASCII character, or ``\xNN`` for the others."""
        check_ids(token_id, 256)
        return chr(token_id) if token_id < 128 else f"\\x{token_id:02x}"
