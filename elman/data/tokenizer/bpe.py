"""Pieces of words as tokens: byte-pair encoding over bytes, learned by the `tokenizers` library.

Only training and encoding need the library; decoding is a table of bytes. The JSON holds the
pieces and merges alone, and the library's object is built from them here: a crafted
``tokenizer.json`` cannot name other components.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from elman._errors import ConfigError, DataError
from elman.data.config import TokenizerConfig
from elman.data.tokenizer.base import (
    Ids,
    StreamDecoder,
    Utf8Stream,
    check_ids,
    ids_dtype,
    lower,
    utf8,
)

__all__ = ["BPETokenizer"]

VOCAB_SIZE = 4096
PIECE = 1 << 16  # most characters encoded as one sequence
SAMPLE = 1 << 25  # most characters the merges are learned from
LONGEST_TOKEN = 64


class BPETokenizer:
    """One token for each frequent sequence of bytes; all 256 bytes are tokens, so none is unknown.

    ``decode(encode(text)) == text`` for every text without lone surrogates. Text is first cut
    into words, numbers and marks as GPT-2 does; no token crosses these cuts.

    Args:
        pieces: The tokens in the library's byte alphabet, by id.
        merges: Pairs of pieces in the order they are merged.
        lowercase: Make text lower case first.

    Source:
        Sennrich, Haddow & Birch 2016, arXiv:1508.07909; over bytes: Radford et al. 2019.
    """

    name = "bpe"
    unk_id: int | None = None

    def __init__(
        self, pieces: list[str], merges: list[tuple[str, str]], lowercase: bool = False
    ) -> None:
        self.lowercase = lowercase
        self.vocab_size = len(pieces)
        self._pieces = pieces
        self._merges = merges
        to_byte = {symbol: value for value, symbol in byte_alphabet().items()}
        known = set(pieces)
        if len(known) != len(pieces) or not to_byte.keys() <= known:
            raise DataError("the vocabulary of a bpe tokenizer must hold all 256 bytes, each once")
        try:
            self._bytes = [bytes(to_byte[symbol] for symbol in piece) for piece in pieces]
        except KeyError as error:
            raise DataError(f"a piece of the bpe vocabulary holds {error}, not a byte") from None
        if not all({left, right, left + right} <= known for left, right in merges):
            raise DataError("a merge of the bpe tokenizer names a piece that is not there")
        self._dtype = ids_dtype(self.vocab_size)

    @classmethod
    def train(cls, texts: Iterable[str], config: TokenizerConfig) -> BPETokenizer:
        """Learn the merges from at most 32 M characters, taken evenly from the whole text."""
        tokenizers = library()
        sample = spread(pieces_of(lowered(texts, config.lowercase)), SAMPLE)
        with no_panic("train the bpe tokenizer"):
            engine = tokenizers.Tokenizer(tokenizers.models.BPE())
            engine.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
            trainer = tokenizers.trainers.BpeTrainer(
                vocab_size=config.vocab_size or VOCAB_SIZE,
                min_frequency=config.min_count,
                initial_alphabet=sorted(byte_alphabet().values()),
                max_token_length=LONGEST_TOKEN,
                show_progress=False,
            )
            engine.train_from_iterator((learnable(text) for text in sample), trainer)
            model = json.loads(engine.to_str())["model"]
        pieces = sorted(model["vocab"], key=model["vocab"].__getitem__)
        return cls(pieces, [(left, right) for left, right in model["merges"]], config.lowercase)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> BPETokenizer:
        """Build from what `to_json` wrote."""
        pieces, merges = content["pieces"], content["merges"]
        if not isinstance(pieces, list) or not all(isinstance(piece, str) for piece in pieces):
            raise DataError("'pieces' must be a list of strings")
        pairs = [(left, right) for left, right in merges]
        if not all(isinstance(part, str) for pair in pairs for part in pair):
            raise DataError("'merges' must be a list of pairs of strings")
        return cls(pieces, pairs, bool(content["lowercase"]))

    def to_json(self) -> str:
        """Return the tokenizer as JSON."""
        content = {
            "format": 1,
            "name": self.name,
            "lowercase": self.lowercase,
            "pieces": self._pieces,
            "merges": self._merges,
        }
        return json.dumps(content)

    def encode(self, text: str) -> Ids:
        """Return the ids ``(N,)`` of ``text``."""
        return np.concatenate([np.empty(0, self._dtype), *self.encode_chunks([text])])

    def encode_chunks(self, texts: Iterable[str]) -> Iterator[Ids]:
        """Return the ids of one text that comes in chunks.

        The text is cut before white space, where no token crosses; a run of 65 536 characters
        without any is cut there, which may split a token.
        """
        pieces = pieces_of(lowered(texts, self.lowercase))
        while batch := [utf8(piece).decode() for piece in itertools.islice(pieces, 16)]:
            with no_panic("encode with the bpe tokenizer"):
                encoded = self._engine.encode_batch_fast(batch, add_special_tokens=False)
            yield np.concatenate([np.array(one.ids, self._dtype) for one in encoded])

    @functools.cached_property
    def _engine(self) -> Any:
        tokenizers = library()
        with no_panic("build the bpe tokenizer"):
            vocabulary = {piece: i for i, piece in enumerate(self._pieces)}
            engine = tokenizers.Tokenizer(tokenizers.models.BPE(vocabulary, self._merges))
            engine.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
            return engine

    def decode(self, ids: ArrayLike) -> str:
        """Return the text of ``ids``."""
        known = check_ids(ids, self.vocab_size)
        return b"".join(self._bytes[i] for i in known).decode("utf-8", "replace")

    def stream(self) -> StreamDecoder:
        """Return a decoder that waits for whole characters."""
        return Utf8Stream(self._bytes)

    def token(self, token_id: int) -> str:
        r"""Return the piece; bytes that are no whole character are ``\xNN``."""
        check_ids(token_id, self.vocab_size)
        return self._bytes[token_id].decode("utf-8", "backslashreplace")


def library() -> Any:
    """Return the `tokenizers` package.

    Raises:
        ConfigError: If it is not installed.
    """
    try:
        import tokenizers
    except ImportError:
        raise ConfigError(
            "the bpe tokenizer needs the package 'tokenizers'. Install it: "
            "pip install 'elman[text]', or choose --text.tokenizer char, byte or word"
        ) from None
    return tokenizers


@contextlib.contextmanager
def no_panic(action: str) -> Iterator[None]:
    """Turn the library's errors, and the panics of its Rust code, into `DataError`.

    A panic is a `BaseException` whose class cannot be imported, so it is known by its name.
    """
    try:
        yield
    except (ConfigError, DataError):
        raise
    except BaseException as error:
        plain = type(error) is Exception  # how the library raises its own errors
        if plain or type(error).__name__ == "PanicException":
            raise DataError(f"cannot {action}: {error}") from error
        raise


@functools.cache
def byte_alphabet() -> dict[int, str]:
    """Return the printable character that stands for each byte in byte-level BPE vocabularies.

    Printable Latin-1 bytes stand for themselves, the others are shifted above U+0100 in order.
    """
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [value for value in range(256) if value not in printable]
    shifted = {value: chr(256 + i) for i, value in enumerate(others)}
    return {value: chr(value) for value in printable} | shifted


def lowered(texts: Iterable[str], lowercase: bool) -> Iterator[str]:
    """Return the chunks, in lower case if asked."""
    return map(lower, texts) if lowercase else iter(texts)


def pieces_of(texts: Iterable[str]) -> Iterator[str]:
    """Cut one text that comes in chunks into pieces of at most ``PIECE`` characters.

    A cut stands before white space that follows something else, the last one that fits: no
    token crosses it, and it does not depend on where the chunks end.
    """
    rest = ""
    for chunk in texts:
        rest += chunk
        start = 0
        while len(rest) - start > PIECE:
            end = last_cut(rest, start, start + PIECE)
            yield rest[start:end]
            start = end
        rest = rest[start:]
    if rest:
        yield rest


def learnable(piece: str) -> list[str]:
    """Return a piece to learn from, its runs without white space cut to 256 characters.

    Learning visits every word again at each merge, and a line without spaces is one huge word.
    """
    text = utf8(piece).decode()
    return re.findall(r"\s*\S{1,256}|\s+", text) if re.search(r"\S{257}", text) else [text]


def last_cut(text: str, start: int, end: int) -> int:
    """Return the last cut in ``text[start + 1 : end + 1]``, or ``end`` if there is none."""
    for reach in (256, 4096, end - start):
        low = max(start, end - reach)
        cuts = [match.end() for match in re.finditer(r"\S(?=\s)", text[low : end + 1])]
        if cuts:
            return low + cuts[-1]
    return end


def spread(pieces: Iterable[str], most: int) -> list[str]:
    """Return pieces of at most about ``most`` characters together, evenly from the whole.

    Keeps every ``stride``-th piece; when that is too much, every second of the kept is dropped
    and the stride doubles.
    """
    kept: list[str] = []
    held, stride = 0, 1
    for number, piece in enumerate(pieces):
        if number % stride:
            continue
        kept.append(piece)
        held += len(piece)
        if held > most:
            kept = kept[::2]
            held = sum(map(len, kept))
            stride *= 2
    return kept
