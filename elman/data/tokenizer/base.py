"""What every tokenizer does, and the small tools they share."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from elman._errors import DataError
from elman.data.config import TokenizerConfig

__all__ = [
    "Ids",
    "PlainStream",
    "StreamDecoder",
    "Tokenizer",
    "Utf8Stream",
    "check_ids",
    "ids_dtype",
    "lower",
    "utf8",
]

Ids = NDArray[np.unsignedinteger[Any]]


class StreamDecoder(Protocol):
    """Turns tokens into text as they come; what it has returned is never taken back."""

    def push(self, token_id: int) -> str:
        """Return the text that this token completes, which may be empty."""
        ...

    def finish(self) -> str:
        """Return what is held back; an unfinished character becomes U+FFFD."""
        ...


class Tokenizer(Protocol):
    """Text to ids and back.

    The ids of a text do not depend on the chunks it comes in, and the texts that ``stream()``
    gives, joined, are ``decode`` of all ids.
    """

    name: str
    vocab_size: int
    unk_id: int | None

    @classmethod
    def train(cls, texts: Iterable[str], config: TokenizerConfig) -> Tokenizer:
        """Learn the vocabulary from the chunks of one text, in bounded memory."""
        ...

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Tokenizer:
        """Build the tokenizer from what ``to_json`` wrote; the content is not trusted."""
        ...

    def to_json(self) -> str:
        """Return the whole tokenizer as JSON."""
        ...

    def encode(self, text: str) -> Ids:
        """Return the ids of ``text`` in the smallest unsigned dtype."""
        ...

    def encode_chunks(self, texts: Iterable[str]) -> Iterator[Ids]:
        """Return the ids of one text that comes in chunks, in bounded memory."""
        ...

    def decode(self, ids: ArrayLike) -> str:
        """Return the text of ``ids``."""
        ...

    def stream(self) -> StreamDecoder:
        """Return a decoder for one text that grows token by token."""
        ...

    def token(self, token_id: int) -> str:
        """Return one token as it is shown to people."""
        ...


def ids_dtype(vocab_size: int) -> np.dtype[np.unsignedinteger[Any]]:
    """Return the smallest unsigned dtype that holds every id.

    Example:
        >>> ids_dtype(256), ids_dtype(257)
        (dtype('uint8'), dtype('uint16'))
    """
    return np.min_scalar_type(vocab_size - 1)


def check_ids(ids: ArrayLike, vocab_size: int) -> NDArray[np.int64]:
    """Return ``ids (N,)`` as int64, every one in the vocabulary.

    Raises:
        DataError: Naming the first id that is not.
    """
    array = np.atleast_1d(np.asarray(ids)).astype(np.int64)
    wrong = (array < 0) | (array >= vocab_size)
    if wrong.any():
        raise DataError(
            f"token {array[wrong][0]} is not in the vocabulary of {vocab_size} tokens; "
            "use the tokenizer that made these tokens"
        )
    return array


def lower(text: str) -> str:
    """Return ``text`` in lower case, each character by itself.

    ``str.lower`` looks at the neighbours of one letter, the capital sigma, and so would depend on
    where a chunk ends.
    """
    return text.replace("Σ", "σ").lower()


def utf8(text: str) -> bytes:
    """Return ``text`` as UTF-8; a lone surrogate, which is no character, becomes U+FFFD."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


class PlainStream:
    """A stream decoder where every token is whole text by itself."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer

    def push(self, token_id: int) -> str:
        """Return the token's text."""
        return self._tokenizer.decode([token_id])

    def finish(self) -> str:
        """Return nothing: nothing is held back."""
        return ""


class Utf8Stream:
    """A stream decoder for tokens that are bytes: waits until a character is complete."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def push(self, token_id: int) -> str:
        """Return the characters that this token completes."""
        check_ids(token_id, len(self._pieces))
        return self._decoder.decode(self._pieces[token_id])

    def finish(self) -> str:
        """Return U+FFFD if the text stops inside a character."""
        return self._decoder.decode(b"", final=True)
