"""How sentences with tags are read: where the words and tags stand, and what is made of them."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from elman.data.config import SplitConfig

__all__ = ["TaggedConfig"]


class TaggedConfig(SplitConfig):
    """How files of sentences with a tag for each token are read.

    Example:
        >>> TaggedConfig(tag_column="upos").scheme
        'auto'
    """

    format: Literal["auto", "conll", "conllu", "jsonl", "csv"] = "auto"
    """What the files are. auto: .conllu, .jsonl and .csv by their names, all others columns."""
    token_column: int | str | None = None
    """Where the tokens stand: a column's number from 1 (from the end if negative) or name. Unset:
    the first; in CSV and JSONL what is called token(s) or word(s)."""
    tag_column: int | str | None = None
    """Where the tags stand. Unset: the last column; CoNLL-U: upos; in CSV and JSONL what is called
    tag(s), label(s) or ner."""
    sentence_column: int | str | None = None
    """CSV: what tells sentences apart; a new value begins a new one. Unset: a column whose name
    begins with sent, or else empty lines."""
    scheme: Literal["auto", "none", "bio", "iob1", "iobes"] = "auto"
    """How the tags write spans. none: every tag stands for itself; auto: found out."""
    learn: Literal["bio", "iobes"] = "iobes"
    """The scheme that the network learns spans in; what it finds is written as the file had it."""
    strict: bool = False
    """Refuse tags that break the scheme, such as I-PER after O. Otherwise such a tag begins a
    span, as for conlleval."""
    lowercase: bool = True
    """Look words up in lower case; their characters are seen as they are."""
    digits: bool = True
    """Look words up with 0 for every digit; their characters are seen as they are."""
    min_count: int = Field(default=1, ge=1)
    """Words seen less often in the training part are <unk>; so are characters."""
    vocab_size: int | None = Field(default=None, ge=1)
    """Most words that are kept, the frequent ones."""
    vectors: str | None = None
    """A file of pretrained word vectors: GloVe or word2vec, as text or binary, also gzipped."""
    vectors_limit: int = Field(default=200_000, ge=0)
    """Words of the vectors' file that are known beyond those of the training part: its first ones,
    which are the most frequent."""

    @model_validator(mode="after")
    def _options_fit(self) -> Self:
        if self.scheme == "none" and self.strict:
            raise ValueError("strict checks a scheme of spans, and scheme = 'none' has none")
        limit = type(self).model_fields["vectors_limit"].default
        if self.vectors is None and self.vectors_limit != limit:
            raise ValueError("vectors_limit has no effect without vectors")
        if self.sentence_column is not None and self.format not in ("auto", "csv"):
            raise ValueError(f"sentence_column is for CSV, and format = '{self.format}'")
        return self
