"""What `translate` is configured by. No torch here: the command reads this to print its help."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from elman._config import Config
from elman.data.pairs_config import PairsConfig, SequenceConfig
from elman.models.translator_config import TranslatorConfig
from elman.tasks.decoding_config import Decoding
from elman.train.config import ExampleTrainConfig

__all__ = [
    "TranslateEval",
    "TranslatePredict",
    "TranslateTask",
    "TranslateTrainConfig",
    "Translating",
]


class TranslateTrainConfig(ExampleTrainConfig):
    """How a translator is trained: as any model of examples, and how far it is led.

    Example:
        >>> config = TranslateTrainConfig(teacher_forcing=0.8, forcing_epochs=4)
        >>> [round(config.forced(epoch), 2) for epoch in (0, 2, 9)]
        [1.0, 0.9, 0.8]
    """

    teacher_forcing: float = Field(default=1.0, ge=0, le=1)
    """Part of the tokens before each step that are the true ones, once `forcing_epochs` are
    over; the others are the model's own guesses (scheduled sampling, in two passes)."""
    forcing_epochs: float = Field(default=10.0, gt=0)
    """Epochs over which that part falls from 1 to `teacher_forcing`, evenly."""

    @model_validator(mode="after")
    def _forcing_falls(self) -> Self:
        default = type(self).model_fields["forcing_epochs"].default
        if self.teacher_forcing == 1 and self.forcing_epochs != default:
            raise ValueError("forcing_epochs has no effect while teacher_forcing is 1")
        return self

    def forced(self, epoch: float) -> float:
        """Return the part of true tokens after so many epochs."""
        done = min(1.0, epoch / self.forcing_epochs)
        return 1.0 - done * (1.0 - self.teacher_forcing)


class TranslateTask(Config):
    """Train a model that turns one sequence into another: languages, spelling to sound, replies.

    The target is cut into tokens as the source is, unless `target_text` says otherwise.
    """

    task: Literal["translate"] = "translate"
    """The task's name in the registry."""
    data: str = "lexicon"
    """A file of pairs: a table with tabs, or JSON lines; the source side alone; or a set by its
    name (`elman data list`)."""
    target: str | None = None
    """The target side, line by line, where the sides are in two files."""
    pairs: PairsConfig = Field(default_factory=PairsConfig)
    """How pairs are read, and which of them are held out."""
    text: SequenceConfig = Field(default_factory=SequenceConfig)
    """How the source is cut into tokens."""
    target_text: SequenceConfig = Field(default_factory=SequenceConfig)
    """How the target is cut into tokens; without this table, as the source."""
    model: TranslatorConfig = Field(default_factory=TranslatorConfig)
    """The network."""
    train: TranslateTrainConfig = Field(default_factory=TranslateTrainConfig)
    """The training."""

    @model_validator(mode="before")
    @classmethod
    def _target_as_source(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and not data.get("target_text") and "text" in data:
            return {**data, "target_text": data["text"]}
        return data

    @model_validator(mode="after")
    def _columns_are_read(self) -> Self:
        if self.target is not None and (self.pairs.source_column or self.pairs.target_column):
            raise ValueError("pairs.source_column and target_column: two files have no columns")
        return self

    @model_validator(mode="after")
    def _one_vocabulary(self) -> Self:
        if self.pairs.shared_vocabulary and self.text != self.target_text:
            raise ValueError(
                "pairs.shared_vocabulary: both sides must be cut alike; leave out target_text"
            )
        if self.model.share_embeddings and not self.pairs.shared_vocabulary:
            raise ValueError("model.share_embeddings needs pairs.shared_vocabulary = true")
        for part in ("valid", "test"):
            alone = getattr(self.pairs, f"{part}_target") is None
            if getattr(self.pairs, part) is not None and alone != (self.target is None):
                raise ValueError(
                    f"pairs.{part} must be as the training data: "
                    f"give pairs.{part}_target exactly where `target` is given"
                )
        return self


class Translating(Decoding):
    """How sequences are decoded."""

    max_length: int | None = Field(default=None, ge=1)
    """Tokens that are written at most. Unset: 20 more than twice the source's, but 1000."""
    copy_unknown: bool = True
    """Where the model writes an unknown word, take the source's word that it looks at; otherwise,
    and without attention, it writes known words alone."""


class TranslateEval(Translating):
    """How a translator is scored."""

    target: str | None = None
    """The target side of the data to score, where the sides are in two files."""


class TranslatePredict(Translating):
    """How translations are made and written."""

    nbest: int = Field(default=1, ge=1)
    """Translations of each line, the best first: its number, rank, score and text, with tabs."""
    format: Literal["text", "json"] = "text"
    """`text`: a line for each line; `json`: an object with texts and scores for each."""
    html: str | None = None
    """Also write where the model looked for each token, of the first 100 lines, as one page of
    HTML to this file."""
    chunk: int = Field(default=1024, ge=1)
    """Lines that are read before the first is answered; 1 answers each at once."""

    @model_validator(mode="after")
    def _beam_is_wide_enough(self) -> Self:
        if self.nbest > self.beam:
            raise ValueError(
                f"nbest: the {self.nbest} best cannot be found with a beam of {self.beam}; "
                f"give --beam {self.nbest} or more"
            )
        return self
