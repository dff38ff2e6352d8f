"""What `regress` is configured by. No torch here: the command reads this to print its help."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from elman._config import Config
from elman.data.signal.config import SignalConfig
from elman.models.regressor_config import RegressorConfig
from elman.train.config import ExampleTrainConfig

__all__ = ["RegressPredict", "RegressTask", "RegressTrainConfig"]


class RegressTrainConfig(ExampleTrainConfig):
    """How a regressor is trained: as any model of examples, and what counts as wrong.

    Example:
        >>> RegressTrainConfig(loss="huber").epochs
        40
    """

    epochs: int | None = Field(default=40, ge=1)
    """Limit: passes over the data."""
    patience: int | None = Field(default=8, ge=1)
    """Stop early after this many validations without a new best."""
    loss: Literal["mse", "huber"] | None = None
    """For `model.output = "number"`: the squared error (default), or Huber's, which cares less for
    outliers. Of a normal distribution it is always its likelihood."""
    huber_delta: float = Field(default=1.0, gt=0)
    """Huber: the error, in deviations of the target, from which on it counts evenly."""

    @model_validator(mode="after")
    def _delta_is_read(self) -> Self:
        if self.loss != "huber" and self.huber_delta != 1.0:
            raise ValueError("huber_delta has no effect unless loss = 'huber'")
        return self


class RegressTask(Config):
    """Train a network that tells a number from a whole sequence."""

    task: Literal["regress"] = "regress"
    """The task's name in the registry."""
    data: str = "pendulums"
    """A CSV, TSV, Parquet, JSON lines, NPZ or .ts file of recordings with a column of numbers to
    learn, or a set by its name (`elman data list`)."""
    signal: SignalConfig = Field(default_factory=SignalConfig)
    """How recordings are read, split, scaled and shown to the network."""
    model: RegressorConfig = Field(default_factory=RegressorConfig)
    """The network."""
    train: RegressTrainConfig = Field(default_factory=RegressTrainConfig)
    """The training."""

    @model_validator(mode="after")
    def _loss_fits(self) -> Self:
        if self.model.output == "normal" and self.train.loss is not None:
            raise ValueError(
                "train.loss: a normal distribution is learned by its likelihood; leave it out"
            )
        return self

    @property
    def loss(self) -> str:
        """The loss by name: ``mse``, ``huber`` or ``normal``."""
        return "normal" if self.model.output == "normal" else self.train.loss or "mse"


class RegressPredict(Config):
    """How predictions are made and written."""

    format: Literal["text", "json", "csv"] = "text"
    """`text` to read; `json`: an object a line; `csv`: a table."""
    chunk: int = Field(default=256, ge=1)
    """Recordings that are read before the first is answered; 1 answers each at once."""
    stream: bool = False
    """Say after each step what the number looks like so far; for a network that reads in one
    direction."""

    @model_validator(mode="after")
    def _chunk_is_read(self) -> Self:
        if self.stream and self.chunk != type(self).model_fields["chunk"].default:
            raise ValueError("chunk has no effect on stream, which answers step by step")
        return self
