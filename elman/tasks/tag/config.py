"""What tagging is configured by. No torch here: the command reads this to print its help."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from elman._config import Config
from elman.data.dna.config import RegionsConfig
from elman.data.signal.config import SignalConfig
from elman.data.tagged_config import TaggedConfig
from elman.models.tagger_config import TaggerConfig
from elman.train.config import ExampleTrainConfig

__all__ = ["TABLES", "WORDS_ALONE", "TagPredict", "TagTask"]

TABLES = {"text": "text", "dna": "dna", "signal": "signal"}
"""Tables of the configuration that only one kind of data knows."""
WORDS_ALONE = (
    *("word_size", "word_dropout", "freeze_vectors", "characters", "character_size"),
    *("character_units", "character_width", "constrain"),
)
"""Keys of the model that mean something for the words of sentences alone."""


class TagTask(Config):
    """Train a network that gives each step of a sequence a tag: words, bases of DNA, rows."""

    task: Literal["tag"] = "tag"
    """The task's name in the registry."""
    data: str = "roles"
    """A file of sentences with tags: columns (CoNLL), CoNLL-U, JSON Lines or CSV, also gzipped; or
    a set by its name (`elman data list`)."""
    input: Literal["auto", "text", "dna", "signal"] = "auto"
    """What kind of data it is; auto: told by the names of the files."""
    text: TaggedConfig | None = None
    """Of sentences: where words and tags stand, and which part is held out."""
    dna: RegionsConfig | None = None
    """Of DNA: where regions stand, how sequences are cut and split, what the network sees."""
    signal: SignalConfig | None = None
    """Of recordings of numbers: how they are read, split, scaled and shown to the network."""
    model: TaggerConfig = Field(default_factory=TaggerConfig)
    """The network."""
    train: ExampleTrainConfig = Field(default_factory=ExampleTrainConfig)
    """The training."""

    @model_validator(mode="after")
    def _vectors_are_there(self) -> Self:
        if self.model.freeze_vectors and (self.text is None or self.text.vectors is None):
            raise ValueError("model.freeze_vectors has no effect without text.vectors")
        return self


class TagPredict(Config):
    """How sentences are read, and how what is found is written."""

    input: Literal["text", "words", "conll", "conllu", "jsonl", "csv"] = "text"
    """What the lines are: `text`, a sentence each; `words`, the same with spaces between words;
    or lines of a file whose tokens stand where they stood in the training's."""
    format: Literal["text", "conll", "json", "bed", "bedgraph", "csv"] = "text"
    """`text` to read, in colour on a terminal; `conll`: word and tag in columns; `json`: an object
    a line with spans and confidences. Of DNA: `bed` (as is `text`), a region a line; or
    `bedgraph`, the probability of one tag along each sequence. Of recordings: `text`, a line for
    each episode; `csv`, a line for each row."""
    track: str | None = None
    """Of DNA, for `bedgraph`: the tag whose probability is written. Unset: the one there is beside
    the background."""
    chunk: int = Field(default=1024, ge=1)
    """Sentences that are read before the first is answered; 1 answers each at once."""
    stream: bool = False
    """Of recordings: tag each row as soon as it arrives; for a network that reads in one
    direction."""

    @model_validator(mode="after")
    def _a_track_is_written(self) -> Self:
        if self.track is not None and self.format != "bedgraph":
            raise ValueError("track has no effect unless format = 'bedgraph'")
        return self
