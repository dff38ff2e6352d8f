"""How text becomes tokens, and which part of it is held out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AfterValidator, Field, model_validator

from elman._config import Config

__all__ = ["SplitConfig", "TextConfig", "TokenizerConfig", "split_means_words"]


class TokenizerConfig(Config):
    """How text is cut into tokens.

    Example:
        >>> TokenizerConfig(tokenizer="word", vocab_size=10_000).vocab_size
        10000
    """

    tokenizer: Literal["char", "byte", "word", "bpe"] = "char"
    """What one token is: a character, a byte, a word, or a learned piece of a word."""
    vocab_size: int | None = Field(default=None, ge=2)
    """Most tokens that are kept, the frequent ones: by default every character, 50 000 words
    or 4096 pieces (bpe: at least 256)."""
    min_count: int = Field(default=1, ge=1)
    """Characters and words seen less often in the training part become <unk>; bpe: pairs seen
    less often are not merged."""
    lowercase: bool = False
    """Make all text lower case first."""
    word_split: Literal["words", "plain", "spaces"] = "words"
    """For words: "words" cuts off punctuation and keeps spaces, so that text comes back as it was;
    "plain" drops the spaces, so that a word is the same token everywhere; "spaces" cuts at white
    space alone and counts each line's end, as published perplexities do."""

    @model_validator(mode="after")
    def _options_have_an_effect(self) -> Self:
        if self.tokenizer == "byte" and (self.vocab_size is not None or self.min_count > 1):
            raise ValueError("the byte tokenizer has 256 tokens: remove vocab_size and min_count")
        if self.tokenizer == "bpe" and self.vocab_size is not None and self.vocab_size < 256:
            raise ValueError("bpe needs vocab_size >= 256: it starts from all bytes")
        default = type(self).model_fields["word_split"].default
        if self.tokenizer != "word" and self.word_split != default:
            raise ValueError(f"word_split has no effect on the {self.tokenizer} tokenizer")
        return self


def split_means_words(values: Any) -> Any:
    """Return what was given with ``tokenizer = "word"`` if only a split of words was given."""
    if isinstance(values, Mapping) and values.get("word_split") and "tokenizer" not in values:
        return {**values, "tokenizer": "word"}
    return values


def known_encoding(name: str) -> str:
    """Return an encoding's name if Python knows it."""
    try:
        "a".encode(name)  # an empty text would not even look the name up
    except (LookupError, ValueError):
        raise ValueError("not a text encoding Python knows; try utf-8, latin-1 or utf-16") from None
    return name


Encoding = Annotated[str, AfterValidator(known_encoding)]


class TextConfig(TokenizerConfig):
    """How one long text is read, cut into tokens and split.

    Example:
        >>> TextConfig(tokenizer="word", test_fraction=0.05).held_out()
        (0.1, 0.05)
    """

    encoding: Encoding = "utf-8"
    """The encoding of the files: utf-8, latin-1, utf-16, ..."""
    valid_fraction: float = Field(default=0.1, ge=0, lt=1)
    """Part of the text held out for validation, after the training part; not used with `valid`."""
    test_fraction: float = Field(default=0.0, ge=0, lt=1)
    """Part of the text held out for the last test, at its end; not used with `test`."""
    valid: str | None = None
    """A file to validate on, instead of a part of the text."""
    test: str | None = None
    """A file for the last test, instead of a part of the text."""

    @model_validator(mode="after")
    def _leaves_something(self) -> Self:
        return leaves_something(self)

    def held_out(self) -> tuple[float, float]:
        """Return the fractions of the main text for validation and test; 0 where a file serves."""
        return held_out(self)


class SplitConfig(Config):
    """How a file of examples is read and split: rows drawn at random, the same for a seed.

    Example:
        >>> SplitConfig(test="test.tsv").held_out()
        (0.1, 0.0)
    """

    encoding: Encoding = "utf-8"
    """The encoding of the files: utf-8, latin-1, utf-16, ..."""
    valid_fraction: float = Field(default=0.1, ge=0, lt=1)
    """Part of the examples held out for validation; not used with `valid`."""
    test_fraction: float = Field(default=0.1, ge=0, lt=1)
    """Part of the examples held out for the last test; not used with `test`."""
    valid: str | None = None
    """A file to validate on, instead of a part of the examples."""
    test: str | None = None
    """A file for the last test, instead of a part of the examples."""
    split_seed: int = Field(default=0, ge=0, lt=2**63)
    """Draws which examples are held out."""

    @model_validator(mode="after")
    def _leaves_something(self) -> Self:
        return leaves_something(self)

    def held_out(self) -> tuple[float, float]:
        """Return the fractions for validation and test; 0 where a file serves."""
        return held_out(self)


Split = TypeVar("Split", bound=TextConfig | SplitConfig)


def held_out(config: TextConfig | SplitConfig) -> tuple[float, float]:
    """Return the fractions for validation and test; 0 where a file serves."""
    return (
        config.valid_fraction if config.valid is None else 0.0,
        config.test_fraction if config.test is None else 0.0,
    )


def leaves_something(config: Split) -> Split:
    """Return the configuration if what it holds out leaves something to train on."""
    if sum(held_out(config)) >= 1:
        raise ValueError("valid_fraction + test_fraction must leave data to train on (< 1)")
    return config
