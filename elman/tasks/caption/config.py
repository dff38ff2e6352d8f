"""What `caption` is configured by. No torch here: the command reads this to print its help."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from elman._config import Config
from elman.data.pairs_config import SequenceConfig
from elman.data.video.captions_config import CaptionedConfig
from elman.models.captioner_config import CaptionerConfig
from elman.tasks.decoding_config import Decoding
from elman.train.config import ExampleTrainConfig

__all__ = [
    "CaptionEval",
    "CaptionPredict",
    "CaptionTask",
    "CaptionTrainConfig",
]


class CaptionTrainConfig(ExampleTrainConfig):
    """How a captioner is trained: as any model of examples, and what the kept model is best at.

    Example:
        >>> CaptionTrainConfig(select="exact").batch_size
        32
    """

    lr: float = Field(default=2e-3, gt=0, le=1000)
    """Peak learning rate."""
    select: Literal["nats", "cider", "exact"] = "nats"
    """What the model that is kept is best at, on the validation part: `nats` of the true words,
    `cider` of the words that it writes, or `exact` matches."""


class CaptionTask(Config):
    """Train a network that says in a sentence what is seen in a clip or a picture.

    Without data it learns to tell which digits move where.
    """

    task: Literal["caption"] = "caption"
    """The task's name in the registry."""
    data: str = "moving-digits"
    """A manifest (CSV, TSV, JSON lines, Parquet) with a column of files and one of captions; a
    folder with such a clips.csv; an NPZ; or `moving-digits`, which is generated."""
    video: CaptionedConfig = Field(default_factory=CaptionedConfig)
    """How clips are found and split, and how frames are seen."""
    text: SequenceConfig = Field(default_factory=SequenceConfig)
    """How captions are cut into tokens."""
    model: CaptionerConfig = Field(default_factory=CaptionerConfig)
    """The network behind the frames' features."""
    train: CaptionTrainConfig = Field(default_factory=CaptionTrainConfig)
    """The training."""


class CaptionEval(Decoding):
    """How a captioner is scored."""


class CaptionPredict(Decoding):
    """How captions are made and written."""

    format: Literal["text", "json"] = "text"
    """`text`: name and caption, with a tab; `json`: an object for each clip, with scores and where
    the network looked."""
    attention: bool = False
    """Below each caption, a line for each word: which frames the network looked at."""
    html: str | None = None
    """Also write the frames with the caption and where the network looked for each word, of the
    first 100 clips, as one page of HTML to this file."""
    stream: bool = False
    """Say of a long video what is seen, again and again, as it is read; `-` is standard input."""
    every_s: float | None = Field(default=None, gt=0)
    """With `stream`: seconds between captions. Unset: 2."""
    window_s: float | None = Field(default=None, gt=0)
    """With `stream`: how many seconds each caption looks back. Unset: as long as the median clip
    of the training is."""

    @model_validator(mode="after")
    def _options_have_an_effect(self) -> Self:
        for name in ("every_s", "window_s"):
            if getattr(self, name) is not None and not self.stream:
                raise ValueError(f"{name} is read with stream alone: give --stream")
        if self.attention and self.format == "json":
            raise ValueError("attention: the JSON has it already; leave it out")
        return self
