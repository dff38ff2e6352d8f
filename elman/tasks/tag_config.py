"""What tagging is configured by: one file of TOML, the same keys as the flags."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from elman._config import Config
from elman.data.tagged_config import TaggedConfig
from elman.models.tagger_config import TaggerConfig
from elman.train.config import ExampleTrainConfig

__all__ = ["TagPredict", "TagTask"]


class TagTask(Config):
    """Train a network that gives each word of a sentence a tag: names, parts of speech."""

    task: Literal["tag"] = "tag"
    """The task's name in the registry."""
    data: str = "roles"
    """A file of sentences with tags: columns (CoNLL), CoNLL-U, JSON Lines or CSV, also gzipped; or
    a set by its name (`elman data list`)."""
    text: TaggedConfig = Field(default_factory=TaggedConfig)
    """Where words and tags stand, and which part is held out."""
    model: TaggerConfig = Field(default_factory=TaggerConfig)
    """The network."""
    train: ExampleTrainConfig = Field(default_factory=ExampleTrainConfig)
    """The training."""


class TagPredict(Config):
    """How sentences are read, and how what is found is written."""

    input: Literal["text", "words", "conll", "conllu", "jsonl", "csv"] = "text"
    """What the lines are: `text`, a sentence each; `words`, the same with spaces between words;
    or lines of a file whose tokens stand where they stood in the training's."""
    format: Literal["text", "conll", "json"] = "text"
    """`text` to read, in colour on a terminal; `conll`: word and tag in columns; `json`: an object
    a line with spans and confidences."""
    chunk: int = Field(default=1024, ge=1)
    """Sentences that are read before the first is answered; 1 answers each at once."""
