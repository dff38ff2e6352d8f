"""How pairs of sequences are read, split and cut into tokens."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from elman.data.config import SplitConfig, TokenizerConfig, split_means_words

__all__ = ["PairsConfig", "SequenceConfig"]


class SequenceConfig(TokenizerConfig):
    """How one side of the pairs is cut into tokens.

    Example:
        >>> SequenceConfig(word_split="spaces").tokenizer
        'word'
    """

    tokenizer: Literal["char", "byte", "word", "bpe"] | None = None  # type: ignore[assignment]
    """What one token is: a character, a byte, a word, or a learned piece of a word (best for
    languages). Unset: a word, or a character where most texts are a single word."""

    @model_validator(mode="before")
    @classmethod
    def _a_split_of_words_means_words(cls, values: Any) -> Any:
        return split_means_words(values)


class PairsConfig(SplitConfig):
    """How a file of pairs, or two parallel files, are read and split.

    Example:
        >>> PairsConfig(valid="val.de", valid_target="val.en").held_out()
        (0.0, 0.1)
    """

    valid_target: str | None = None
    """The target side of `valid`, line by line, where the sides are in two files."""
    test_target: str | None = None
    """The target side of `test`, line by line, where the sides are in two files."""
    source_column: str | None = None
    """In a table: a number from 1, or a name in its first line (default 1); in JSON lines: the
    key (default source)."""
    target_column: str | None = None
    """The same for the target (defaults 2 and target)."""
    turns: int = Field(default=1, ge=1)
    """Of conversations in JSON lines, `{"turns": [...]}`: how many turns, joined by line ends, a
    reply is an answer to."""
    shared_vocabulary: bool = False
    """Learn one vocabulary from both sides and use it for both."""
    max_length: int = Field(default=256, ge=1)
    """Pairs with a side of more tokens are not trained on; they are counted. There is no limit
    when a trained model is used."""

    @model_validator(mode="after")
    def _targets_have_sources(self) -> Self:
        for part in ("valid", "test"):
            if getattr(self, f"{part}_target") is not None and getattr(self, part) is None:
                raise ValueError(f"{part}_target needs the source side as well: give {part}")
        return self
