"""What `classify` is configured by. No torch here: the command reads this to print its help."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from elman._config import Config
from elman.data.dna.config import DnaConfig
from elman.data.signal.config import SignalConfig
from elman.data.table_config import ColumnsConfig, LabelledConfig
from elman.data.video.config import VideoConfig
from elman.models.classifier_config import TokenClassifierConfig
from elman.train.config import ExampleTrainConfig

__all__ = ["EMBEDS", "TABLES", "ClassifyPredict", "ClassifyTask", "ClassifyTrainConfig"]

TABLES = {"columns": "text", "text": "text", "dna": "dna", "signal": "signal", "video": "video"}
"""Tables of the configuration that only one kind of input knows."""
EMBEDS = ("embedding_size", "dropout_word", "dropout_embedding", "sparse_embedding")
"""Keys of the model that mean something for kinds of input whose steps are symbols."""


class ClassifyTrainConfig(ExampleTrainConfig):
    """How a classifier is trained: as any model of examples, and what its classes weigh.

    Example:
        >>> ClassifyTrainConfig(class_weights={"spam": 5.0}).epochs
        20
    """

    epochs: int | None = Field(default=20, ge=1)
    """Limit: passes over the data."""
    patience: int | None = Field(default=6, ge=1)
    """Stop early after this many validations without a new best."""
    lr: float = Field(default=2e-3, gt=0, le=1000)
    """Peak learning rate."""
    balanced: bool = False
    """Weigh examples so that all classes count alike in the loss, however rare."""
    class_weights: dict[str, float] = Field(default_factory=dict)
    """Weights of the examples of some classes in the loss, by label; the others weigh 1."""
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    """Part of the target that is spread evenly over all classes."""
    select: Literal["accuracy", "macro_f1", "nats"] = "accuracy"
    """What the kept model has the best of on the validation part."""

    @model_validator(mode="after")
    def _weights_fit(self) -> Self:
        if self.balanced and self.class_weights:
            raise ValueError("balanced and class_weights: give one of them")
        for label, weight in self.class_weights.items():
            if not weight > 0:
                raise ValueError(f"class_weights.{label}: expected more than 0, got {weight}")
        return self


class ClassifyTask(Config):
    """Train a network that tells which class a sequence belongs to."""

    task: Literal["classify"] = "classify"
    """The task's name in the registry."""
    data: str = "names"
    """A CSV, TSV, JSON lines or Parquet file with a column of texts and one of labels, a folder
    with a folder for each class, or a set by its name (`elman data list`)."""
    input: Literal["auto", "text", "dna", "signal", "video"] = "auto"
    """What kind of sequence it is; auto: told by the names of the files."""
    columns: ColumnsConfig | None = None
    """Of texts: which columns hold text and label."""
    text: LabelledConfig | None = None
    """Of texts: how they become tokens, and which part of them is held out."""
    dna: DnaConfig | None = None
    """Of DNA: how sequences are read and split, and what the network sees of them."""
    signal: SignalConfig | None = None
    """Of recordings of numbers: how they are read, split, scaled and shown to the network."""
    video: VideoConfig | None = None
    """Of clips: how they are found, read, seen and split."""
    model: TokenClassifierConfig = Field(default_factory=TokenClassifierConfig)
    """The network."""
    train: ClassifyTrainConfig = Field(default_factory=ClassifyTrainConfig)
    """The training."""


class ClassifyPredict(Config):
    """How predictions are made and written."""

    format: Literal["text", "json", "csv"] = "text"
    """`text` to read; `json`: an object a line with all probabilities; `csv`: a table."""
    why: bool = False
    """Show what each token contributes to the label, by integrated gradients, text by text."""
    chunk: int | None = Field(default=None, ge=1)
    """Inputs that are read before the first is answered; 1 answers each at once. Unset: as many as
    memory has room for."""
    stream: bool = False
    """Say after each step, or each second, what it looks like so far; for a network that reads in
    one direction."""

    @model_validator(mode="after")
    def _why_is_written(self) -> Self:
        if self.why and self.format == "csv":
            raise ValueError("why: a row of CSV has no place for tokens; give format text or json")
        if self.why and self.chunk is not None:
            raise ValueError("chunk has no effect on why, which answers one by one")
        if self.stream and (self.why or self.chunk is not None):
            raise ValueError("stream answers step by step: leave why and chunk out")
        return self
