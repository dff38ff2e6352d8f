"""Tokenizers: text to ids and back. Start with `base.py`, then `character.py`."""

from __future__ import annotations

import json
from collections.abc import Iterable

from elman._errors import DataError
from elman._registry import Registry
from elman.data.config import TokenizerConfig
from elman.data.tokenizer.base import Ids, StreamDecoder, Tokenizer
from elman.data.tokenizer.bpe import BPETokenizer
from elman.data.tokenizer.byte import ByteTokenizer
from elman.data.tokenizer.character import CharTokenizer
from elman.data.tokenizer.word import WordTokenizer

__all__ = [
    "TOKENIZERS",
    "BPETokenizer",
    "ByteTokenizer",
    "CharTokenizer",
    "Ids",
    "StreamDecoder",
    "Tokenizer",
    "WordTokenizer",
    "tokenizer_from_json",
    "train_tokenizer",
]

TOKENIZERS: Registry[type[Tokenizer]] = Registry("tokenizer")
TOKENIZERS.register("char", CharTokenizer)
TOKENIZERS.register("byte", ByteTokenizer)
TOKENIZERS.register("word", WordTokenizer)
TOKENIZERS.register("bpe", BPETokenizer)


def train_tokenizer(texts: Iterable[str], config: TokenizerConfig) -> Tokenizer:
    """Learn the tokenizer that ``config`` names from the chunks of one text."""
    return TOKENIZERS[config.tokenizer].train(texts, config)


def tokenizer_from_json(text: str) -> Tokenizer:
    """Build a tokenizer from what its ``to_json`` wrote.

    Raises:
        DataError: If ``text`` is not such JSON. Nothing in it is executed or trusted.
        UnknownName: If it names a tokenizer that is not there.

    Example:
        >>> tokenizer_from_json(CharTokenizer("ab").to_json()).vocab_size
        3
    """
    try:
        content = json.loads(text)
        name, version = content["name"], content["format"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(f"not a tokenizer of elman: {describe(error)}") from None
    if version != 1:
        raise DataError(f"tokenizer format {version!r} is not 1: another version of elman wrote it")
    if not isinstance(name, str):
        raise DataError(f"the tokenizer's name must be a string, got {name!r}")
    kind = TOKENIZERS[name]
    try:
        return kind.from_dict(content)
    except DataError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"damaged {name} tokenizer: {describe(error)}") from None


def describe(error: Exception) -> str:
    """Say what is wrong; a `KeyError` alone is only the key."""
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)
