"""How a table of labelled texts is read, split and cut into tokens."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from elman._config import Config
from elman.data.config import SplitConfig, TokenizerConfig, split_means_words

__all__ = ["ColumnsConfig", "LabelledConfig"]


class ColumnsConfig(Config):
    """Where in a table the text and its label stand.

    Example:
        >>> ColumnsConfig(text=("title", "body"), label="topic").text
        ('title', 'body')
    """

    text: tuple[str, ...] = ()
    """Columns of the text, by name or by number from 1; several are joined by a space. Unset:
    a usual name such as text, sentence or review, or the other one of two columns."""
    label: str | None = None
    """Column of the label, by name or number. Unset: a usual name such as label, class or
    sentiment, or that of two columns which has fewer different values."""
    header: bool | None = None
    """Whether the first line names the columns. Unset: it does, unless something in it is also
    found below it."""
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    """The sign between columns. Unset: a tab in .tsv, else whichever of , ; | and tab fits."""
    quotes: bool | None = None
    """Whether quotes enclose fields. Unset: in .csv they do, in .tsv they are like any sign."""
    skip_empty: bool = False
    """Leave out rows without text or label, and count them, instead of refusing the file."""


class LabelledConfig(TokenizerConfig, SplitConfig):
    """How labelled texts become tokens, and which of them are held out.

    Example:
        >>> config = LabelledConfig(test="test.csv")
        >>> config.word_split, config.held_out()
        ('plain', (0.1, 0.0))
    """

    tokenizer: Literal["char", "byte", "word", "bpe"] | None = None  # type: ignore[assignment]
    """What one token is: a character, a byte, a word, or a learned piece of a word. Unset: a
    word, or a character where most texts are a single word."""
    word_split: Literal["words", "plain", "spaces"] = "plain"
    """For words: "plain" drops the spaces, so that a word is the same token everywhere; "words"
    joins a space to the word after it; "spaces" cuts at white space alone."""
    lowercase: bool = True
    """Make all text lower case first."""
    max_length: int | None = Field(default=None, ge=1)
    """Tokens of a text that are read; what is beyond is cut off, in training and prediction."""

    @model_validator(mode="before")
    @classmethod
    def _a_split_of_words_means_words(cls, values: Any) -> Any:
        return split_means_words(values)
